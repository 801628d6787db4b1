//! Fingerprints → which of them a sound is. Pure, and the same on every machine.
//!
//! After Wang (see [`super::peaks`]): pairs of peaks are looked up, and each that is found votes for a
//! clip and an offset in time. Where votes gather, the whole pattern is laid over: a person who says
//! the same again repeats some pairs of peaks, and even half a word, but never the whole timing.

use super::peaks::{Peak, STEP, peaks};
use std::collections::BTreeMap;

/// Frames from a peak to its partner: 80 to 720 ms.
const PARTNER_FRAMES: std::ops::RangeInclusive<u16> = 5..=45;
/// Bins from a peak to its partner, up or down (1 kHz).
const PARTNER_BINS: u8 = 63;
/// Partners of a peak.
const PARTNERS: usize = 5;
/// The sound is looked up from so many beginnings within a step, since its frames fall elsewhere.
const PHASES: usize = 2;
/// Noise and rooms move a peak by so many bins or frames.
const BESIDE: i32 = 1;
/// A pair that has more places than this says nothing: a hum, a beep.
const COMMON: usize = 512;
/// Votes that make a place worth laying over, and how many places are.
const MIN_VOTES: usize = 3;
const MAX_PLACES: usize = 32;
/// Peaks of the clip that must be there beyond what chance gives.
const MIN_HITS: f32 = 10.0;
/// The share of them in the worst third of the overlap: of a sentence, and of a word or two, which the
/// same person can say alike (people's "computer" reached 0.49 of 20 to 25 peaks, sentences 0.13).
/// `tests/fingerprint.rs` shows what these figures rest on.
const MIN_SHARE: f32 = 0.38;
const MIN_SHARE_SHORT: f32 = 0.64;
/// Peaks in the overlap that make it a sentence, and a word or two.
const SENTENCE: f32 = 50.0;
const SHORT: f32 = 26.0;
/// The same sound somewhere else in time: what is found there is chance, or a steady tone.
const ELSEWHERE: [i32; 6] = [-29, -19, -11, 13, 23, 31];
/// Peaks of a clip: ten minutes as dense as they come.
pub const MAX_PEAKS: usize = 50_000;
/// Clips that an index holds.
pub const MAX_CLIPS: usize = 4_000;
/// Landmarks that an index holds: almost three hours of speech in 12 MB.
pub const MAX_LANDMARKS: usize = 1_500_000;
/// Where an offset of nothing is in a vote.
const MIDDLE: i64 = 1 << 20;

/// The fingerprint of one sound.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Print {
    /// In the order of time and then of pitch.
    peaks: Vec<Peak>,
}

impl Print {
    /// Of 16 kHz mono samples; at most ten minutes of them.
    pub fn of(samples: &[i16]) -> Print {
        Print { peaks: peaks(samples) }
    }

    /// Of peaks in any order.
    pub fn from_peaks(mut peaks: Vec<Peak>) -> Print {
        peaks.sort_unstable();
        peaks.dedup();
        Print { peaks }
    }

    pub fn peaks(&self) -> &[Peak] {
        &self.peaks
    }

    /// Can it be told from another? A click or a hum can't.
    pub fn is_enough(&self) -> bool {
        self.peaks.len() >= MIN_HITS as usize + 2
    }

    /// Each pair of peaks: bin, bin, frames between, and the frame of the first.
    fn pairs(&self) -> impl Iterator<Item = (Pair, u16)> + '_ {
        self.peaks.iter().enumerate().flat_map(move |(at, first)| {
            let later = self.peaks[at + 1..].iter().take_while(|p| p.at - first.at <= *PARTNER_FRAMES.end());
            later
                .filter(|p| p.at - first.at >= *PARTNER_FRAMES.start() && p.bin.abs_diff(first.bin) <= PARTNER_BINS)
                .take(PARTNERS)
                .map(|p| (Pair { first: first.bin, second: p.bin, frames: p.at - first.at }, first.at))
        })
    }

    /// First and last frame.
    fn range(&self) -> (i32, i32) {
        let frame = |peak: Option<&Peak>| peak.map_or(0, |p| i32::from(p.at));
        (frame(self.peaks.first()), frame(self.peaks.last()))
    }

    fn has_near(&self, frame: i32, bin: u8) -> bool {
        let from = self.peaks.partition_point(|p| i32::from(p.at) < frame - BESIDE);
        let near = self.peaks[from..].iter().take_while(|p| i32::from(p.at) <= frame + BESIDE);
        near.map(|p| i32::from(p.bin.abs_diff(bin))).any(|bins| bins <= BESIDE)
    }
}

/// What is looked up.
#[derive(Debug, Clone, Copy)]
struct Pair {
    first: u8,
    second: u8,
    frames: u16,
}

/// 8 bits, 8 bits, 6 bits.
fn hash(first: i32, second: i32, frames: i32) -> u32 {
    (first << 14 | second << 6 | frames) as u32
}

/// A sound that is looked up.
#[derive(Debug, Clone)]
pub struct Query {
    prints: Vec<Print>,
}

