//! A device hands its key over to a new one.

use super::{At, Desk, Done, MINUTE_MS, Seller, distrusted, refused};
use crate::deliver::envelope::{self, Body, HandoverTaken};
use crate::deliver::store::StoreError;
use crate::shop::ShopEvent;

impl Desk {
    /// Takes the new key, and says so; again if it is asked again. The earlier one counts a while longer: orders that it signed
    /// are under way.
    pub(super) fn handover(&mut self, at: &At<'_>) -> Result<Done, StoreError> {
        let Desk { book, keys, catalog, .. } = self;
        let shop = Seller { keys, shop: &catalog.shop };
        let who = at.route.device_source();
        book.write_for(at.route.home(), |page| {
            // Within the transaction: another worker may have taken a key meanwhile, or the device may be trusted no longer.
            let Some(pins) = page.pins_of(at.route)? else {
                return Ok(refused(at.topic, "not_paired", "the device is not trusted"));
            };
            let (pins, steps) = match envelope::open_handover(at.payload, at.topic, &who, &pins, at.now) {
                Ok(opened) => opened,
                Err(why) => return Ok(distrusted(at.topic, &why)),
            };
            let taken = HandoverTaken { aud: at.route.down(HandoverTaken::KIND), to: pins.newest().to_string() };
            let say = shop.seal(&taken, at.now, MINUTE_MS).into_iter().collect();
            if steps.is_empty() {
                return Ok(Done { say, events: vec![] });
            }
            page.pin(at.route, &pins.at(at.now))?;
            let event =
                ShopEvent::KeyChanged { home: at.route.home().into(), device: at.route.device().into(), key: taken.to };
            Ok(Done { say, events: vec![event] })
        })
    }
}
