//! An MQTT broker in the process (rumqttd), for the demo and for first steps.
