//! The names of a catalogue, found word by word.
//!
//! People say the words of a short name in any order, so a name of up to three words is kept as the set of
//! them, and a beginning of it is any part of that set. A longer name is kept as it is written, in a
//! sorted list in which the names that begin alike lie side by side: a trie without nodes.

use super::lists::{Lists, index};

/// Longer names are not kept: nobody says them.
pub const MAX_NAME: usize = 8;
/// Names of up to so many words may be said in any order.
const SHORT: usize = 3;
/// Words in another order than the name's count a little less.
const REORDERED: f32 = 0.97;
/// In the place of a word that a shorter name does not have.
const NO_WORD: u32 = u32::MAX;

/// The words of a short name in ascending order.
type Set = [u32; SHORT];

#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Word → words that stand with it in a short name, itself too where it is one alone or stands twice.
    /// Each pair once, under the lower word.
    pairs: Lists,
    /// Whether a word is in any short name.
    short: Vec<bool>,
    /// Short names, sorted.
    sets: Vec<Set>,
    set_ends: Ends,
    /// The words of all long names behind each other, the names sorted.
    long_words: Vec<u32>,
    /// Where each long name begins in `long_words`, and after the last one its end.
    long_starts: Vec<u32>,
    long_ends: Ends,
}

/// The products that have a name, for each name.
#[derive(Debug, Clone, Default)]
struct Ends {
    starts: Vec<u32>,
    /// By product, then by order.
    ends: Vec<End>,
}

#[derive(Debug, Clone, Copy)]
struct End {
    product: u32,
    /// 0.0 to 1.0, for the words in this order.
    score: f32,
    /// As of [`sorted`]; 0 for long names.
    order: u8,
}

/// Words that may begin a name.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    words: [u32; MAX_NAME],
    length: usize,
    /// Long names that begin so: the first of them, and the first after them.
    long: (usize, usize),
}

impl Path {
    pub fn words(&self) -> &[u32] {
        &self.words[..self.length]
    }
}

impl Names {
    /// Before the first word.
    pub fn begin(&self) -> Path {
        Path { words: [NO_WORD; MAX_NAME], length: 0, long: (0, self.long_ends.names()) }
    }

    /// `path` with one word more, where a name begins so.
    pub fn step(&self, path: &Path, word: u32) -> Option<Path> {
        if path.length == MAX_NAME {
            return None;
        }
        let mut next = Path { long: self.longer(path, word), ..*path };
        next.words[path.length] = word;
        next.length += 1;
        (next.long.0 < next.long.1 || self.is_part(&next)).then_some(next)
    }

    /// Whether a product is called so.
    pub fn is_name(&self, path: &Path) -> bool {
        self.end(path).is_some()
    }

    /// The products that are called so and how well it fits, by product.
    pub fn products(&self, path: &Path) -> Vec<(u32, f32)> {
        let mut out: Vec<(u32, f32)> = Vec::new();
        let Some((ends, order)) = self.end(path) else { return out };
        for end in ends {
            let score = if end.order == order { end.score } else { end.score * REORDERED };
            match out.last_mut().filter(|(product, _)| *product == end.product) {
                Some((_, best)) => *best = best.max(score),
                None => out.push((end.product, score)),
            }
        }
        out
    }

    pub fn heap_bytes(&self) -> usize {
        self.pairs.heap_bytes()
            + self.short.capacity()
            + size_of::<Set>() * self.sets.capacity()
            + 4 * (self.long_words.capacity() + self.long_starts.capacity())
            + self.set_ends.heap_bytes()
            + self.long_ends.heap_bytes()
    }

    fn end(&self, path: &Path) -> Option<(&[End], u8)> {
        if path.length > SHORT {
            // Of names that begin alike, the shortest comes first.
            let first = path.long.0;
            return (self.long(first)?.len() == path.length).then(|| (self.long_ends.of(first), 0));
        }
        let (set, order) = sorted(path.words());
        let at = self.sets.binary_search(&set).ok()?;
        Some((self.set_ends.of(at), order))
    }

    /// Whether the words are part of a short name.
    fn is_part(&self, path: &Path) -> bool {
        let (set, _) = sorted(path.words());
        match path.length {
            1 => self.short[set[0] as usize],
            2 => self.pairs.of(set[0]).binary_search(&set[1]).is_ok(),
            SHORT => self.sets.binary_search(&set).is_ok(),
            _ => false,
        }
    }

    /// Of the long names that begin like `path`, those that go on with `word`.
    fn longer(&self, path: &Path, word: u32) -> (usize, usize) {
        let next = |name: usize| self.long(name).and_then(|words| words.get(path.length));
        let (from, to) = path.long;
        let start = first(from, to, |name| next(name) >= Some(&word));
        (start, first(start, to, |name| next(name) > Some(&word)))
    }

