//! Orders → broker: durable first, signed always, once and only once.
//!
//! [`store`] is the SQLite file that owns every order; [`envelope`] the shapes on the wire,
//! signing and verification; [`mqtt`] the client at the edge; [`broker`] the one in the
//! process, for the demo and first steps.

#[cfg(feature = "demo-broker")]
pub mod broker;
pub mod envelope;
pub mod keys;
pub mod link;
pub mod mqtt;
pub mod store;
pub mod topic;
