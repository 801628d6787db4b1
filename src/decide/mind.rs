//! The pure core: [`Mind::handle`] takes an event and the time, and answers with effects.

use super::Now;
use super::effect::Effect;
use super::event::Event;
use super::household::Household;
use super::policy::Policy;
use crate::understand::Understanding;

/// When the mind wants to be woken, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    pub at_mono_ms: u64,
    pub why: &'static str,
}

pub struct Mind {
    policy: Policy,
    household: Household,
    understanding: Understanding,
}

impl Mind {
    pub fn new(policy: Policy, understanding: Understanding, household: Household) -> Mind {
        Mind { policy, household, understanding }
    }

    pub fn handle(&mut self, _event: Event, _now: Now) -> Vec<Effect> {
        vec![]
    }

    /// The next moment at which the mind wants an [`Event::Deadline`].
    pub fn deadline(&self) -> Option<Deadline> {
        None
    }

    pub fn household(&self) -> &Household {
        &self.household
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    pub fn understanding(&self) -> &Understanding {
        &self.understanding
    }
}
