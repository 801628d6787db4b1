//! Sound cards by name, for the microphone and the loudspeaker alike. Opens no stream.

use anyhow::Context;
use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{Device, ErrorKind};
use serde::Serialize;

/// What a card is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
}

/// A card as `tendero audio list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Card {
    /// The sound system's own name, such as `plughw:CARD=Device,DEV=0`.
    pub id: String,
    /// What a person would call it.
    pub about: String,
    /// What it would be opened with; `None` where it can't be asked, such as while another program holds it.
    pub format: Option<Format>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Format {
    pub rate_hz: u32,
    pub channels: u16,
    pub sample: String,
}

impl Way {
    fn noun(self) -> &'static str {
        match self {
            Way::In => "microphone",
            Way::Out => "loudspeaker",
        }
    }

    /// The command of the system that shows what there is.
    fn lister(self) -> &'static str {
        match self {
            Way::In => "arecord -L",
            Way::Out => "aplay -L",
        }
    }

    fn devices(self) -> anyhow::Result<Vec<Device>> {
        crate::native::alsa::quiet();
        let host = cpal::default_host();
        let listed = match self {
            Way::In => host.input_devices().map(Iterator::collect),
            Way::Out => host.output_devices().map(Iterator::collect),
        };
        listed.with_context(|| format!("the sound devices can't be listed; try: {}", self.lister()))
    }
}

/// The cards that there are, in the sound system's own order.
///
/// # Errors
/// The sound system can't be reached.
pub fn list(way: Way) -> anyhow::Result<Vec<Card>> {
    Ok(way.devices()?.iter().map(|device| card(device, way)).collect())
}

fn card(device: &Device, way: Way) -> Card {
    let (id, about) = names(device);
    Card { id, about, format: format_of(device, way).ok() }
}

/// What a card would be opened with. It is held for a moment, and nothing is heard or played.
///
/// # Errors
/// It can't be asked: there is none behind the name, or another program holds it.
pub fn format_of(device: &Device, way: Way) -> Result<Format, cpal::Error> {
    let config = match way {
        Way::In => device.default_input_config(),
        Way::Out => device.default_output_config(),
    }?;
    let sample = config.sample_format().to_string();
    Ok(Format { rate_hz: config.sample_rate(), channels: config.channels(), sample })
}

/// Is that all that is wrong with it?
pub fn is_busy(error: &cpal::Error) -> bool {
    error.kind() == ErrorKind::DeviceBusy
}

/// The card called `name`, or whose name has it as a part, or `default`.
///
/// # Errors
/// There is none; the message names those that there are.
pub fn find(way: Way, name: &str) -> anyhow::Result<Device> {
    let noun = way.noun();
    if name == "default" {
        crate::native::alsa::quiet();
        let host = cpal::default_host();
        let device = match way {
            Way::In => host.default_input_device(),
            Way::Out => host.default_output_device(),
        };
        return device
            .with_context(|| format!("there is no {noun}; see which devices there are with: {}", way.lister()));
    }
    let devices = way.devices()?;
    let named: Vec<(String, String)> = devices.iter().map(names).collect();
    let at = position(&named, name).with_context(|| {
        let known: Vec<&str> = named.iter().map(|(id, _)| id.as_str()).filter(|id| *id != "default").collect();
        format!("there is no {noun} \"{name}\"; there are: default {}", known.join(" "))
    })?;
    devices.into_iter().nth(at).context("the device vanished while it was looked up")
}

/// Which of them (id, name) is meant: the one of exactly this name, or the best of which it is a part. ALSA lists a
/// card under many ids; `plughw` takes every format, and `hw` at least those of the card.
fn position(named: &[(String, String)], wanted: &str) -> Option<usize> {
    if let Some(exact) = named.iter().position(|(id, about)| id == wanted || about == wanted) {
        return Some(exact);
    }
    let wanted = wanted.to_lowercase();
    let rank = |id: &str| match id.split(':').next() {
        Some("plughw") => 0,
        Some("hw") => 1,
        _ => 2,
    };
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    let parts = named.iter().enumerate().filter(|(_, (id, about))| has(id) || has(about));
    parts.min_by_key(|(at, (id, _))| (rank(id), *at)).map(|(at, _)| at)
}

/// A device's id and what a person would call it.
fn names(device: &Device) -> (String, String) {
    let id = device.id().map(|id| id.id().to_owned()).unwrap_or_default();
    let about = device.description().map_or_else(|_| id.clone(), |about| about.name().to_owned());
    (id, about)
}

/// For the log: the name, with the id where that is another one.
pub fn name_of(device: &Device) -> String {
    let (id, about) = names(device);
    if id == about { id } else { format!("{about} ({id})") }
}

/// Why a card can't be opened, and what to do about it.
pub fn refused(way: Way, name: &str, error: &cpal::Error) -> anyhow::Error {
    let hint = match error.kind() {
        ErrorKind::DeviceBusy => "another program holds it; find it with: fuser -v /dev/snd/*".to_owned(),
        ErrorKind::PermissionDenied => {
            "join the group audio with: sudo usermod -aG audio $USER, and log in again".to_owned()
        }
        _ => format!("see which devices there are with: {}", way.lister()),
    };
    anyhow::anyhow!("the {} \"{name}\" can't be opened ({error}); {hint}", way.noun())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_a_part_of_one_or_a_card_s_short_name_finds_the_best_of_its_ids() {
        let cards: Vec<(String, String)> = [
            ("default", "Default Audio Device"),
            ("sysdefault:CARD=Device", "USB PnP Sound Device, USB Audio"),
            ("front:CARD=Device,DEV=0", "USB PnP Sound Device, USB Audio"),
            ("hw:CARD=Device,DEV=0", "USB PnP Sound Device, USB Audio"),
            ("plughw:CARD=Device,DEV=0", "USB PnP Sound Device, USB Audio"),
            ("hw:CARD=seeed8micvoicec,DEV=0", "seeed-8mic-voicecard"),
        ]
        .map(|(id, about)| (id.to_owned(), about.to_owned()))
        .into();
        for (wanted, found) in [
            ("plughw:CARD=Device", Some(4)),
            ("hw:CARD=Device,DEV=0", Some(3)),
            ("usb pnp", Some(4)),
            ("sysdefault", Some(1)),
            ("seeed-8mic-voicecard", Some(5)),
            ("Seeed", Some(5)),
            ("bluetooth", None),
        ] {
            assert_eq!(position(&cards, wanted), found, "{wanted}");
        }
    }

    #[test]
    fn a_card_that_is_not_there_is_one_clear_line() {
        for way in [Way::In, Way::Out] {
            let error = find(way, "no such device").map(|_| ()).unwrap_err().to_string();
            assert!(error.contains("no such device") && !error.contains('\n'), "{error}");
        }
    }
}
