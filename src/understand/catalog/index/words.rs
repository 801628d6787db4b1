//! The words of a catalogue: found as they are written, by sound, and one letter off.
//!
//! Every way to find a word is a [`Marks`]: an array of hashes of what is looked for. A word one edit away
//! is found by deletion neighbourhoods (the method of SymSpell; W. Garbe, 2012): two words within one edit
//! share a form that lacks one letter.

use super::lists::index;
use crate::understand::Lang;
use crate::understand::lexicon::Lexicon;
use crate::understand::text::{self, Token};

/// At most this many words that look or sound like one, those that the catalogue names first: more of them
/// say nothing about which is meant.
const MAX_ALIKE: usize = 256;
/// At most this many words of one sound, or with one form that lacks a letter, are compared.
const MAX_COMPARED: usize = 512;
/// Longer words are not tried with a letter less: each letter takes an entry of the index.
const MAX_LETTERS: usize = 24;

/// The words, numbered in the order in which the catalogue names them.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Each word's key: its stem, or "#3" for a number.
    spelled: Texts,
    /// Letters of each key.
    letters: Vec<u16>,
    /// The ways in which names write the words, each beside those of the same word.
    written: Texts,
    /// Where those of each word begin in `written`, and after the last one their end.
    written_starts: Vec<u32>,
    by_key: Marks,
    by_same_sound: Marks,
    by_sound: Marks,
    by_deletion: Marks,
}

/// What is collected of a word while the catalogue is read.
pub struct Draft {
    pub key: String,
    /// As names write it, with diacritics.
    pub written: Vec<String>,
}

impl Words {
    pub fn new(drafts: Vec<Draft>, lang: Lang) -> Words {
        let mut words = Words::default();
        let (mut keys, mut same_sounds, mut sounds, mut deletions) = (vec![], vec![], vec![], vec![]);
        for (id, draft) in drafts.into_iter().enumerate() {
            let id = index(id);
            let key = draft.key.as_str();
            words.spelled.push(key);
            words.letters.push(u16::try_from(key.chars().count()).expect("a name is shorter than 2,000 bytes"));
            words.written_starts.push(index(words.written.len()));
            draft.written.iter().for_each(|text| words.written.push(text));
            keys.push((hash(key.chars()), id));
            if key.chars().count() < 3 || key.starts_with('#') {
                continue;
            }
            if lang == Lang::Es {
                same_sounds.push((hash(text::same_sound(key, lang).chars()), id));
            }
            sounds.extend(sound(key, lang).map(|sound| (sound, id)));
            for_each_deletion(key, |form| deletions.push((form, id)));
        }
        words.written_starts.push(index(words.written.len()));
        words.by_key = Marks::new(keys);
        words.by_same_sound = Marks::new(same_sounds);
        words.by_sound = Marks::new(sounds);
        words.by_deletion = Marks::new(deletions);
        words
    }

    pub fn len(&self) -> usize {
        self.spelled.len()
    }

    pub fn spelled(&self, word: u32) -> &str {
        self.spelled.get(word)
    }

    /// Letters of a word's key.
    pub fn letters(&self, word: u32) -> usize {
        self.letters[word as usize].into()
    }

    /// The word with this key.
    pub fn find(&self, key: &str) -> Option<u32> {
        self.by_key.of(hash(key.chars())).find(|word| self.spelled(*word) == key)
    }

    /// Words that many speakers pronounce alike: only Spanish has them; elsewhere a word is its own sound.
    pub fn homophones(&self, stem: &str, lang: Lang) -> Vec<u32> {
        match lang {
            Lang::Es => {
                let sound = text::same_sound(stem, lang);
                let same = self.by_same_sound.of(hash(sound.chars()));
                same.filter(|word| text::same_sound(self.spelled(*word), lang) == sound).take(MAX_ALIKE).collect()
            }
            Lang::En | Lang::Ro => vec![],
        }
    }

    /// Whether a token with the stem of a word is a form of it: diacritics that were said must agree
    /// ("Paștele" is not "pastele"), and a word of the grammar must be meant exactly ("vine" is not "vin").
    pub fn may_be(&self, token: &Token, word: u32, lexicon: &Lexicon) -> bool {
        let agrees = |name: &str| {
            name.chars()
                .zip(token.text.chars())
                .all(|(n, t)| t == n || t.is_ascii() || text::fold(&t.to_string()) != text::fold(&n.to_string()))
        };
        self.written(word).any(agrees)
            && (!lexicon.grammatical(&token.fold) || self.written(word).any(|w| text::fold(w) == token.fold))
    }

