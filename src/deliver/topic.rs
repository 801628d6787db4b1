//! The topic tree, in one place.
