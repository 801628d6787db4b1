//! The states of a conversation and the only match over its transitions.
