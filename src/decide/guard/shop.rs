//! Stops a shop that is not the household's: the quote must come from the shop whose catalogue
//! was asked. Signatures and pinned keys are checked before a message gets here; what fails
//! there arrives as [`crate::decide::event::Event::Distrusted`] and is written to the audit log
//! under this guard's name.

use super::hostile_text::clean;
use super::{Proposal, Rung, Verdict};
use crate::decide::reply::Reason;

/// The verdict of this guard.
pub fn check(proposal: &Proposal) -> Verdict {
    let Some(quote) = proposal.quote else { return Verdict::fine("shop", "quote=none".into()) };
    let inputs = format!("quote={} catalogue={}", clean(&quote.shop), proposal.catalog.shop);
    if quote.shop == proposal.catalog.shop {
        Verdict::fine("shop", inputs)
    } else {
        Verdict::object("shop", Rung::Refuse, Reason::UnknownShop { shop: clean(&quote.shop) }, inputs)
    }
}

/// What the audit log says of a message that failed verification.
pub fn distrusted(shop: &str, why: &str) -> Verdict {
    let shop = clean(shop);
    let inputs = format!("shop={shop} why={}", clean(why));
    Verdict::object("shop", Rung::Refuse, Reason::UnknownShop { shop }, inputs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::guard::fixture::{Case, check_table};

    #[test]
    fn the_table_holds() {
        let cases: &[Case] = &[
            (
                "another shop",
                |s| s.quote().shop = "stranger".into(),
                Rung::Refuse,
                Some(Reason::UnknownShop { shop: "stranger".into() }),
            ),
            ("no quote yet", |s| s.quote = None, Rung::Phrase, None),
        ];
        check_table(check, cases);
    }

    #[test]
    fn a_forged_message_is_written_down_cleaned() {
        let verdict = distrusted("<b>corner</b>", "signature does not verify");
        assert_eq!(verdict.rung, Rung::Refuse);
        assert_eq!(verdict.inputs, "shop=corner why=signature does not verify");
    }
}
