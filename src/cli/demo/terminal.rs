//! The scene as it happens, for a person at a terminal; and the closing table.

use super::scenes::Outcome;
use crate::daemon::trace::Trace;
use crate::decide::Now;
use crate::decide::effect::{Effect, Write};
use crate::decide::event::{Event, Heard};
use crate::decide::guard::{Rung, Verdict, highest};
use crate::decide::order::OrderState;
use crate::understand::Understanding;
use crate::understand::grammar::Expect;
use anstream::println;
use anstyle::{AnsiColor, Style};
use comfy_table::{Table, presets};
use std::path::Path;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const VOICE: Style = AnsiColor::Cyan.on_default();

/// Prints traces as lines: time, who, what, and in grey how long it took.
pub struct Terminal {
    understanding: Understanding,
    now: Option<Now>,
    expect: Expect,
}

impl Terminal {
    pub fn new(understanding: Understanding) -> Terminal {
        Terminal { understanding, now: None, expect: Expect::Command }
    }

    /// The catalogue and the languages of the demo.
    pub fn understanding(&self) -> &Understanding {
        &self.understanding
    }

    /// The time of what is shown next, where no trace tells it.
    pub fn set_time(&mut self, now: Now) {
        self.now = Some(now);
    }

    pub fn title(&self, title: &str) {
        println!("\n{BOLD}{title}{BOLD:#}");
    }

    pub fn note(&self, who: &str, what: &str) {
        self.line(who, what, "");
    }

    /// What a person in the room says.
    pub fn room(&self, who: &str, words: &str) {
        println!("  {}  {BOLD}{who:<11}{BOLD:#} \"{words}\"", self.time());
    }

    pub fn show(&mut self, trace: &Trace) {
        match trace {
            Trace::Event { at, event, took_us } => {
                self.now = Some(*at);
                self.event(event, *took_us);
            }
            Trace::Effect { at, effect } => {
                self.now = Some(*at);
                self.effect(effect);
            }
            Trace::Sentence { text, .. } => {
                println!("  {}  {VOICE}{:<11}{VOICE:#} \"{text}\"", self.time(), "tendero");
            }
            Trace::Ears { ms } => self.line(
                "ears",
                "",
                &format!("wake {} ms, endpoint {} ms, words {} ms after the end", ms.wake, ms.endpoint, ms.decode),
            ),
            Trace::Spoken { spoken } => {
                if let Some(error) = &spoken.error {
                    println!("  {}  {BAD}voice{BAD:#}       {error}", self.time());
                }
                self.line(
                    "voice",
                    "",
                    &format!(
                        "synthesis {} ms for {:.1} s of speech",
                        spoken.synthesis_ms,
                        f64::from(spoken.speech_ms) / 1000.0
                    ),
                );
            }
            Trace::Stored { ms } => self.line("store", "on disk", &format!("{ms} ms")),
            Trace::SourceEnded => {}
        }
    }

    fn event(&mut self, event: &Event, took_us: u64) {
        match event {
            Event::Woke { score } => self.line("wake word", &format!("score {score:.2}"), ""),
            Event::Heard(heard) => self.heard(heard, took_us),
            Event::HeardAgain { nbest, .. } => {
                self.line("second ear", nbest.first().map_or("", |best| best.text.as_str()), "")
            }
            Event::Silence { .. } => self.line("heard", "nothing", ""),
            Event::Quoted(quote) => {
                let lines: Vec<_> = quote.lines.iter().map(|l| format!("{} × {}", l.qty, l.title)).collect();
                self.line("shop", &format!("quotes {}: {}", lines.join(", "), quote.total()), "signature checked");
            }
            Event::NotQuoted { code, .. } => self.line("shop", &format!("no quote: {code}"), ""),
            Event::Receipt(receipt) => {
                let number = receipt.shop_order_no.as_deref().unwrap_or("-");
                self.line(
                    "shop",
                    &format!("receipt: {:?}, the shop's number {number}", receipt.status),
                    "signature checked",
                );
            }
            Event::Link { up } => self.line("broker", if *up { "connected" } else { "connection lost" }, ""),
            Event::StoreFailed { why, .. } | Event::Distrusted { why, .. } => self.line("trouble", why, ""),
            Event::Shop { .. }
            | Event::Played { .. }
            | Event::Unheard { .. }
            | Event::Stored { .. }
            | Event::Status(_)
            | Event::Button(_)
            | Event::PinGiven { .. }
            | Event::Muted { .. }
            | Event::CatalogChanged { .. }
            | Event::CancelOrder { .. }
            | Event::WithdrawOrder { .. }
            | Event::SharedOrders { .. }
            | Event::CancelAskedBy { .. }
            | Event::HeardThere(_)
            | Event::Found { .. }
            | Event::History { .. }
            | Event::Chat { .. }
            | Event::ReadChat { .. }
            | Event::News { .. }
            | Event::NewsWish { .. }
            | Event::Deadline => {}
        }
    }

    fn heard(&self, heard: &Heard, took_us: u64) {
        let Some(best) = heard.nbest.first() else { return };
        let others = heard.nbest.len() - 1;
        self.line(
            "heard",
            &format!("\"{}\"", best.text),
            &format!("confidence {:.2}, {others} other hypotheses", best.confidence),
        );
        let parse = self.understanding.parse(&best.text, heard.lang, &self.expect, &|_| true);
        let lines: Vec<_> = parse.lines.iter().map(|line| format!("{} × {}", line.qty, line.sku)).collect();
        let not = parse.not_an_order.map(|why| format!(", not an order: {why:?}")).unwrap_or_default();
        let meaning =
            format!("{:?}{}{}{not}", parse.intent, if lines.is_empty() { "" } else { ": " }, lines.join(", "));
        self.line(
            "understood",
            &meaning.to_lowercase(),
            &format!("with all decisions {:.1} ms", took_us as f64 / 1000.0),
        );
    }

