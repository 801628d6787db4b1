//! One utterance that asks for several things: "cancel the tea and order coffee". Pure.
//!
//! Parts only what templates find to be different wishes on both sides of a pause or an "and"; whatever is
//! less clear stays one.

use super::clauses::Clause;
use super::intent::{Intent, Parse};
use super::sentence::Sentence;

/// More wishes in one breath are surely a misunderstanding.
const MAX_PARTS: usize = 3;

/// The meaning of a command, with what it asks for besides.
pub fn meaning(sentence: &Sentence<'_>) -> Parse {
    let whole = sentence.meaning();
    let borders = borders(sentence);
    if borders.is_empty() || borders.len() >= MAX_PARTS {
        return whole;
    }
    let starts = std::iter::once(0).chain(borders.iter().copied());
    let ends = borders.iter().copied().chain(std::iter::once(sentence.tokens.len()));
    let parts: Vec<Parse> = starts.zip(ends).map(|(start, end)| part(sentence, start, end)).collect();
    let clear = parts.iter().all(|p| is_wish(p.intent) && is_complete(p))
        && parts.windows(2).all(|p| p[0].intent != p[1].intent);
    // Only one may buy, and only where the whole, too, is no talk that forbids it.
    let buys = parts.iter().filter(|p| p.intent.can_buy()).count();
    if !clear || buys > 1 || whole.intent == Intent::None {
        return whole;
    }
    join(parts)
}

/// Where another wish begins.
fn borders(sentence: &Sentence<'_>) -> Vec<usize> {
    let wishes: Vec<&Clause> =
        sentence.chosen.iter().filter(|c| !sentence.is_whole(c) && sentence.means(c).is_some_and(is_wish)).collect();
    let joiner = |at: usize| sentence.context.lexicon.joiners.contains(&sentence.tokens[at].fold);
    let another = |pair: &[&Clause]| {
        let (old, new) = (pair[0], pair[1]);
        let start = (old.end..new.start).find(|at| !joiner(*at)).unwrap_or(new.start);
        let apart = start > old.end || sentence.tokens[start].break_before;
        (sentence.means(old) != sentence.means(new) && apart).then_some(start)
    };
    wishes.windows(2).filter_map(another).collect()
}

/// What one asks a shop for, and not what one answers it.
fn is_wish(intent: Intent) -> bool {
    match intent {
        Intent::Reorder
        | Intent::ListAdd
        | Intent::Cancel
        | Intent::Status
        | Intent::History
        | Intent::Price
        | Intent::News => true,
        Intent::Change
        | Intent::Confirm
        | Intent::Affirm
        | Intent::Deny
        | Intent::Find
        | Intent::Handoff
        | Intent::Return
        | Intent::Repeat
        | Intent::Why
        | Intent::Help
        | Intent::Stop
        | Intent::None => false,
    }
}

/// "the rice is gone, put it on the list" is one wish: the second part leans on the first.
fn is_complete(part: &Parse) -> bool {
    let names = matches!(part.intent, Intent::Reorder | Intent::ListAdd | Intent::Cancel | Intent::Price);
    !names || !part.lines.is_empty()
}

fn part(sentence: &Sentence<'_>, start: usize, end: usize) -> Parse {
    let mut tokens = sentence.tokens[start..end].to_vec();
    if let Some(first) = tokens.first_mut() {
        first.break_before = false;
    }
    Sentence::new(sentence.context, tokens).meaning()
}

/// What may buy comes first, and else the last wish, which is the one that is answered in the end.
fn join(mut parts: Vec<Parse>) -> Parse {
    let main = parts.iter().position(|p| p.intent.can_buy()).unwrap_or(parts.len() - 1);
    let mut parse = parts.remove(main);
    parse.leftover.extend(parts.iter().flat_map(|p| p.leftover.clone()));
    parse.also = parts;
    parse
}
