use super::*;
use crate::decide::guard::Rung;
use crate::decide::order::{Confirmation, Delivery, Quote, QuoteLine, ToTell, Withdrawal};
use crate::understand::Lang;

const NOW: i64 = 1_790_000_000_000;

fn order(id: &str, state: OrderState) -> Order {
    Order {
        id: OrderId(id.into()),
        quote: Quote {
            quote_id: "q".into(),
            request_id: "r".into(),
            hash: "h".into(),
            shop: "corner".into(),
            seller: "Corner".into(),
            currency: "EUR".into(),
            lines: vec![QuoteLine {
                sku: "heads".into(),
                title: "Heads".into(),
                qty: 2,
                unit_amount: 1_299,
                total: 2_598,
                options: Default::default(),
            }],
            total: 2_598,
            delivery: Delivery { earliest_unix_ms: NOW, latest_unix_ms: NOW, amount: 0 },
            valid_s: 900,
            withdrawal_days: 14,
            recurring: false,
            because: None,
            surge: None,
            payment: None,
            coupon: None,
        },
        nonce: "n".into(),
        state,
        lang: Lang::En,
        confirmed: Confirmation { rung: Rung::Phrase, spoken: vec!["order it".into()], at_unix_ms: NOW },
        hold_until_unix_ms: NOW + 1,
        expires_unix_ms: NOW + 2,
        shop_order_no: None,
        cancel_until_unix_ms: None,
        code: None,
        delivered_unix_ms: None,
        withdrawal: None,
        to_tell: None,
    }
}

/// Seals to other bytes at each call, so that a second sealing would show.
fn sealer() -> impl FnMut(&Order, u64) -> anyhow::Result<Vec<u8>> {
    let mut calls = 0;
    move |order, seq| {
        calls += 1;
        Ok(format!("{}/{seq}/{calls}", order.id).into_bytes())
    }
}

#[test]
fn the_bytes_are_made_once_and_the_state_moves_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/store.db");
    let mut store = Store::open(&path).unwrap();
    let mut seal = sealer();
    store.commit(&[Write::Order(order("a", OrderState::Held))], &mut seal).unwrap();
    assert!(store.due().unwrap().is_empty(), "a held order is not sent");
    let first = store.outbox_bytes(&OrderId("a".into())).unwrap().unwrap();
    for state in [OrderState::Sending, OrderState::Cancelling, OrderState::Unknown, OrderState::Sending] {
        store.commit(&[Write::Order(order("a", state))], &mut seal).unwrap();
        assert_eq!(store.due().unwrap()[0].bytes, first);
    }
    store.commit(&[Write::Order(order("b", OrderState::Sending))], &mut seal).unwrap();
    let due = store.due().unwrap();
    assert_eq!(due.iter().map(|d| d.order.0.as_str()).collect::<Vec<_>>(), ["a", "b"], "in the order of their numbers");
    assert_eq!(due[1].bytes, b"b/2/2");
    drop(store);
    assert_eq!(Store::open(&path).unwrap().due().unwrap(), due, "over a restart too");
}

#[test]
fn a_withdrawal_is_an_errand_until_the_shop_has_answered_even_without_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = Store::open(&path).unwrap();
    let mut seal = sealer();
    store.commit(&[Write::Order(order("a", OrderState::Delivered))], &mut seal).unwrap();
    // The words are no longer kept, and the bytes with them.
    store.forget_words(NOW + 5).unwrap();
    for asked_unix_ms in [Some(NOW + 9), None] {
        let withdrawal = Some(Withdrawal { from: OrderState::Delivered, asked_unix_ms, received_unix_ms: None });
        let order = Order { withdrawal, ..order("a", OrderState::Withdrawing) };
        store.commit(&[Write::Order(order)], &mut seal).unwrap();
        drop(store);
        store = Store::open(&path).unwrap();
        let due = store.due().unwrap();
        assert_eq!(due.iter().map(|due| due.errand).collect::<Vec<_>>(), [Errand::Withdraw { asked_unix_ms }]);
    }
    let withdrawal = Some(Withdrawal {
        from: OrderState::Delivered,
        asked_unix_ms: Some(NOW + 9),
        received_unix_ms: Some(NOW + 11),
    });
    let order = Order { withdrawal, ..order("a", OrderState::Withdrawn) };
    store.commit(&[Write::Order(order.clone())], &mut seal).unwrap();
    drop(store);
    store = Store::open(&path).unwrap();
    assert!(store.due().unwrap().is_empty());
    assert_eq!(store.open_at_shop().unwrap(), [OrderId("a".into())], "a refund may come");
    assert_eq!(store.order(&order.id).unwrap(), Some(order), "with the acknowledgement");
}

