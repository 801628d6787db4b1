//! What connects a shop to its surroundings, with the real binary: the webhook that loses nothing, the page with orders and
//! numbers, the table that becomes a catalogue.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/house.rs"]
mod house;
#[path = "support/receiver.rs"]
mod receiver;
mod support;

use bytes::Bytes;
use house::broker::Mosquitto;
use house::process::program;
use house::{Running, command, json_lines, shop_args, stderr, text, unix_ms, wait_for};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use receiver::{Came, Receiver, Reply};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use support::{Device, SHOP, catalog};
use tendero::clock::Clock;
use tendero::decide::order::ReceiptStatus;
use tendero::deliver::envelope::{Confirm, Moment, Order, OrderLine, random_hex128};
use tendero::deliver::keys::Keys;
use tendero::deliver::link::LinkEvent;
use tendero::deliver::topic::Route;
use tendero::shop::book::pay::HeldFor;
use tendero::shop::book::{Book, Placed};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A shop's folder, and how to ask it.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        place.put("catalog.json", &serde_json::to_string(&catalog()).unwrap());
        place.put("secret", receiver::SECRET);
        place.put("token", TOKEN);
        place
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn data_dir(&self) -> PathBuf {
        self.dir.path().join("shop")
    }

    fn asks(&self, args: &[&str]) -> Output {
        command(&[args, &["--data-dir", &self.path("shop")]].concat())
    }

    fn says(&self, args: &[&str]) -> String {
        let output = self.asks(args);
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        text(&output)
    }

    /// What the shop system has not taken.
    fn hooks(&self) -> Vec<Value> {
        json_lines(&self.says(&["shop", "webhook", "list", "--json"]))
    }

    /// The shop in a process of its own; and where its page is, if it has one.
    fn serve(&self, args: &[String]) -> (Running, Option<String>) {
        let log = File::options().create(true).append(true).open(self.path("shop.log")).unwrap();
        let mut running = Running(program().args(args).stdout(Stdio::piped()).stderr(log).spawn().unwrap());
        let mut lines = BufReader::new(running.0.stdout.take().unwrap()).lines();
        let first = lines.next().map(Result::unwrap);
        assert!(first.is_some_and(|line| line.starts_with("shop corner: ")), "{}", self.log());
        let has_page = args.iter().any(|arg| arg == "--page");
        let page = has_page.then(|| lines.next().unwrap().unwrap().replace("orders and numbers: ", ""));
        (running, page)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("shop.log")).unwrap()
    }

    /// Of a shop whose broker is away.
    fn args(&self, more: &[&str]) -> Vec<String> {
        let args = ["shop", "--catalog", &self.path("catalog.json"), "--broker", "mqtt://127.0.0.1:1"];
        let data = ["--data-dir", &self.path("shop")];
        [&args[..], &data[..], more].concat().into_iter().map(str::to_owned).collect()
    }
}

async fn books(device: &mut Device) -> String {
    let quote = device.quote("heads", 2).await;
    let id = device.confirm(quote).await.id;
    let receipt =
        device.until(60, "receipt", |e| if let LinkEvent::Receipt(r) = e { Some(r.clone()) } else { None }).await;
    assert_eq!((receipt.status, &receipt.order_id), (ReceiptStatus::Accepted, &id));
    device.settle(&receipt.order_id, receipt.status, receipt.shop_order_no.clone()).await;
    id.0
}

fn wait(what: &str, there: impl Fn() -> bool) {
    tokio::task::block_in_place(|| wait_for(what, there));
}

