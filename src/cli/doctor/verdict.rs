//! From facts to rows. Pure: what is well, what is not, and the command that mends it.

pub mod engines;
pub mod shell;
pub mod shop;
pub mod sound;
#[cfg(test)]
mod tests;

use super::facts::*;
use crate::cli::models;
use crate::config::{Config, ConfigError};
use crate::daemon::status::Microphone;
use serde::Serialize;
use shell::Shell;
use std::io::ErrorKind;
use std::path::Path;

/// Less than this is no room for the store and a journal, MiB.
const LITTLE_DISK_MIB: u64 = 50;
const LOW_DISK_MIB: u64 = 250;
/// With less, the system begins to throw programs out, MiB.
const LOW_MEMORY_MIB: u64 = 150;
/// What no board with less can hold at all: the daemon with its default engines, and a system around it.
const LEAST_MEMORY_MIB: u64 = 380;

/// How a row is judged. A fault stops the speaker from working; a warning does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Well,
    Warning,
    Fault,
    /// Not used here, or not looked at.
    Off,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub area: &'static str,
    pub mark: Mark,
    pub says: String,
    /// The command that mends it, or the setting to change.
    pub fix: Option<String>,
}

impl Row {
    pub fn well(area: &'static str, says: impl Into<String>) -> Row {
        Row { area, mark: Mark::Well, says: says.into(), fix: None }
    }

    pub fn off(area: &'static str, says: impl Into<String>) -> Row {
        Row { area, mark: Mark::Off, says: says.into(), fix: None }
    }