    fn long(&self, name: usize) -> Option<&[u32]> {
        match self.long_starts.get(name..name + 2)? {
            [start, end] => self.long_words.get(*start as usize..*end as usize),
            _ => None,
        }
    }
}

/// The first name from `from` to `to` that `is` holds for, as it does for all that follow; else `to`.
fn first(from: usize, to: usize, is: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low.midpoint(high);
        if is(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

impl Ends {
    fn names(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    fn of(&self, name: usize) -> &[End] {
        &self.ends[self.starts[name] as usize..self.starts[name + 1] as usize]
    }

    fn heap_bytes(&self) -> usize {
        4 * self.starts.capacity() + size_of::<End>() * self.ends.capacity()
    }
}

/// Collects names, in the order of their products.
#[derive(Default)]
pub struct Builder {
    short: Vec<(Set, End)>,
    /// (where its words begin, how many, end)
    long: Vec<(usize, usize, End)>,
    long_words: Vec<u32>,
}

impl Builder {
    /// `words`: 1 to [`MAX_NAME`].
    pub fn add(&mut self, words: &[u32], product: u32, score: f32) {
        if words.len() <= SHORT {
            let (set, order) = sorted(words);
            self.short.push((set, End { product, score, order }));
        } else {
            self.long.push((self.long_words.len(), words.len(), End { product, score, order: 0 }));
            self.long_words.extend(words);
        }
    }

    /// `words`: how many there are in the catalogue.
    pub fn finish(self, words: usize) -> Names {
        let mut names = Names { short: vec![false; words], ..Names::default() };
        names.add_short(self.short);
        names.add_long(self.long, &self.long_words);
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for set in &names.sets {
            for (at, low) in set.iter().enumerate().filter(|(_, word)| **word != NO_WORD) {
                names.short[*low as usize] = true;
                pairs.extend(set[at + 1..].iter().filter(|high| **high != NO_WORD).map(|high| (*low, *high)));
            }
        }
        pairs.sort_unstable_by_key(|(low, high)| (*high, *low));
        names.pairs = Lists::new(words, &pairs);
        names
    }
}

impl Names {
    fn add_short(&mut self, mut short: Vec<(Set, End)>) {
        short.sort_unstable_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.before(y)));
        short.dedup_by(|(a, x), (b, y)| a == b && x.product == y.product && x.order == y.order);
        for (set, end) in short {
            if self.sets.last() != Some(&set) {
                self.sets.push(set);
                self.set_ends.starts.push(index(self.set_ends.ends.len()));
            }
            self.set_ends.ends.push(end);
        }
        self.sets.shrink_to_fit();
        self.set_ends.close();
    }

    fn add_long(&mut self, mut long: Vec<(usize, usize, End)>, words: &[u32]) {
        let name = |start: &usize, length: &usize| &words[*start..*start + *length];
        long.sort_unstable_by(|(a, n, x), (b, m, y)| name(a, n).cmp(name(b, m)).then_with(|| x.before(y)));
        long.dedup_by(|(a, n, x), (b, m, y)| x.product == y.product && name(a, n) == name(b, m));
        let mut last: &[u32] = &[];
        for (start, length, end) in &long {
            let name = name(start, length);
            if last != name {
                self.long_starts.push(index(self.long_words.len()));
                self.long_words.extend(name);
                self.long_ends.starts.push(index(self.long_ends.ends.len()));
                last = name;
            }
            self.long_ends.ends.push(*end);
        }
        self.long_starts.push(index(self.long_words.len()));
        self.long_words.shrink_to_fit();
        self.long_starts.shrink_to_fit();
        self.long_ends.close();
    }
}

impl Ends {
    fn close(&mut self) {
        self.starts.push(index(self.ends.len()));
        self.starts.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

impl End {
    /// By product and order; the best score first, which is the one that is kept.
    fn before(&self, other: &End) -> std::cmp::Ordering {
        (self.product, self.order).cmp(&(other.product, other.order)).then(other.score.total_cmp(&self.score))
    }
}

/// At most [`SHORT`] words in ascending order, and a number for the order in which they stood.
fn sorted(words: &[u32]) -> (Set, u8) {
    let mut places = [0u8, 1, 2];
    let word = |place: u8| words.get(place as usize).copied().unwrap_or(NO_WORD);
    places.sort_by_key(|place| word(*place));
    (places.map(word), places[0] * 9 + places[1] * 3 + places[2])
}
