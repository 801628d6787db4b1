//! This program once more, in a process of its own: for libraries that end the one that opens them, or never come back.

use anyhow::Context;
use std::ffi::OsStr;
use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Runs it with `args`: how it ended, and what it printed, which must be short. `None`: not within `patience`, and it was killed.
///
/// # Errors
/// It can't be started, or waited for.
pub fn run(args: &[&OsStr], patience: Duration) -> anyhow::Result<Option<(ExitStatus, String)>> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(args)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("it can't be tried")?;
    for _ in 0..patience.as_millis() / LOOK_EVERY.as_millis() {
        let Some(status) = child.try_wait()? else {
            std::thread::sleep(LOOK_EVERY);
            continue;
        };
        let mut printed = String::new();
        child.stdout.take().context("its output was not kept")?.read_to_string(&mut printed)?;
        return Ok(Some((status, printed)));
    }
    let _ = child.kill();
    let _ = child.wait();
    Ok(None)
}
