//! An ordinary proposal that no guard objects to, and the table of cases that bend it. Tests only.

use super::{Proposal, Rung, Verdict};
use crate::decide::event::{Acoustics, Channel, Entropy, Heard, Hypothesis};
use crate::decide::guard::Reason;
use crate::decide::household::{Household, Regular};
use crate::decide::order::{Confirmation, Delivery, Order, OrderId, OrderState, Quote, QuoteLine, Wanted};
use crate::decide::policy::Policy;
use crate::decide::sibling::SharedOrder;
use crate::decide::{Now, Wall};
use crate::understand::Lang;
use crate::understand::catalog::Catalog;
use crate::understand::intent::{Because, Intent, Line, Parse};
use std::collections::BTreeMap;

/// Wednesday 2026-11-18, 18:00 UTC.
pub const WEDNESDAY_18: i64 = 1_795_024_800_000;
pub const HOUR: i64 = 3_600_000;

/// Everything that a proposal borrows.
pub struct Scene {
    pub lines: Vec<Wanted>,
    pub heard: Heard,
    pub parse: Parse,
    pub confidence: f32,
    pub rivals: Vec<Parse>,
    pub quote: Option<Quote>,
    pub quote_age_ms: u64,
    pub heard_by: Option<String>,
    pub household: Household,
    pub policy: Policy,
    pub catalog: Catalog,
    pub now: Now,
}

/// The cause, what is bent, the rung that is expected, and the reason.
pub type Case = (&'static str, fn(&mut Scene), Rung, Option<Reason>);

/// Bends the ordinary scene for each case and compares the guard's verdict.
pub fn check_table(check: fn(&Proposal) -> Verdict, cases: &[Case]) {
    let ordinary = check(&Scene::new().proposal());
    assert_eq!((ordinary.rung, &ordinary.reason), (Rung::Phrase, &None), "{}: the ordinary scene", ordinary.guard);
    for (cause, bend, rung, reason) in cases {
        let mut scene = Scene::new();
        bend(&mut scene);
        let verdict = check(&scene.proposal());
        assert_eq!((verdict.rung, &verdict.reason), (*rung, reason), "{}: {cause} ({})", verdict.guard, verdict.inputs);
        assert!(!verdict.inputs.is_empty(), "{}: {cause}: the log needs the inputs", verdict.guard);
        assert!(super::ladder(&scene.proposal()).contains(&verdict), "{} is not on the ladder", verdict.guard);
    }
}

impl Scene {
    /// "order coffee", one pack, bought before, quoted at the catalogue's price.
    pub fn new() -> Scene {
        let text = "order coffee";
        let wanted = Wanted { sku: "coffee".into(), qty: 1, options: BTreeMap::new() };
        let regular =
            Regular { times: 4, usual_qty: 2, last_unit_amount: 700, last_unix_ms: WEDNESDAY_18 - 480 * HOUR };
        Scene {
            lines: vec![wanted],
            heard: Heard {
                turn: None,
                channel: Channel::Voice,
                lang: Lang::En,
                nbest: vec![Hypothesis { text: text.into(), confidence: 0.9 }],
                acoustics: Acoustics { gap_ms: Some(250), speech_ms: 900, snr_db: Some(20.0), ..Acoustics::default() },
                entropy: Entropy::default(),
            },
            parse: Parse {
                intent: Intent::Reorder,
                lines: vec![line("coffee", 1)],
                score: 1.0,
                ..Parse::nothing(vec![])
            },
            confidence: 0.9,
            rivals: vec![],
            quote: Some(quote(&[("coffee", 1, 700)])),
            quote_age_ms: 3_000,
            heard_by: None,
            household: Household { regulars: BTreeMap::from([("coffee".into(), regular)]), ..Household::default() },
            // Else every scene by voice would be challenged: the broadcast guard's table switches it on.
            policy: Policy { random_words: false, ..Policy::default() },
            catalog: Catalog::from_json(CATALOG).expect("the test catalogue is right"),
            now: Now { mono_ms: 100_000, wall: Some(Wall { unix_ms: WEDNESDAY_18, offset_min: 0 }) },
        }
    }

    pub fn proposal(&self) -> Proposal<'_> {
        Proposal {
            lines: &self.lines,
            heard: &self.heard,
            words: self.heard.nbest.first().map_or("", |best| &best.text),
            parse: &self.parse,
            confidence: self.confidence,
            rivals: &self.rivals,
            quote: self.quote.as_ref(),
            quote_age_ms: self.quote_age_ms,
            heard_by: self.heard_by.as_deref(),
            household: &self.household,
            policy: &self.policy,
            catalog: &self.catalog,
            now: self.now,
        }
    }

    /// Another product instead of the coffee, with its quote.
    pub fn wants(&mut self, sku: &str, qty: u32, unit_amount: i64) {
        self.lines = vec![Wanted { sku: sku.into(), qty, options: BTreeMap::new() }];
        self.parse.lines = vec![line(sku, qty)];
        self.quote = Some(quote(&[(sku, qty, unit_amount)]));
    }

    /// An order of the past.
    pub fn ordered(&mut self, id: &str, sku: &str, state: OrderState, ago_ms: i64, total: i64) {
        let at_unix_ms = WEDNESDAY_18 - ago_ms;
        let order = Order {
            id: OrderId(id.into()),
            quote: quote(&[(sku, 1, total)]),
            nonce: String::new(),
            state,
            lang: Lang::En,
            confirmed: Confirmation { rung: Rung::Phrase, spoken: vec![], at_unix_ms },
            hold_until_unix_ms: at_unix_ms,
            expires_unix_ms: at_unix_ms + 24 * HOUR,
            shop_order_no: None,
            cancel_until_unix_ms: None,
            code: None,
            delivered_unix_ms: None,
            withdrawal: None,
            to_tell: None,
        };
        self.household.orders.insert(order.id.clone(), order);
    }

    /// An order of the past at another speaker.
    pub fn ordered_there(&mut self, speaker: &str, id: &str, sku: &str, state: OrderState, ago_ms: i64, total: i64) {
        self.ordered(id, sku, state, ago_ms, total);
        let order = self.household.orders.remove(&OrderId(id.into())).expect("it was just put there");
        let sibling = self.household.siblings.entry(speaker.into()).or_default();
        sibling.rev += 1;
        sibling.orders.push(SharedOrder::of(&order));
    }

    pub fn quote(&mut self) -> &mut Quote {
        self.quote.as_mut().expect("the scene has a quote")
    }
}

