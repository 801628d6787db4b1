//! A look at a Whisper model before whisper.cpp sees it: its header, its words, each of its tensors.
//!
//! whisper.cpp believes a file: a vocabulary without a space, a shape that does not fit or half a file ends the process, or
//! is read past its end. What passes here has every tensor that the header asks for, in the size and type that the library
//! will look for, and nothing besides. The format is the one of whisper.cpp's own converter (ggml, version of 2022).

use anyhow::{Context, bail, ensure};
use std::collections::BTreeMap;

/// "ggml", as a little-endian number.
const MAGIC: u32 = 0x6767_6d6c;
/// What every published model has, and what the library is written for: 30 s of sound, and 448 tokens.
const AUDIO_CTX: u32 = 1500;
const TEXT_CTX: u32 = 448;
/// Bins of the Fourier transform, of 400 samples.
const BINS: u32 = 201;
/// Of English only, of 99 languages, of 100.
const VOCABULARIES: [u32; 3] = [51_864, 51_865, 51_866];
/// Bytes in a word of the vocabulary, and in a tensor's name.
const MAX_WORD: u32 = 1_024;
const MAX_NAME: u32 = 128;
/// Weights are packed in blocks of so many.
const BLOCK: u64 = 32;
/// What the quantisers write on top of the type: their version, in thousands.
const VERSION_FACTOR: u32 = 1_000;

/// What a model is, as far as the engine has to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outline {
    /// Not of English alone.
    pub is_multilingual: bool,
}

/// Looks at all of `bytes`.
///
/// # Errors
/// The first thing that is not as it has to be, and where.
pub fn check(bytes: &[u8]) -> anyhow::Result<Outline> {
    let mut file = Reader { bytes, at: 0 };
    let begins: String = bytes.iter().take(16).map(|b| b.escape_ascii().to_string()).collect();
    let magic = file.number("the magic number").with_context(|| format!("it begins with \"{begins}\""))?;
    ensure!(magic == MAGIC, "it is no Whisper model in ggml's format: it begins with \"{begins}\"");
    let header = Header::read(&mut file)?;
    filters(&mut file, &header)?;
    words(&mut file, &header)?;
    tensors(&mut file, &header)?;
    Ok(Outline { is_multilingual: header.words != VOCABULARIES[0] })
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64, what: &str) -> anyhow::Result<&'a [u8]> {
        let left = self.bytes.len() - self.at;
        let count = usize::try_from(count).ok().filter(|count| *count <= left).with_context(|| {
            format!("it ends in the middle: {what} at byte {} needs {count} bytes, and {left} are left", self.at)
        })?;
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    fn number(&mut self, what: &str) -> anyhow::Result<u32> {
        let taken = self.take(4, what)?;
        Ok(u32::from_le_bytes(taken.try_into().expect("four bytes were taken")))
    }

    fn is_done(&self) -> bool {
        self.at == self.bytes.len()
    }
}

/// The numbers that all shapes follow from.
struct Header {
    words: u32,
    state: u32,
    audio_layers: u32,
    text_layers: u32,
    mels: u32,
    weights: Packing,
}

impl Header {
    fn read(file: &mut Reader) -> anyhow::Result<Header> {
        let mut next = |what| file.number(what);
        let words = next("the size of the vocabulary")?;
        ensure!(VOCABULARIES.contains(&words), "its vocabulary has {words} tokens; Whisper's have 51864 to 51866");
        let audio = (next("audio context")?, next("audio state")?, next("audio heads")?, next("audio layers")?);
        let text = (next("text context")?, next("text state")?, next("text heads")?, next("text layers")?);
        let (mels, kind) = (next("mel bands")?, next("the type of the weights")?);
        ensure!(
            audio.0 == AUDIO_CTX && text.0 == TEXT_CTX,
            "it hears {} frames and writes {} tokens instead of {AUDIO_CTX} and {TEXT_CTX}",
            audio.0,
            text.0
        );
        ensure!(audio.1 == text.1, "its encoder has {} numbers for each frame, and its decoder {}", audio.1, text.1);
        ensure!(
            (32..=1_280).contains(&audio.1) && u64::from(audio.1) % BLOCK == 0,
            "it has {} numbers for each frame; 32 to 1280 are possible, by 32",
            audio.1
        );
        for (heads, layers) in [(audio.2, audio.3), (text.2, text.3)] {
            ensure!(
                (1..=20).contains(&heads) && audio.1 % heads == 0,
                "{} numbers can't be shared by {heads} heads",
                audio.1
            );
            ensure!((1..=32).contains(&layers), "it has {layers} layers; 1 to 32 are possible");
        }
        ensure!(mels == 80 || mels == 128, "it has {mels} mel bands instead of 80 or 128");
        let weights = Packing::of_file(kind % VERSION_FACTOR)?;
        Ok(Header { words, state: audio.1, audio_layers: audio.3, text_layers: text.3, mels, weights })
    }
}

