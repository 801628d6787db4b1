//! News for those who agreed: a consent is kept and acknowledged in one transaction, and what is told goes to each home once.
//!
//! A withdrawal counts from the moment it is on disk: what was not said by then is not said any more.

use super::{At, DAY_MS, Desk, Done, Seller, distrusted, refused};
use crate::clean;
use crate::deliver::envelope::{self, Body, Consent, ConsentAck, Moment, News, NewsBecause};
use crate::deliver::keys::Keys;
use crate::deliver::store::StoreError;
use crate::deliver::topic::{BadName, Route};
use crate::shop::ShopEvent;
use crate::shop::book::news::{Bought, Consent as Kept, Item};
use crate::shop::book::{Book, Page};
use crate::understand::Lang;
use crate::understand::catalog::Catalog;
use crate::understand::intent::NewsKind;
use std::collections::BTreeMap;

/// A home is told so many in a day at most, besides recalls of what it bought.
pub const MAX_A_DAY: u32 = 3;
/// Something can be worth telling for so many days.
pub const MAX_DAYS: u32 = 90;
/// Characters of a text; a speaker says no more.
pub const MAX_TEXT: usize = 300;

/// What is to be told, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// The same for all homes, and when it is told once more: who has heard it does not hear it again.
    pub news_id: String,
    pub kind: NewsKind,
    pub texts: BTreeMap<Lang, String>,
    pub sku: Option<String>,
    pub to: Audience,
    pub life_ms: i64,
}

/// To which homes. A recall goes to each home that bought the product, besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// All that agreed to the kind.
    Agreed,
    /// Of those the ones that bought this product.
    Bought(String),
}

/// What came of it: homes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Told {
    pub told: u32,
    /// They were told before.
    pub known: u32,
    /// They were told enough within a day.
    pub enough: u32,
}

