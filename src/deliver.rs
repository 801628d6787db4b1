//! Orders → broker: durable first, signed always, once and only once.
//!
//! [`store`] is the SQLite file that owns every order; [`envelope`] the shapes on the wire,
//! signing and verification; [`mqtt`] the client at the edge; [`link`] the device's side of the
//! conversation with its shop; [`pairing`] and [`history`] what it asks of it by hand; [`broker`] the one in the process, for the demo and first steps.

#[cfg(feature = "demo-broker")]
pub mod broker;
pub mod envelope;
pub mod handover;
pub mod history;
pub mod keys;
pub mod link;
pub mod mqtt;
pub mod pairing;
pub mod store;
mod talk;
pub mod topic;

/// Directives for the log filter: the MQTT libraries report each lost connection in their own
/// words, and this crate says it in one clear line already.
pub const QUIET_LOGS: &str = "rumqttc=off,rumqttd=off";
