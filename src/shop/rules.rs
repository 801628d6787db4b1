//! What a broker must know to carry orders: who may publish and read what, and settings for mosquitto and EMQX.
//!
//! The user name at the broker is the home, or the shop; a device's client id is `HOME.DEVICE`
//! ([`Route::client_id`](crate::deliver::topic::Route::client_id)). The broker keeps homes apart; within one home each
//! speaker signs under its own key. Only text is made here: nothing is written, no broker is asked.

use crate::deliver::envelope::MAX_BYTES;
use crate::deliver::topic::{self, BadName};
use std::path::Path;

/// MQTT's own part of a message, beside what is signed: topics, properties.
const OVERHEAD_BYTES: usize = 8_192;
/// A device that was away for so long gets what was meant for it.
const SESSION_DAYS: u32 = 30;

/// What a home may do, with the broker's own word for the user name.
struct Home {
    writes: [String; 6],
    reads: [String; 6],
}

impl Home {
    fn of(user: &str) -> Home {
        let below = |rest: &str| format!("tendero/v1/home/{user}/{rest}");
        Home {
            // A device that is being paired is a user of its own, for minutes.
            writes: [
                below("+/+/up/#"),
                below("+/state"),
                below("+/home/+"),
                below("+/text/+"),
                below("+/mute/+"),
                topic::pair_up(user),
            ],
            reads: [
                below("+/home/+"),
                below("+/text/+"),
                below("+/mute/+"),
                below("+/+/down/#"),
                "tendero/v1/shop/#".into(),
                topic::pair_down(user),
            ],
        }
    }
}

/// What a shop may do. Its workers share what they read.
struct Shop {
    writes: [String; 3],
    reads: [String; 2],
}

impl Shop {
    fn of(shop: &str) -> Result<Shop, BadName> {
        topic::check("shop", shop)?;
        let writes =
            [format!("tendero/v1/shop/{shop}/#"), format!("tendero/v1/home/+/+/{shop}/down/#"), topic::pair_down("+")];
        Ok(Shop { writes, reads: [topic::all_up(shop), topic::all_pairs()] })
    }
}

/// mosquitto's `acl_file`.
///
/// # Errors
/// [`BadName`] for a shop that can't be part of a topic.
pub fn mosquitto_acl(shop: &str) -> Result<String, BadName> {
    let (home, seller) = (Home::of("%u"), Shop::of(shop)?);
    let mut acl = "# Each home, by its user name.\n".to_owned();
    home.writes.iter().for_each(|topic| acl.push_str(&format!("pattern write {topic}\n")));
    home.reads.iter().for_each(|topic| acl.push_str(&format!("pattern read {topic}\n")));
    acl.push_str(&format!("\nuser {shop}\n"));
    seller.writes.iter().for_each(|topic| acl.push_str(&format!("topic write {topic}\n")));
    seller.reads.iter().for_each(|topic| acl.push_str(&format!("topic read {topic}\n")));
    Ok(acl)
}

/// `mosquitto.conf`: TLS, passwords, the rules, and a memory that outlives a restart. `folder` holds `acl`, `passwords`,
/// `ca.pem`, `server.pem` and `server.key`; what it remembers goes to `memory`, or, as in a part of Debian's
/// configuration, where that says.
pub fn mosquitto_conf(folder: &Path, memory: Option<&Path>, port: u16) -> String {
    let folder = folder.display();
    let largest = MAX_BYTES + OVERHEAD_BYTES;
    let memory = memory.map_or_else(
        || "# persistence: Debian's own configuration has it, and no setting may stand twice".into(),
        |memory| format!("persistence true\npersistence_location {}/", memory.display()),
    );
    format!(
        "\
listener {port}
cafile {folder}/ca.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl

# An answer must not wait 40 ms for the next packet.
set_tcp_nodelay true
# The largest message that anybody reads, and what MQTT adds to it.
max_packet_size {largest}
# What is meant for a device that is away.
max_queued_messages 1000
persistent_client_expiration {SESSION_DAYS}d
{memory}
autosave_interval 60
"
    )
}

/// EMQX's `acl.conf`, for version 5.
///
/// # Errors
/// [`BadName`] for a shop that can't be part of a topic.
pub fn emqx_acl(shop: &str) -> Result<String, BadName> {
    let (home, seller) = (Home::of("${username}"), Shop::of(shop)?);
    let list = |topics: &[String]| topics.iter().map(|topic| format!("\"{topic}\"")).collect::<Vec<_>>().join(", ");
    let shared = [topic::all_up_shared(shop), topic::all_pairs_shared()];
    let reads: Vec<String> = seller.reads.iter().cloned().chain(shared).collect();
    Ok(format!(
        "\
%% The shop, then each home, by its user name; nothing else.
{{allow, {{username, \"{shop}\"}}, publish, [{}]}}.
{{allow, {{username, \"{shop}\"}}, subscribe, [{}]}}.
{{allow, all, publish, [{}]}}.
{{allow, all, subscribe, [{}]}}.
{{deny, all}}.
",
        list(&seller.writes),
        list(&reads),
        list(&home.writes),
        list(&home.reads),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_smuggle_a_rule_is_refused() {
        for bad in ["", "a\ntopic write #", "corner\"}]}. {allow, all}. %%", "+", "#", "a/b"] {
            assert!(mosquitto_acl(bad).is_err() && emqx_acl(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn both_brokers_get_the_same_rules() {
        let (mosquitto, emqx) = (mosquitto_acl("corner").unwrap(), emqx_acl("corner").unwrap());
        let topics: Vec<String> = mosquitto
            .lines()
            .filter_map(|line| line.split_once("write ").or(line.split_once("read ")))
            .map(|(_, topic)| topic.replace("%u", "${username}"))
            .collect();
        assert_eq!(topics.len(), 17);
        for topic in topics {
            assert!(emqx.contains(&format!("\"{topic}\"")), "{topic}");
        }
    }
}
