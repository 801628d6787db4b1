//! The data of every kind of message. The JSON Schemas in `protocol/` are generated from these
//! types, so their comments are what a shop's developer reads.
//!
//! Never checks sums or signatures: [`super::open`] verifies, and whoever uses a body checks its sense.

use super::Body;

macro_rules! body {
    ($type:ty, $kind:literal) => {
        impl Body for $type {
            const KIND: &'static str = $kind;
            fn aud(&self) -> &str {
                &self.aud
            }
        }
    };
    ($type:ty, $kind:literal, nonce) => {
        impl Body for $type {
            const KIND: &'static str = $kind;
            fn aud(&self) -> &str {
                &self.aud
            }
            fn nonce(&self) -> Option<&str> {
                Some(&self.nonce)
            }
        }
    };
}

mod after;
mod chat;
mod find;
mod handover;
mod history;
mod home;
mod moment;
mod news;
mod order;
mod pay;
mod quote;
mod shop;
mod text;

pub use after::*;
pub use chat::*;
pub use find::*;
pub use handover::*;
pub use history::*;
pub use home::*;
pub use moment::*;
pub use news::*;
pub use order::*;
pub use pay::*;
pub use quote::*;
pub use shop::*;
pub use text::*;

body!(QuoteRequest, "quote.request");
body!(Quote, "quote", nonce);
body!(QuoteRefused, "quote.refused");
body!(Find, "find");
body!(Found, "found");
body!(Order, "order", nonce);
body!(OrderGet, "order.get");
body!(Cancel, "cancel");
body!(Withdraw, "withdraw");
body!(OrderApprove, "order.approve");
body!(Receipt, "receipt");
body!(Status, "status");
body!(Chat, "chat");
body!(Handover, "handover");
body!(HandoverTaken, "handover.taken");
body!(HistoryGet, "history.get");
body!(History, "history");
body!(Consent, "consent");
body!(ConsentAck, "consent.ack");
body!(News, "news");
body!(Profile, "profile");
body!(Presence, "state");
body!(CatalogPart, "catalog");
body!(TextIn, "text.in");
body!(TextOut, "text.out");
