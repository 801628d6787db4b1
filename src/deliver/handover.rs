//! Keys that change: whose signatures count, and how a key is handed over to the next one.
//!
//! A step from one key to the next carries two signatures over the same words, of the key that gives and of the one that
//! takes: nobody can give away a key that is not theirs, or take one over for somebody else. Whoever pinned a key follows the
//! steps from there to the newest one; meanwhile both count. A key that somebody else knows can't be handed over safely: then
//! both sides are paired anew. Pure: no file, no clock.

use super::envelope::Moment;
use super::keys::{Keys, PublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The first words of what is signed: nothing of another protocol can be taken for it.
const PURPOSE: &str = "tendero handover 1";
/// Steps that one message may hold, and that anybody follows.
pub const MAX_STEPS: usize = 64;
/// A device's earlier key counts for so long, unless somebody says otherwise, milliseconds: orders are under way for as long.
pub const OVERLAP_MS: i64 = 7 * 24 * 3_600_000;
/// ... and no longer than this.
pub const MAX_OVERLAP_MS: i64 = 30 * 24 * 3_600_000;
/// A shop's earlier key counts for so long, unless somebody says otherwise, milliseconds: it repeats a receipt for as long.
pub const SHOP_OVERLAP_MS: i64 = 30 * 24 * 3_600_000;
const _: () = assert!(OVERLAP_MS <= MAX_OVERLAP_MS && SHOP_OVERLAP_MS <= MAX_OVERLAP_MS);

/// Whose signatures count.
pub trait Trusts {
    /// The key that calls itself `kid`, if it counts at this moment (milliseconds since 1970).
    fn key(&self, kid: &str, now_unix_ms: i64) -> Option<&PublicKey>;
    /// The key that is expected, for messages.
    fn expected(&self) -> &PublicKey;
}

impl Trusts for PublicKey {
    fn key(&self, kid: &str, _: i64) -> Option<&PublicKey> {
        (kid == self.to_string()).then_some(self)
    }

    fn expected(&self) -> &PublicKey {
        self
    }
}

/// One step from a key to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The key that is given up, `ed25519:...`.
    pub from: String,
    /// The key that comes after it.
    pub to: String,
    /// Until then both count; afterwards only `to`.
    pub until: Moment,
    /// Ed25519 by `from` over the words `tendero handover 1`, who it is (`shop/SHOP` or `home/HOME/DEVICE`), `from`, `to` and
    /// `until` as written here, with a space between each; base64url.
    pub given: String,
    /// The same by `to`.
    pub taken: String,
}

impl Step {
    /// From `old` to `new`. `who`: the source of their messages.
    pub fn new(who: &str, old: &Keys, new: &Keys, until_unix_ms: i64) -> Step {
        let until = Moment::new(until_unix_ms);
        let (from, to) = (old.public().to_string(), new.public().to_string());
        let words = words(who, &from, &to, until);
        let sign = |keys: &Keys| B64.encode(keys.sign(words.as_bytes()));
        Step { given: sign(old), taken: sign(new), from, to, until }
    }

    /// The next key, if both have signed.
    fn checked(&self, who: &str) -> Option<PublicKey> {
        let words = words(who, &self.from, &self.to, self.until);
        let key = |text: &str, signature: &str| -> Option<PublicKey> {
            let key: PublicKey = text.parse().ok()?;
            let signature: [u8; 64] = B64.decode(signature).ok()?.try_into().ok()?;
            key.verify(words.as_bytes(), &signature).then_some(key)
        };
        key(&self.from, &self.given)?;
        key(&self.to, &self.taken)
    }
}

fn words(who: &str, from: &str, to: &str, until: Moment) -> String {
    format!("{PURPOSE} {who} {from} {to} {}", String::from(until))
}

/// The newest key of somebody, and the earlier ones that still count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins {
    newest: PublicKey,
    /// Each with the moment until which it counts, milliseconds since 1970; the oldest first.
    earlier: Vec<(PublicKey, i64)>,
}

impl Pins {
    pub fn with_earlier(newest: PublicKey, earlier: Vec<(PublicKey, i64)>) -> Pins {
        Pins { newest, earlier }
    }

    pub fn newest(&self) -> &PublicKey {
        &self.newest
    }

    /// The keys before the newest one, and until when they count.
    pub fn earlier(&self) -> &[(PublicKey, i64)] {
        &self.earlier
    }

    /// Without the earlier keys that do not count any more, and none of them for longer than [`MAX_OVERLAP_MS`].
    #[must_use]
    pub fn at(mut self, now_unix_ms: i64) -> Pins {
        self.earlier.retain(|(_, until_unix_ms)| now_unix_ms < *until_unix_ms);
        let latest = now_unix_ms.saturating_add(MAX_OVERLAP_MS);
        self.earlier.iter_mut().for_each(|(_, until_unix_ms)| *until_unix_ms = latest.min(*until_unix_ms));
        self
    }

