//! "Stop the offers", "only recalls": which kinds of a shop's news are named. Pure.
//!
//! Looks at single words, folded. That the sentence is about news at all is the parser's word.

use super::Lang;
use super::intent::NewsKind;

/// How words begin that name a kind. What names none of them ("announcements") means whatever there is.
const NAMES: [(Lang, &[(&str, NewsKind)]); 3] = [
    (
        Lang::En,
        &[
            ("recall", NewsKind::Recall),
            ("recipe", NewsKind::Recipe),
            ("offer", NewsKind::Offer),
            ("deal", NewsKind::Offer),
            ("promotion", NewsKind::Offer),
            ("discount", NewsKind::Offer),
            ("special", NewsKind::Offer),
            ("adver", NewsKind::Offer),
            ("ads", NewsKind::Offer),
            ("marketing", NewsKind::Offer),
            ("news", NewsKind::News),
        ],
    ),
    (
        Lang::Es,
        &[
            ("retirad", NewsKind::Recall),
            ("alerta", NewsKind::Recall),
            ("receta", NewsKind::Recipe),
            ("oferta", NewsKind::Offer),
            ("promocion", NewsKind::Offer),
            ("descuento", NewsKind::Offer),
            ("rebaja", NewsKind::Offer),
            ("publicidad", NewsKind::Offer),
            ("anuncio", NewsKind::Offer),
            ("noticia", NewsKind::News),
            ("novedad", NewsKind::News),
        ],
    ),
    (
        Lang::Ro,
        &[
            ("rechem", NewsKind::Recall),
            ("retrag", NewsKind::Recall),
            ("retet", NewsKind::Recipe),
            ("ofert", NewsKind::Offer),
            ("promot", NewsKind::Offer),
            ("reducer", NewsKind::Offer),
            ("reclam", NewsKind::Offer),
            ("noutat", NewsKind::News),
            ("stiri", NewsKind::News),
        ],
    ),
];

const ONLY: [(Lang, &[&str]); 3] =
    [(Lang::En, &["only", "just"]), (Lang::Es, &["solo", "solamente", "unicamente"]), (Lang::Ro, &["doar", "numai"])];

/// The kinds that the folded words name, each once, in the order of [`NewsKind::ALL`].
pub fn kinds<'a>(words: impl Iterator<Item = &'a str> + Clone, lang: Lang) -> Vec<NewsKind> {
    let names = NAMES.iter().find(|(of, _)| *of == lang).map_or(&[][..], |(_, names)| names);
    let named = |word: &str| names.iter().find(|(begins, _)| word.starts_with(begins)).map(|(_, kind)| *kind);
    let is_named = |kind: &NewsKind| words.clone().any(|word| named(word) == Some(*kind));
    NewsKind::ALL.into_iter().filter(is_named).collect()
}

/// "Only recalls": no other kind from now on.
pub fn says_only<'a>(mut words: impl Iterator<Item = &'a str>, lang: Lang) -> bool {
    let only = ONLY.iter().find(|(of, _)| *of == lang).map_or(&[][..], |(_, only)| only);
    words.any(|word| only.contains(&word))
}
