//! `protocol/` is generated from the types: this test fails when a file is out of date, and
//! `UPDATE=1 cargo test --test protocol` writes it anew.
#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use schemars::{JsonSchema, generate::SchemaSettings};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use tendero::deliver::envelope::*;
use tendero::hear::fingerprint::book::FingerprintFile;
use tendero::understand::catalog::Catalog;

/// One kind of message: where it goes and what it is.
struct Kind {
    name: &'static str,
    address: &'static str,
    /// Who publishes it.
    from: &'static str,
    retained: bool,
    summary: &'static str,
    schema: fn() -> serde_json::Value,
}

const UP: &str = "tendero/v1/home/{home}/{device}/{shop}/up/";
const DOWN: &str = "tendero/v1/home/{home}/{device}/{shop}/down/";
/// Among the speakers of one home.
const HOME: &str = "tendero/v1/home/{home}/{device}/home/";
/// Between a speaker and the programs that bring typed words.
const TEXT: &str = "tendero/v1/home/{home}/{device}/text/";
const SHOP: &str = "tendero/v1/shop/{shop}/";

fn of<T: Body + JsonSchema>() -> serde_json::Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Envelope<T>>().to_value();
    schema["$id"] = format!("https://tendero.invalid/protocol/v1/{}.json", T::KIND).into();
    schema["title"] = T::KIND.into();
    schema["properties"]["type"]["const"] = type_of(T::KIND).into();
    schema["properties"]["specversion"]["const"] = "1.0".into();
    schema["properties"]["datacontenttype"]["const"] = "application/json".into();
    for moment in ["time", "expirytime"] {
        schema["properties"][moment]["format"] = "date-time".into();
    }
    schema
}

fn kinds() -> Vec<Kind> {
    let kind = |name, address, from, retained, summary, schema| Kind { name, address, from, retained, summary, schema };
    vec![
        kind("quote.request", UP, "device", false, "The household asks for a price", of::<QuoteRequest> as fn() -> _),
        kind("order", UP, "device", false, "The household buys what was quoted", of::<Order>),
        kind("order.get", UP, "device", false, "What became of an order?", of::<OrderGet>),
        kind(
            "order.approve",
            UP,
            "device",
            false,
            "An adult of the home approves an order that the shop holds",
            of::<OrderApprove>,
        ),
        kind(
            "find",
            UP,
            "device",
            false,
            "The household names no product, and asks what the shop would propose",
            of::<Find>,
        ),
        kind("found", DOWN, "shop", false, "A question back, or at most two proposals", of::<Found>),
        kind("cancel", UP, "device", false, "Take an order back", of::<Cancel>),
        kind("withdraw", UP, "device", false, "The household withdraws from a purchase", of::<Withdraw>),
        kind("chat", UP, "device", false, "A line of a conversation with a person at the shop", of::<Chat>),
        kind("chat", DOWN, "shop", false, "A line of a person at the shop, perhaps with an offer", of::<Chat>),
        kind("handover", UP, "device", false, "The speaker signs with a new key from now on", of::<Handover>),
        kind("handover.taken", DOWN, "shop", false, "The shop has taken the speaker's new key", of::<HandoverTaken>),
        kind("history.get", UP, "device", false, "What has the shop on this household?", of::<HistoryGet>),
        kind("history", DOWN, "shop", false, "A page of the household's orders, the newest first", of::<History>),
        kind("consent", UP, "device", false, "What the shop may tell from now on", of::<Consent>),
        kind("consent.ack", DOWN, "shop", false, "The shop has a consent on disk", of::<ConsentAck>),
        kind("news", DOWN, "shop", false, "News, an offer, a recipe or a recall, for who agreed", of::<News>),
        kind("quote", DOWN, "shop", false, "A binding price", of::<Quote>),
        kind("quote.refused", DOWN, "shop", false, "There is no price for a request", of::<QuoteRefused>),
        kind("receipt", DOWN, "shop", false, "The answer to an order", of::<Receipt>),
        kind("status", DOWN, "shop", false, "News of an order", of::<Status>),
        kind("profile", SHOP, "shop", true, "Who the shop is", of::<Profile>),
        kind("handover", SHOP, "shop", true, "The shop signs with a new key from now on", of::<Handover>),
        kind("state", SHOP, "shop", true, "Is the shop there?", of::<Presence>),
        kind("catalog", SHOP, "shop", true, "One part of the catalogue", of::<CatalogPart>),
    ]
}

/// What is told within one home. No shop sees it, so it is not in the shop's AsyncAPI document.
fn kinds_at_home() -> Vec<Kind> {
    let kind = |name, address, from, retained, summary, schema| Kind { name, address, from, retained, summary, schema };
    vec![
        kind(
            "orders",
            HOME,
            "device",
            true,
            "A speaker's orders, for the other speakers",
            of::<HomeOrders> as fn() -> _,
        ),
        kind("handover", HOME, "device", true, "A speaker signs with a new key from now on", of::<Handover>),
        kind("order.cancel", HOME, "device", false, "Take back an order of another speaker", of::<HomeCancel>),
        kind("heard", HOME, "device", false, "A wish to buy was just heard", of::<HomeHeard>),
        kind("text.in", TEXT, "bridge", false, "Somebody typed", of::<TextIn>),
        kind("text.out", TEXT, "device", false, "What the speaker answers to it", of::<TextOut>),
    ]
}

fn protocol() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol")
}

/// Compares a file with what it should be, or writes it.
fn keep(path: &Path, text: &str) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == text, "{} is out of date; run: UPDATE=1 cargo test --test protocol", path.display());
}