    fn effect(&mut self, effect: &Effect) {
        match effect {
            Effect::Listen { expect, .. } => self.expect = expect.clone(),
            Effect::Rest => self.expect = Expect::Command,
            Effect::Store { writes, .. } => writes.iter().for_each(|write| self.write(write)),
            Effect::Send { order } => self.line("outbox", &format!("sends order {}", short(&order.0)), ""),
            Effect::AskCancel { order, .. } => {
                self.line("outbox", &format!("asks the shop to cancel {}", short(&order.0)), "")
            }
            Effect::AskWithdraw { order } => self.line(
                "outbox",
                &format!("tells the shop that the household withdraws from {}", short(&order.0)),
                "",
            ),
            Effect::AskApprove { order } => {
                self.line("outbox", &format!("tells the shop that an adult approved {}", short(&order.0)), "")
            }
            Effect::Say { .. }
            | Effect::HearAgain { .. }
            | Effect::AskQuote { .. }
            | Effect::AskFind { .. }
            | Effect::AskHistory { .. }
            | Effect::AskStatus { .. }
            | Effect::AskSibling { .. }
            | Effect::Chat { .. }
            | Effect::TellConsent
            | Effect::TellHeard { .. } => {}
        }
    }

    fn write(&self, write: &Write) {
        match write {
            Write::Order(order) => {
                let state = order.state.name().replace('_', " ");
                let style = if order.state == OrderState::Accepted { GOOD } else { Style::new() };
                self.line("order", &format!("{} is {style}{state}{style:#}", short(&order.id.0)), "");
            }
            Write::Audit { verdicts, .. } => self.verdicts(verdicts),
            Write::Step(_)
            | Write::Offered { .. }
            | Write::Shared { .. }
            | Write::Told { .. }
            | Write::Chat { .. }
            | Write::Consent(_)
            | Write::NoticesTold { .. }
            | Write::NoticesGone { .. } => {}
            Write::WrongPins { count } => self.line("pin", &format!("{count} wrong in a row"), ""),
            Write::ListItem { sku, qty, .. } => self.line("list", &format!("{qty} × {sku}"), ""),
        }
    }

    fn verdicts(&self, verdicts: &[Verdict]) {
        let objecting: Vec<_> = verdicts.iter().filter(|verdict| verdict.reason.is_some()).collect();
        let rung = highest(verdicts);
        let fine = verdicts.len() - objecting.len();
        self.line(
            "guards",
            &format!("{} asked, {fine} without objection; what it takes: {}", verdicts.len(), rung_words(rung)),
            "",
        );
        for verdict in objecting {
            let what = format!("{BAD}{}{BAD:#} says {}: {}", verdict.guard, rung_words(verdict.rung), why(verdict));
            self.line("", &what, &verdict.inputs);
        }
    }

    fn line(&self, who: &str, what: &str, small: &str) {
        let gap = if what.is_empty() || small.is_empty() { "" } else { "  " };
        println!("  {}  {DIM}{who:<11}{DIM:#} {what}{gap}{DIM}{small}{DIM:#}", self.time());
    }

    fn time(&self) -> String {
        let Some(wall) = self.now.and_then(|now| now.wall) else { return "--:--:--".into() };
        let minute = wall.minute_of_day();
        format!("{:02}:{:02}:{:02}", minute / 60, minute % 60, wall.unix_ms.div_euclid(1000).rem_euclid(60))
    }
}

fn why(verdict: &Verdict) -> String {
    let Some(reason) = &verdict.reason else { return String::new() };
    serde_json::to_value(reason)
        .ok()
        .and_then(|value| value["reason"].as_str().map(|code| code.replace('_', " ")))
        .unwrap_or_default()
}

fn rung_words(rung: Rung) -> &'static str {
    match rung {
        Rung::Phrase => "the phrase",
        Rung::Challenge => "the phrase and two random words",
        Rung::Adult => "an adult's hand",
        Rung::List => "nothing is bought, it goes on the list",
        Rung::Refuse => "refuse",
    }
}

fn short(id: &str) -> &str {
    &id[..id.len().min(8)]
}

/// What was said against what the shop booked. True if every scene ended as it should.
pub fn closing_table(outcomes: &[Outcome], wav: &Path) -> bool {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["", "what was said", "what the shop booked", ""]);
    for outcome in outcomes {
        let verdict = match &outcome.ended {
            Ok(()) => "as it should".to_owned(),
            Err(why) => format!("WRONG: {why}"),
        };
        table.add_row([outcome.scene.to_owned(), outcome.said.to_owned(), outcome.booked.clone(), verdict]);
    }
    println!("\n{}", table.trim_fmt());
    let wrong = outcomes.iter().filter(|outcome| outcome.ended.is_err()).count();
    println!("The whole conversation is in {}.", wav.display());
    match wrong {
        0 => println!("{GOOD}All {} scenes ended as they should.{GOOD:#}", outcomes.len()),
        _ => println!("{BAD}{wrong} of {} scenes ended otherwise than they should.{BAD:#}", outcomes.len()),
    }
    wrong == 0
}
