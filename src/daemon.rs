//! The only loop: wait for an event → `mind.handle(event, now)` → carry out the effects.
