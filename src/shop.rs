//! The reference shop at the other end: catalogue, quotes, bookings, signed receipts.