#[test]
fn what_came_late_is_known_as_long_as_it_can_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("store.db")).unwrap();
    let slow = Order { delivered_unix_ms: Some(NOW + RECENT_MS / 2), ..order("a", OrderState::Delivered) };
    store.commit(&[Write::Order(slow)], &mut sealer()).unwrap();
    assert_eq!(store.household(Some(NOW + RECENT_MS + 1)).unwrap().orders.len(), 1);
    assert_eq!(store.household(Some(NOW + 2 * RECENT_MS)).unwrap().orders.len(), 0);
}

#[test]
fn an_order_never_changes_what_it_orders() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("store.db")).unwrap();
    store.commit(&[Write::Order(order("a", OrderState::Held))], &mut sealer()).unwrap();
    let mut other = order("a", OrderState::Sending);
    other.quote.hash = "other".into();
    let writes = [Write::ListItem { sku: "milk".into(), qty: 1, why: "w".into() }, Write::Order(other)];
    assert!(matches!(store.commit(&writes, &mut sealer()), Err(StoreError::OtherContent { .. })));
    assert!(store.shopping_list().unwrap().is_empty(), "nothing of a refused commit stays");
    let refused = store.commit(&[Write::Order(order("b", OrderState::Held))], &mut |_, _| anyhow::bail!("no key"));
    assert!(matches!(refused, Err(StoreError::Seal { .. })));
    assert_eq!(store.orders().unwrap().len(), 1);
}

#[test]
fn a_file_that_is_not_ours_or_too_new_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("page.db");
    std::fs::write(&page, "<!DOCTYPE html>".repeat(100)).unwrap();
    assert!(matches!(Store::open(&page), Err(StoreError::NotADatabase { .. })));

    let foreign = dir.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(Store::open(&foreign), Err(StoreError::NotADatabase { .. })));

    let newer = dir.path().join("newer.db");
    drop(Store::open(&newer).unwrap());
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Store::open(&newer), Err(StoreError::Newer { found: 99, .. })));

    assert!(matches!(Store::open(Path::new("/proc/nowhere/store.db")), Err(StoreError::Access { .. })));
}

#[test]
fn old_deliveries_become_regulars_and_open_orders_stay() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("store.db")).unwrap();
    let imported = Regular { times: 3, usual_qty: 1, last_unit_amount: 99, last_unix_ms: NOW - 1 };
    store.import_regulars(&BTreeMap::from([("milk".to_string(), imported.clone())])).unwrap();
    let writes = [("a", OrderState::Delivered), ("b", OrderState::Rejected), ("c", OrderState::Accepted)];
    let writes: Vec<Write> = writes.into_iter().map(|(id, state)| Write::Order(order(id, state))).collect();
    store.commit(&writes, &mut sealer()).unwrap();

    let soon = store.household(Some(NOW + 1000)).unwrap();
    assert_eq!((soon.orders.len(), soon.regulars.len()), (3, 1));
    let later = store.household(Some(NOW + RECENT_MS + 1)).unwrap();
    assert_eq!(later.orders.keys().map(|id| id.0.as_str()).collect::<Vec<_>>(), ["c"]);
    assert_eq!(later.regulars["milk"], imported);
    assert_eq!(later.regulars["heads"], Regular { times: 1, usual_qty: 2, last_unit_amount: 1_299, last_unix_ms: NOW });
    assert_eq!(store.household(None).unwrap().orders.len(), 3);
}

#[test]
fn the_audit_log_answers_why() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(&dir.path().join("store.db")).unwrap();
    let verdict = Verdict { guard: "budget".into(), rung: Rung::Adult, reason: None, inputs: "total=1".into() };
    let entry = |order: Option<&str>| Write::Audit {
        at_unix_ms: Some(7),
        order: order.map(|id| OrderId(id.into())),
        heard: "buy it".into(),
        verdicts: vec![verdict.clone()],
    };
    store.commit(&[entry(None), entry(Some("a"))], &mut sealer()).unwrap();
    assert_eq!(store.audit(None).unwrap().len(), 2);
    let of_a = &store.audit(Some(&OrderId("a".into()))).unwrap()[0];
    assert_eq!((of_a.at_unix_ms, &of_a.verdicts[..]), (Some(7), &[verdict][..]));
}

