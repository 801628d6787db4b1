//! Whose voice it is, of those that the household has enrolled.
//!
//! A network turns what was said into a vector ([`net`]); who was enrolled is in a file beside the orders ([`book`]). Adds
//! friction and never takes any away: a voice can be imitated and played back. Holds no sound.

pub mod book;
pub mod fbank;
pub mod net;

use crate::decide::event::Voice;
use book::Book;
use net::Net;

/// The voices that are enrolled, and what compares with them.
pub struct Voices {
    /// `None`: it can't be used, and so nobody is known.
    net: Option<Net>,
    book: Book,
}

impl Voices {
    /// Enrolled with another network, nobody is known.
    pub fn new(net: Option<Net>, book: Book) -> Voices {
        Voices { net, book }
    }

    /// Whose voice is in 16 kHz mono `samples`? Nobody's, if that is too short or the network fails.
    pub fn whose(&self, samples: &[i16]) -> Voice {
        let nobody = Voice { name: None, similarity: None };
        let Some(net) = &self.net else { return nobody };
        match net.vector(samples) {
            Ok(Some(vector)) => self.book.whose(net.sum(), &vector),
            Ok(None) => nobody,
            Err(why) => {
                tracing::error!("a voice could not be compared: {why:#}");
                nobody
            }
        }
    }
}