impl Query {
    /// Of 16 kHz mono samples.
    pub fn of(samples: &[i16]) -> Query {
        let from = |phase: usize| &samples[(phase * STEP / PHASES).min(samples.len())..];
        Query { prints: (0..PHASES).map(|phase| Print::of(from(phase))).collect() }
    }

    /// Of a fingerprint, as it is.
    pub fn of_print(print: Print) -> Query {
        Query { prints: vec![print] }
    }

    /// The fingerprint to keep.
    pub fn print(&self) -> &Print {
        &self.prints[0]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Landmark {
    hash: u32,
    clip: u16,
    at: u16,
}

/// How well a sound lies over a clip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    pub clip: u16,
    /// Peaks of the clip that the sound has, without those that chance gives.
    pub hits: f32,
    /// The share of them in the worst third of the overlap, without chance: 1.0 is all.
    pub share: f32,
    /// The share that makes it the same.
    pub least: f32,
}

impl Fit {
    /// Is it the same recording?
    pub fn is_same(&self) -> bool {
        self.hits >= MIN_HITS && self.share >= self.least
    }
}

/// Fingerprints that can be searched.
#[derive(Debug, Clone, Default)]
pub struct Index {
    /// In their order.
    landmarks: Vec<Landmark>,
    clips: BTreeMap<u16, Print>,
}

impl Index {
    /// Adds clips under numbers that are not in use; what there is no room for is returned.
    pub fn add(&mut self, clips: impl IntoIterator<Item = (u16, Print)>) -> Vec<u16> {
        let mut left_out = vec![];
        for (clip, print) in clips {
            let before = self.landmarks.len();
            let pairs =
                print.pairs().map(|(pair, at)| (hash(pair.first.into(), pair.second.into(), pair.frames.into()), at));
            self.landmarks.extend(pairs.map(|(hash, at)| Landmark { hash, clip, at }));
            if self.landmarks.len() > MAX_LANDMARKS || self.clips.len() >= MAX_CLIPS {
                self.landmarks.truncate(before);
                left_out.push(clip);
            } else {
                self.clips.insert(clip, print);
            }
        }
        // Stable sorting merges what is in order already.
        self.landmarks.sort();
        left_out
    }

    /// Takes a clip out.
    pub fn remove(&mut self, clip: u16) {
        if self.clips.remove(&clip).is_some() {
            self.landmarks.retain(|landmark| landmark.clip != clip);
        }
    }

    /// Clips in it.
    pub fn len(&self) -> usize {
        self.clips.len()
    }

    pub fn is_empty(&self) -> bool {
        self.clips.is_empty()
    }

    /// Bytes that it takes, about.
    pub fn bytes(&self) -> usize {
        let peaks: usize = self.clips.values().map(|print| print.peaks.len()).sum();
        self.landmarks.len() * size_of::<Landmark>() + peaks * size_of::<Peak>()
    }

    /// The clip that the sound is, or a part of which it is.
    pub fn find(&self, query: &Query) -> Option<u16> {
        let same = self.fits(query).into_iter().filter(Fit::is_same);
        same.max_by(|a, b| a.hits.total_cmp(&b.hits)).map(|fit| fit.clip)
    }

    /// The best fit of each clip that is worth a look.
    pub fn fits(&self, query: &Query) -> Vec<Fit> {
        let mut best: BTreeMap<u16, Fit> = BTreeMap::new();
        for print in &query.prints {
            for place in self.places(print) {
                let Some(clip) = self.clips.get(&place.clip) else { continue };
                for offset in place.offset - BESIDE..=place.offset + BESIDE {
                    let fit = lay_over(print, clip, offset, place.clip);
                    let so_far = best.entry(place.clip).or_insert(fit);
                    if fit.share - fit.least > so_far.share - so_far.least {
                        *so_far = fit;
                    }
                }
            }
        }
        best.into_values().collect()
    }

    /// Where most votes gather, the most first.
    fn places(&self, print: &Print) -> Vec<Place> {
        let mut votes = Vec::new();
        for (pair, at) in print.pairs() {
            let beside = (-BESIDE..=BESIDE).flat_map(|f| (-BESIDE..=BESIDE).map(move |s| (f, s)));
            for (f, s) in beside {
                self.vote(i32::from(pair.first) + f, i32::from(pair.second) + s, pair.frames, at, &mut votes);
            }
        }
        votes.sort_unstable();
        let mut places = Vec::new();
        let mut from = 0;
        while from < votes.len() {
            let vote = votes[from];
            let count = votes[from..].iter().take_while(|other| **other <= vote + 2).count();
            if count >= MIN_VOTES {
                let offset = (vote & 0xffff_ffff) as i64 - MIDDLE + 1;
                places.push(Place { votes: count, clip: (vote >> 32) as u16, offset: offset as i32 });
            }
            from += votes[from..].iter().take_while(|other| **other == vote).count();
        }
        places.sort_by(|a, b| b.cmp(a));
        places.truncate(MAX_PLACES);
        places
    }