pub fn line(sku: &str, qty: u32) -> Line {
    Line {
        sku: sku.into(),
        qty,
        qty_spoken: false,
        options: BTreeMap::new(),
        score: 0.95,
        words: sku.into(),
        rivals: vec![],
        because: Because::Named,
    }
}

pub fn quote(lines: &[(&str, u32, i64)]) -> Quote {
    let lines: Vec<QuoteLine> = lines
        .iter()
        .map(|(sku, qty, unit_amount)| QuoteLine {
            sku: (*sku).into(),
            title: format!("Fine {sku}"),
            qty: *qty,
            unit_amount: *unit_amount,
            total: unit_amount * i64::from(*qty),
            options: BTreeMap::new(),
        })
        .collect();
    Quote {
        quote_id: "q".into(),
        request_id: "r".into(),
        hash: "h".into(),
        shop: "corner".into(),
        seller: "Corner shop".into(),
        currency: "EUR".into(),
        total: lines.iter().map(|line| line.total).sum(),
        lines,
        delivery: Delivery {
            earliest_unix_ms: WEDNESDAY_18 + 24 * HOUR,
            latest_unix_ms: WEDNESDAY_18 + 48 * HOUR,
            amount: 0,
        },
        valid_s: 900,
        withdrawal_days: 14,
        recurring: false,
        because: None,
        surge: None,
        payment: None,
        coupon: None,
    }
}

const CATALOG: &str = r#"{"shop": "corner", "version": 1, "part": 1, "parts": 1, "currency": "EUR", "products": [
    {"sku": "coffee", "title": {"en": "Ground coffee"}, "says": {"en": ["coffee"]}, "pack": {"count": 500, "unit": "gram"},
     "unit_amount": 700, "max_qty": 60, "category": "drinks"},
    {"sku": "dollhouse", "title": {"en": "Wooden dollhouse"}, "says": {"en": ["dollhouse"]}, "pack": {"count": 1, "unit": "piece"},
     "unit_amount": 8900, "max_qty": 2, "category": "toys"},
    {"sku": "wine", "title": {"en": "Red wine"}, "says": {"en": ["wine"]}, "pack": {"count": 75, "unit": "cl"},
     "unit_amount": 800, "max_qty": 6, "category": "drinks", "flags": ["restricted:alcohol"]},
    {"sku": "latte", "title": {"en": "Latte"}, "says": {"en": ["latte"]}, "pack": {"count": 1, "unit": "cup"},
     "unit_amount": 300, "max_qty": 6, "category": "drinks", "options": [{"name": "size", "required": true,
     "values": [{"value": "small", "says": {"en": ["small"]}}]}]}
]}"#;
