//! The shapes on the wire: CloudEvents, signed; data types with their JSON Schemas.
