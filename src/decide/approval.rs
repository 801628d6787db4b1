//! An adult's approval by PIN: wrong ones are counted, and too many lock it. Pure.
//!
//! Whether a PIN was right is found out at the edge; here it is only told. The count is on disk before the answer is
//! given, and a lock begins anew with each start, so that neither pulling the plug nor waiting for a restart helps who
//! guesses. The button's long press does not come by here: it is an adult's hand on the device.

use super::Now;
use super::effect::{Write, audit};
use super::event::Channel;
use super::guard::{Rung, Verdict};
use super::mind::{Address, Mind};
use super::order::OrderId;
use super::reply::{Reason, Reply};

/// The longest lock, milliseconds: a day.
const MAX_LOCK_MS: u64 = 24 * 3_600_000;

/// What is going on with PINs.
#[derive(Debug, Default, Clone)]
pub(super) struct Pins {
    /// Monotonic, milliseconds; `None`: not locked in this life.
    locked_until_ms: Option<u64>,
}

impl Mind {
    /// A PIN was given on a channel, for one order or for the newest that waits.
    pub(super) fn pin_given(&mut self, order: Option<OrderId>, to: Address, right: bool, now: Now) {
        if let Some(until_ms) = self.pins.locked_until_ms.filter(|until_ms| now.mono_ms < *until_ms) {
            let minutes = whole_minutes(until_ms - now.mono_ms);
            self.say(&to, Reply::PinLocked { minutes });
            return;
        }
        if right {
            self.right_pin(order, to, now);
        } else {
            self.wrong_pin(to, now);
        }
    }

    fn right_pin(&mut self, order: Option<OrderId>, to: Address, now: Now) {
        self.pins.locked_until_ms = None;
        if self.household.wrong_pins > 0 {
            self.household.wrong_pins = 0;
            self.write_down(vec![Write::WrongPins { count: 0 }]);
        }
        let waits = |id: &OrderId| self.household.orders.get(id).is_some_and(|o| o.state.awaits_adult());
        let waiting = match order {
            Some(id) => Some(id).filter(waits),
            None => self.newest_awaiting_adult(),
        };
        match waiting {
            Some(id) => self.approve(&id, Some(to), now),
            None => {
                self.say(&to, Reply::NothingToApprove);
            }
        }
    }

    /// Counted on disk first, then answered; a lock is told on every channel.
    fn wrong_pin(&mut self, to: Address, now: Now) {
        let wrong = self.household.wrong_pins.saturating_add(1);
        self.household.wrong_pins = wrong;
        let inputs = format!("wrong={wrong} of={}", self.policy.pin_tries);
        let mut answers = vec![];
        match lock_ms(wrong, self.policy.pin_tries, self.policy.pin_lock_ms) {
            None => answers.push((to, Reply::PinWrong { left: self.policy.pin_tries - wrong })),
            Some(lock_ms) => {
                self.pins.locked_until_ms = Some(now.mono_ms.saturating_add(lock_ms));
                let reply = Reply::PinLocked { minutes: whole_minutes(lock_ms) };
                if to.channel != Channel::Voice {
                    answers.push((Address { channel: Channel::Voice, lang: self.last_lang }, reply.clone()));
                }
                answers.push((to, reply));
            }
        }
        let reason = Some(Reason::WrongPin { times: wrong });
        let verdict = Verdict { guard: "pin".into(), rung: Rung::Refuse, reason, inputs };
        let writes = vec![Write::WrongPins { count: wrong }, audit(None, "", vec![verdict], now)];
        // A count that could not be written counts in this life.
        self.tell_once_stored(writes, answers, true);
    }

    /// A device that was locked when it stopped is locked when it starts.
    pub(super) fn restore_lock(&mut self, now: Now) {
        let lock_ms = lock_ms(self.household.wrong_pins, self.policy.pin_tries, self.policy.pin_lock_ms);
        self.pins.locked_until_ms = lock_ms.map(|lock_ms| now.mono_ms.saturating_add(lock_ms));
    }
}

/// How long `wrong` PINs in a row lock it: from `tries` on, and twice as long with each further one.
fn lock_ms(wrong: u32, tries: u32, first_ms: u64) -> Option<u64> {
    let beyond = wrong.checked_sub(tries)?;
    Some(first_ms.saturating_mul(1_u64.checked_shl(beyond).unwrap_or(u64::MAX)).min(MAX_LOCK_MS))
}

/// Rounded up: who comes back then finds it open.
fn whole_minutes(ms: u64) -> u32 {
    u32::try_from(ms.div_ceil(60_000)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_doubles_up_to_a_day() {
        let quarter_ms = 15 * 60_000;
        let cases = [
            (0, None),
            (2, None),
            (3, Some(quarter_ms)),
            (4, Some(2 * quarter_ms)),
            (6, Some(8 * quarter_ms)),
            (10, Some(MAX_LOCK_MS)),
            (u32::MAX, Some(MAX_LOCK_MS)),
        ];
        for (wrong, want) in cases {
            assert_eq!(lock_ms(wrong, 3, quarter_ms), want, "{wrong}");
        }
    }
}
