//! The models that tendero hears and speaks with: which there are, how one comes onto the device, and whether it is still what it was.
//!
//! [`manifest`] is `models/models.toml`, compiled in; [`fetch`] downloads; [`store`] is the folder on the device, where each
//! model has a folder of its own with a record of every file's size and sum. Nothing stands under a model's name that was
//! not summed before: a web page, half a file or another version never gets there. Loads no model.

pub mod fetch;
pub mod manifest;
pub mod onnx;
pub mod store;

use sha2::{Digest, Sha256};
use std::io::Read;

/// 64 lower-case hex digits.
///
/// # Errors
/// `source` can't be read.
pub fn sum_of(mut source: impl Read) -> std::io::Result<String> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match source.read(&mut buffer)? {
            0 => return Ok(base16ct::lower::encode_string(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

/// Is it a sha256 sum as `sha256sum` prints it?
pub fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}