#[test]
fn old_words_go_and_what_was_ordered_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = Store::open(&path).unwrap();
    let reason = Some(crate::decide::reply::Reason::ReportedSpeech { words: "alexa ordered a dollhouse".into() });
    let verdict = Verdict { guard: "broadcast".into(), rung: Rung::Refuse, reason, inputs: "told".into() };
    let said = |at_unix_ms: i64, heard: &str| Write::Audit {
        at_unix_ms: Some(at_unix_ms),
        order: None,
        heard: heard.into(),
        verdicts: vec![verdict.clone()],
    };
    let late = Order {
        confirmed: Confirmation { at_unix_ms: NOW + 10, ..order("c", OrderState::Accepted).confirmed },
        ..order("c", OrderState::Accepted)
    };
    let mut seal = sealer();
    for write in [
        said(NOW, "old words"),
        said(NOW + 10, "new words"),
        Write::Order(order("a", OrderState::Delivered)),
        Write::Order(order("b", OrderState::Sending)),
        Write::Order(late),
    ] {
        store.commit(&[write], &mut seal).unwrap();
    }
    store.forget_words(NOW + 5).unwrap();
    store.forget_words(NOW + 5).unwrap();

    let heard: Vec<String> = store.audit(None).unwrap().into_iter().map(|entry| entry.heard).collect();
    assert_eq!(heard, ["", "new words"]);
    let spoken = |id: &str| store.order(&OrderId(id.into())).unwrap().unwrap().confirmed.spoken;
    assert!(spoken("a").is_empty());
    assert_eq!(spoken("b"), ["order it"], "it is still being sent");
    assert_eq!(spoken("c"), ["order it"], "it is not old yet");
    assert_eq!(store.outbox_bytes(&OrderId("a".into())).unwrap(), None);
    assert_eq!(store.due().unwrap().len(), 1);
    // The id is taken for ever, and no other bytes are made for it.
    store.commit(&[Write::Order(order("a", OrderState::Refunded))], &mut seal).unwrap();
    assert_eq!(store.outbox_bytes(&OrderId("a".into())).unwrap(), None);
    drop(store);
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|part| part == b"old words"), "the words are overwritten");
    }
    let store = Store::open(&path).unwrap();
    let dollhouses = serde_json::to_string(&store.audit(None).unwrap()).unwrap().matches("dollhouse").count();
    assert_eq!(dollhouses, 1, "the reason of the new entry");
}

#[test]
fn snapshots_are_numbered_upwards_whatever_happens_to_clock_and_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = Store::open(&path).unwrap();
    let month = 30 * 86_400_000;
    for (id, state, ago) in [
        ("open", OrderState::Sending, 3 * month),
        ("lately", OrderState::Cancelled, month),
        ("long ago", OrderState::Delivered, 2 * month),
    ] {
        let mut order = order(id, state);
        order.confirmed.at_unix_ms -= ago;
        store.commit(&[Write::Order(order)], &mut sealer()).unwrap();
    }
    let (first, orders) = store.snapshot(Some(NOW)).unwrap();
    let ids: Vec<&str> = orders.iter().map(|order| order.id.0.as_str()).collect();
    assert_eq!((first, ids), (u64::try_from(NOW).unwrap(), vec!["lately", "open"]));
    assert_eq!(store.snapshot(Some(NOW)).unwrap().0, first + 1, "at the same moment");
    assert_eq!(store.snapshot(Some(NOW - month)).unwrap().0, first + 2, "the clock was set back");
    drop(store);
    let mut store = Store::open(&path).unwrap();
    assert_eq!(store.snapshot(None).unwrap().0, first + 3, "a restart without a clock");
    let mut anew = Store::open(&dir.path().join("anew.db")).unwrap();
    assert!(anew.snapshot(Some(NOW + 1_000)).unwrap().0 > first + 3, "the file was deleted");
}

