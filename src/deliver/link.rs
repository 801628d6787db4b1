//! What goes over the broker for one device: outbox out, verified messages in.
