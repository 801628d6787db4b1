//! The MQTT 5 client at the edge.
