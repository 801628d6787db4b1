//! What stands between this speaker and its shop: keys, catalogue, broker, PIN, limits, orders.

use super::shell::Shell;
use super::{Book, BookState, BrokerSeen, CatalogSeen, ClockSeen, Pairing, Row};
use crate::config::Config;
use crate::decide::policy::UnknownVoice;
use crate::deliver::mqtt::Trouble;

/// A wake word that fires at less takes other words for itself.
const LOW_THRESHOLD: f32 = 0.5;

pub fn pairing(seen: &Pairing, shell: &Shell) -> Row {
    const AREA: &str = "pairing";
    if let Err(why) = &seen.own {
        let fix = "sudo chmod 600 the file, or put its backup back, or delete it and pair again";
        return Row::fault(AREA, why.clone(), fix);
    }
    if let Some(twin) = &seen.twin {
        let says = format!("[home] speakers: \"{twin}\" has the key of this speaker");
        return Row::fault(AREA, says, "put the key there that `tendero key` prints at that speaker");
    }
    if !seen.pinned {
        let fix = format!("tendero shop pair at the shop prints a code; here: {}", shell.tendero("pair CODE"));
        return Row::fault(
            AREA,
            "not paired: no shop's key is known, and nothing of a shop is believed without it",
            fix,
        );
    }
    let own = match &seen.own {
        Ok(Some(_)) => "and this speaker has its own",
        Ok(None) | Err(_) => "and this speaker's own is made at the first start",
    };
    Row::well(AREA, format!("the key of {} is pinned, {own}", seen.shop))
}

pub fn catalog(seen: &Result<CatalogSeen, String>, shell: &Shell) -> Row {
    const AREA: &str = "catalogue";
    match seen {
        Err(why) => Row::fault(AREA, why.clone(), shell.tendero("pair CODE") + ", or set [shop] catalog to a file"),
        Ok(CatalogSeen { shop, version, products, age_days }) => {
            let age = match age_days {
                None => String::new(),
                Some(0) => ", from today".into(),
                Some(1) => ", a day old".into(),
                Some(days) => format!(", {days} days old"),
            };
            Row::well(AREA, format!("{products} products of {shop}, version {version}{age}"))
        }
    }
}

pub fn broker(seen: &BrokerSeen, config: &Config, clock: &ClockSeen) -> Row {
    const AREA: &str = "broker";
    let url = &config.broker.url;
    let secure = url.starts_with("mqtts://");
    match seen {
        BrokerSeen::NotAsked => Row::off(AREA, format!("{url} was not asked")),
        BrokerSeen::Silent(seconds) => Row::fault(AREA, format!("{url} did not answer within {seconds} s"), reach(url)),
        BrokerSeen::Trouble(trouble) => Row::fault(AREA, plain(trouble), mend(trouble, config, clock)),
        BrokerSeen::Answers { took_ms, shop } => {
            let how = if secure { " over TLS" } else { "" };
            let says = format!("{url} lets {} in{how}, after {took_ms} ms", config.home.name);
            match shop {
                Some(true) => Row::well(AREA, format!("{says}; {} is there", config.shop.name)),
                Some(false) => Row::warning(
                    AREA,
                    format!("{says}; {} is away: orders wait for it", config.shop.name),
                    "at the shop: sudo systemctl status tendero-shop",
                ),
                None => Row::warning(
                    AREA,
                    format!("{says}; no word of {} that its pinned key signed", config.shop.name),
                    "at the shop: sudo systemctl status tendero-shop; its key: tendero shop key",
                ),
            }
        }
    }
}

/// Nobody tries again here.
fn plain(trouble: &Trouble) -> String {
    let text = trouble.to_string();
    text.strip_suffix("; trying again").map_or(text.clone(), str::to_owned)
}

fn mend(trouble: &Trouble, config: &Config, clock: &ClockSeen) -> String {
    let url = &config.broker.url;
    match trouble {
        Trouble::Url { .. } => "set [broker] url".into(),
        Trouble::File { path, .. } => format!("ls -l {}; [broker] names it", path.display()),
        Trouble::Password { .. } => {
            let file = config.broker.password_file.display();
            let file = if file.to_string().is_empty() { "none is set".into() } else { file.to_string() };
            format!(
                "put the right password into [broker] password_file ({file}), or pair again: tendero pair CODE --again"
            )
        }
        Trouble::Tls { .. } if clock.time.is_none() => {
            "set the clock first, certificates depend on it: sudo timedatectl set-ntp true".into()
        }
        Trouble::Tls { .. } => {
            "set [broker] ca_file to the broker's authority, and the url to the name in its certificate".into()
        }
        Trouble::Unreachable { .. } | Trouble::Closed { .. } | Trouble::Cut => reach(url),
        Trouble::Refused { .. } | Trouble::Denied { .. } | Trouble::Subscription { .. } => {
            "tendero shop broker-config mosquitto, at the broker, prints the access rules that it needs".into()
        }
        Trouble::TakenOver { .. } => "give each speaker a name of its own: [home] device".into(),
    }
}