/// How a tensor's numbers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    F32,
    F16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
}

impl Packing {
    /// By the number in the header, which counts otherwise than the one of a tensor.
    fn of_file(kind: u32) -> anyhow::Result<Packing> {
        Ok(match kind {
            0 => Packing::F32,
            1 => Packing::F16,
            2 => Packing::Q4_0,
            3 => Packing::Q4_1,
            7 => Packing::Q8_0,
            8 => Packing::Q5_0,
            9 => Packing::Q5_1,
            _ => bail!("its weights are of type {kind}, which is none of f32, f16, q4_0, q4_1, q5_0, q5_1 and q8_0"),
        })
    }

    /// ggml's number for it in a tensor.
    fn of_tensor(self) -> u32 {
        match self {
            Packing::F32 => 0,
            Packing::F16 => 1,
            Packing::Q4_0 => 2,
            Packing::Q4_1 => 3,
            Packing::Q5_0 => 6,
            Packing::Q5_1 => 7,
            Packing::Q8_0 => 8,
        }
    }

    /// Of so many numbers.
    fn bytes(self, count: u64) -> u64 {
        match self {
            Packing::F32 => count * 4,
            Packing::F16 => count * 2,
            Packing::Q4_0 => count / BLOCK * 18,
            Packing::Q4_1 => count / BLOCK * 20,
            Packing::Q5_0 => count / BLOCK * 22,
            Packing::Q5_1 => count / BLOCK * 24,
            Packing::Q8_0 => count / BLOCK * 34,
        }
    }
}

fn filters(file: &mut Reader, header: &Header) -> anyhow::Result<()> {
    let (mels, bins) = (file.number("the mel filters")?, file.number("the mel filters")?);
    ensure!(
        mels == header.mels && bins == BINS,
        "its mel filters are {mels} by {bins} instead of {} by {BINS}",
        header.mels
    );
    file.take(u64::from(mels) * u64::from(bins) * 4, "the mel filters").map(drop)
}

fn words(file: &mut Reader, header: &Header) -> anyhow::Result<()> {
    let count = file.number("the vocabulary")?;
    ensure!((1..=header.words).contains(&count), "it has {count} words for {} tokens", header.words);
    let mut has_space = false;
    for word in 0..count {
        let length = file.number("a word")?;
        ensure!(length <= MAX_WORD, "word {word} has {length} bytes; {MAX_WORD} is the limit");
        has_space |= file.take(u64::from(length), "a word")? == b" ";
    }
    ensure!(has_space, "its vocabulary has no \" \", without which whisper.cpp ends the process");
    Ok(())
}