    /// Words that look or sound like `word`, in the order of the catalogue.
    ///
    /// The work is bounded by [`MAX_COMPARED`] for each form of the word, and the result by [`MAX_ALIKE`].
    pub fn alike(&self, word: &str, lang: Lang) -> Vec<u32> {
        let length = word.chars().count();
        let allowed = match length {
            0..=2 => 0,
            3..=8 => 1,
            _ => 2,
        };
        let mut out: Vec<u32> = Vec::new();
        for_each_deletion(word, |form| out.extend(self.by_deletion.of(form).take(MAX_COMPARED)));
        out.sort_unstable();
        out.dedup();
        out.retain(|id| self.is_near(*id, word, length, allowed));
        if length >= 5
            && let Some(sound) = sound(word, lang)
        {
            let most = 2.max(length / 2);
            let same = self.by_sound.of(sound).take(MAX_COMPARED);
            out.extend(same.filter(|id| self.is_near(*id, word, length, most)));
            out.sort_unstable();
            out.dedup();
        }
        out.truncate(MAX_ALIKE);
        out
    }

    /// Whether so few edits lead from `word`, which has `length` letters, to the catalogue's word.
    fn is_near(&self, id: u32, word: &str, length: usize, edits: usize) -> bool {
        // Each letter more or less is an edit.
        self.letters(id).abs_diff(length) <= edits && strsim::osa_distance(word, self.spelled(id)) <= edits
    }

    pub fn heap_bytes(&self) -> usize {
        let marks = [&self.by_key, &self.by_same_sound, &self.by_sound, &self.by_deletion];
        self.spelled.heap_bytes()
            + self.written.heap_bytes()
            + 2 * self.letters.capacity()
            + 4 * self.written_starts.capacity()
            + marks.iter().map(|m| m.heap_bytes()).sum::<usize>()
    }

    fn written(&self, word: u32) -> impl Iterator<Item = &str> {
        let word = word as usize;
        (self.written_starts[word]..self.written_starts[word + 1]).map(|at| self.written.get(at))
    }
}

/// What a token is looked up by: numbers by their value, other words by their stem.
pub fn key(token: &Token, lexicon: &Lexicon) -> String {
    if let Ok(number) = token.fold.parse::<u32>() {
        return format!("#{number}");
    }
    match lexicon.numbers.get(&token.fold) {
        Some(number) if *number != 1 => format!("#{number}"),
        _ => token.stem.clone(),
    }
}

/// Texts behind each other in one.
#[derive(Debug, Clone, Default)]
struct Texts {
    all: String,
    ends: Vec<u32>,
}

impl Texts {
    fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(index(self.all.len()));
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, at: u32) -> &str {
        let at = at as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.all[start as usize..self.ends[at] as usize]
    }

    fn heap_bytes(&self) -> usize {
        self.all.capacity() + 4 * self.ends.capacity()
    }
}

/// Hashes of what is looked for, sorted, each with the word that it leads to.
///
/// Two texts of one hash (64 bits) would lead to a word too many, which whoever looks compares anyway.
#[derive(Debug, Clone, Default)]
struct Marks {
    hashes: Vec<u64>,
    words: Vec<u32>,
}

impl Marks {
    fn new(mut marks: Vec<(u64, u32)>) -> Marks {
        marks.sort_unstable();
        marks.dedup();
        Marks { hashes: marks.iter().map(|(hash, _)| *hash).collect(), words: marks.iter().map(|(_, w)| *w).collect() }
    }

    /// The words of a hash, in the order of the catalogue.
    fn of(&self, hash: u64) -> impl Iterator<Item = u32> {
        let start = self.hashes.partition_point(|h| *h < hash);
        self.hashes[start..].iter().zip(&self.words[start..]).take_while(move |(h, _)| **h == hash).map(|(_, w)| *w)
    }

    fn heap_bytes(&self) -> usize {
        8 * self.hashes.capacity() + 4 * self.words.capacity()
    }
}

/// The hash of the word and of every form of it that lacks one letter.
fn for_each_deletion(word: &str, mut each: impl FnMut(u64)) {
    let letters: Vec<char> = word.chars().collect();
    each(hash(letters.iter().copied()));
    if !(3..=MAX_LETTERS).contains(&letters.len()) {
        return;
    }
    for skip in 0..letters.len() {
        // "bott" lacks either t, and is one form.
        if skip == 0 || letters[skip] != letters[skip - 1] {
            each(hash(letters[..skip].iter().chain(&letters[skip + 1..]).copied()));
        }
    }
}

/// The hash of the sound key, where it says enough.
fn sound(word: &str, lang: Lang) -> Option<u64> {
    let key = text::sound_key(word, lang);
    (key.len() >= 3).then(|| hash(key.chars()))
}

/// FNV-1a with 64 bits (Fowler, Noll, Vo), of letters instead of bytes: the same on every
/// machine and in every run.
fn hash(letters: impl Iterator<Item = char>) -> u64 {
    letters.fold(0xcbf2_9ce4_8422_2325, |hash, letter| (hash ^ u64::from(letter)).wrapping_mul(0x0000_0100_0000_01b3))
}