/// Is it there at all?
fn reach(url: &str) -> String {
    match crate::deliver::mqtt::parse_url(url) {
        Ok((host, port, _)) => format!("nc -vz {host} {port}; where the broker runs: sudo systemctl start mosquitto"),
        Err(_) => "set [broker] url".into(),
    }
}

pub fn pin(seen: &Book, config: &Config, shell: &Shell) -> Row {
    const AREA: &str = "PIN";
    let wrong = match seen.store {
        BookState::Read { wrong_pins, .. } => wrong_pins,
        BookState::New | BookState::Older | BookState::Trouble(_) => 0,
    };
    match &seen.pin {
        Err(why) => Row::fault(AREA, why.clone(), shell.tendero("pin set")),
        Ok(false) => {
            let says = "none is set: only the device's button approves a first purchase";
            Row::warning(AREA, says, shell.tendero("pin set"))
        }
        Ok(true) if wrong >= config.policy.pin_tries => {
            let says =
                format!("locked, after {wrong} wrong ones in a row; the right one opens it when the time is over");
            Row::warning(
                AREA,
                says,
                "hold the device's button, or wait; forgotten: ".to_owned() + &shell.tendero("pin set"),
            )
        }
        Ok(true) if wrong > 0 => Row::well(AREA, format!("set; {wrong} wrong since the last right one")),
        Ok(true) => Row::well(AREA, "set"),
    }
}

/// What is allowed that better is not.
pub fn policy(config: &Config) -> Vec<Row> {
    const AREA: &str = "policy";
    let policy = &config.policy;
    let (secure, host) = crate::deliver::mqtt::parse_url(&config.broker.url)
        .map_or((true, String::new()), |(host, _, secure)| (secure, host));
    let is_here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]" | "::1" | "");
    let voices_unknown = policy.unknown_voice != UnknownVoice::Ignore && config.voices.network.as_os_str().is_empty();
    let listens = config.microphone.device != "off";
    let unsafe_ones = [
        (
            listens && !policy.random_words,
            "random_words = false: an advert that says the phrase at the right moment can order",
            "[policy] random_words = true",
        ),
        (
            listens && !config.playback.refuse_replays,
            "refuse_replays = false: a recording of somebody of the household is taken for them",
            "[playback] refuse_replays = true",
        ),
        (
            listens && config.wake.threshold < LOW_THRESHOLD,
            "the wake word fires at little likeness: other words will wake it",
            "[wake] threshold = 0.8",
        ),
        (policy.hold_minutes == 0, "hold_minutes = 0: no order can be thought over", "[policy] hold_minutes = 10"),
        (
            policy.cap_order_minor > policy.hard_cap_minor,
            "cap_order_minor is above hard_cap_minor: where an adult should be asked, the order is refused",
            "[policy] hard_cap_minor above cap_order_minor",
        ),
        (
            policy.max_orders_hour == 0 || policy.max_orders_day == 0,
            "no order is let through at all",
            "[policy] max_orders_hour and max_orders_day above 0",
        ),
        (
            config.text.open,
            "[text] open = true: whoever may write at the broker can type wishes; they order nothing without an adult",
            "[text] bridges, with keys",
        ),
        (
            !secure && !is_here,
            "the broker is reached without TLS: passwords and orders can be read on the way",
            "[broker] url = \"mqtts://...\"",
        ),
        (voices_unknown, "voices can't be compared without a network, so nobody's is known", "[voices] network"),
    ];
    let rows: Vec<Row> = unsafe_ones
        .into_iter()
        .filter(|(is_unsafe, ..)| *is_unsafe)
        .map(|(_, says, fix)| Row::warning(AREA, says, fix))
        .collect();
    if rows.is_empty() { vec![Row::well(AREA, "nothing in it is unsafe")] } else { rows }
}

pub fn orders(seen: &Book, config: &Config, shell: &Shell) -> Vec<Row> {
    const AREA: &str = "orders";
    let mut rows = vec![match &seen.store {
        BookState::New => Row::well(AREA, "none yet; the book is made at the first start"),
        BookState::Older => Row::well(AREA, "an older tendero wrote the book; the next start brings it up to date"),
        BookState::Trouble(why) => Row::fault(AREA, why.clone(), "put a backup of the state folder back"),
        BookState::Read { orders, held, waiting, dead, .. } => {
            let says = format!("{orders} in the book; {held} wait for the household, {waiting} for the shop");
            match dead {
                0 => Row::well(AREA, says),
                _ => Row::warning(
                    AREA,
                    format!("{says}, {dead} are over without an answer"),
                    shell.tendero("orders list") + "; what the shop has: tendero orders shop",
                ),
            }
        }
    }];
    let limit = u64::from(config.state.journal_mib);
    if let Some(mib) = seen.journal_mib.filter(|mib| *mib > 2 * limit) {
        let says = format!("the journal has {mib} MiB, and {limit} are allowed");
        rows.push(Row::warning("journal", says, "sudo systemctl restart tendero, which begins a new one"));
    }
    rows
}
