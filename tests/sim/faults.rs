//! What goes wrong in a world: a random subset of it in each (swarm testing: Groce, Zhang, Eide, Chen, Regehr,
//! "Swarm testing", ISSTA 2012), and none of it after the faults have stopped.

use super::{HOUR, Input, START_UNIX_MS, World};
use crate::rng::Rng;
use tendero::decide::event::{Button, Event};
use tendero::decide::order::{Order, OrderState};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The engine hears other words than were said: numbers, negative words, nothing, the phrase itself.
    Misheard,
    /// Events come up to half an hour late, so they overtake each other.
    Late,
    /// Events, messages and acknowledgements come twice.
    Doubled,
    /// Messages between home and shop get lost.
    Lost,
    /// Speech engines never answer, or answer in a later turn.
    EngineHangs,
    /// The disk takes minutes, or the answer of a write never comes.
    DiskHangs,
    /// The broker goes and comes back.
    Broker,
    /// The program ends and starts again; what was being written is written.
    Restarts,
    /// Everything ends at once, between any two effects.
    PowerCuts,
    FullDisk,
    /// The wall clock jumps to 1970 and back; a start may be without one.
    Clock1970,
    Clock2099,
    /// The wall clock jumps by hours.
    ClockHours,
    /// Quotes that are not for what was asked, or not in order.
    HostileQuotes,
    /// Titles with wake words, confirm phrases and mark-up.
    HostileTitles,
    /// Receipts and statuses that are not true, or of orders that never were.
    HostileNews,
    /// The microphone hears the loudspeaker.
    OwnVoice,
    /// A television that says the wake word, orders, and confirms.
    Television,
    /// People who confirm and approve without listening.
    Careless,
    Mute,
    /// Another speaker of the home orders, hears the same, asks for ours back, and claims what is not its own.
    Sibling,
    /// A person at the shop who writes what must not be said, and offers what nobody may agree to.
    HostilePerson,
}

impl Fault {
    pub const ALL: [Fault; 22] = [
        Fault::Misheard,
        Fault::Late,
        Fault::Doubled,
        Fault::Lost,
        Fault::EngineHangs,
        Fault::DiskHangs,
        Fault::Broker,
        Fault::Restarts,
        Fault::PowerCuts,
        Fault::FullDisk,
        Fault::Clock1970,
        Fault::Clock2099,
        Fault::ClockHours,
        Fault::HostileQuotes,
        Fault::HostileTitles,
        Fault::HostileNews,
        Fault::OwnVoice,
        Fault::Television,
        Fault::Careless,
        Fault::Mute,
        Fault::Sibling,
        Fault::HostilePerson,
    ];
}

/// What may go wrong; by default nothing.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults(u32);

impl Faults {
    /// Each with even chances, so that a fault is also seen without the others that would hide what it does; a few
    /// worlds have none.
    pub fn some(rng: &mut Rng) -> Faults {
        if rng.chance(4) {
            return Faults::default();
        }
        let mut faults = Faults::default();
        for fault in Fault::ALL {
            // What ends every conversation early is rarer, or little else would be seen.
            let per_cent = match fault {
                Fault::FullDisk | Fault::Mute | Fault::EngineHangs | Fault::DiskHangs | Fault::Clock1970 => 30,
                _ => 40,
            };
            if rng.chance(per_cent) {
                faults = faults.with(fault);
            }
        }
        faults
    }

    pub fn with(self, fault: Fault) -> Faults {
        Faults(self.0 | 1 << fault as u32)
    }

    pub fn without(self, fault: Fault) -> Faults {
        Faults(self.0 & !(1 << fault as u32))
    }

    pub fn has(self, fault: Fault) -> bool {
        self.0 & 1 << fault as u32 != 0
    }

    pub fn list(self) -> Vec<Fault> {
        Fault::ALL.into_iter().filter(|fault| self.has(*fault)).collect()
    }
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.list()).finish()
    }
}

impl World {
    /// Is the fault on, and does it strike now?
    pub(super) fn strikes(&mut self, fault: Fault, per_cent: u64) -> bool {
        self.faults.has(fault) && self.rng.chance(per_cent)
    }

    /// What breaks, or works again, of its own accord.
    pub(super) fn mischief(&mut self) {
        if self.strikes(Fault::Broker, 30) {
            self.link_up = !self.link_up;
            let up = self.link_up;
            self.give(Event::Link { up });
        }
        if self.strikes(Fault::FullDisk, 25) {
            self.disk_full = !self.disk_full;
        }
        if self.strikes(Fault::Clock1970, 20) {
            self.wall_off_ms = if self.wall_off_ms.is_some() { None } else { Some(0) };
        }
        if self.strikes(Fault::Clock2099, 12) {
            // To 2099-01-01 and back.
            let there = self.wall_off_ms.is_some_and(|off| off > 1_000_000_000_000);
            self.wall_off_ms = Some(if there { 0 } else { 4_070_908_800_000 - START_UNIX_MS });
        }
        if self.strikes(Fault::ClockHours, 20) {
            let hours = i64::try_from(self.rng.below(60)).unwrap() - 20;
            self.wall_off_ms = Some(hours * i64::try_from(HOUR).unwrap());
        }
        if self.strikes(Fault::Mute, 15) {
            self.mute_for_a_while();
        }
        if self.strikes(Fault::HostileNews, 40) {
            self.hostile_news();
        }
        if self.strikes(Fault::HostilePerson, 40) {
            self.hostile_person();
        }
        if self.strikes(Fault::Sibling, 60) {
            self.sibling_acts();
        }
        if self.strikes(Fault::Careless, 20) {
            self.hold_button();
        }
        if self.strikes(Fault::Careless, 5) {
            self.give(Event::Button(Button::Tap));
        }
        if self.strikes(Fault::Restarts, 20) {
            self.restart();
        }
        if self.strikes(Fault::PowerCuts, 10) {
            self.power_cut();
        }
    }

    /// The faults stop: whatever is broken works from now on.
    pub(super) fn mend(&mut self) {
        self.faults = Faults::default();
        self.disk_full = false;
        self.wall_off_ms = Some(0);
        self.link_up = true;
        if self.muted {
            self.mute(false);
        }
        self.give(Event::Link { up: true });
        // What got lost was lost with the broker's memory: the session is a new one, and the link asks what became of
        // the orders that the shop has.
        let at_shop = |order: &&Order| matches!(order.state, OrderState::Accepted | OrderState::Shipped);
        let orders = self.disk.household.orders.values().filter(at_shop).map(|order| order.id.clone());
        for id in orders.collect::<Vec<_>>() {
            self.over_the_link(Input::AskArrives(id));
        }
    }
}
