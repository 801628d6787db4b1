//! SQLite: outbox, history, audit. Nothing is ordered before it is on disk.
