//! The sentences about a person at the shop.

use super::{Speak, text};
use crate::decide::reply::Reply;

impl Speak<'_> {
    pub(super) fn person(&self, reply: &Reply) -> String {
        let shop = |id: &str, shop: &str| self.say(id, &[("shop", text(shop))]);
        let name = |id: &str, name: &str| self.say(id, &[("name", text(self.who(name)))]);
        match reply {
            Reply::PersonAsked { shop: at } => shop("person-asked", at),
            Reply::PersonAskedAlready { shop: at } => shop("person-asked-already", at),
            Reply::PersonOffline { shop: at } => shop("person-offline", at),
            Reply::NobodyThere { shop: at } => shop("nobody-there", at),
            Reply::PersonNotWanted => self.say("person-not-wanted", &[]),
            Reply::PersonJoined { name: who, shop: at } if who.is_empty() => shop("somebody-joined", at),
            Reply::PersonJoined { name: who, shop: at } => {
                self.say("person-joined", &[("name", text(self.who(who))), ("shop", text(at))])
            }
            Reply::PersonCame { name: who, shop: at } if who.is_empty() => shop("somebody-came", at),
            Reply::PersonCame { name: who, shop: at } => {
                self.say("person-came", &[("name", text(self.who(who))), ("shop", text(at))])
            }
            Reply::PersonSays { name: who, text: said } => {
                self.say("person-says", &[("name", text(self.who(who))), ("text", text(said))])
            }
            Reply::PassedOn { name: who } => name("passed-on", who),
            Reply::PassedOnEarly { shop: at } => shop("passed-on-early", at),
            Reply::PassedOnLater { name: who } => name("passed-on-later", who),
            Reply::ChatNotKept => self.say("chat-not-kept", &[]),
            Reply::TellAgain { name: who } => name("tell-again", who),
            Reply::TellLater { name: who } => name("tell-later", who),
            Reply::ChatEnded { name: who } => name("chat-ended", who),
            Reply::PersonLeft { name: who } => name("person-left", who),
            Reply::ChatTimedOut { name: who } => name("chat-timed-out", who),
            Reply::OfferOver { name: who } => name("offer-over", who),
            Reply::NothingNew { name: who } => name("nothing-new", who),
            Reply::NoConversation => self.say("no-conversation", &[]),
            _ => String::new(),
        }
    }

    /// The person's name, or that there is none.
    pub(super) fn who(&self, name: &str) -> String {
        if name.is_empty() { self.say("somebody", &[]) } else { name.to_owned() }
    }
}
