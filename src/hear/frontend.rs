//! 16 kHz mono → level and voice activity.