    /// A vote is the clip (upper half) and the offset in it (lower half).
    fn vote(&self, first: i32, second: i32, frames: u16, at: u16, votes: &mut Vec<u64>) {
        if first < 0 || second < 0 {
            return;
        }
        let low = hash(first, second, i32::from(frames) - BESIDE);
        let high = low + 2 * BESIDE as u32;
        let from = self.landmarks.partition_point(|landmark| landmark.hash < low);
        if self.landmarks.get(from + COMMON).is_some_and(|landmark| landmark.hash <= high) {
            return;
        }
        for landmark in self.landmarks[from..].iter().take_while(|landmark| landmark.hash <= high) {
            let offset = i64::from(landmark.at) - i64::from(at) + MIDDLE;
            votes.push(u64::from(landmark.clip) << 32 | offset as u64);
        }
    }
}

/// A clip, and the frame of it at which the sound begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    votes: usize,
    clip: u16,
    offset: i32,
}

/// By how many peaks of the clip the sound lies over.
fn least_share(peaks: usize) -> f32 {
    let missing = ((SENTENCE - peaks as f32) / (SENTENCE - SHORT)).clamp(0.0, 1.0);
    MIN_SHARE + missing * (MIN_SHARE_SHORT - MIN_SHARE)
}

fn lay_over(sound: &Print, clip: &Print, offset: i32, number: u16) -> Fit {
    let (from, to) = sound.range();
    let until = |frame: i32| clip.peaks.partition_point(|p| i32::from(p.at) - offset < frame);
    let overlap = &clip.peaks[until(from)..until(to + 1)];
    let hits = |peaks: &[Peak], offset: i32| {
        peaks.iter().filter(|p| sound.has_near(i32::from(p.at) - offset, p.bin)).count() as f32
    };
    let elsewhere: f32 = ELSEWHERE.iter().map(|away| hits(overlap, offset + away)).sum();
    let chance = elsewhere / ELSEWHERE.len() as f32;
    let third = overlap.len().div_ceil(3).max(1);
    let worst = overlap.chunks(third).map(|part| hits(part, offset) / part.len() as f32).fold(1.0, f32::min);
    let share = worst - chance / overlap.len().max(1) as f32;
    Fit { clip: number, hits: hits(overlap, offset) - chance, share, least: least_share(overlap.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two seconds: a hum with its harmonics, two beeps, noise as loud as them.
    fn machine(kind: &str) -> Vec<i16> {
        let mut noise: u32 = 1;
        (0..32_000)
            .map(|i: u32| {
                let sine = |hz: f32| (i as f32 / 16_000.0 * hz * std::f32::consts::TAU).sin() * 3_000.0;
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let hiss = ((noise >> 16) as i32 - 32_768) as f32 / 30.0;
                let sound = match kind {
                    "hum" => (1..8).map(|harmonic| sine(100.0 * harmonic as f32) / 3.0).sum(),
                    "beeps" if i % 16_000 < 4_000 => sine(2_000.0),
                    _ => 0.0,
                };
                (sound + hiss) as i16
            })
            .collect()
    }

    #[test]
    fn machines_say_nothing_that_could_be_known() {
        for (kind, other) in [("hum", 5_000), ("beeps", 5_000), ("silence", 5_000)] {
            let (before, now) = (machine(kind), machine(kind).split_off(other));
            let mut index = Index::default();
            index.add([(7, Print::of(&before))]);
            // The same hiss would be the same recording.
            let fresh: Vec<i16> = now.iter().zip(machine("").iter().rev()).map(|(a, b)| a.saturating_add(*b)).collect();
            assert_eq!(index.find(&Query::of(&fresh)), None, "{kind}");
        }
        assert!(!Print::of(&[0; 32_000]).is_enough() && !Print::of(&[]).is_enough());
        assert_eq!(Index::default().find(&Query::of(&machine("beeps"))), None);
    }

    #[test]
    fn there_is_room_for_so_much_and_what_is_taken_out_is_gone() {
        let peaks = |seed: u32| {
            let mut state = seed + 1;
            (0..400_u16).map(move |at| {
                // xorshift32 (Marsaglia 2003).
                state ^= state << 13;
                state ^= state >> 17;
                state ^= state << 5;
                Peak { at: at * 3, bin: (state >> 8) as u8 % 200 }
            })
        };
        let mut index = Index::default();
        let clips = (0..MAX_CLIPS as u16 + 3)
            .map(|number| (number, Print::from_peaks(peaks(u32::from(number % 50) + 9).take(12).collect())));
        assert_eq!(index.add(clips), [4_000, 4_001, 4_002]);
        let mut index = Index::default();
        index.add([(1, Print::from_peaks(peaks(77_777).collect())), (2, Print::from_peaks(peaks(123_456).collect()))]);
        let query = Query::of_print(Print::from_peaks(peaks(77_777).take(60).collect()));
        assert_eq!(index.find(&query), Some(1));
        index.remove(1);
        assert_eq!((index.find(&query), index.len()), (None, 1));
    }
}
