//! The words that a household says, what it means by them, and what an engine may hear instead. All of them are
//! real sentences that the parser understands, so that a journal of a world can be replayed.

use crate::rng::Rng;

/// SKU and packs.
pub type Lines = &'static [(&'static str, u32)];

/// An order and what is meant by it.
pub const ORDERS: [(&str, Lines); 15] = [
    ("order coffee", &[("coffee-500", 1)]),
    ("order coffee", &[("coffee-500", 1)]),
    ("order two packs of coffee", &[("coffee-500", 2)]),
    ("order three packs of oat milk", &[("milk-oat", 3)]),
    ("the toothbrush heads ran out", &[("heads-4", 1)]),
    ("the toothbrush heads ran out", &[("heads-4", 1)]),
    ("order oat milk", &[("milk-oat", 1)]),
    ("order milk", &[("milk-oat", 1)]),
    ("order whole milk", &[("milk-whole", 1)]),
    ("order red wine", &[("wine-red", 1)]),
    ("order a dollhouse", &[("dollhouse", 1)]),
    ("order fifteen packs of oat milk", &[("milk-oat", 15)]),
    ("order fifty packs of oat milk", &[("milk-oat", 50)]),
    ("order five packs of toothbrush heads", &[("heads-4", 5)]),
    ("order two packs of coffee and oat milk", &[("coffee-500", 2), ("milk-oat", 1)]),
];

/// Looks for something without a product's name.
pub const FINDS: [&str; 5] = [
    "something for a six-year-old's birthday under thirty euros",
    "find me a present for a six-year-old under thirty euros",
    "find me a gift for my uncle",
    "recommend a gift for my uncle under fifteen euros",
    "find me a present up to fifteen lei",
];

/// Said after the wake word, and no order.
pub const OTHERS: [&str; 21] = [
    "cancel that",
    "cancel the coffee",
    "order it",
    "yes",
    "no",
    "alexa ordered me a dollhouse",
    "don't order coffee",
    "where is my order",
    "put coffee on the list",
    "what did i order last",
    "what did i buy from you",
    "how much is coffee",
    "why",
    "say that again",
    "help",
    "the weather is nice",
    "order two hundred packs of coffee",
    "i want to talk to a person",
    "i want to return the coffee",
    "i want to return it",
    "return the oat milk",
];

/// What the shop may tell, and hearing it.
pub const NEWS: [&str; 8] = [
    "turn on the offers",
    "tell me about offers",
    "only recalls",
    "turn on the recipes",
    "stop the offers",
    "turn off the announcements",
    "any news",
    "any offers",
];

/// What a television says after the wake word.
pub const BROADCAST: [&str; 5] =
    ["order a dollhouse", "alexa ordered me a dollhouse", "order coffee", "she said order red wine", "order it"];

/// Said into an open microphone, besides what a read-back asks for.
pub const ANSWERS: [&str; 14] = [
    "yes",
    "no",
    "don't order it",
    "yes yes stop",
    "make it two",
    "make it fifteen",
    "the other one",
    "mumble mumble",
    "why",
    "say that again",
    "cancel that",
    "put it on the list",
    "order red wine",
    "help",
];

/// Said to a person at the shop, into a microphone that is open for it.
pub const TALK: [&str; 8] = [
    "my cup came broken",
    "yes",
    "no",
    "order it",
    "order coffee",
    "the blue one",
    "tell them it is the blue one",
    "thanks",
];

/// Said after the wake word, or typed, while somebody at the shop is there or comes.
pub const TO_PERSON: [&str; 9] = [
    "tell them my cup came broken",
    "tell maria thanks",
    "tell them to order it",
    "tell them no",
    "my cup came broken",
    "yes",
    "mumble mumble",
    "order it",
    "i want to talk to a person",
];

pub const ENDS_TALK: [&str; 3] = ["that's all", "bye", "stop"];

/// A word in these makes a confirmation a refusal.
pub const NEGATIVE: [&str; 7] = ["no", "not", "don't", "stop", "cancel", "never", "nothing"];

/// Heard for what was said: numbers that sound alike, short words that fall away, words that are not there.
const MISHEARD: [(&str, &str); 16] = [
    ("fifteen", "fifty"),
    ("fifty", "fifteen"),
    ("five", "nine"),
    ("three", "thirteen"),
    ("two", "ten"),
    ("don't order", "order"),
    ("no", "our"),
    ("no", "oh"),
    ("stop", "top"),
    ("cancel", "can so"),
    ("order it", "order hit"),
    ("order it", "don't order it"),
    ("yes", "order it"),
    ("coffee", "toffee"),
    ("oat milk", "milk"),
    ("whole", "oat"),
];

/// What an engine hears for `said`.
pub fn misheard(rng: &mut Rng, said: &str) -> String {
    match rng.below(10) {
        0 => return String::new(),
        1 => return "order it".into(),
        2 => return format!("{said} order it"),
        3 => return format!("no {said}"),
        _ => {}
    }
    let padded = format!(" {said} ");
    let fitting: Vec<&(&str, &str)> =
        MISHEARD.iter().filter(|(right, _)| padded.contains(&format!(" {right} "))).collect();
    match fitting.as_slice() {
        [] => said.chars().take(said.len() / 2).collect::<String>().trim().to_owned(),
        some => {
            let (right, wrong) = **rng.pick(some);
            padded.replacen(&format!(" {right} "), &format!(" {wrong} "), 1).trim().to_owned()
        }
    }
}

/// Do these words, as they were heard, name the action and nothing against it? Judged without the parser.
pub fn confirms(text: &str, challenge: &[String]) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let phrase = words.windows(2).any(|pair| pair == ["order", "it"]);
    let mut rest = words.iter();
    phrase && !is_negative(text) && challenge.iter().all(|word| rest.any(|said| said == word))
}

/// Do these words, as they were heard, agree that an order goes back? Judged without the parser.
pub fn agrees(text: &str) -> bool {
    let agreeing = ["yes", "return", "order"];
    !is_negative(text) && text.split_whitespace().any(|word| agreeing.contains(&word))
}

pub fn is_negative(text: &str) -> bool {
    text.split_whitespace().any(|word| NEGATIVE.contains(&word))
}
