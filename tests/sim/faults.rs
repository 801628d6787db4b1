//! What goes wrong in a world: some of it in each, and none of it after the faults have stopped.

use super::{Input, START_UNIX_MS, World};
use crate::rng::Rng;
use tendero::decide::event::Event;

/// What may go wrong; by default nothing.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub slow: bool,
    pub doubled: bool,
    pub lost: bool,
    pub restarts: bool,
    pub link: bool,
    pub disk: bool,
    pub clock: bool,
}

impl Faults {
    pub fn some(rng: &mut Rng) -> Faults {
        Faults {
            slow: rng.chance(50),
            doubled: rng.chance(50),
            lost: rng.chance(40),
            restarts: rng.chance(50),
            link: rng.chance(50),
            disk: rng.chance(30),
            clock: rng.chance(40),
        }
    }
}

impl World {
    /// What breaks, or works again, of its own accord.
    pub(super) fn mischief(&mut self) {
        if self.faults.link && self.rng.chance(30) {
            self.link_up = !self.link_up;
            let up = self.link_up;
            self.give(Input::Event(Event::Link { up }));
        }
        if self.faults.disk && self.rng.chance(25) {
            self.disk_full = !self.disk_full;
        }
        if self.faults.clock && self.rng.chance(25) {
            self.wall_off_ms = match self.rng.below(5) {
                0 => None,
                1 => Some(START_UNIX_MS - 3 * 3_600_000),
                2 => Some(START_UNIX_MS + 2 * 3_600_000),
                3 => Some(4_070_000_000_000),
                _ => Some(START_UNIX_MS),
            };
        }
        if self.faults.restarts && self.rng.chance(20) {
            self.restart();
        }
    }
}
