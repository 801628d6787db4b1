//! A thread at work: asking for a person, passing words on, taking in what the shop says, and its deadlines.
//!
//! How it is told, and what the household answers in the open turn, is in [`super::super::dialogue`].

use super::super::effect::{Effect, Write};
use super::super::event::{Channel, Entropy};
use super::super::guard::Verdict;
use super::super::mind::{Address, Mind};
use super::super::order::OrderId;
use super::super::reply::Reply;
use super::super::sibling::spoken;
use super::super::{Now, effect};
use super::{
    ChatLine, FromShop, Handoff, IN_TALK_MS, MAX_LINES, MAX_SAID_CHARS, MAX_UNTOLD, Offered, PERSON_WAIT_MS, Pending,
    REQUEST_LIFE_MS, SILENCE_MS, STORING_MS, Thread, ThreadState, UNREAD_MS, Untold,
};
use base16ct::lower as hex;

impl Mind {
    /// The thread that is neither over nor given up.
    pub(in super::super) fn thread(&self) -> Option<&Thread> {
        self.household.thread.as_ref().filter(|thread| thread.is_open())
    }

    /// The shop's name, as it is said.
    pub(in super::super) fn shop_name(&self) -> String {
        let seller = self.household.newest(|_| true).map(|order| order.quote.seller.clone());
        seller.filter(|seller| !seller.is_empty()).unwrap_or_else(|| spoken(&self.understanding.catalog().shop))
    }

    /// Asks the shop for a person. The answer comes when that is on disk; `Some`: it can be given at once.
    pub(in super::super) fn request_person(&mut self, to: &Address, entropy: Entropy, now: Now) -> Option<Reply> {
        if let Some(thread) = self.household.thread.as_mut().filter(|thread| thread.is_open()) {
            (thread.channel, thread.lang) = (to.channel.clone(), to.lang);
            let (state, name) = (thread.state, thread.person.clone());
            self.chat.household_ms = Some(now.mono_ms);
            return Some(match state {
                ThreadState::Joined => Reply::PersonJoined { name, shop: self.shop_name() },
                ThreadState::Requested | ThreadState::Ended => Reply::PersonAskedAlready { shop: self.shop_name() },
            });
        }
        if self.is_shop_away() {
            return Some(Reply::PersonOffline { shop: self.shop_name() });
        }
        let (id, other) = entropy.0.split_at(16);
        // The same utterance twice: a new conversation is another one, whatever bits came with it.
        let is_used = |id: &str| self.household.thread.as_ref().is_some_and(|last| last.id == id);
        let id = Some(hex::encode_string(id)).filter(|id| !is_used(id)).unwrap_or_else(|| hex::encode_string(other));
        let thread = Thread {
            id,
            state: ThreadState::Requested,
            channel: to.channel.clone(),
            lang: to.lang,
            person: String::new(),
            said: 0,
            acked: 0,
            heard: 0,
            waited: false,
            untold: vec![],
        };
        (self.chat.since_ms, self.chat.last_ms) = (now.mono_ms, now.mono_ms);
        (self.chat.written, self.household.thread) = (0, Some(thread));
        // What the household may want to talk about, and nothing else of what it said or bought.
        let open = |order: &super::super::order::Order| !order.state.is_final() && order.state.is_settled();
        let order = self.household.newest(open).map(|order| order.id.clone());
        let reply = Reply::PersonAsked { shop: self.shop_name() };
        self.write_ours(String::new(), Some(Handoff::Requested), order, Some((to.clone(), reply)), vec![], now);
        None
    }

