//! "Tell them that ...": words that are meant for a person at the shop. Pure.
//!
//! Looks at the beginning alone. What follows is a message, and is not understood here or anywhere else.

use super::Lang;

/// How it begins, by language; `*` stands for the person's own name, where it is one word.
const OPENINGS: [(Lang, &[&str]); 3] = [
    (Lang::En, &["tell them", "tell him", "tell her", "tell the shop", "tell *", "say to them", "say to *"]),
    (Lang::Es, &["diles", "dile a la tienda", "dile a *", "dile"]),
    (Lang::Ro, &["spune-le", "zi-le", "spune-i lui *", "spune-i", "zi-i lui *", "zi-i", "spune magazinului"]),
];

/// Words that may stand between the opening and the message.
const LINKS: [&str; 3] = ["that", "que", "că"];

/// What is to be told, as it was said; `None`: this is no message, or an empty one. `person` is a name that may be used.
pub fn to_person<'a>(text: &'a str, lang: Lang, person: &str) -> Option<&'a str> {
    let (_, openings) = OPENINGS.iter().find(|(of, _)| *of == lang)?;
    let rest = openings.iter().find_map(|opening| after(text, opening, person))?;
    let rest = LINKS.iter().find_map(|link| after(rest, link, person)).unwrap_or(rest);
    Some(rest).filter(|rest| rest.chars().any(char::is_alphanumeric))
}

/// What follows `opening`, which ends where a word does.
fn after<'a>(text: &'a str, opening: &str, person: &str) -> Option<&'a str> {
    opening
        .split(' ')
        .try_fold(text, |rest, expected| {
            let rest = rest.trim_start();
            let (word, after) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
            let said = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
            let expected = if expected == "*" { person.split(' ').next()?.to_lowercase() } else { expected.to_owned() };
            (!said.is_empty() && said == expected).then_some(after)
        })
        .map(|rest| rest.trim_start_matches([' ', ',', ':']).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_like_a_message_is_one() {
        let cases = [
            (Lang::En, "tell them the cup is broken", Some("the cup is broken")),
            (Lang::En, "Tell Maria, that it's OK!", Some("it's OK!")),
            (Lang::En, "tell the shop to order it", Some("to order it")),
            (Lang::En, "tell them", None),
            (Lang::En, "tell them that ", None),
            (Lang::En, "tell me why", None),
            (Lang::En, "order coffee and tell them", None),
            (Lang::En, "telling them lies", None),
            (Lang::Es, "dile a María que llegó rota", Some("llegó rota")),
            (Lang::Es, "diles que la taza llegó rota", Some("la taza llegó rota")),
            (Lang::Es, "dile que sí", Some("sí")),
            (Lang::Ro, "spune-i că a venit spartă", Some("a venit spartă")),
            (Lang::Ro, "Spune-le: e în regulă", Some("e în regulă")),
            (Lang::Ro, "", None),
        ];
        for (lang, text, want) in cases {
            let person = if lang == Lang::Es { "María de la tienda" } else { "Maria" };
            assert_eq!(to_person(text, lang, person), want, "{text}");
        }
        assert_eq!(to_person("tell * something", Lang::En, ""), None);
    }
}
