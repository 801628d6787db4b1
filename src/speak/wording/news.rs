//! The sentences about a shop's news: what it tells, as a quotation with the reason, and what it may tell.

use super::{Args, Speak, number, text};
use crate::decide::reply::Reply;
use crate::understand::intent::NewsKind;

impl Speak<'_> {
    pub(super) fn news(&self, reply: &Reply) -> String {
        match reply {
            Reply::News { shop, told, more } => {
                let told = told.iter().enumerate().flat_map(|(at, told)| {
                    let id = if at == 0 { "news-says" } else { "news-says-next" };
                    [
                        self.say(id, &[("shop", text(shop)), ("text", text(ended(&told.text)))]),
                        self.reason(&told.because),
                    ]
                });
                let more = (*more > 0).then(|| self.say("news-more", &[("more", number(*more))]));
                self.sentences(told.chain(more))
            }
            Reply::NoShopNews { shop, kinds } if kinds.is_empty() => {
                self.say("no-news-agreed", &[("shop", text(shop))])
            }
            Reply::NoShopNews { shop, .. } => self.say("no-news", &[("shop", text(shop))]),
            Reply::Consent { shop, kinds, stopped, recalls } => {
                let args = |kinds: &[NewsKind]| [("shop", text(shop)), ("kinds", text(self.kinds(kinds)))];
                let stop = (!stopped.is_empty()).then(|| self.say("consent-stopped", &args(stopped)));
                let now = match kinds.as_slice() {
                    [] => self.say("consent-none", &args(&[])),
                    [only] => self.sentences([
                        self.say("consent-may-tell", &args(kinds)),
                        self.say("consent-stop-one", &args(&[*only])),
                    ]),
                    [_, _, ..] => self.sentences([
                        self.say("consent-may-tell", &args(kinds)),
                        self.say("consent-stop-all", &args(kinds)),
                    ]),
                };
                // Who ends it all hears what goes on all the same.
                let safety = (kinds.is_empty() && *recalls).then(|| self.say("consent-recalls", &[]));
                self.sentences(stop.into_iter().chain([now]).chain(safety))
            }
            Reply::ConsentNotKept => self.say("consent-not-kept", &[]),
            _ => String::new(),
        }
    }

    /// "offers and recipes".
    pub(super) fn kinds(&self, kinds: &[NewsKind]) -> String {
        self.join(kinds.iter().map(|kind| self.say(&format!("news-kind-{}", kind.name()), &[])))
    }

    /// A reason with a product that was bought so many days ago.
    pub(super) fn since(&self, id: &str, product: &str, days_ago: Option<u32>, more: Args) -> String {
        let ago = match days_ago {
            None => self.say("ago-unknown", &[]),
            Some(days @ 0..14) => self.say("ago-days", &[("days", number(days))]),
            Some(days) => self.say("ago-weeks", &[("weeks", number((days + 3) / 7))]),
        };
        let args: Vec<_> = more.iter().cloned().chain([("product", text(product)), ("ago", text(ago))]).collect();
        self.say(id, &args)
    }
}

/// A sentence of the shop ends before ours begins.
fn ended(text: &str) -> String {
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}