    /// Passes `text` on. The answer comes when it is on disk.
    pub(in super::super) fn pass_on(&mut self, text: &str, to: &Address, verdicts: Vec<Verdict>, now: Now) {
        let away = self.is_shop_away();
        let Some(thread) = self.household.thread.as_mut().filter(|thread| thread.is_open()) else { return };
        (thread.channel, thread.lang) = (to.channel.clone(), to.lang);
        let name = thread.person.clone();
        let reply = match thread.state {
            _ if away => Reply::PassedOnLater { name },
            ThreadState::Joined => Reply::PassedOn { name },
            ThreadState::Requested | ThreadState::Ended => Reply::PassedOnEarly { shop: self.shop_name() },
        };
        let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_SAID_CHARS).collect();
        let audit = effect::audit(None, &text, verdicts, now);
        self.write_ours(text, None, None, Some((to.clone(), reply)), vec![audit], now);
    }

    /// After a restart: when a line came is not known any more, so an offer in it counts as over.
    pub(in super::super) fn restore_chat(&mut self) {
        let Some(thread) = &mut self.household.thread else { return };
        self.chat.written = thread.said;
        for line in &mut thread.untold {
            line.came_ms = None;
        }
    }

    /// The household ends it.
    pub(in super::super) fn end_thread(&mut self, to: &Address, now: Now) {
        let Some(thread) = self.household.thread.as_ref().filter(|thread| thread.is_open()) else { return };
        let reply = match thread.state {
            ThreadState::Joined => Reply::ChatEnded { name: thread.person.clone() },
            ThreadState::Requested | ThreadState::Ended => Reply::PersonNotWanted,
        };
        self.finish_thread(Some((to.clone(), reply)), now);
    }

    /// It is over, and the shop is told.
    fn finish_thread(&mut self, reply: Option<(Address, Reply)>, now: Now) {
        if let Some(thread) = &mut self.household.thread {
            thread.state = ThreadState::Ended;
            thread.untold.clear();
            self.write_ours(String::new(), Some(Handoff::Ended), None, reply, vec![], now);
        }
    }

    fn write_ours(
        &mut self,
        text: String,
        handoff: Option<Handoff>,
        order: Option<OrderId>,
        reply: Option<(Address, Reply)>,
        more: Vec<Write>,
        now: Now,
    ) {
        let Some(thread) = &mut self.household.thread else { return };
        thread.said += 1;
        let seq = thread.said;
        let at_unix_ms = now.wall.map(|wall| wall.unix_ms);
        let line = ChatLine { seq, ours: true, name: String::new(), text, handoff, order, offer: false, at_unix_ms };
        (self.chat.last_ms, self.chat.household_ms) = (now.mono_ms, Some(now.mono_ms));
        self.write_thread(Some(line), reply, more, now);
    }

    /// Writes the thread as it stands, with a line that is new in it.
    fn write_thread(&mut self, line: Option<ChatLine>, reply: Option<(Address, Reply)>, more: Vec<Write>, now: Now) {
        let Some(thread) = self.household.thread.clone() else { return };
        let ours = line.as_ref().filter(|line| line.ours).map(|line| line.seq);
        let id = thread.id.clone();
        let writes = std::iter::once(Write::Chat { thread, line }).chain(more).collect();
        let ticket = self.write_down(writes);
        let until_ms = now.mono_ms + STORING_MS;
        self.chat.pending.push(Pending { ticket, thread: id, ours, reply, late: None, until_ms });
    }

    /// A line is on disk, or could not be written: only now it goes out, and the household hears so.
    pub(in super::super) fn chat_stored(&mut self, ticket: u32, stored: bool) {
        let Some(at) = self.chat.pending.iter().position(|pending| pending.ticket == ticket) else { return };
        let Pending { thread, ours, reply, late, .. } = self.chat.pending.remove(at);
        let of = thread.clone();
        if stored {
            self.out.push(Effect::Chat { thread: thread.clone() });
        }
        if let (Some(seq), Some(open)) = (ours, &mut self.household.thread)
            && open.id == thread
        {
            let is_taken = |later: &Pending| later.thread == thread && later.ours == Some(seq);
            if stored {
                self.chat.written = self.chat.written.max(seq);
            } else if seq > self.chat.written && !self.chat.pending.iter().skip(at).any(is_taken) {
                // The number is free again: the store takes no line with a gap before it.
                open.said = open.said.min(seq - 1);
                if open.said == 0 {
                    self.household.thread = None;
                }
            }
        }
        if let Some((to, reply)) = reply {
            self.tell(to, if stored { reply } else { Reply::ChatNotKept });
        }
        // Of a conversation that another one has followed, nothing is said any more.
        let goes_on = self.household.thread.as_ref().is_some_and(|newest| newest.id == of);
        if let Some((to, reply)) = late.filter(|_| stored && goes_on) {
            self.tell(to, reply);
        }
    }

    /// A message of the shop, verified and cleaned. What is not of the open thread, or came before, changes nothing.
    pub(in super::super) fn hear_from_shop(&mut self, message: FromShop, entropy: Entropy, now: Now) {
        let Some(thread) = self.household.thread.as_mut().filter(|thread| thread.id == message.thread) else { return };
        thread.acked = thread.acked.max(message.ack.min(thread.said));
        let id = thread.id.clone();
        if message.seq == 0 {
            // It does not know this thread any more: nobody will answer in it.
            if message.handoff == Some(Handoff::Ended) && thread.is_open() {
                thread.state = ThreadState::Ended;
                let came_ms = Some(now.mono_ms);
                let lost = Untold { text: String::new(), handoff: Some(Handoff::Ended), offer: None, came_ms };
                thread.untold.push(lost);
                self.write_thread_quietly();
            }
            return;
        }
        if message.seq <= thread.heard || !thread.is_open() {
            return;
        }
        if message.seq > thread.heard + 1 {
            // One is missing: the shop says what came after the last one that is here.
            return self.out.push(Effect::Chat { thread: id });
        }
        thread.heard = message.seq;
        if !message.name.is_empty() {
            thread.person.clone_from(&message.name);
        }
        match message.handoff {
            Some(Handoff::Joined) => thread.state = ThreadState::Joined,
            Some(Handoff::Ended) => thread.state = ThreadState::Ended,
            // Whoever writes is there, whatever was lost before.
            Some(Handoff::Requested) | None => thread.state = ThreadState::Joined,
        }
        let line = ChatLine {
            seq: message.seq,
            ours: false,
            name: thread.person.clone(),
            text: message.text.clone(),
            handoff: message.handoff,
            order: None,
            offer: message.offer.is_some(),
            at_unix_ms: now.wall.map(|wall| wall.unix_ms),
        };
        let offer = message.offer.map(|quote| Offered { quote: *quote, entropy });
        thread.untold.push(Untold { text: message.text, handoff: message.handoff, offer, came_ms: Some(now.mono_ms) });
        if thread.untold.len() > MAX_UNTOLD {
            thread.untold.remove(0);
        }
        let flooded = thread.heard >= MAX_LINES && thread.is_open();
        self.chat.last_ms = now.mono_ms;
        self.write_thread(Some(line), None, vec![], now);
        if flooded {
            self.finish_thread(None, now);
        }
    }

    /// Writes how the thread stands; nobody waits for it.
    fn write_thread_quietly(&mut self) {
        if let Some(thread) = self.household.thread.clone() {
            self.write_down(vec![Write::Chat { thread, line: None }]);
        }
    }

    /// The first of what is untold was told.
    pub(in super::super) fn mark_told(&mut self, count: usize) {
        if let Some(thread) = &mut self.household.thread {
            thread.untold.drain(..count.min(thread.untold.len()));
        }
        self.write_thread_quietly();
    }

    /// What is due: a person who does not come, a silence, a disk that does not answer.
    pub(in super::super) fn chat_due(&mut self, now: Now) {
        for at in 0..self.chat.pending.len() {
            let pending = &mut self.chat.pending[at];
            if pending.until_ms <= now.mono_ms
                && let Some((to, reply)) = pending.reply.take()
            {
                pending.late = Some((to.clone(), reply));
                self.tell(to, Reply::ChatNotKept);
            }
        }
        let Some((due_ms, _)) = self.thread_deadline() else { return };
        let Some(thread) = self.household.thread.as_ref().filter(|_| due_ms <= now.mono_ms) else { return };
        let to = Address { channel: Channel::Voice, lang: thread.lang };
        match thread.state {
            ThreadState::Requested if !thread.waited && thread.acked == 0 => {
                let reply = Reply::PersonOffline { shop: self.shop_name() };
                self.finish_thread(Some((to, reply)), now);
            }
            ThreadState::Requested if !thread.waited => {
                if let Some(thread) = &mut self.household.thread {
                    thread.waited = true;
                }
                self.write_thread_quietly();
                let reply = Reply::NobodyThere { shop: self.shop_name() };
                self.tell(to, reply);
            }
            ThreadState::Requested => self.finish_thread(None, now),
            ThreadState::Joined => {
                let reply = Reply::ChatTimedOut { name: thread.person.clone() };
                self.finish_thread(Some((to, reply)), now);
            }
            ThreadState::Ended => {}
        }
    }

    fn thread_deadline(&self) -> Option<(u64, &'static str)> {
        let thread = self.thread()?;
        Some(match thread.state {
            ThreadState::Requested if !thread.waited => (self.chat.since_ms + PERSON_WAIT_MS, "a person at the shop"),
            ThreadState::Requested => (self.chat.since_ms + REQUEST_LIFE_MS, "a person at the shop"),
            // What was not told yet is told before it counts as silence.
            ThreadState::Joined if !thread.untold.is_empty() => return None,
            ThreadState::Joined | ThreadState::Ended => (self.chat.last_ms + SILENCE_MS, "a silence"),
        })
    }

    /// The next moment at which something is due in the thread.
    pub(in super::super) fn chat_deadline(&self, now: Now) -> Option<(u64, &'static str)> {
        let asked = self.chat.pending.iter().filter(|pending| pending.reply.is_some());
        let disk = asked.map(|pending| (pending.until_ms, "the disk"));
        let untold = self.untold_ms(now).map(|at_ms| (at_ms, "a person's words"));
        disk.chain(self.thread_deadline()).chain(untold).min()
    }

    /// May what a person said be said aloud now?
    pub(in super::super) fn may_tell(&self, now: Now) -> bool {
        self.untold_ms(now).is_some_and(|at_ms| at_ms <= now.mono_ms)
    }

    /// From when on what is untold may be said aloud, monotonic milliseconds; `None`: nothing is.
    fn untold_ms(&self, now: Now) -> Option<u64> {
        let thread = self.household.thread.as_ref()?;
        let first = thread.untold.first()?;
        // First that the household's own words are on disk, or not.
        if self.chat.pending.iter().any(|pending| pending.reply.is_some()) {
            return None;
        }
        let from_ms = match thread.channel {
            Channel::Voice => 0,
            // Whoever typed may still be there to fetch it.
            Channel::Text(_) | Channel::Open(_) => first.came_ms.map_or(0, |came_ms| came_ms + UNREAD_MS),
        };
        let in_talk = self.chat.household_ms.is_some_and(|at_ms| now.mono_ms < at_ms + IN_TALK_MS);
        Some(if in_talk { from_ms } else { from_ms.max(self.policy.quiet_ends_ms(now)) })
    }

    fn is_shop_away(&self) -> bool {
        self.link_up == Some(false) || self.shop_online == Some(false)
    }
}
