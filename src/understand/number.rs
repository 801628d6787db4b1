//! Number words and digits in tokens: "two", "a hundred and five", "treinta y cinco", "1,000". Pure.
//!
//! One table of words for each language (`[numbers]` of its lexicon) and one [`Grammar`]; Romanian needs both anyway, and
//! the tokens that a number takes have to be known. The crate `text2num` has no Romanian, drops "a" and "veintiún", and
//! reads "one hundred and two hundred" as 102 and 100, so the tests compare with it and the product does without it.
//!
//! Never asks what is counted: that "un" may be an article and "one" a pronoun is settled by the callers.

use super::Lang;
use super::lexicon::Lexicon;
use super::text::Token;

/// The number that begins at `at` and the first token after it.
pub fn number(tokens: &[Token], at: usize, lexicon: &Lexicon) -> Option<(u32, usize)> {
    let reader = Reader { tokens, lexicon, grammar: grammar(lexicon.lang) };
    if tokens.get(at)?.fold.bytes().all(|b| b.is_ascii_digit()) { reader.digits(at) } else { reader.words(at) }
}

/// "1,000", "1.000": the number and the first token after it, where groups of three digits follow a mark.
pub fn thousands_mark(tokens: &[Token], at: usize) -> Option<(u32, usize)> {
    let first = &tokens.get(at)?.fold;
    if first.is_empty() || first.len() > 3 || first.starts_with('0') {
        return None;
    }
    let group =
        |t: &&Token| t.break_before && t.close && t.fold.len() == 3 && t.fold.bytes().all(|b| b.is_ascii_digit());
    let groups: Vec<&Token> = tokens[at + 1..].iter().take_while(group).collect();
    let digits: String = std::iter::once(first.as_str()).chain(groups.iter().map(|t| t.fold.as_str())).collect();
    (!groups.is_empty()).then_some((digits.parse().ok()?, at + 1 + groups.len()))
}

/// How a language puts its number words together.
struct Grammar {
    /// Words that are a one before a hundred or a thousand and that go on no other number.
    ones: &'static [&'static str],
    /// The largest number that stands before the word for a hundred: "twelve hundred". None: "doscientos" is one word.
    hundreds: u32,
    /// Where the joiner stands after a hundred or a thousand, too: "a hundred and five".
    joins_hundreds: bool,
    /// "diez y seis".
    joins_ten: bool,
    /// What may stand before the word for a thousand: "20 de mii".
    of: Option<&'static str>,
    /// Words that no number ends with: "por ciento" is no hundred.
    never_last: &'static [&'static str],
    /// What makes the digits before it an ordinal: "2nd".
    ordinals: &'static [&'static str],
}

const ENGLISH: Grammar = Grammar {
    ones: &["a"],
    hundreds: 99,
    joins_hundreds: true,
    joins_ten: false,
    of: None,
    never_last: &[],
    ordinals: &["st", "nd", "rd", "th"],
};

const SPANISH: Grammar = Grammar {
    ones: &[],
    hundreds: 0,
    joins_hundreds: false,
    joins_ten: true,
    of: None,
    never_last: &["ciento"],
    ordinals: &["º", "ª", "er", "era", "ero", "do", "da", "ra", "ro", "to", "ta", "mo", "ma", "vo", "va", "no", "na"],
};

const ROMANIAN: Grammar = Grammar {
    ones: &["o"],
    hundreds: 19,
    joins_hundreds: false,
    joins_ten: false,
    of: Some("de"),
    never_last: &[],
    ordinals: &["lea", "a"],
};

fn grammar(lang: Lang) -> &'static Grammar {
    match lang {
        Lang::En => &ENGLISH,
        Lang::Es => &SPANISH,
        Lang::Ro => &ROMANIAN,
    }
}

/// A number in the making.
#[derive(Clone, Copy)]
struct Sum {
    thousands: u32,
    /// What stands after the thousands, or before them as long as there are none.
    part: u32,
    /// What follows is below this.
    room: u32,
}

impl Sum {
    fn of(value: u32) -> Sum {
        match value {
            1000 => Sum { thousands: 1000, part: 0, room: 1000 },
            part => Sum { thousands: 0, part, room: room(part) },
        }
    }

    fn value(self) -> u32 {
        self.thousands + self.part
    }
}

