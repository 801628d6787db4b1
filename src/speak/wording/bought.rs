//! What was ordered before, as the household hears it: by whose word, and when.

use super::{Speak, number, text};
use crate::decide::reply::Bought;

impl Speak<'_> {
    pub(super) fn bought(&self, orders: &[Bought], by_shop: bool) -> String {
        let whose = if by_shop { "shop" } else { "here" };
        if orders.is_empty() {
            return self.say(&format!("bought-none-{whose}"), &[]);
        }
        let orders: Vec<String> = orders.iter().map(|order| self.one_bought(order)).collect();
        self.say(&format!("bought-{whose}"), &[("orders", text(orders.join("; ")))])
    }

    fn one_bought(&self, order: &Bought) -> String {
        let (item, moment) = (("item", text(self.item(&order.item))), ("moment", text(self.moment(order.at))));
        match order.more {
            0 => self.say("bought-one", &[item, moment]),
            more => self.say("bought-one-more", &[item, moment, ("more", number(more))]),
        }
    }
}
