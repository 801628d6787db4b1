//! Ed25519 keys: made, kept and pinned.