/// After a hundred comes less than a hundred, after a ten a unit, and after a unit nothing.
fn room(value: u32) -> u32 {
    match value {
        0 => 0,
        hundreds if hundreds.is_multiple_of(100) => 100,
        tens if tens % 100 >= 20 && tens.is_multiple_of(10) => 10,
        _ => 0,
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
    lexicon: &'a Lexicon,
    grammar: &'static Grammar,
}

impl Reader<'_> {
    fn digits(&self, at: usize) -> Option<(u32, usize)> {
        let (value, end) = match thousands_mark(self.tokens, at) {
            Some(marked) => marked,
            None => (self.tokens[at].fold.parse().ok()?, at + 1),
        };
        let ordinal = |t: &Token| t.close && !t.break_before && self.grammar.ordinals.contains(&t.fold.as_str());
        if self.tokens.get(end).is_some_and(ordinal) {
            return None;
        }
        // "2 thousand", "20 de mii": digits count a hundred or a thousand like words do.
        let spoken = (1..1000).contains(&value) && self.multiplier(end);
        if spoken { self.go_on(Sum { room: 0, ..Sum::of(value) }, at, end) } else { Some((value, end)) }
    }

    fn words(&self, at: usize) -> Option<(u32, usize)> {
        let first = &self.tokens[at];
        // "a doua" is the second, and "a două" of two.
        let before = at.checked_sub(1).map(|before| &self.tokens[before]).filter(|_| !first.break_before);
        if first.text == "doua" && before.is_some_and(|t| t.fold == "a") {
            return None;
        }
        if self.one(at) {
            return self.go_on(Sum::of(1), at, at + 1);
        }
        let value = self.value(at)?;
        // "mie" alone is Romanian for "to me"; a thousand is "o mie".
        let counted = || before.is_some_and(|t| self.grammar.ones.contains(&t.fold.as_str()) || self.counts(t));
        if self.lexicon.never_first.contains(&first.fold) && !counted() {
            return None;
        }
        self.go_on(Sum::of(value), at, at + 1)
    }

    /// The longest number that begins with `sum` and leaves no "hundred" or "thousand" behind: "one hundred and two
    /// hundred" are two numbers, and the "two" belongs to the second.
    fn go_on(&self, mut sum: Sum, at: usize, mut end: usize) -> Option<(u32, usize)> {
        let whole = |end: usize| !self.grammar.never_last.contains(&self.tokens[end - 1].fold.as_str());
        let alone = (whole(end) && !self.one(at)).then_some((sum.value(), end));
        let mut best = None;
        loop {
            if whole(end) && !self.multiplier(end) {
                best = Some((sum.value(), end));
            }
            let Some((next, after)) = self.step(sum, end) else { break };
            (sum, end) = (next, after);
        }
        best.or(alone)
    }

    /// `sum` and the words at `at`, where they make one number.
    fn step(&self, sum: Sum, at: usize) -> Option<(Sum, usize)> {
        if let Some(word) = self.thousand(at) {
            let counts = sum.thousands == 0 && (1..1000).contains(&sum.part);
            return counts.then_some((Sum { thousands: sum.part * 1000, part: 0, room: 1000 }, word + 1));
        }
        if self.hundred(at) {
            let most = if sum.thousands == 0 { self.grammar.hundreds } else { self.grammar.hundreds.min(9) };
            let counts = (1..=most).contains(&sum.part);
            return counts.then_some((Sum { part: sum.part * 100, room: 100, ..sum }, at + 1));
        }
        let joined = !self.pause(at) && self.tokens.get(at).is_some_and(|t| t.fold == self.lexicon.number_joiner);
        let word = if joined { at + 1 } else { at };
        let value = self.value(word).filter(|value| *value > 0 && !self.pause(word))?;
        let ten = joined && self.grammar.joins_ten && sum.part % 100 == 10 && (6..10).contains(&value);
        let fits = if ten { true } else { value < sum.room };
        let may_join = !joined || ten || sum.room == 10 || (self.grammar.joins_hundreds && sum.room >= 100);
        // "o mie o sută" goes on with an "o", and "două mii o pâine" does not.
        let article = self.grammar.ones.contains(&self.tokens[word].fold.as_str());
        let one = article && sum.part == 0 && self.hundred(word + 1);
        if !fits || !may_join || (article && !one) {
            return None;
        }
        Some((Sum { part: sum.part + value, room: room(value), ..sum }, word + 1))
    }

    fn value(&self, at: usize) -> Option<u32> {
        self.lexicon.numbers.get(&self.tokens.get(at)?.fold).copied()
    }

    fn counts(&self, token: &Token) -> bool {
        let value = self.lexicon.numbers.get(&token.fold).copied().or_else(|| token.fold.parse().ok());
        value.is_some_and(|value| (1..1000).contains(&value))
    }

    fn pause(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| t.break_before)
    }

    /// Whether it is a one that only counts: "a" of "a hundred".
    fn one(&self, at: usize) -> bool {
        self.grammar.ones.contains(&self.tokens[at].fold.as_str()) && self.multiplier(at + 1)
    }

    fn multiplier(&self, at: usize) -> bool {
        self.hundred(at) || self.thousand(at).is_some()
    }

    /// Whether what stands at `at` makes hundreds of what stands before it.
    fn hundred(&self, at: usize) -> bool {
        self.grammar.hundreds > 0 && !self.pause(at) && self.value(at) == Some(100)
    }

    /// The word for a thousand at `at`, or after an "of".
    fn thousand(&self, at: usize) -> Option<usize> {
        let of = self.grammar.of.is_some_and(|of| self.tokens.get(at).is_some_and(|t| t.fold == of));
        let word = if of { at + 1 } else { at };
        (self.value(word) == Some(1000) && !self.pause(at) && !self.pause(word)).then_some(word)
    }
}

#[cfg(test)]
mod tests;
