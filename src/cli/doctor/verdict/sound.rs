//! Microphone, wake word, loudspeaker.

use super::shell::Shell;
use super::{DeviceSeen, MicrophoneSeen, Row};
use crate::config::Config;

const MICROPHONE: &str = "microphone";
const WAKE: &str = "wake word";

pub fn microphone(config: &Config, seen: &MicrophoneSeen, shell: &Shell) -> Row {
    let row = device(MICROPHONE, "[microphone] device", &seen.device, shell);
    if seen.muted.is_some() && config.microphone.device != "off" {
        return Row::warning(
            MICROPHONE,
            format!("{}; muted: not one sample is read", row.says),
            shell.tendero("mute off"),
        );
    }
    row
}

pub fn speaker(seen: &DeviceSeen, shell: &Shell) -> Row {
    device("loudspeaker", "[speaker] device", seen, shell)
}

fn device(area: &'static str, key: &str, seen: &DeviceSeen, shell: &Shell) -> Row {
    match seen {
        DeviceSeen::Off => Row::off(area, format!("{key} is \"off\": text only")),
        DeviceSeen::Pipe => Row::well(area, "standard input of the daemon"),
        DeviceSeen::Recording(path) => Row::well(area, format!("the recording {}, once", path.display())),
        DeviceSeen::Card { name, format: Some(format), opened: None } => {
            Row::well(area, format!("{name}: {format}; --sound tries it"))
        }
        DeviceSeen::Card { name, format: None, opened: None } => {
            Row::well(area, format!("{name} is there, and in use by another program"))
        }
        DeviceSeen::Card { name, opened: Some(Ok(how)), .. } => Row::well(area, format!("{name}: {how}")),
        DeviceSeen::Card { name, opened: Some(Err(why)), .. } => {
            Row::fault(area, format!("{name}: {why}"), format!("tendero audio test --config {}", file(shell)))
        }
        DeviceSeen::Not(why) => {
            Row::fault(area, why.clone(), format!("tendero audio list; put a name of it into {key}"))
        }
    }
}

fn file(shell: &Shell) -> String {
    shell.config.as_ref().map_or_else(|| crate::cli::doctor::CONFIG.to_owned(), |path| path.display().to_string())
}

/// `None`: not looked at, since nobody listens.
pub fn wake(config: &Config, tried: Option<&Result<(), String>>) -> Row {
    let head = if config.wake.head.is_empty() { "\"hey tendero\"" } else { config.wake.head.as_str() };
    match tried {
        None => Row::off(WAKE, "not needed: the microphone is off"),
        Some(Ok(())) => {
            let threshold = config.wake.threshold;
            Row::well(WAKE, format!("{head} at {threshold}; its networks are there, with the right sums"))
        }
        Some(Err(why)) if why.contains("the wake word head") => {
            Row::fault(WAKE, why.clone(), "set [wake] head to \"\" for the built-in one")
        }
        Some(Err(why)) => {
            let folder = config.wake.models.display();
            Row::fault(WAKE, why.clone(), format!("sudo scripts/fetch-wake-frontend.sh {folder}"))
        }
    }
}