#[test]
fn the_schemas_are_current() {
    let folder = protocol().join("schema");
    let mut names = vec!["catalog-file.json".to_owned(), "fingerprints.json".to_owned()];
    for kind in kinds().into_iter().chain(kinds_at_home()) {
        let name = format!("{}.json", kind.name);
        keep(&folder.join(&name), &(serde_json::to_string_pretty(&(kind.schema)()).unwrap() + "\n"));
        names.push(name);
    }
    let file = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Catalog>().to_value();
    keep(&folder.join("catalog-file.json"), &(serde_json::to_string_pretty(&file).unwrap() + "\n"));
    let file = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<FingerprintFile>().to_value();
    keep(&folder.join("fingerprints.json"), &(serde_json::to_string_pretty(&file).unwrap() + "\n"));
    // Nothing stays behind that no type makes any more.
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(names.contains(&name), "protocol/schema/{name} belongs to no type; delete it");
    }
}

#[test]
fn the_asyncapi_documents_are_current() {
    let orders = "Orders from a loudspeaker to a shop over MQTT 5.";
    keep(&protocol().join("asyncapi.yaml"), &asyncapi("tendero", orders, kinds));
    let home = "What is told within one home over MQTT 5, among its loudspeakers and by whoever types.";
    keep(&protocol().join("asyncapi-home.yaml"), &asyncapi("tendero at home", home, kinds_at_home));
}

fn asyncapi(title: &str, description: &str, kinds: fn() -> Vec<Kind>) -> String {
    let mut out = format!(
        "# Generated from the types in src/deliver/envelope; do not edit.\nasyncapi: 3.0.0\ninfo:\n  title: {title}\n  version: 1.0.0\n  \
         description: {description} See README.md beside this file.\n  license:\n    name: MIT OR Apache-2.0\n\
         defaultContentType: application/cloudevents+json\nchannels:\n",
    );
    for kind in kinds() {
        let id = id_of(&kind);
        let level = match kind.name {
            "catalog" => "catalog/{part}",
            "text.in" => "in",
            "text.out" => "out",
            name => name,
        };
        writeln!(out, "  {id}:\n    address: {}{level}\n    messages:\n      {id}:\n        $ref: '#/components/messages/{id}'\n    parameters:", kind.address).unwrap();
        for parameter in ["home", "device", "shop", "part"] {
            if format!("{}{level}", kind.address).contains(&format!("{{{parameter}}}")) {
                writeln!(out, "      {parameter}:\n        $ref: '#/components/parameters/{parameter}'").unwrap();
            }
        }
    }
    out.push_str("operations:\n");
    for kind in kinds() {
        let id = id_of(&kind);
        // From the shop's point of view, or the bridge's, for whose developer the document is; a speaker does both with
        // what is of the home.
        let actions: &[&str] = match (kind.address, kind.from) {
            (HOME, _) => &["send", "receive"],
            (_, "shop" | "bridge") => &["send"],
            (_, _) => &["receive"],
        };
        for action in actions {
            writeln!(
                out,
                "  {action}{}{}:\n    action: {action}\n    summary: {}\n    channel:\n      $ref: '#/channels/{id}'\n    bindings:\n      mqtt:\n        qos: 1\n        retain: {}",
                id[..1].to_uppercase(), &id[1..], kind.summary, kind.retained
            )
            .unwrap();
        }
    }
    out.push_str("components:\n  parameters:\n");
    for (name, what) in [
        ("home", "The household, also its user name at the broker. Letters a-z, digits, hyphens."),
        ("device", "The loudspeaker; its client id is HOME.DEVICE. Letters a-z, digits, hyphens."),
        ("shop", "The shop. Letters a-z, digits, hyphens."),
        ("part", "Number of the part, from 1."),
    ] {
        if !out.contains(&format!("parameters/{name}'")) {
            continue;
        }
        writeln!(out, "    {name}:\n      description: {what}").unwrap();
    }
    out.push_str("  messages:\n");
    for kind in kinds() {
        let id = id_of(&kind);
        writeln!(
            out,
            "    {id}:\n      name: {}\n      summary: {}\n      payload:\n        schemaFormat: application/schema+json;version=draft-07\n        schema:\n          $ref: 'schema/{}.json'",
            kind.name, kind.summary, kind.name
        )
        .unwrap();
    }
    out
}

/// The same kind may go both ways, or be a shop's own.
fn id_of(kind: &Kind) -> String {
    let way = match (kind.name, kind.address) {
        ("chat", DOWN) => "Down",
        ("handover", SHOP) => "OfShop",
        _ => "",
    };
    format!("{}{way}", camel(kind.name))
}

/// `orderGet` for `order.get`.
fn camel(name: &str) -> String {
    let mut words = name.split('.');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        out.push_str(&word[..1].to_uppercase());
        out.push_str(&word[1..]);
    }
    out
}

#[test]
fn the_asyncapi_project_reads_the_documents_without_a_fault() {
    let root = env!("CARGO_MANIFEST_DIR");
    let parser = format!("{root}/runtime/asyncapi");
    if !Path::new(&parser).exists() {
        println!("LEFT OUT: {parser} is not there; run scripts/setup.sh test");
        return;
    }
    let out = std::process::Command::new("node")
        .arg(format!("{root}/tests/asyncapi/check.mjs"))
        .arg(parser)
        .args(["asyncapi.yaml", "asyncapi-home.yaml"].map(|name| format!("{root}/protocol/{name}")))
        .output()
        .expect("node is there: scripts/setup.sh test");
    let (said, wrong) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{said}{wrong}");
    assert_eq!(said.lines().filter(|line| line.contains("AsyncAPI 3.0.0")).count(), 2, "{said}{wrong}");
}
