//! One utterance from standard input (16 kHz mono i16, little endian), and what the daemon's recogniser hears of it to standard output.

#[path = "../../../../../src/hear/denoise.rs"]
mod denoise;

use std::io::{Read as _, Write as _};

fn main() -> std::io::Result<()> {
    let mut sound = Vec::new();
    std::io::stdin().read_to_end(&mut sound)?;
    let samples: Vec<i16> = sound.chunks_exact(2).map(|s| i16::from_le_bytes([s[0], s[1]])).collect();
    let heard: Vec<u8> = denoise::for_recogniser(&samples).into_iter().flat_map(i16::to_le_bytes).collect();
    std::io::stdout().write_all(&heard)
}
