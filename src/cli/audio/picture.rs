//! Level over time, as text.

use crate::hear::Hop;
use crate::hear::check::Report;
use crate::hear::frontend::level_dbfs;
use std::io::Write;

/// The quietest level that is drawn, dB relative to full scale.
const FLOOR_DBFS: f32 = -72.0;
/// Columns of a picture at most.
const WIDTH: usize = 72;
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A line that is rewritten while it records.
pub struct Meter {
    shown: bool,
}

impl Meter {
    pub fn new(shown: bool) -> Meter {
        Meter { shown }
    }

    pub fn show(&mut self, hop: &Hop, done: f32) {
        if self.shown {
            let level = level_dbfs(hop);
            eprint!("\r{:3.0} %  {:-<40}  {level:4.0} dBFS ", done * 100.0, "#".repeat((share(level) * 40.0) as usize));
            // A terminal that is gone is no reason to stop.
            let _ = std::io::stderr().flush();
        }
    }

    pub fn clear(&mut self) {
        if self.shown {
            eprint!("\r{:62}\r", "");
        }
    }
}

/// The whole recording, and its figures.
pub fn draw(report: &Report) -> String {
    let per_column = report.hops.len().div_ceil(WIDTH).max(1);
    let columns = || report.hops.chunks(per_column);
    let loudest = |hops: &[(f32, bool)]| hops.iter().map(|(level, _)| *level).fold(f32::NEG_INFINITY, f32::max);
    let level: String = columns().map(|hops| STEPS[(share(loudest(hops)) * 7.0).round() as usize]).collect();
    let voice: String = columns().map(|hops| if hops.iter().any(|(_, voice)| *voice) { '━' } else { ' ' }).collect();
    let dbfs = |level: Option<f32>| level.map_or_else(|| "none".to_owned(), |level| format!("{level:.0} dBFS"));
    let snr = report.snr_db.map_or_else(String::new, |snr| format!(", {snr:.0} dB above the room"));
    format!(
        "level    {level}\nvoice    {}\nspeech   {}{snr}\nroom     {}\npeak     {:.0} dBFS, {:.1} in a thousand samples cut \
         off\nlost     {} times\n",
        voice.trim_end(),
        dbfs(report.speech_dbfs),
        dbfs(report.floor_dbfs),
        report.peak_dbfs,
        report.clipped_permille,
        report.overruns
    )
}

/// 0 to 1 of the height that is drawn.
fn share(level_dbfs: f32) -> f32 {
    (1.0 - level_dbfs / FLOOR_DBFS).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_recording_fits_and_loud_stands_above_quiet() {
        let mut report = crate::hear::check::examine(&[], 2);
        report.hops = (0..1_000).map(|at| if at < 500 { (-80.0, false) } else { (-6.0, true) }).collect();
        let picture = draw(&report);
        let level = picture.lines().next().unwrap();
        assert!(level.chars().count() <= WIDTH + 9 && level.contains('▁') && level.ends_with('▇'), "{picture}");
        assert!(picture.contains("lost     2 times"), "{picture}");
    }
}
