//! What must hold whatever happens: checked after every effect, before every restart and at the end.

use super::{World, handle, policy, understanding};
use std::collections::BTreeMap;
use tendero::decide::Now;
use tendero::decide::effect::Write;
use tendero::decide::guard::Rung;
use tendero::decide::household::Household;
use tendero::decide::mind::Mind;
use tendero::decide::order::{OrderId, OrderState};
use tendero::decide::reply::Reply;

impl World {
    /// An order is first written only by a confirmation, and only as it was read back.
    pub(super) fn check_write(&mut self, write: &Write, all: &[Write], confirms: bool, now: Now) {
        let Write::Order(order) = write else { return };
        if let Some((quote, confirmed_ms)) = self.seen.get(&order.id) {
            assert_eq!(quote, &order.quote, "an order changed after it was confirmed");
            let before = self.disk.orders.get(&order.id).map(|order| order.state);
            if order.state == OrderState::Sending && self.leaving.insert(order.id.clone()) {
                assert!(now.wall.is_some(), "an order leaves while the clock is unknown");
            }
            if before == Some(OrderState::AwaitingAdult) && order.state == OrderState::Held {
                assert!(self.hand_ms.is_some_and(|ms| ms > *confirmed_ms), "held without an adult's hand");
            }
            return;
        }
        assert!(confirms, "an order without a confirmation in its turn");
        let Some((Reply::ReadBack { items, total, .. }, _, true)) = &self.read_back else {
            panic!("an order without a read-back that was heard to its end")
        };
        assert_eq!(total.minor, order.quote.total, "another total than was read back");
        let read: Vec<u32> = items.iter().map(|item| item.qty).collect();
        let ordered: Vec<u32> = order.quote.lines.iter().map(|line| line.qty).collect();
        assert_eq!(read, ordered, "another quantity than was read back");
        for (item, line) in items.iter().zip(&order.quote.lines) {
            assert_eq!(item.product, line.title, "another product than was read back");
        }
        let wall = now.wall.expect("an order while the clock is unknown");
        let verdicts = all.iter().find_map(|write| match write {
            Write::Audit { order: Some(id), verdicts, .. } if *id == order.id => Some(verdicts),
            Write::Audit { .. }
            | Write::Order(_)
            | Write::ListItem { .. }
            | Write::WrongPins { .. }
            | Write::Offered { .. }
            | Write::Step(_) => None,
        });
        let verdicts = verdicts.expect("an order without its verdicts in the same transaction");
        assert_eq!(verdicts.len(), 19, "a guard was not asked");
        let highest = verdicts.iter().map(|verdict| verdict.rung).max().unwrap();
        assert!(highest <= order.confirmed.rung, "confirmed on a lower rung than the guards ask for");
        assert!(order.confirmed.rung <= Rung::Adult);
        assert_eq!(order.state == OrderState::AwaitingAdult, order.confirmed.rung == Rung::Adult);
        let known =
            self.disk.regulars.contains_key(&order.quote.lines[0].sku) || self.disk.buys(&order.quote.lines[0].sku);
        assert!(known || order.confirmed.rung == Rung::Adult, "a first purchase without an adult");
        if order.confirmed.rung < Rung::Adult {
            let spent = self.disk.spent_on_day(wall) + order.quote.total;
            assert!(spent <= policy().cap_day_minor, "{spent} in a day without an adult");
        }
        self.seen.insert(order.id.clone(), (order.quote.clone(), self.mono_ms));
    }

    pub(super) fn check_send(&mut self, id: &OrderId) {
        let order = self.disk.orders.get(id).expect("an order is sent that is not on disk");
        assert_eq!(order.state, OrderState::Sending, "sent before that was on disk");
        assert!(self.audits.contains_key(id), "sent without verdicts on disk");
        assert!(self.leaving.contains(id), "sent without its hold having ended at a known time");
    }

    pub(super) fn check_end(&mut self) {
        assert!(self.mind.is_idle(), "not idle at the end");
        for (id, order) in &self.disk.orders {
            let settled = match order.state {
                OrderState::Accepted | OrderState::Shipped | OrderState::Delivered => self.bookings.contains_key(id),
                OrderState::Cancelled => self.bookings.get(id).is_none_or(|(_, state)| *state == OrderState::Cancelled),
                OrderState::Rejected | OrderState::Expired => !self.bookings.contains_key(id),
                OrderState::AwaitingAdult
                | OrderState::Held
                | OrderState::Sending
                | OrderState::HeldAtShop
                | OrderState::Approving
                | OrderState::Cancelling
                | OrderState::Withdrawn
                | OrderState::Refunded
                | OrderState::Unknown => false,
            };
            assert!(
                settled,
                "{id} is {} on disk, at the shop {:?}",
                order.state.name(),
                self.bookings.get(id).map(|b| b.1)
            );
            let reply = match order.state {
                OrderState::Accepted => "booked",
                OrderState::Rejected => "rejected_by_shop",
                OrderState::Cancelled => "cancelled",
                _ => continue,
            };
            assert!(self.restarts > 0 || self.told.contains(reply), "{id} is {reply}, and nobody was told");
        }
        for id in self.bookings.keys() {
            assert!(self.seen.contains_key(id), "the shop booked what was never confirmed");
        }
        assert_eq!(self.mind.household().orders, self.disk.orders, "memory and disk differ");
    }

    /// The same events give the same effects, to the byte.
    pub(super) fn check_replay(&mut self) {
        let journal = std::mem::take(&mut self.journal);
        if self.life > 0 || journal.is_empty() {
            return;
        }
        let household = Household { orders: BTreeMap::new(), ..self.disk.clone() };
        let mut mind = Mind::new(policy(), understanding(), household);
        for (input, now, effects) in journal {
            assert_eq!(serde_json::to_string(&handle(&mut mind, &input, now)).unwrap(), effects, "a replay differs");
        }
    }
}
