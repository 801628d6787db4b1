//! What a file that should hold a network in ONNX turns out to be. Runs none.

use anyhow::ensure;
use std::path::Path;

/// The file, if it has at most `most` bytes.
///
/// # Errors
/// It can't be read, or is larger.
pub fn read_bounded(path: &Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let size = std::fs::metadata(path)?.len();
    ensure!(size <= most, "the file has {size} bytes, more than such a network ever has");
    Ok(std::fs::read(path)?)
}

/// What a file plainly is when it is no model; the usual accidents of a download.
pub fn not_a_model(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.trim_ascii_start();
    if text.is_empty() {
        Some("empty")
    } else if text.starts_with(b"<") {
        Some("a web page, not a model")
    } else if text.starts_with(b"version https://git-lfs") {
        Some("a Git LFS pointer, not the model itself")
    } else if !is_whole_protobuf(bytes) {
        Some("no ONNX model, or only a part of one")
    } else {
        None
    }
}

/// Whether the top-level fields of a protobuf message end exactly where the file does: true for
/// every whole ONNX file. Looked at first because rten-onnx 0.27 never returns from a number of
/// ten or more continuation bytes.
fn is_whole_protobuf(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Some((tag, rest)) = varint(bytes) else { return false };
        let (length, rest) = match tag & 7 {
            0 => match varint(rest) {
                Some((_, rest)) => (0, rest),
                None => return false,
            },
            1 => (8, rest),
            2 => match varint(rest) {
                Some((length, rest)) => (length, rest),
                None => return false,
            },
            5 => (4, rest),
            _ => return false,
        };
        match usize::try_from(length).ok().and_then(|length| rest.get(length..)) {
            Some(rest) => bytes = rest,
            None => return false,
        }
    }
    true
}

/// A protobuf number of at most nine bytes (63 bits: no tag or length in a file has more).
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}
