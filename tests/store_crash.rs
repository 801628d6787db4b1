//! The store's promise: what was acknowledged is there after a kill at any moment, nothing is half
//! written, and an order's bytes never change. Also what a full disk does.
//!
//! The test runs its own binary again as a child that writes as fast as it can and says on its
//! standard output what was acknowledged; the parent kills it with SIGKILL.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/process.rs"]
mod process;

use process::Running;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tendero::decide::effect::Write;
use tendero::decide::guard::Rung;
use tendero::decide::order::{Confirmation, Delivery, Order, OrderId, OrderState, Quote, QuoteLine};
use tendero::deliver::envelope::random_hex128;
use tendero::deliver::store::{Store, StoreError};
use tendero::understand::Lang;

const KILLS: u32 = 60;
/// The child's marker; without it `child_writes` is an empty test.
const CHILD_DIR: &str = "TENDERO_STORE_CRASH_DIR";
/// The child kills itself inside the so-manieth sealing: in the middle of a transaction.
const DIE_IN_SEAL: &str = "TENDERO_STORE_CRASH_IN_SEAL";
const STEPS: [OrderState; 4] = [OrderState::Held, OrderState::Sending, OrderState::Accepted, OrderState::Delivered];

fn order(id: &str, state: OrderState) -> Order {
    Order {
        id: OrderId(id.into()),
        quote: Quote {
            quote_id: "q".into(),
            request_id: "r".into(),
            hash: format!("hash of {id}"),
            shop: "corner".into(),
            seller: "Corner".into(),
            currency: "EUR".into(),
            lines: vec![QuoteLine {
                sku: "heads".into(),
                title: "Heads".into(),
                qty: 1,
                unit_amount: 1_299,
                total: 1_299,
                options: Default::default(),
            }],
            total: 1_299,
            delivery: Delivery { earliest_unix_ms: 0, latest_unix_ms: 0, amount: 0 },
            valid_s: 900,
            withdrawal_days: 14,
            recurring: false,
            because: None,
            surge: None,
            payment: None,
            coupon: None,
        },
        nonce: id.into(),
        state,
        lang: Lang::En,
        confirmed: Confirmation { rung: Rung::Phrase, spoken: vec!["order it".into()], at_unix_ms: 0 },
        hold_until_unix_ms: 0,
        expires_unix_ms: 1,
        shop_order_no: None,
        cancel_until_unix_ms: None,
        code: None,
        delivered_unix_ms: None,
        withdrawal: None,
        to_tell: None,
    }
}

fn writes(id: &str, state: OrderState) -> Vec<Write> {
    let audit = Write::Audit {
        at_unix_ms: None,
        order: Some(OrderId(id.into())),
        heard: state.name().into(),
        verdicts: vec![],
    };
    vec![Write::Order(order(id, state)), audit, Write::ListItem { sku: id.into(), qty: 1, why: state.name().into() }]
}

/// Bytes that are different at each sealing: a second one would show. Large enough to span pages.
fn seal(order: &Order, seq: u64) -> anyhow::Result<Vec<u8>> {
    Ok(format!("{}/{seq}/{}", order.id, random_hex128().repeat(200)).into_bytes())
}

/// Not a test: the child. It takes each order through its states and prints each acknowledgement.
#[test]
fn child_writes() {
    let Ok(dir) = std::env::var(CHILD_DIR) else { return };
    let die_at: u32 = std::env::var(DIE_IN_SEAL).ok().and_then(|n| n.parse().ok()).unwrap_or(u32::MAX);
    let mut store = Store::open(&Path::new(&dir).join("store.db")).unwrap();
    let mut sealed = 0;
    let mut out = std::io::stdout();
    loop {
        let id = random_hex128();
        for state in STEPS {
            let mut seal = |order: &Order, seq: u64| {
                sealed += 1;
                if sealed == die_at {
                    // The order's own row may be half-way, its bytes are not: now the power goes.
                    let _ = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
                    std::thread::sleep(Duration::from_secs(10));
                }
                seal(order, seq)
            };
            store.commit(&writes(&id, state), &mut seal).unwrap();
            writeln!(out, "ack {id} {}", state.name()).unwrap();
            out.flush().unwrap();
        }
    }
}

fn spawn_child(dir: &Path, die_in_seal: Option<u32>) -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["child_writes", "--exact", "--nocapture"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(n) = die_in_seal {
        command.env(DIE_IN_SEAL, n.to_string());
    }
    Running(command.spawn().unwrap())
}

/// Reads acknowledgements until the child is dead; kills it `after` so many and a moment.
fn run_and_kill(dir: &Path, after: usize, moment: Duration, die_in_seal: Option<u32>) -> Vec<(String, OrderState)> {
    let mut child = spawn_child(dir, die_in_seal);
    let lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut acks = vec![];
    for line in lines.map_while(Result::ok) {
        // The test harness puts words of its own before the first line.
        let Some(at) = line.find("ack ") else { continue };
        let mut words = line[at..].split(' ').skip(1);
        let (Some(id), Some(state)) = (words.next(), words.next()) else { continue };
        let Some(state) = STEPS.into_iter().find(|step| step.name() == state) else { continue };
        acks.push((id.to_owned(), state));
        if die_in_seal.is_none() && acks.len() == after {
            std::thread::sleep(moment);
            child.0.kill().unwrap();
        }
    }
    acks
}

