//! Recognisers and voices in their configured order: which one is used, and why the others can't be.

use super::shell::Shell;
use super::{EngineSeen, Known, ModelsSeen, Row, Start, bring};
use crate::understand::Lang;

const HEARING: &str = "speech to text";
const SPEAKING: &str = "text to speech";

pub fn not_needed(area: &'static str, why: &str) -> Row {
    Row::off(area, format!("not needed: {why}"))
}

pub fn hearing(seen: &[EngineSeen], lang: Lang, models: &ModelsSeen, shell: &Shell) -> Vec<Row> {
    let mut rows = rows(HEARING, "[stt] engines", seen, &|engine, why| model(engine, why, models, shell));
    let used = seen.iter().find(|engine| starts(engine));
    if used.is_some_and(|engine| engine.name == "pocketsphinx") && lang != Lang::En {
        let model = models.models.iter().find(|model| model.engine != "openwakeword" && model.is_pulled);
        let says = format!("pocketsphinx hears English, and [home] language is \"{lang}\": only typing is understood");
        rows.push(match model {
            Some(model) => {
                let fix = format!("{}, and [stt] engines = [\"{}\"]", bring(model, models, shell), model.engine);
                Row::warning(HEARING, says, fix)
            }
            None => Row::warning(
                HEARING,
                says,
                "no model of that language is known to us; set [microphone] device to \"off\"",
            ),
        });
    }
    rows
}

pub fn speaking(seen: &[EngineSeen]) -> Vec<Row> {
    rows(SPEAKING, "[tts] engines", seen, &|_, _| None)
}

fn starts(engine: &EngineSeen) -> bool {
    matches!(engine.start, Some(Start::Starts { .. }))
}

/// `better`: a more exact fix than the engine's own, for why it can't start.
fn rows(
    area: &'static str,
    key: &str,
    seen: &[EngineSeen],
    better: &dyn Fn(&EngineSeen, &str) -> Option<String>,
) -> Vec<Row> {
    let used = seen.iter().position(starts);
    let row = |(at, engine): (usize, &EngineSeen)| {
        let name = &engine.name;
        let (why, fix) = match (&engine.known, &engine.start) {
            (None, _) => {
                let known = engine.names.join(", ");
                (format!("{name}: no such engine; there are {known}"), format!("correct it in {key}"))
            }
            (Some(known), None) => (format!("{name}: this build is without it"), build(name, known)),
            (Some(known), Some(Start::Fails(why))) => {
                (format!("{name}: {why}"), better(engine, why).unwrap_or_else(|| known.install.clone()))
            }
            (Some(known), Some(Start::Ends(why))) => (format!("{name}: {why}"), known.install.clone()),
            (Some(_), Some(Start::Starts { took_ms, peak_mib, did })) => {
                let place = if used == Some(at) { "is used" } else { "would start, too" };
                let seconds = *took_ms as f64 / 1000.0;
                return Row::well(area, format!("{name} {place}: starts in {seconds:.1} s {did}, {peak_mib} MiB"));
            }
        };
        if used.is_some() { Row::warning(area, why, fix) } else { Row::fault(area, why, fix) }
    };
    seen.iter().enumerate().map(row).collect()
}

fn build(name: &str, known: &Known) -> String {
    format!("cargo build --release --locked --features {}", known.feature.unwrap_or(name))
}

/// The model that is recommended here, where one is what is missing.
fn model(engine: &EngineSeen, why: &str, models: &ModelsSeen, shell: &Shell) -> Option<String> {
    let lacks_model = why.contains("tendero models") || why.contains("pull it again");
    let model = models.models.iter().find(|model| model.engine == engine.name && model.is_pulled)?;
    lacks_model.then(|| bring(model, models, shell))
}