/// What has to be there: by name, the shape (fastest index first) and how it is stored.
fn wanted(header: &Header) -> BTreeMap<String, (Vec<u32>, Packing)> {
    let (state, weights) = (header.state, header.weights);
    // The kernels of convolutions are not packed.
    let kernel = if weights == Packing::F32 { Packing::F32 } else { Packing::F16 };
    let mut all = BTreeMap::new();
    let mut add = |name: String, shape: &[u32], packing| all.insert(name, (shape.to_vec(), packing));
    add("encoder.positional_embedding".into(), &[state, AUDIO_CTX], Packing::F32);
    for (conv, bands) in [("conv1", header.mels), ("conv2", state)] {
        add(format!("encoder.{conv}.weight"), &[3, bands, state], kernel);
        add(format!("encoder.{conv}.bias"), &[1, state], Packing::F32);
    }
    add("decoder.positional_embedding".into(), &[state, TEXT_CTX], Packing::F32);
    add("decoder.token_embedding.weight".into(), &[state, header.words], weights);
    for norm in ["encoder.ln_post", "decoder.ln"] {
        add(format!("{norm}.weight"), &[state], Packing::F32);
        add(format!("{norm}.bias"), &[state], Packing::F32);
    }
    let encoder = (0..header.audio_layers).map(|layer| (format!("encoder.blocks.{layer}"), &["attn"][..]));
    let decoder = (0..header.text_layers).map(|layer| (format!("decoder.blocks.{layer}"), &["attn", "cross_attn"][..]));
    for (block, attentions) in encoder.chain(decoder) {
        for norm in attentions.iter().map(|name| format!("{name}_ln")).chain(["mlp_ln".to_owned()]) {
            add(format!("{block}.{norm}.weight"), &[state], Packing::F32);
            add(format!("{block}.{norm}.bias"), &[state], Packing::F32);
        }
        for attention in attentions {
            for part in ["query", "key", "value", "out"] {
                add(format!("{block}.{attention}.{part}.weight"), &[state, state], weights);
            }
            for part in ["query", "value", "out"] {
                add(format!("{block}.{attention}.{part}.bias"), &[state], Packing::F32);
            }
        }
        for (part, from, to) in [(0, state, 4 * state), (2, 4 * state, state)] {
            add(format!("{block}.mlp.{part}.weight"), &[from, to], weights);
            add(format!("{block}.mlp.{part}.bias"), &[to], Packing::F32);
        }
    }
    all
}

fn tensors(file: &mut Reader, header: &Header) -> anyhow::Result<()> {
    let mut wanted = wanted(header);
    while !file.is_done() {
        let began = file.at;
        let (dims, length, kind) = (file.number("a tensor")?, file.number("a tensor")?, file.number("a tensor")?);
        ensure!((1..=3).contains(&dims) && length <= MAX_NAME, "what stands at byte {began} is no tensor");
        let shape = (0..dims).map(|_| file.number("a tensor")).collect::<anyhow::Result<Vec<u32>>>()?;
        let name = String::from_utf8_lossy(file.take(u64::from(length), "a tensor's name")?).into_owned();
        let (right, packing) = wanted.remove(&name).with_context(|| {
            format!("the tensor \"{}\" at byte {began} is there twice, or in no Whisper model", name.escape_debug())
        })?;
        ensure!(
            shape == right && kind == packing.of_tensor(),
            "the tensor {name} has the shape {shape:?} and the type {kind} instead of {right:?} and {}",
            packing.of_tensor()
        );
        let count = shape.iter().map(|n| u64::from(*n)).product();
        file.take(packing.bytes(count), &name)?;
    }
    match wanted.keys().next() {
        Some(first) => bail!("it lacks {} tensors, {first} among them", wanted.len()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a file of these sizes has besides its words, which are the same in all of 99 languages.
    fn bytes_without_words(state: u32, layers: u32) -> u64 {
        let header = Header {
            words: 51_865,
            state,
            audio_layers: layers,
            text_layers: layers,
            mels: 80,
            weights: Packing::Q5_1,
        };
        let tensor = |(name, (shape, packing)): (&String, &(Vec<u32>, Packing))| {
            let count = shape.iter().map(|n| u64::from(*n)).product();
            12 + 4 * shape.len() as u64 + name.len() as u64 + packing.bytes(count)
        };
        wanted(&header).iter().map(tensor).sum()
    }

    #[test]
    fn the_sizes_are_those_of_the_published_models() {
        // ggml-tiny-q5_1.bin and ggml-base-q5_1.bin, as models.toml has them.
        assert_eq!(bytes_without_words(512, 6) - bytes_without_words(384, 4), 59_707_625 - 32_152_673);
    }
}
