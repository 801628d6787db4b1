//! Programs of a test: the real binary, what it prints, patience for what it does. Whatever runs is killed (SIGKILL) by its
//! process id when it goes out of scope, however the test ends.
#![allow(dead_code, reason = "each test uses its part")]

use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(50);
/// How long anything may take.
const PATIENCE_MS: i64 = 60_000;

pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The real binary, with nothing to read.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tendero"));
    command.stdin(Stdio::null());
    command
}

/// Starts it and does not wait for its end; nobody reads what it prints.
pub fn start(args: &[impl AsRef<OsStr>]) -> Running {
    Running(program().args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// Runs it to its end.
pub fn command(args: &[&str]) -> Output {
    program().args(args).output().unwrap()
}

/// As [`command`], with `input` to read. Whether it read all of that is for the test to judge, by its output.
pub fn command_fed(args: &[&str], input: &str) -> Output {
    let mut command = program();
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// What it prints; it must succeed.
pub fn printed(args: &[&str]) -> String {
    let output = command(args);
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
    text(&output)
}

pub fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let until_ms = unix_ms() + PATIENCE_MS;
    while unix_ms() < until_ms {
        if there() {
            return;
        }
        std::thread::sleep(PAUSE);
    }
    panic!("waited in vain for {what}");
}

pub fn unix_ms() -> i64 {
    tendero::clock::Clock::system().unix_ms().unwrap()
}

pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// One value a line.
pub fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