/// What must hold of a store, given what was acknowledged and which bytes were seen before.
fn check(path: &Path, acked: &BTreeMap<String, OrderState>, bytes: &mut BTreeMap<String, Vec<u8>>) {
    let store = Store::open(path).unwrap();
    let orders = store.orders().unwrap();
    let found: BTreeMap<&str, OrderState> = orders.iter().map(|o| (o.id.0.as_str(), o.state)).collect();
    for (id, state) in acked {
        let found = found.get(id.as_str()).unwrap_or_else(|| panic!("acknowledged order {id} is lost"));
        assert!(found >= state, "order {id} was acknowledged as {state:?} and is {found:?}");
    }
    let list = store.shopping_list().unwrap();
    for order in &orders {
        let id = &order.id.0;
        let now = store.outbox_bytes(&order.id).unwrap().unwrap_or_else(|| panic!("order {id} has no bytes"));
        assert!(now.starts_with(format!("{id}/").as_bytes()));
        assert_eq!(bytes.entry(id.clone()).or_insert_with(|| now.clone()), &now, "the bytes of {id} changed");
        // Each commit wrote an order, an audit entry and a list item: all or none of them.
        let steps: Vec<&str> = STEPS.iter().take_while(|step| **step <= order.state).map(|step| step.name()).collect();
        let audit: Vec<String> = store.audit(Some(&order.id)).unwrap().into_iter().map(|e| e.heard).collect();
        assert_eq!(audit, steps, "order {id} and its audit do not agree");
        let listed: Vec<&str> = list.iter().filter(|e| e.sku == *id).map(|e| e.why.as_str()).collect();
        assert_eq!(listed, steps, "order {id} and the list do not agree");
    }
    drop(store);
    let db = rusqlite::Connection::open(path).unwrap();
    let verdict: String = db.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_half_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let (mut acked, mut bytes) = (BTreeMap::new(), BTreeMap::new());
    let mut total = 0;
    for round in 0..KILLS {
        // From no acknowledgement at all to a dozen, and some microseconds into the next commit.
        let mut random = [0u8; 3];
        getrandom::fill(&mut random).unwrap();
        let after = 1 + usize::from(random[0]) % 12;
        let moment = Duration::from_micros(u64::from(u16::from_le_bytes([random[1], random[2]])) % 4_000);
        // Every third child dies inside a transaction, after its order's number was taken.
        let die_in_seal = (round % 3 == 0).then_some(1 + round % 5);
        for (id, state) in run_and_kill(dir.path(), after, moment, die_in_seal) {
            total += 1;
            acked.insert(id, state);
        }
        check(&path, &acked, &mut bytes);
    }
    assert!(total > u64::from(KILLS), "only {total} writes were acknowledged: the test tested nothing");
    println!("{KILLS} kills, {total} acknowledged writes, {} orders: nothing lost", bytes.len());
}

#[test]
fn a_full_disk_is_one_clear_line_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = Store::open(&path).unwrap();
    store.commit(&writes("before", OrderState::Held), &mut seal).unwrap();
    store.limit_pages(40).unwrap();
    full_disk(store, &path);
}

/// On a real file system of one megabyte, where this user may mount one.
#[test]
fn a_really_full_disk_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(dir.path())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        println!("left out: this user may not mount a small file system");
        return;
    }
    struct Mount<'a>(&'a Path);
    impl Drop for Mount<'_> {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg("-l").arg(self.0).status();
        }
    }
    let _mount = Mount(dir.path());
    let path = dir.path().join("store.db");
    let mut store = Store::open(&path).unwrap();
    store.commit(&writes("before", OrderState::Held), &mut seal).unwrap();
    full_disk(store, &path);
}

/// Writes until it is full, and then some.
fn full_disk(mut store: Store, path: &Path) {
    let mut acked = BTreeMap::from([("before".to_owned(), OrderState::Held)]);
    let mut refused = 0;
    for n in 0..300 {
        let id = format!("order-{n}");
        match store.commit(&writes(&id, OrderState::Held), &mut seal) {
            Ok(()) => {
                acked.insert(id, OrderState::Held);
            }
            Err(error) => {
                assert!(matches!(error, StoreError::Full { .. }), "{error}");
                let line = error.to_string();
                assert!(line.contains("disk is full") && line.contains("store.db") && !line.contains('\n'), "{line}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0 && acked.len() > 1, "{refused} refused, {} written", acked.len());
    // It can still be read, and what was refused left no trace.
    assert_eq!(store.orders().unwrap().len(), acked.len());
    drop(store);
    let db = rusqlite::Connection::open(path).unwrap();
    let verdict: String = db.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    drop(db);
    assert_eq!(Store::open(path).unwrap().orders().unwrap().len(), acked.len());
}
