//! Voices on the same sentences.

use crate::memory::memory_kib;
use crate::{in_its_own_process, mib, part, table, timed};
use serde::{Deserialize, Serialize};
use tendero::speak::tts;
use tendero::understand::Lang;

/// Replies as the speaker gives them, a read-back among them.
const REPLIES: [(Lang, &str); 6] = [
    (
        Lang::En,
        "One pack of Toothbrush heads, 4 pack, 16 euros 89 in all, delivered by Wednesday. To order and pay, say: order it, turtle, dinner.",
    ),
    (Lang::En, "Noted: one pack of toothbrush heads. I hold it for 10 minutes. Say cancel that to take it back."),
    (
        Lang::Es,
        "Un paquete de cabezales de cepillo, 16 euros con 89 en total, el miércoles. Para pedirlo y pagarlo di: haz el pedido, tortuga, cena.",
    ),
    (Lang::Es, "Apuntado: un paquete de cabezales. Lo guardo diez minutos. Di cancela para deshacerlo."),
    (
        Lang::Ro,
        "Un pachet de rezerve pentru periuță, 16 euro și 89 în total, până miercuri. Ca să comanzi și să plătești, spune: comandă acum, țestoasă, cină.",
    ),
    (Lang::Ro, "Am notat: un pachet de rezerve. Îl păstrez zece minute. Spune anulează ca să renunți."),
];
/// Each is said so often.
const TIMES: usize = 5;

/// What one voice came to.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measured {
    start_ms: f64,
    /// Of each reply, its synthesis; of all, the sound that came of it.
    synthesis_ms: Vec<f64>,
    sound_ms: f64,
    before_kib: i64,
    after_kib: i64,
    peak_kib: i64,
}

pub fn print() {
    println!("Text to speech: {} replies in three languages, {TIMES} times each.", REPLIES.len());
    println!("\"Time to first sound\" is the synthesis of a whole reply, as the daemon plays it.");
    let mut rows = table(&[
        "engine",
        "start",
        "of real time",
        "time to first sound, p50",
        "p95",
        "memory",
        "of it the engine",
        "peak",
    ]);
    let mut left_out = Vec::new();
    for name in tts::ENGINES.iter().map(|engine| engine.name).filter(|name| *name != "silent") {
        match in_its_own_process::<Measured>(&["speak", name]) {
            Ok(measured) => {
                let factor = measured.synthesis_ms.iter().sum::<f64>() / measured.sound_ms;
                rows.add_row([
                    name.to_owned(),
                    format!("{:.0} ms", measured.start_ms),
                    format!("{factor:.4}"),
                    format!("{:.0} ms", part(&measured.synthesis_ms, 0.5)),
                    format!("{:.0} ms", part(&measured.synthesis_ms, 0.95)),
                    mib(measured.after_kib),
                    mib(measured.after_kib - measured.before_kib),
                    mib(measured.peak_kib),
                ]);
            }
            Err(why) => left_out.push(format!("{name} is left out: {why}")),
        }
    }
    println!("{rows}");
    left_out.iter().for_each(|line| println!("{line}"));
}

/// One voice, in this process.
pub fn measure(name: &str) -> Result<Measured, String> {
    let before_kib = memory_kib("self", "VmRSS:");
    let (opened, start_ms) = timed(|| tts::open_one(name, &tts::Setup::default()));
    let mut engine = opened.map_err(|why| format!("{why:#}"))?;
    let (mut synthesis_ms, mut sound_ms) = (vec![], 0.0);
    for (lang, text) in std::iter::repeat_n(REPLIES, TIMES).flatten() {
        let (speech, ms) = timed(|| engine.synthesise(text, lang));
        synthesis_ms.push(ms);
        sound_ms += speech.map_err(|why| format!("{why:#}"))?.duration_ms() as f64;
    }
    Ok(Measured {
        start_ms,
        synthesis_ms,
        sound_ms,
        before_kib,
        after_kib: memory_kib("self", "VmRSS:"),
        peak_kib: memory_kib("self", "VmHWM:"),
    })
}
