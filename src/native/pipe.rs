//! What happens when the reader of our output goes away, as in `tendero demo | head`.

/// Ends this process quietly then, as other commands do. Not for services: a log that is started anew
/// must not take them along. Sockets are not concerned, since Rust writes to them without the signal.
pub fn end_with_the_reader() {
    // SAFETY: the default action runs no code of ours, and the signal has no other handler.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}