/// Why nobody can be told.
#[derive(Debug, thiserror::Error)]
pub enum CanNot {
    #[error("the shop never ran on this data folder; start it once")]
    NotLaidOut,
    #[error("{0} is not in the catalogue")]
    NoProduct(String),
    #[error("name a text: --text-en, --text-es or --text-ro")]
    NoText,
    #[error("the text in {lang} has {chars} characters; a speaker says at most {MAX_TEXT}")]
    TooLong { lang: Lang, chars: usize },
    #[error(
        "the text in {0} holds words that no speaker says for a shop: a wake word, or a phrase that confirms an order"
    )]
    Phrase(Lang),
    #[error("a recall needs the product: --sku")]
    RecallOfNothing,
    #[error("--id must be 32 of the digits 0-9 and a-f")]
    NoId,
    #[error("{0} was something else; take another --id")]
    OtherContent(String),
    #[error("--expires must lie between an hour and {MAX_DAYS} days")]
    Expires,
    #[error("it can't be signed")]
    Unsigned,
    #[error(transparent)]
    Name(#[from] BadName),
    #[error(transparent)]
    Book(#[from] StoreError),
}

impl Desk {
    pub(super) fn consent(&mut self, at: At<'_>) -> Result<Done, StoreError> {
        let new = match at.open::<Consent>(at.now) {
            Ok(opened) => opened.data,
            Err(why) => return Ok(distrusted(at.topic, &why)),
        };
        if !envelope::is_hex128(&new.consent_id) || new.rev > envelope::MAX_INTEGER.unsigned_abs() {
            return Ok(refused(
                at.topic,
                "nonsense",
                "a consent without a number, or with a revision that is out of range",
            ));
        }
        let Desk { book, keys, catalog, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        book.write_for(at.route.home(), |page| {
            let known = page.consent(at.route)?;
            let mut events = vec![];
            let newest = known.as_ref().is_none_or(|known| new.rev > known.rev);
            if newest {
                let names: Vec<&str> =
                    NewsKind::ALL.into_iter().filter(|kind| new.kinds.contains(kind)).map(NewsKind::name).collect();
                keep(page, &at, &new, &names, known.as_ref())?;
                events.push(ShopEvent::Consent {
                    home: at.route.home().into(),
                    device: at.route.device().into(),
                    kinds: names.into_iter().map(str::to_owned).collect(),
                });
            }
            let rev = if newest { new.rev } else { known.as_ref().map_or(new.rev, |known| known.rev) };
            let consent_id =
                if newest { new.consent_id.clone() } else { known.map_or(new.consent_id, |k| k.consent_id) };
            let ack = ConsentAck { aud: at.route.down(ConsentAck::KIND), consent_id, rev };
            // Not kept: the speaker says it again until it is answered.
            Ok(Done { say: shop.seal(&ack, at.now, DAY_MS).into_iter().collect(), events })
        })
    }
}

/// Keeps it. What was withdrawn counts for the whole home, and at once.
fn keep(page: &Page<'_>, at: &At<'_>, new: &Consent, names: &[&str], known: Option<&Kept>) -> Result<(), StoreError> {
    let withdrawn: Vec<&str> = NewsKind::ALL
        .into_iter()
        .map(NewsKind::name)
        .filter(|name| !names.contains(name) && known.is_some_and(|known| known.allows(name)))
        .collect();
    page.put_consent(&Kept {
        home: at.route.home().into(),
        device: at.route.device().into(),
        consent_id: new.consent_id.clone(),
        rev: new.rev,
        kinds: names.join(" "),
        at_unix_ms: new.at.map_or(at.now, |at| at.unix_ms),
    })?;
    // Who withdraws everything means everything, also what only another speaker knows of.
    let ends = names.is_empty();
    for other in page.consents_of(at.route.home())? {
        let stays = |kind: &&str| !ends && !withdrawn.contains(kind);
        let kinds: Vec<&str> = other.kinds.split(' ').filter(|kind| !kind.is_empty()).filter(stays).collect();
        if other.device != at.route.device() && kinds.join(" ") != other.kinds {
            page.put_consent(&Kept { kinds: kinds.join(" "), ..other.clone() })?;
        }
    }
    let all = NewsKind::ALL.map(NewsKind::name);
    page.unsay_news(at.route.home(), if ends { &all } else { &withdrawn })
}

/// Tells homes something, beside a shop that runs on the same book: that one then says it.
///
/// # Errors
/// [`CanNot`]; homes that were told before it failed stay told, and are passed over when it is tried again.
pub fn tell(book: &mut Book, keys: &Keys, telling: &Telling, now: i64) -> Result<Told, CanNot> {
    let (catalog, _, _) = book.laid_out()?.ok_or(CanNot::NotLaidOut)?;
    let catalog = Catalog::from_json(&catalog).map_err(|_| CanNot::NotLaidOut)?;
    check(telling, &catalog)?;
    let expires_unix_ms = now.saturating_add(telling.life_ms);
    let item = Item {
        news_id: telling.news_id.clone(),
        kind: telling.kind.name().into(),
        texts: serde_json::to_string(&telling.texts).unwrap_or_default(),
        sku: telling.sku.clone(),
        audience: match &telling.to {
            Audience::Agreed => "agreed".into(),
            Audience::Bought(sku) => format!("bought:{sku}"),
        },
        made_unix_ms: now,
        expires_unix_ms,
        homes: 0,
    };
    // Told once more, it ends when it did.
    let item = book.write(|page| {
        page.put_item(&item)?;
        Ok(page.item(&item.news_id)?.filter(|kept| {
            (&kept.kind, &kept.texts, &kept.sku, &kept.audience) == (&item.kind, &item.texts, &item.sku, &item.audience)
        }))
    })?;
    let item = item.ok_or_else(|| CanNot::OtherContent(telling.news_id.clone()))?;
    let of = match (&telling.to, telling.kind) {
        (Audience::Bought(sku), _) => Some(sku),
        (Audience::Agreed, NewsKind::Recall | NewsKind::Offer | NewsKind::Recipe | NewsKind::News) => {
            telling.sku.as_ref()
        }
    };
    let buyers = of.map_or_else(|| Ok(vec![]), |sku| book.buyers(sku))?;
    let mut homes: Vec<String> = book.consents()?.into_iter().map(|consent| consent.home).collect();
    homes.extend(buyers.iter().map(|bought| bought.home.clone()));
    homes.sort();
    homes.dedup();
    let mut told = Told::default();
    for home in homes {
        let bought = buyers.iter().find(|bought| bought.home == home);
        tell_home(book, keys, &catalog.shop, telling, &item, &home, bought, now, &mut told)?;
    }
    Ok(told)
}

#[allow(clippy::too_many_arguments, reason = "one home's share of one telling")]
fn tell_home(
    book: &mut Book,
    keys: &Keys,
    shop: &str,
    telling: &Telling,
    item: &Item,
    home: &str,
    bought: Option<&Bought>,
    now: i64,
    told: &mut Told,
) -> Result<(), CanNot> {
    let seller = Seller { keys, shop };
    book.write_for(home, |page| {
        // As it is now: whoever withdrew in the meantime hears nothing.
        let consents = page.consents_of(home)?;
        let agreed = consents.iter().find(|consent| consent.allows(telling.kind.name()));
        let (device, consent_id, because) = match (telling.kind, bought, agreed, &telling.to) {
            (NewsKind::Recall, Some(bought), _, _) => (bought.device.as_str(), None, recall(bought, telling)),
            (_, None, _, Audience::Bought(_)) | (_, _, None, _) => return Ok(Ok(())),
            (_, Some(bought), Some(agreed), _) => {
                (agreed.device.as_str(), Some(agreed.consent_id.clone()), before(bought, telling))
            }
            (_, None, Some(agreed), Audience::Agreed) => {
                (agreed.device.as_str(), Some(agreed.consent_id.clone()), NewsBecause::AskedFor)
            }
        };
        let route = match Route::new(home, device, shop) {
            Ok(route) => route,
            Err(why) => return Ok(Err(why.into())),
        };
        let free = consent_id.is_none();
        if !free && page.told_since(home, now - DAY_MS)? >= MAX_A_DAY {
            told.enough += 1;
            return Ok(Ok(()));
        }
        let body = News {
            aud: route.down(News::KIND),
            news_id: telling.news_id.clone(),
            kind: telling.kind,
            consent_id,
            texts: telling.texts.clone(),
            sku: telling.sku.clone(),
            because,
        };
        let Some(say) = seller.seal(&body, now, item.expires_unix_ms - now) else { return Ok(Err(CanNot::Unsigned)) };
        let is_new = page.tell_home(&telling.news_id, &route, free, &say.bytes, now)?;
        *(if is_new { &mut told.told } else { &mut told.known }) += 1;
        Ok(Ok(()))
    })?
}

fn recall(bought: &Bought, telling: &Telling) -> NewsBecause {
    NewsBecause::RecallOfYourOrder {
        sku: subject(telling),
        shop_order_no: bought.shop_order_no.clone(),
        at: Moment::new(bought.at_unix_ms),
    }
}

fn before(bought: &Bought, telling: &Telling) -> NewsBecause {
    NewsBecause::BoughtBefore { sku: subject(telling), at: Moment::new(bought.at_unix_ms) }
}

/// What the home bought.
fn subject(telling: &Telling) -> String {
    match &telling.to {
        Audience::Bought(sku) => sku.clone(),
        Audience::Agreed => telling.sku.clone().unwrap_or_default(),
    }
}

fn check(telling: &Telling, catalog: &Catalog) -> Result<(), CanNot> {
    if !envelope::is_hex128(&telling.news_id) {
        return Err(CanNot::NoId);
    }
    if !(DAY_MS / 24..=DAY_MS * i64::from(MAX_DAYS)).contains(&telling.life_ms) {
        return Err(CanNot::Expires);
    }
    let of = match &telling.to {
        Audience::Bought(sku) => Some(sku),
        Audience::Agreed => None,
    };
    if let Some(sku) = [of, telling.sku.as_ref()].into_iter().flatten().find(|sku| catalog.product(sku).is_none()) {
        return Err(CanNot::NoProduct(sku.clone()));
    }
    if telling.kind == NewsKind::Recall && telling.sku.is_none() && of.is_none() {
        return Err(CanNot::RecallOfNothing);
    }
    if telling.texts.is_empty() {
        return Err(CanNot::NoText);
    }
    for (lang, text) in &telling.texts {
        let chars = text.chars().count();
        if chars > MAX_TEXT {
            return Err(CanNot::TooLong { lang: *lang, chars });
        }
        let limits = clean::Limits::<&str> {
            max_chars: MAX_TEXT,
            banned: &[],
            hidden: clean::Hidden::Nothing,
            drop_marks: true,
        };
        if clean::has_banned(text, &limits) {
            return Err(CanNot::Phrase(*lang));
        }
    }
    Ok(())
}
