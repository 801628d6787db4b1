//! Why something is proposed, in the household's language: a clause that is said after a "because".

use super::{Entry, Guide, When, in_language};
use crate::deliver::envelope::Find;
use crate::understand::Lang;
use crate::understand::search::minor_per_major;
use std::collections::BTreeSet;

/// Reasons that are said of one product.
const MAX_REASONS: usize = 2;

impl Guide {
    /// The first reasons that hold, and what speaks for this very product.
    pub(super) fn because(&self, entry: &Entry, find: &Find, asked_for: &BTreeSet<&str>) -> String {
        let holds = |when: &When| match when {
            When::Ages => find.age.is_some() && entry.ages.is_some(),
            When::Price => find.max_amount.is_some(),
            When::Tag(tag) => entry.tags.contains(tag) && asked_for.contains(tag.as_str()),
        };
        let general = self.reasons.iter().filter(|reason| holds(&reason.when)).map(|reason| &reason.says);
        let own = Some(&entry.because).filter(|because| !because.is_empty());
        let said = general.chain(own).take(MAX_REASONS);
        let said: Vec<String> = said.map(|texts| fill(&in_language(texts, find.language), entry, find)).collect();
        said.join(and(find.language))
    }
}

fn and(lang: Lang) -> &'static str {
    match lang {
        Lang::En => " and ",
        Lang::Es => " y ",
        Lang::Ro => " și ",
    }
}

fn fill(text: &str, entry: &Entry, find: &Find) -> String {
    let ages = entry.ages.map(|ages| (ages.from.to_string(), ages.to.to_string())).unwrap_or_default();
    let max = find.max_amount.map(|max| money(max, &find.currency, find.language)).unwrap_or_default();
    text.replace("{from}", &ages.0).replace("{to}", &ages.1).replace("{max}", &max)
}

/// "30 euros", "29.90 euros", "30 de lei".
pub(super) fn money(minor: i64, currency: &str, lang: Lang) -> String {
    let per = minor_per_major(currency);
    let (major, rest) = (minor / per, minor % per);
    let name = match (currency, lang) {
        ("EUR", Lang::Ro) => "euro",
        ("EUR", Lang::En | Lang::Es) if major == 1 && rest == 0 => "euro",
        ("EUR", Lang::En | Lang::Es) => "euros",
        ("RON", _) if major == 1 && rest == 0 => "leu",
        ("RON", _) => "lei",
        (other, _) => other,
    };
    let width = if per == 1000 { 3 } else { 2 };
    let mark = if lang == Lang::En { '.' } else { ',' };
    let amount = if rest == 0 { major.to_string() } else { format!("{major}{mark}{rest:0width$}") };
    // CLDR's category "other": after 20 to 99 and after whole hundreds stands "de".
    let de = lang == Lang::Ro && rest == 0 && major > 0 && (major % 100 == 0 || major % 100 >= 20);
    if de { format!("{amount} de {name}") } else { format!("{amount} {name}") }
}
