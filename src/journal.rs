//! Every event with its time, as versioned lines; bounded; can be replayed.