    pub fn warning(area: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Row {
        Row { area, mark: Mark::Warning, says: says.into(), fix: Some(fix.into()) }
    }

    pub fn fault(area: &'static str, says: impl Into<String>, fix: impl Into<String>) -> Row {
        Row { area, mark: Mark::Fault, says: says.into(), fix: Some(fix.into()) }
    }

    fn with_fix(self, fix: String) -> Row {
        Row { fix: Some(fix), ..self }
    }
}

pub fn configuration(path: &Path, wrong: Option<&ConfigError>, shell: &Shell) -> Row {
    const AREA: &str = "configuration";
    let at = path.display();
    match wrong {
        None => Row::well(AREA, format!("{at} is read")),
        Some(ConfigError::Read { why, .. }) => match why.kind() {
            ErrorKind::NotFound => {
                Row::fault(AREA, format!("{at} is not there"), format!("tendero config | sudo tee {at}"))
            }
            ErrorKind::PermissionDenied => {
                Row::fault(AREA, format!("{at} can't be read: {why}"), format!("sudo {}", shell.tendero("doctor")))
            }
            _ => Row::fault(AREA, format!("{at} can't be read: {why}"), "name the file with --config"),
        },
        Some(wrong @ ConfigError::Syntax { line, .. }) => {
            Row::fault(AREA, wrong.to_string(), format!("sudo nano +{line} {at}; `tendero config` prints every key"))
        }
        Some(wrong @ ConfigError::Value { .. }) => {
            Row::fault(AREA, wrong.to_string(), format!("sudo nano {at}; `tendero config` prints every key"))
        }
    }
}

pub fn lexicon(wrong: Option<String>) -> Option<Row> {
    wrong.map(|why| Row::fault("own words", why, "tendero lexicon check DIR"))
}

pub fn board(seen: &Board) -> Vec<Row> {
    const AREA: &str = "board";
    let parts = [
        seen.model.clone(),
        seen.cores.map(|cores| format!("{cores} core{}", if cores == 1 { "" } else { "s" })),
        seen.memory_mib.map(|mib| format!("{mib} MiB of memory")),
        seen.free_mib.map(|mib| format!("{mib} MiB of it free")),
    ];
    let says = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let row =
        if says.is_empty() { Row::off(AREA, "it does not say what it is") } else { Row::well(AREA, says.clone()) };
    if seen.memory_mib.is_some_and(|mib| mib < LEAST_MEMORY_MIB) {
        return vec![Row::warning(AREA, says, "a board with 512 MB or more")];
    }
    if seen.free_mib.is_some_and(|mib| mib < LOW_MEMORY_MIB) {
        return vec![Row::warning(AREA, says, "see what takes it: ps aux --sort -rss | head")];
    }
    vec![row]
}

pub fn clock(seen: &ClockSeen) -> Row {
    const AREA: &str = "clock";
    const SET: &str = "sudo timedatectl set-ntp true";
    match (&seen.time, seen.synchronised) {
        (None, _) => Row::fault(AREA, "the time is not known, and until then nothing can be ordered", SET),
        (Some(time), Some(true)) => Row::well(AREA, format!("{time}, set by a time service")),
        (Some(time), Some(false)) => Row::warning(AREA, format!("{time}, and no time service keeps it right"), SET),
        (Some(time), None) => {
            Row::well(AREA, format!("{time}; whether a time service sets it the system does not say"))
        }
    }
}

pub fn state(seen: &State) -> Vec<Row> {
    const AREA: &str = "state folder";
    let dir = seen.dir.display();
    let free = seen.free_mib.map_or_else(String::new, |mib| format!(", {mib} MiB free"));
    let mut rows = vec![match &seen.there {
        There::Not(why) => Row::fault(AREA, format!("{dir}: {why}"), "set [state] dir to a folder of the daemon's own"),
        There::Missing { why_not: None } => Row::well(AREA, format!("{dir} is made at the first start{free}")),
        There::Missing { why_not: Some(why) } => Row::fault(
            AREA,
            format!("{dir} is not there and can't be made ({why})"),
            format!("sudo install -d -m 700 -o tendero -g tendero {dir}"),
        ),
        There::Folder { mode, owner_name, .. } if mode & 0o700 != 0o700 => Row::fault(
            AREA,
            format!("{dir} can't be written by {owner_name}, whose it is (mode {mode:o})"),
            format!("sudo chmod 700 {dir}"),
        ),
        There::Folder { mode, .. } if mode & 0o007 != 0 => Row::warning(
            AREA,
            format!("{dir} can be looked into by everybody on this machine (mode {mode:o})"),
            format!("sudo chmod 700 {dir}"),
        ),
        There::Folder { writable: false, owner_name, owner, .. } if *owner == seen.uid => Row::fault(
            AREA,
            format!("{dir} can't be written, though it belongs to {owner_name}: is its disk mounted read-only?"),
            format!("sudo mount -o remount,rw $(findmnt -n -o TARGET -T {dir})"),
        ),
        There::Folder { writable: false, owner_name, .. } => Row::warning(
            AREA,
            format!("{dir} belongs to {owner_name}: what is in it this user can't see"),
            "sudo tendero doctor, with the same options",
        ),
        There::Folder { owner_name, .. } => Row::well(AREA, format!("{dir} belongs to {owner_name}{free}")),
    }];
    if let Some(mib) = seen.free_mib.filter(|mib| *mib < LOW_DISK_MIB) {
        let (says, fix) =
            (format!("{mib} MiB are free where {dir} is"), "sudo apt clean; sudo journalctl --vacuum-size=50M");
        rows.push(if mib < LITTLE_DISK_MIB { Row::fault("disk", says, fix) } else { Row::warning("disk", says, fix) });
    }
    rows.extend(seen.files.iter().filter_map(|file| secret(file, seen)));
    rows
}

/// A file that others can read, or that the daemon can't.
fn secret(file: &FileSeen, state: &State) -> Option<Row> {
    const AREA: &str = "secret file";
    let (path, mode) = (file.path.display(), file.mode);
    let in_state = file.path.starts_with(&state.dir);
    if let (There::Folder { owner, owner_name, .. }, true) = (&state.there, in_state)
        && *owner != file.owner
        && *owner != 0
    {
        let says = format!("{path} does not belong to {owner_name}, as its folder does");
        return Some(Row::fault(AREA, says, format!("sudo chown {owner_name}: {path}")));
    }
    let is_key = file.path.file_name().is_some_and(|name| name == crate::deliver::keys::KEY_FILE);
    // A key is its owner's alone, or the daemon does not start.
    if is_key && in_state && mode & 0o077 != 0 {
        let says = format!("{path} can be read by others (mode {mode:o}), and with it orders could be signed");
        return Some(Row::fault(AREA, says, format!("sudo chmod 600 {path}")));
    }
    let fix = if in_state { format!("sudo chmod 600 {path}") } else { format!("sudo chmod o= {path}") };
    // Nobody gets to what lies in a folder that is closed to them.
    let is_closed = in_state && matches!(state.there, There::Folder { mode, .. } if mode & 0o007 == 0);
    let is_open = file.secret && !is_closed && mode & 0o007 != 0;
    is_open.then(|| Row::warning(AREA, format!("{path} can be read by everybody on this machine (mode {mode:o})"), fix))
}

pub fn daemon(seen: &DaemonSeen, shell: &Shell) -> Row {
    const AREA: &str = "daemon";
    match seen {
        DaemonSeen::Runs(status) if status.microphone == Microphone::Lost => {
            Row::warning(AREA, "runs, and its microphone is gone; it is looked for again", shell.tendero("audio list"))
        }
        DaemonSeen::Runs(status) => {
            let muted = if status.muted { ", muted" } else { "" };
            Row::well(AREA, format!("runs, {}, microphone {}{muted}", status.doing.name(), status.microphone.name()))
        }
        DaemonSeen::Silent => Row::warning(AREA, "does not run", "sudo systemctl enable --now tendero"),
        DaemonSeen::Closed => Row::warning(
            AREA,
            "runs as another user, whom this one may not ask",
            "sudo tendero doctor, with the same options",
        ),
        DaemonSeen::Trouble(why) => {
            Row::fault(AREA, format!("does not answer: {why}"), "sudo systemctl restart tendero")
        }
    }
}

pub fn models(seen: &ModelsSeen, config: &Config, listens: bool, shell: &Shell) -> Row {
    const AREA: &str = "models";
    let lang = config.home.language;
    let meant_for = seen.board_mb.map_or_else(|| lang.to_string(), |mb| format!("{lang} and {mb} MB of memory"));
    if !listens {
        return Row::off(AREA, "none is needed: the microphone is off");
    }
    let is_used = |model: &ModelSeen| model.engine == "openwakeword" || config.stt.engines.contains(&model.engine);
    let bad = |model: &&ModelSeen| matches!(model.state, models::State::Missing | models::State::Damaged);
    let names = |some: &[&ModelSeen]| some.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ");
    let wrong: Vec<&ModelSeen> = seen.models.iter().filter(bad).collect();
    let fixes = |some: &[&ModelSeen]| some.iter().map(|model| bring(model, seen, shell)).collect::<Vec<_>>().join("; ");
    let used: Vec<&ModelSeen> = wrong.iter().copied().filter(|model| is_used(model)).collect();
    if !used.is_empty() {
        let says = format!("of those for {meant_for}, these are missing or damaged: {}", names(&used));
        return Row::warning(AREA, says, fixes(&used));
    }
    let unused: Vec<&ModelSeen> = wrong.into_iter().filter(|model| !is_used(model)).collect();
    if !unused.is_empty() {
        let says = format!("those in use are there; for {meant_for} there is also {}", names(&unused));
        return Row::well(AREA, says).with_fix(format!("{}, and name its engine in [stt] engines", fixes(&unused)));
    }
    Row::well(AREA, format!("all that are recommended for {meant_for} are there"))
}

/// The command that brings a model.
pub fn bring(model: &ModelSeen, seen: &ModelsSeen, shell: &Shell) -> String {
    if !model.is_pulled {
        return if model.note.starts_with("apt") { format!("sudo {}", model.note) } else { model.note.clone() };
    }
    let shell = Shell { sudo: !seen.writable, ..shell.clone() };
    let pull = shell.tendero(&format!("models pull {}", model.name));
    match model.state {
        models::State::Damaged => format!("{} && {pull}", shell.tendero(&format!("models remove {}", model.name))),
        models::State::Missing | models::State::BuiltIn | models::State::Installed => pull,
    }
}
