//! A device that comes with a pairing code: trusted at once, if the code is good and nobody else has used it.

use super::{Desk, Done, distrusted, refused};
use crate::deliver::envelope::Distrust;
use crate::deliver::pairing::{Answer, Broker, From, Paired, Request};
use crate::deliver::store::StoreError;
use crate::deliver::topic::{self, Route};
use crate::shop::ShopEvent;
use crate::shop::book::pairing::Pairing;
use crate::shop::desk::Say;

impl Desk {
    pub(super) fn pair(&mut self, id: &str, topic: &str, payload: &[u8], retained: bool) -> Result<Done, StoreError> {
        if retained {
            return Ok(distrusted(topic, &Distrust::Retained));
        }
        let Some(pairing) = self.book.pairing(id)? else {
            return Ok(refused(
                topic,
                "pairing_unknown",
                "nobody gave out this pairing code, or long ago; run: tendero shop pair",
            ));
        };
        let Some(request) = pairing.secret.open::<Request>(From::Device, topic, payload) else {
            return Ok(refused(topic, "pairing_seal", "it is not sealed with the secret of its pairing code"));
        };
        let (answer, events) = match self.paired(id, &pairing, &request)? {
            Ok((paired, events)) => (Answer::Paired(Box::new(paired)), events),
            Err(code) => {
                let why = format!("{} of {} is not paired: {code}", request.device.escape_default(), pairing.home);
                (Answer::Refused { code: code.into() }, refused(topic, "pairing_refused", why).events)
            }
        };
        let topic = topic::pair_down(id);
        let bytes = match pairing.secret.seal(From::Shop, &topic, &answer) {
            Ok(bytes) => bytes,
            Err(why) => return Ok(refused(&topic, "no_random", format!("this machine gave no random numbers: {why}"))),
        };
        // Not kept: the device asks until it is answered, and gets the same.
        Ok(Done { say: vec![Say { topic, bytes }], events })
    }

    /// Trusts the device, or says why not.
    fn paired(
        &mut self,
        id: &str,
        pairing: &Pairing,
        request: &Request,
    ) -> Result<Result<(Paired, Vec<ShopEvent>), &'static str>, StoreError> {
        let Ok(route) = Route::new(&pairing.home, &request.device, &self.catalog.shop) else {
            return Ok(Err("bad_name"));
        };
        let Some(key) = request.key(&pairing.secret) else { return Ok(Err("bad_key")) };
        let text = key.to_string();
        let mut events = vec![];
        match &pairing.used_by {
            // Its answer was lost.
            Some((device, known)) if *device == request.device && *known == text => {}
            Some(_) => return Ok(Err("used")),
            None => {
                if self.clock.unix_ms().is_none_or(|now| now >= pairing.expires_unix_ms) {
                    return Ok(Err("expired"));
                }
                let refused = self.book.write_for(&pairing.home, |page| {
                    let there = page.pins_of(&route)?;
                    if there.is_some_and(|there| *there.newest() != key) && !pairing.replaces {
                        return Ok(Some("device_taken"));
                    }
                    Ok((!page.pair(id, &route, &key)?).then_some("used"))
                })?;
                if let Some(code) = refused {
                    return Ok(Err(code));
                }
                events.push(ShopEvent::Paired { home: pairing.home.clone(), device: request.device.clone() });
            }
        }
        let password = self.book.home_password(&pairing.home)?;
        let paired = Paired {
            shop: self.catalog.shop.clone(),
            seller: self.seller.clone(),
            key: self.keys.public().to_string(),
            home: pairing.home.clone(),
            device: request.device.clone(),
            broker: Broker { url: pairing.url.clone(), password, ca: pairing.ca.clone() },
        };
        Ok(Ok((paired, events)))
    }
}