fn kinds(came: &[Came]) -> Vec<&str> {
    came.iter().map(Came::kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_booked_reaches_the_shop_system_whatever_fails() {
    let place = Place::new();
    let users = [(SHOP, "shop secret"), ("casa", "home secret")];
    let Some(broker) = Mosquitto::start(&place.dir.path().join("broker"), &users) else { return };
    let key = Keys::load_or_make(&place.data_dir()).unwrap().public();
    let receiver = Receiver::start(Reply::Status(200));
    let mut args = shop_args(&broker.config(SHOP), &place.data_dir(), Path::new(&place.path("catalog.json")));
    args.extend(["--webhook".to_owned(), receiver.url(), "--webhook-secret-file".into(), place.path("secret")]);
    args.extend(["--page".to_owned(), "127.0.0.1:0".into()]);

    // It hangs, and the shop is killed between the booking and the delivery.
    receiver.plan(&[Reply::Hang, Reply::Status(500)]);
    let (shop, _) = place.serve(&args);
    let mut device =
        Device::start(broker.config("casa"), &place.dir.path().join("home"), "casa", "kitchen", key, Clock::system());
    Book::open(&place.data_dir()).unwrap().trust("casa", "kitchen", &device.keys.public()).unwrap();
    device.up().await;
    let first = books(&mut device).await;
    wait("a try", || receiver.came().len() == 1);
    drop(shop);
    let waiting = tokio::task::block_in_place(|| place.hooks());
    assert_eq!((waiting.len(), &waiting[0]["tries"], &waiting[0]["kind"]), (1, &0.into(), &"order.booked".into()));
    assert_eq!(waiting[0]["msg"], receiver.came()[0].id.as_str());

    // Then it fails, and then it takes it: the same message each time, and it was the whole order.
    let (_shop, page) = place.serve(&args);
    wait("the event", || receiver.took().len() == 1);
    let came = receiver.came();
    assert_eq!(came.len(), 3, "{came:?}");
    assert!(came.iter().all(|each| (&each.id, &each.body) == (&came[0].id, &came[0].body)));
    assert!((unix_ms() / 1000 - came[2].timestamp_s).abs() < 60 && came[2].timestamp_s >= came[1].timestamp_s + 4);
    let data = &came[0].body["data"];
    assert_eq!((&data["order_id"], &data["shop_order_no"]), (&first.as_str().into(), &"T-000001".into()));
    assert_eq!((&data["total"], &data["currency"], &data["home"]), (&2_598.into(), &"EUR".into(), &"casa".into()));

    // What is marked beside the shop, in its order; a redirect is no yes and leads nowhere.
    receiver.plan(&[Reply::Status(302)]);
    tokio::task::block_in_place(|| {
        place.says(&["shop", "mark", &first, "shipped"]);
        place.says(&["shop", "mark", &first, "delivered"]);
    });
    wait("the news", || receiver.took().len() == 3);
    assert_eq!(kinds(&receiver.took()), ["order.booked", "order.shipped", "order.delivered"]);
    wait("the note of it", || place.hooks().is_empty());

    // Gone: nothing is sent any more, and nothing is lost.
    receiver.plan(&[Reply::Status(410)]);
    let second = books(&mut device).await;
    wait("the dead letter", || place.hooks().iter().any(|hook| hook["dead_unix_ms"].is_i64()));
    let so_far = receiver.came().len();
    tokio::task::block_in_place(|| place.says(&["shop", "mark", &second, "shipped"]));
    wait("both dead letters", || place.hooks().iter().filter(|hook| hook["dead_unix_ms"].is_i64()).count() == 2);
    assert_eq!(receiver.came().len(), so_far, "it said that it is gone");
    let shown = tokio::task::block_in_place(|| place.says(&["shop", "webhook", "list"]));
    assert!(shown.contains("gone (410)") && shown.contains("order.shipped"), "{shown}");
    let metrics = get(&page.unwrap(), "metrics").await;
    for line in [
        "tendero_shop_webhook_dead_letters 2",
        "tendero_shop_webhook_queue 0",
        "tendero_shop_webhook_delivered_total 3",
        "tendero_shop_orders_total 2",
        "tendero_shop_orders_by_state{state=\"delivered\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }
    let retried = tokio::task::block_in_place(|| place.says(&["shop", "webhook", "retry", "--all", "--json"]));
    assert_eq!(retried.trim(), r#"{"tried_again":2}"#);
    wait("both", || receiver.took().len() == 5);
    let took = receiver.took();
    assert_eq!(kinds(&took[3..]), ["order.booked", "order.shipped"]);
    assert!(took[3..].iter().all(|came| came.order() == second));
    wait("nothing waits", || place.hooks().is_empty());
    let none = tokio::task::block_in_place(|| place.asks(&["shop", "webhook", "drop", "1"]));
    assert!(!none.status.success() && stderr(&none).contains("there is no event 1"), "{}", stderr(&none));
    assert!(!place.log().contains("whsec_") && !place.log().contains("panicked"), "{}", place.log());
}

#[test]
fn a_webhook_that_can_not_be_is_told_before_anything_starts() {
    let place = Place::new();
    let secret = place.path("secret");
    let bad = place.put("bad", "hunter2").display().to_string();
    let open = place.put("open", receiver::SECRET);
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = open.display().to_string();
    for (more, expected) in [
        (&["--webhook", "http://shop.example/"][..], "needs --webhook-secret-file"),
        (&["--webhook", "http://shop.example/", "--webhook-secret-file", &secret], "https://"),
        (&["--webhook", "https://me:hunter2@shop.example/", "--webhook-secret-file", &secret], "a user in it"),
        (&["--webhook", "https://shop.example/", "--webhook-secret-file", &bad], "line 1"),
        (&["--webhook", "https://shop.example/", "--webhook-secret-file", "/none/of/it"], "/none/of/it"),
        (&["--webhook", "https://shop.example/", "--webhook-secret-file", &open], "chmod o= "),
        (&["--page", "9100"], "127.0.0.1:9100"),
        (&["--page", "0.0.0.0:0"], "--page-token-file"),
        (&["--page", "127.0.0.1:0", "--page-token-file", &bad], "holds no token"),
    ] {
        let output = program().args(place.args(more)).output().unwrap();
        let why = stderr(&output);
        assert!(!output.status.success() && why.contains(expected) && !why.contains("hunter2"), "{more:?}: {why}");
        assert!(!place.data_dir().exists(), "{more:?} started something");
    }
    let fresh = text(&command(&["shop", "webhook", "secret"]));
    assert!(fresh.starts_with("whsec_") && fresh != text(&command(&["shop", "webhook", "secret"])));
    // Who asks beside a shop whose settings come from its environment needs none of them.
    Book::open(&place.data_dir()).unwrap();
    let mut asks = program();
    asks.args(["shop", "orders", "--data-dir", &place.path("shop")]);
    for name in ["WEBHOOK", "WEBHOOK_SECRET_FILE", "PAGE", "PAGE_TOKEN_FILE"] {
        asks.env(format!("TENDERO_SHOP_{name}"), "of the service");
    }
    let asked = asks.env("TENDERO_SHOP_DATABASE", "").output().unwrap();
    assert!(asked.status.success(), "{}", stderr(&asked));
    let mut serves = program();
    serves.args(place.args(&[])).env("TENDERO_SHOP_WEBHOOK", "of the service");
    assert!(stderr(&serves.output().unwrap()).contains("needs --webhook-secret-file"));
}

/// Orders as they would have been booked, every tenth one held.
fn fill(place: &Place, orders: usize) {
    let route = Route::new("casa", "kitchen", SHOP).unwrap();
    let at = 1_793_533_770_000;
    let order = |n: usize| Order {
        aud: route.up("order"),
        order_id: random_hex128(),
        seq: n as u64,
        nonce: random_hex128(),
        quote_id: String::new(),
        quote_hash: String::new(),
        currency: "EUR".into(),
        lines: vec![OrderLine {
            sku: format!("<script>alert({n})</script>"),
            qty: 2,
            unit_amount: 100,
            total: 200,
            options: [("note".to_owned(), "=1+1\",\r\n\"".to_owned())].into(),
        }],
        total: 200 + i64::try_from(n).unwrap(),
        exp: Moment::new(at),
        confirm: Confirm { rung: "phrase".into(), spoken: vec!["order it".into()], at: Moment::new(at) },
        mandate: None,
    };
    let mut book = Book::open(&place.data_dir()).unwrap();
    book.write(|page| {
        (1..=orders).try_for_each(|n| {
            let held_for = (n % 10 == 0).then_some(HeldFor::Burst);
            // Held for as long as the test runs.
            let placed = Placed { held_for, expires_unix_ms: i64::MAX, ..Placed::default() };
            page.book(&route, &order(n), &placed, at).map(|_| ())
        })
    })
    .unwrap();
}

async fn ask(page: &str, request: Request<Empty<Bytes>>) -> Response<String> {
    let tcp = tokio::net::TcpStream::connect(page.trim_start_matches("http://").trim_end_matches('/')).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tcp)).await.unwrap();
    let driver = tokio::spawn(connection);
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    driver.abort();
    Response::from_parts(head, String::from_utf8(body.to_vec()).unwrap())
}

fn request(path: &str) -> http::request::Builder {
    Request::get(format!("/{path}")).header("host", "127.0.0.1:9000")
}

async fn get(page: &str, path: &str) -> String {
    let answer = ask(page, request(path).body(Empty::new()).unwrap()).await;
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    answer.into_body()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_every_order_and_takes_nobodys_text_for_markup() {
    let place = Place::new();
    fill(&place, 620);
    let (shop, page) = place.serve(&place.args(&["--page", "127.0.0.1:0", "--seller", "<b>Corner & son</b>"]));
    let page = page.unwrap();
    let answer = ask(&page, request("").body(Empty::new()).unwrap()).await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script") && !policy.contains("unsafe"));
    let first = answer.into_body();
    assert!(first.contains("T-000620") && first.contains("T-000571") && !first.contains("T-000570"), "{first}");
    assert!(
        first.contains("&lt;script&gt;alert(620)")
            && first.contains("8.20 EUR")
            && first.contains("adult must approve")
    );
    assert!(first.contains("&lt;b&gt;Corner &amp; son&lt;/b&gt;"));
    assert!(!first.contains("<script") && !first.contains("<b>Corner"));
    assert_eq!(first.matches("<tr class=\"held\">").count(), 5);
    // From page to page, each order once.
    let (mut next, mut seen) = (Some(String::new()), 0);
    while let Some(path) = next {
        let shown = get(&page, &path).await;
        seen += shown.matches("<td>T-").count();
        next = shown
            .split_once("href=\"/?before=")
            .map(|(_, rest)| format!("?before={}", rest.split('"').next().unwrap()));
    }
    assert_eq!(seen, 620);

    for csv in [get(&page, "orders.csv").await, place.says(&["shop", "orders", "--csv"])] {
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!((rows.len(), &rows[0][0], &rows[619][0]), (620, "T-000620", "T-000001"));
        assert_eq!((&rows[0][4], &rows[0][11]), ("held", "8.20"));
        assert_eq!(&rows[0][12], "2 x <script>alert(620)</script> (note: =1+1\",\r\n\")");
    }
    let metrics = get(&page, "metrics").await;
    assert!(metrics.contains("tendero_shop_orders_by_state{state=\"held\"} 62\n"), "{metrics}");
    strangers(&page).await;
    drop(shop);
    let token = place.path("token");
    let (_shop, page) = place.serve(&place.args(&["--page", "0.0.0.0:0", "--page-token-file", &token]));
    with_a_token(&page.unwrap().replace("0.0.0.0", "127.0.0.1")).await;
}

async fn strangers(page: &str) {
    let status = async |request: Request<Empty<Bytes>>| ask(page, request).await.status();
    let post = request("").method(Method::POST).body(Empty::new()).unwrap();
    assert_eq!(status(post).await, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(status(request("../etc/passwd").body(Empty::new()).unwrap()).await, StatusCode::NOT_FOUND);
    assert_eq!(status(request("?before=x").body(Empty::new()).unwrap()).await, StatusCode::BAD_REQUEST);
    // A name that somebody made to lead here.
    let elsewhere = Request::get("/").header("host", "evil.example").body(Empty::new()).unwrap();
    assert_eq!(status(elsewhere).await, StatusCode::FORBIDDEN);
    let head = ask(page, request("orders.csv").method(Method::HEAD).body(Empty::new()).unwrap()).await;
    assert_eq!((head.status(), head.body().as_str()), (StatusCode::OK, ""));
}

async fn with_a_token(page: &str) {
    for path in ["", "orders.csv", "metrics", "style.css"] {
        let asked = |header: Option<String>| {
            let mut request = Request::get(format!("/{path}")).header("host", "shop.example");
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            ask(page, request.body(Empty::new()).unwrap())
        };
        for wrong in [None, Some("Bearer 0123".to_owned()), Some("Basic OjAxMjM=".to_owned())] {
            let answer = asked(wrong).await;
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
            assert!(answer.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "));
            assert!(!answer.body().contains("T-0"));
        }
        assert_eq!(asked(Some(format!("Bearer {TOKEN}"))).await.status(), StatusCode::OK);
    }
}

#[test]
fn a_table_becomes_a_catalogue_or_all_that_is_wrong_with_it_is_told() {
    let place = Place::new();
    let table =
        place.put("catalog.csv", "\u{feff}sku;title_es;says_es;price\r\nleche;Leche entera;leche|la leche;1,09\r\n");
    let table = table.display().to_string();
    let out = place.path("made.json");
    let import = |more: &[&str]| {
        command(&[&["shop", "catalog", "import", &table, "--out", &out, "--shop", "corner"], more].concat())
    };
    for version in ["version 1", "version 1"] {
        let made = import(&[]);
        assert!(text(&made).contains("1 products") && text(&made).contains(version), "{}", stderr(&made));
    }
    let made = tendero::shop::load_catalog(Path::new(&out)).unwrap();
    assert_eq!((made.currency.as_str(), made.products[0].unit_amount), ("EUR", 109));
    // What changed is a newer version; the speakers take it.
    place.put("catalog.csv", "sku,title_es,price\nleche,Leche entera,1.15\npan,Pan,2\n");
    assert!(text(&import(&[])).contains("2 products, version 2"));

    // The shop takes the table itself.
    let mut args = place.args(&["--shop", "corner", "--currency", "EUR"]);
    args[2] = table.clone();
    let (_shop, _) = place.serve(&args);

    place.put("catalog.csv", "sku,title_es,price\nleche,,1.234\npan,Pan,gratis\n");
    let wrong = import(&[]);
    let told = stderr(&wrong);
    assert!(!wrong.status.success() && told.contains("nothing was written; 3 things are wrong:"), "{told}");
    for line in ["line 2, title: no language", "line 2, price: \"1.234\" could be", "line 3, price: \"gratis\""] {
        assert!(told.contains(line), "{told}");
    }
    assert_eq!(tendero::shop::load_catalog(Path::new(&out)).unwrap().products.len(), 2, "it stays as it was");
    let output = program().args(&args).output().unwrap();
    assert!(
        !output.status.success() && stderr(&output).contains("nothing was started; 3 things"),
        "{}",
        stderr(&output)
    );
    let bare = program().args(&args[..args.len() - 4]).output().unwrap();
    assert!(stderr(&bare).contains("--shop NAME --currency EUR"), "{}", stderr(&bare));
}