    /// Goes on from the newest key, as far as the steps lead; gives those that were new. What does not follow, was signed by
    /// others, or leads back, is passed over.
    pub fn follow(&mut self, who: &str, steps: &[Step]) -> Vec<Step> {
        let mut followed = vec![];
        for step in steps.iter().take(MAX_STEPS).filter(|step| !step.to.is_empty()) {
            if step.from != self.newest.to_string() {
                continue;
            }
            let Some(next) = step.checked(who) else { continue };
            if next == self.newest || self.earlier.iter().any(|(key, _)| *key == next) {
                continue;
            }
            let before = std::mem::replace(&mut self.newest, next);
            self.earlier.push((before, step.until.unix_ms));
            followed.push(step.clone());
        }
        followed
    }
}

impl From<PublicKey> for Pins {
    fn from(newest: PublicKey) -> Pins {
        Pins { newest, earlier: vec![] }
    }
}

impl Trusts for Pins {
    fn key(&self, kid: &str, now_unix_ms: i64) -> Option<&PublicKey> {
        let earlier = self.earlier.iter().filter(|(_, until_unix_ms)| now_unix_ms < *until_unix_ms).map(|(key, _)| key);
        std::iter::once(&self.newest).chain(earlier).find(|key| key.to_string() == kid)
    }

    fn expected(&self) -> &PublicKey {
        &self.newest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: &str = "shop/corner";

    fn keys(number: u8) -> Keys {
        Keys::from_seed(&[number; 32])
    }

    fn step(from: u8, to: u8) -> Step {
        Step::new(WHO, &keys(from), &keys(to), 1_000 * i64::from(from))
    }

    fn newest(pins: &Pins) -> Option<u8> {
        (0..10).find(|number| keys(*number).public() == *pins.newest())
    }

    #[test]
    fn whoever_pinned_a_key_follows_it_to_the_newest_one() {
        let chain = [step(1, 2), step(2, 3), step(3, 4)];
        for (pinned, new) in [(1, 3), (2, 2), (4, 0), (5, 0)] {
            let mut pins = Pins::from(keys(pinned).public());
            assert_eq!(pins.follow(WHO, &chain).len(), new);
            assert_eq!(newest(&pins), Some(if new == 0 { pinned } else { 4 }));
            assert_eq!(pins.follow(WHO, &chain), [], "a second time leads nowhere");
        }
    }

    #[test]
    fn an_earlier_key_counts_until_its_overlap_is_over() {
        let mut pins = Pins::from(keys(1).public());
        pins.follow(WHO, &[step(1, 2)]);
        let counts = |number: u8, now| pins.key(&keys(number).public().to_string(), now).is_some();
        assert!(counts(1, 999) && counts(2, 999));
        assert!(!counts(1, 1_000) && counts(2, i64::MAX));
        assert!(counts(1, i64::MIN), "while the clock is unknown nothing is over");
        assert!(!counts(3, 0));
    }

    #[test]
    fn no_step_leads_on_that_was_not_signed_by_both_for_whom_it_is() {
        let genuine = step(1, 2);
        let changed = |change: &dyn Fn(&mut Step)| {
            let mut step = genuine.clone();
            change(&mut step);
            step
        };
        let wrong = [
            Step::new("shop/other", &keys(1), &keys(2), 1_000),
            changed(&|step| step.given = step.taken.clone()),
            changed(&|step| step.taken = step.given.clone()),
            changed(&|step| step.until = Moment::new(2_000)),
            changed(&|step| step.to = keys(3).public().to_string()),
            changed(&|step| step.given = "!".into()),
            // A thief of the first key can't name the next one as taken, and nobody can give for another one.
            changed(&|step| step.taken = Step::new(WHO, &keys(1), &keys(3), 1_000).taken),
            Step { from: keys(1).public().to_string(), ..step(3, 4) },
            step(1, 1),
        ];
        for step in wrong {
            let mut pins = Pins::from(keys(1).public());
            assert_eq!(pins.follow(WHO, &[step]), []);
            assert_eq!(newest(&pins), Some(1));
        }
    }

    #[test]
    fn who_steals_an_earlier_key_leads_nobody_away_who_went_on() {
        let mut pins = Pins::from(keys(1).public());
        pins.follow(WHO, &[step(1, 2)]);
        assert_eq!(pins.follow(WHO, &[step(1, 9), step(2, 1)]), [], "neither a fork nor a way back");
        assert_eq!(newest(&pins), Some(2));
    }
}
