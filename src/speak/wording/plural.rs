//! `PLURAL($n)` for the wording files: the CLDR category of a number, by ICU4X.
//!
//! Fluent's own rules (`intl_pluralrules`) were generated without their moduli: for Romanian they test whether 102 is
//! between 2 and 19, not whether its last two digits are, and say "102 de lei". So no message selects by a category of
//! its own; a test sees to it.

use super::WordingError;
use crate::understand::Lang;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentResource, FluentValue};
use icu_locale_core::Locale;
use icu_plurals::{PluralCategory, PluralRules, PluralRulesPreferences};
use unic_langid::LanguageIdentifier;

/// Teaches `bundle` the function.
///
/// # Errors
/// The language has no plural rules, or the bundle has a function of that name.
pub fn add(bundle: &mut FluentBundle<FluentResource>, lang: Lang, id: &LanguageIdentifier) -> Result<(), WordingError> {
    let broken = |what: String| WordingError { lang, what };
    let locale: Locale = id.to_string().parse().map_err(|e| broken(format!("{e}")))?;
    let language = PluralRulesPreferences::from(&locale);
    PluralRules::try_new_cardinal(language).map_err(|e| broken(format!("{e}")))?;
    bundle
        .add_function("PLURAL", move |args, _| {
            let [FluentValue::Number(n)] = args else { return FluentValue::Error };
            // The rules cannot go from thread to thread; they are compiled in, and to look them up is quick.
            let rules = PluralRules::try_new_cardinal(language);
            rules.map_or(FluentValue::Error, |rules| name(rules.category_for(n.value.abs() as u64)).into())
        })
        .map_err(|e| broken(format!("{e}")))
}

/// As variants are named in a wording file.
fn name(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}
