//! The means of PocketSphinx's model, moved to where people's speech is, in rooms with and without noise, behind
//! [`crate::hear::denoise`]. `models/noise/` says how the moves were found.

use crate::native::pocketsphinx::Model;
use anyhow::{Context as _, ensure};
use sha2::{Digest as _, Sha256};
use std::io::Write as _;
use tempfile::NamedTempFile;

/// One move a number of the model: first its scale for each of the 39 numbers of a Gaussian (three streams of 13), f32, then
/// i8 in the order of the model's file.
const MOVES: &[u8] = include_bytes!("../../../../models/noise/means.moves");
/// The means that they move: of Debian's pocketsphinx-en-us 0.8+5prealpha+1-15.
const OF_SHA256: &str = "832019e32cac12eb318964f96f469034acb12d0348eeddc3831831a100cb4dd4";
const SCALES: usize = 39;
/// Numbers in a row of one stream.
const ROW: usize = 13;
/// Gaussians of one codebook and stream.
const GAUSSIANS: usize = 128;
/// The check value that PocketSphinx writes behind its header, least significant byte first.
const MAGIC: [u8; 4] = [0x44, 0x33, 0x22, 0x11];
const HEADER_ENDS: &[u8] = b"endhdr\n";
/// Between the header and the numbers: the check value and seven sizes.
const SIZES: usize = 4 * 8;
/// Behind the numbers.
const CHECKSUM: usize = 4;

/// A file with the moved means, which lasts as long as the value; `None` where the model is another one.
///
/// # Errors
/// The model can't be read, or there is no room for a temporary file.
pub fn moved(model: &Model) -> anyhow::Result<Option<NamedTempFile>> {
    let path = model.hmm.join("means");
    let original = std::fs::read(&path).with_context(|| format!("{} can't be read", path.display()))?;
    if base16ct::lower::encode_string(&Sha256::digest(&original)) != OF_SHA256 {
        tracing::warn!(
            "{} is not of the model that ours was adapted to: in noise less is understood (known is Debian's pocketsphinx-en-us)",
            path.display()
        );
        return Ok(None);
    }
    let mut file = NamedTempFile::new().context("there is no room for a temporary file")?;
    file.write_all(&with_moves(&original, MOVES)?)
        .and_then(|()| file.flush())
        .context("a temporary file can't be written")?;
    Ok(Some(file))
}

/// `original` with each of its numbers moved.
fn with_moves(original: &[u8], moves: &[u8]) -> anyhow::Result<Vec<u8>> {
    let header = original
        .windows(HEADER_ENDS.len())
        .position(|piece| piece == HEADER_ENDS)
        .context("the means have no header")?
        + HEADER_ENDS.len();
    ensure!(original[header..].starts_with(&MAGIC), "the means are written in another order of bytes");
    let first = header + SIZES;
    let (scales, moves) = moves.split_at_checked(4 * SCALES).context("the moves have no scales")?;
    let ends = original.len().saturating_sub(CHECKSUM);
    ensure!(ends == first + 4 * moves.len(), "there are not as many moves as means");
    let scales: Vec<f32> = scales.chunks_exact(4).map(number).collect();
    let mut out = original.to_vec();
    for (at, (mean, step)) in out[first..ends].chunks_exact_mut(4).zip(moves).enumerate() {
        let stream = at / (GAUSSIANS * ROW) % (SCALES / ROW);
        let moved = number(mean) + scales[stream * ROW + at % ROW] * f32::from(step.cast_signed());
        mean.copy_from_slice(&moved.to_le_bytes());
    }
    let checksum = checksum(&out[header + MAGIC.len()..ends]);
    out[ends..].copy_from_slice(&checksum.to_le_bytes());
    Ok(out)
}

/// PocketSphinx's own, of words of 32 bits.
fn checksum(words: &[u8]) -> u32 {
    let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("chunks of four bytes"));
    words.chunks_exact(4).map(word).fold(0, |sum, word| sum.rotate_left(20).wrapping_add(word))
}

fn number(bytes: &[u8]) -> f32 {
    f32::from_le_bytes(bytes.try_into().expect("chunks of four bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(count: usize) -> Vec<u8> {
        let mut file = b"s3\nversion 1.0\nendhdr\n".to_vec();
        file.extend(MAGIC);
        file.extend([0; SIZES - 4]);
        file.extend((0..count).flat_map(|at| (at as f32).to_le_bytes()));
        file.extend([0; CHECKSUM]);
        file
    }

    fn moves(steps: &[i8]) -> Vec<u8> {
        let scales = (0..SCALES).flat_map(|at| (at as f32 / 2.0).to_le_bytes());
        scales.chain(steps.iter().map(|step| step.cast_unsigned())).collect()
    }

    #[test]
    fn each_mean_moves_by_its_scale() {
        let count = GAUSSIANS * ROW + 2;
        let mut steps = vec![0; count];
        (steps[2], steps[15], steps[count - 1]) = (3, -2, 4);
        let moved = with_moves(&means(count), &moves(&steps)).unwrap();
        let numbers: Vec<f32> =
            moved[moved.len() - CHECKSUM - 4 * count..].chunks_exact(4).take(count).map(number).collect();
        // The third number of the first Gaussian, the third of the second, and the second number of the second stream.
        let wanted = [(2, 2.0 + 3.0), (15, 15.0 - 2.0), (count - 1, (count - 1) as f32 + 4.0 * 7.0)];
        for (at, number) in numbers.iter().enumerate() {
            let expected = wanted.iter().find(|(i, _)| *i == at).map_or(at as f32, |(_, moved)| *moved);
            assert_eq!(*number, expected, "{at}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (original, moves) in [
            (means(3), moves(&[1; 4])),
            (means(3), moves(&[1; 2])),
            (means(3), vec![0; 100]),
            (vec![0; 100], moves(&[1])),
            (b"endhdr\n1234".to_vec(), moves(&[1])),
        ] {
            assert!(with_moves(&original, &moves).is_err());
        }
    }

    #[test]
    fn every_mean_of_the_known_model_has_its_move() {
        assert_eq!(MOVES.len(), 4 * SCALES + 42 * SCALES * GAUSSIANS);
        match moved(&Model::en_us()) {
            Ok(Some(file)) => {
                let original = std::fs::read(Model::en_us().hmm.join("means")).unwrap();
                assert_eq!(std::fs::read(file.path()).unwrap().len(), original.len());
                // Without a move nothing changes, its own checksum neither.
                let still = [vec![0; 4 * SCALES], vec![0; MOVES.len() - 4 * SCALES]].concat();
                assert_eq!(with_moves(&original, &still).unwrap(), original);
            }
            Ok(None) => panic!("Debian's model is another one now: adapt it anew (models/noise/README.md)"),
            Err(why) => eprintln!("left out: {why:#}"),
        }
    }
}
