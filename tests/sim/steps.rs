//! A world that is led by hand, one step at a time: for every short sequence of steps, and for whole dialogues that
//! are cut off at every point.

use super::ears::Listening;
use super::{Fault, Faults, Input, Plan, World};
use tendero::decide::event::{Button, Event};
use tendero::understand::grammar::Expect;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Said after the wake word, or into the microphone that is open.
    Say(&'static str),
    /// The phrase, with the words of the challenge if there is one.
    Phrase,
    /// The wake word alone.
    Wake,
    /// Nobody says anything.
    Silence,
    /// What the speaker says has really ended.
    Played,
    /// The shop answers with a price, or with a question or proposals.
    Quoted,
    /// The oldest write gets to the disk.
    Stored,
    StoreFails,
    /// What is on its way to the shop gets there, and its answer comes back.
    Shop,
    /// What is under way between the household and a person at the shop arrives; else that person comes, says something,
    /// and offers coffee.
    Person,
    /// The shop tells that coffee is recalled, which nobody has to agree to.
    News,
    Tap,
    Hold,
    /// Somebody withdraws from the newest order at the command line.
    SendBack,
    /// Until the mind's next deadline.
    Time,
    Restart,
    PowerCut,
    /// The wall clock gets lost, or is set.
    Clock,
    Mute,
    Link,
}

/// Every step, with the utterances that lead somewhere: what orders, what confirms, what does not, what ends it.
pub const ALPHABET: [Step; 26] = [
    Step::Say("order coffee"),
    Step::Phrase,
    Step::Say("yes"),
    Step::Say("no"),
    Step::Say("cancel that"),
    Step::Say("return it"),
    Step::Say("the first one"),
    Step::Say("mumble mumble"),
    Step::Say("let me talk to a person"),
    Step::Wake,
    Step::Silence,
    Step::Played,
    Step::Quoted,
    Step::Stored,
    Step::StoreFails,
    Step::Shop,
    Step::Person,
    Step::News,
    Step::Tap,
    Step::Hold,
    Step::Time,
    Step::Restart,
    Step::PowerCut,
    Step::Clock,
    Step::Mute,
    Step::Link,
];

impl World {
    /// A world at the end of `steps`, each of which waits for the one before.
    pub fn led(plan: Plan, steps: &[Step], record: bool) -> World {
        let mut world = World { stepping: true, ..World::new(plan, record) };
        world.tally.begin(Faults::default());
        for step in steps {
            world.step(*step);
        }
        world
    }

    /// Does one step. `false`: it cannot happen now, and nothing has.
    pub fn step(&mut self, step: Step) -> bool {
        let before_ms = self.ms;
        let life = self.life;
        match step {
            Step::Say(_) | Step::Phrase if self.muted => return false,
            Step::Say(said) => self.says_now(said),
            Step::Phrase => {
                let words = match &self.ears.expects {
                    Some((_, Expect::Challenge { words })) => words.join(" "),
                    _ => String::new(),
                };
                self.says_now(format!("order it {words}").trim());
            }
            Step::Wake if self.muted || self.ears.listening != Listening::Resting => return false,
            Step::Wake => {
                self.ears.listening = Listening::Command;
                self.give(Event::Woke { score: 0.8 });
            }
            Step::Silence => {
                let turn = match self.ears.listening {
                    Listening::Resting => return false,
                    Listening::Command => None,
                    Listening::Turn(turn) => Some(turn),
                };
                self.ears.rest();
                self.give(Event::Silence { turn });
            }
            Step::Played => return self.brings(|input| matches!(input, Input::Event(Event::Played { .. }))),
            Step::Quoted => {
                let asked = |input: &Input| {
                    matches!(
                        input,
                        Input::QuoteArrives { .. } | Input::FindArrives { .. } | Input::HistoryArrives { .. }
                    )
                };
                let answered = |input: &Input| {
                    matches!(
                        input,
                        Input::Event(
                            Event::Quoted(_) | Event::NotQuoted { .. } | Event::Found { .. } | Event::History { .. }
                        )
                    )
                };
                return self.brings(asked) && self.brings(answered);
            }
            Step::Stored => {
                return self.brings(|input| matches!(input, Input::Commit { .. })) && life == self.life && {
                    self.brings(|input| {
                        matches!(input, Input::Event(Event::Stored { .. } | Event::StoreFailed { .. }))
                    });
                    true
                };
            }
            Step::StoreFails => {
                let Some(Input::Commit { ticket, writes }) = self.take(|input| matches!(input, Input::Commit { .. }))
                else {
                    return false;
                };
                self.commit_fails(ticket, &writes);
            }
            Step::Shop => {
                let to_shop = |input: &Input| {
                    matches!(
                        input,
                        Input::Arrive(_)
                            | Input::CancelArrives(_)
                            | Input::ApprovalArrives(_)
                            | Input::WithdrawalArrives(_)
                            | Input::AskArrives(_)
                    )
                };
                return self.brings(to_shop) && {
                    self.brings(|input| matches!(input, Input::Event(Event::Receipt(_) | Event::Status(_))));
                    true
                };
            }
            Step::Person => return self.person_step(),
            Step::News => {
                self.shop_tells();
                return self.brings(|input| matches!(input, Input::NewsComes(_)));
            }
            Step::Tap => self.give(Event::Button(Button::Tap)),
            Step::Hold => self.hold_button(),
            Step::SendBack => return self.sends_back(),
            Step::Time => {
                let Some(deadline) = self.mind.deadline() else { return false };
                self.ms = self.ms.max(deadline.at_mono_ms + self.born_ms);
                self.deadline();
            }
            Step::Restart => self.restart(),
            Step::PowerCut => self.power_cut(),
            Step::Clock => self.wall_off_ms = if self.wall_off_ms.is_some() { None } else { Some(0) },
            Step::Mute => {
                let on = !self.muted;
                self.mute(on);
            }
            Step::Link => {
                self.link_up = !self.link_up;
                let up = self.link_up;
                self.give(Event::Link { up });
            }
        }
        self.ms = self.ms.max(before_ms + 1);
        true
    }

    fn person_step(&mut self) -> bool {
        let comes = |input: &Input| matches!(input, Input::ChatComes(_));
        if self.brings(comes) {
            return true;
        }
        let happens = self.brings(|input| matches!(input, Input::ChatArrives(_)))
            || self.newest_talk().is_some_and(|thread| self.person_acts(&thread));
        if happens {
            self.brings(comes);
        }
        happens
    }

    /// Takes the first thing that is under way and `fits`; time goes on to when it would come.
    fn take(&mut self, fits: impl Fn(&Input) -> bool) -> Option<Input> {
        let life = self.life;
        let key = self.queue.iter().find(|(_, (of, _, input))| *of == life && fits(input)).map(|(key, _)| *key)?;
        self.ms = self.ms.max(key.0);
        self.queue.remove(&key).map(|(_, _, input)| input)
    }

    fn brings(&mut self, fits: impl Fn(&Input) -> bool) -> bool {
        let Some(input) = self.take(fits) else { return false };
        self.arrive((self.life, (0, 0), input));
        true
    }

    /// Whether the power goes, or the program is ended and started, where [`Plan::cut_at`] says so.
    pub(super) fn cut(&mut self) {
        if self.plan.cut_is_restart && !self.faults.has(Fault::PowerCuts) { self.restart() } else { self.power_cut() }
    }
}
