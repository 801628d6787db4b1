//! ALSA's own messages: up to a dozen lines for one missing card, past our log, to standard error.

/// Keeps them off the terminal for this thread. What is wrong is in the error that cpal returns.
pub fn quiet() {
    #[cfg(target_os = "linux")]
    if let Err(why) = alsa::Output::local_error_handler() {
        tracing::debug!("ALSA goes on writing to standard error: {why}");
    }
}