#[test]
fn what_siblings_told_survives_a_restart_and_never_goes_back() {
    use crate::decide::sibling::SharedOrder;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = Store::open(&path).unwrap();
    let told = |rev, id: &str| {
        let orders = vec![SharedOrder::of(&order(id, OrderState::Held))];
        Write::Shared { device: "bedroom".into(), rev, orders }
    };
    for (rev, id) in [(4, "b"), (9, "c"), (9, "d"), (7, "e")] {
        store.commit(&[told(rev, id)], &mut sealer()).unwrap();
    }
    drop(store);
    let bedroom = &Store::open(&path).unwrap().household(Some(NOW)).unwrap().siblings["bedroom"];
    assert_eq!((bedroom.rev, bedroom.orders[0].id.0.as_str()), (9, "c"));
}

#[test]
fn what_was_told_is_kept_and_never_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    let mut store = Store::open(&path).unwrap();
    let to_tell = Some(ToTell { number: 3, from: Some(OrderState::Sending), at_unix_ms: Some(NOW) });
    let told = |id: &str, number| Write::Told { order: OrderId(id.into()), number };
    let news = Order { to_tell: to_tell.clone(), ..order("a", OrderState::Accepted) };
    store.commit(&[Write::Order(news), told("a", 2)], &mut sealer()).unwrap();
    // Late, twice, and of an order that never reached the disk.
    store.commit(&[told("a", 3), told("a", 1), told("a", 3), told("nowhere", 1)], &mut sealer()).unwrap();
    drop(store);
    let household = Store::open(&path).unwrap().household(Some(NOW)).unwrap();
    assert_eq!(household.told, BTreeMap::from([(OrderId("a".into()), 3)]));
    assert_eq!(household.orders[&OrderId("a".into())].to_tell, to_tell);
}

#[test]
fn orders_from_before_news_were_numbered_count_as_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store.db");
    // As the version before this wrote it.
    let db = schema::open_with(&path, schema::APPLICATION_ID, &schema::MIGRATIONS[..3]).unwrap();
    let body = serde_json::to_string(&order("a", OrderState::Cancelling)).unwrap();
    assert!(!body.contains("to_tell"), "{body}");
    db.execute("INSERT INTO orders VALUES ('a', 1, 'cancelling', 'h', 'n', ?1, ?2)", params![NOW + 2, body]).unwrap();
    db.execute("INSERT INTO outbox VALUES ('a', 1, x'00')", []).unwrap();
    drop(db);
    let mut store = Store::open(&path).unwrap();
    let household = store.household(Some(NOW)).unwrap();
    assert_eq!(household.orders[&OrderId("a".into())], order("a", OrderState::Cancelling));
    assert!(household.told.is_empty());
    store.commit(&[Write::Told { order: OrderId("a".into()), number: 1 }], &mut sealer()).unwrap();
    assert_eq!(store.household(Some(NOW)).unwrap().told.len(), 1);
}

#[test]
fn a_store_is_read_without_a_trace_whatever_its_folder_is_called() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("what? 100% #1").join("store.db");
    let files = || {
        let names = std::fs::read_dir(path.parent().unwrap()).unwrap().flatten().map(|entry| entry.file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let read = || Store::open_to_read(&path).unwrap().unwrap().shopping_list().unwrap().len();
    let mut store = Store::open(&path).unwrap();
    let item = Write::ListItem { sku: "milk".into(), qty: 1, why: "test".into() };
    store.commit(&[item], &mut |_, _| anyhow::bail!("there is no order to sign")).unwrap();
    // Beside who writes it, with all of it still in the log.
    let with_log = files();
    assert_eq!((read(), files()), (1, with_log));
    drop(store);
    let alone = files();
    assert_eq!((read(), files(), alone.len()), (1, alone.clone(), 1));
    let mut reader = Store::open_to_read(&path).unwrap().unwrap();
    assert!(reader.forget_words(NOW).is_err(), "it can't be written");
    drop(reader);

    let set = |version: i64| {
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "user_version", version).unwrap();
    };
    set(2);
    assert!(Store::open_to_read(&path).unwrap().is_none(), "an older one waits for its next start");
    set(99);
    assert!(matches!(Store::open_to_read(&path), Err(StoreError::Newer { found: 99, .. })));
    std::fs::write(&path, "<html>").unwrap();
    assert!(Store::open_to_read(&path).is_err());
    assert!(Store::open_to_read(&dir.path().join("none.db")).is_err() && !dir.path().join("none.db").exists());
}
