//! An MQTT 5 broker in the process, for the demo and first steps.
//!
//! It listens on 127.0.0.1 only, keeps sessions and retained messages in memory only (they are
//! gone when it ends), and has no passwords and no access rules: a household uses a real broker.

use anyhow::Context;
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

/// Largest message, bytes: the largest envelope and its topic.
const MAX_PAYLOAD: usize = 300 * 1024;

/// Clients at the same time: the demo has a thousand homes.
const MAX_CONNECTIONS: usize = 1_200;

/// A port that is free on 127.0.0.1 at this moment.
///
/// # Errors
/// When the machine has none left.
pub fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// Runs a broker on 127.0.0.1 and blocks for as long as it lives.
///
/// # Errors
/// When the port is taken, or the broker ended.
pub fn run(port: u16) -> anyhow::Result<()> {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    // rumqttd only logs when it can't listen; this says so before it is started.
    drop(TcpListener::bind(listen).with_context(|| format!("port {port} of 127.0.0.1 is taken; name another one"))?);
    Broker::new(config(listen)).start().map_err(|e| anyhow::anyhow!("the broker on {listen} ended: {e}"))
}

/// Starts a broker on a thread, and returns when it accepts connections. It lives as long as the process.
///
/// # Errors
/// When it does not come up within five seconds.
pub fn spawn(port: u16) -> anyhow::Result<()> {
    let (ended, watch) = std::sync::mpsc::channel();
    std::thread::Builder::new().name("broker".into()).spawn(move || {
        // Nobody waits for this any more once the broker is up.
        let _ = ended.send(run(port));
    })?;
    for _ in 0..100 {
        match watch.recv_timeout(Duration::from_millis(50)) {
            Ok(result) => return result.and_then(|()| anyhow::bail!("the broker on port {port} ended at once")),
            Err(_) if is_up(port) => return Ok(()),
            Err(_) => {}
        }
    }
    anyhow::bail!("the broker on port {port} did not come up within five seconds")
}

/// Does something accept connections there?
pub fn is_up(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

fn config(listen: SocketAddr) -> Config {
    let connections = ConnectionSettings {
        connection_timeout_ms: 5_000,
        max_payload_size: MAX_PAYLOAD,
        max_inflight_count: 100,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server = ServerSettings { name: "v5".into(), listen, tls: None, next_connection_delay_ms: 1, connections };
    Config {
        router: RouterConfig {
            max_connections: MAX_CONNECTIONS,
            max_outgoing_packet_count: 200,
            max_segment_size: 1024 * 1024,
            max_segment_count: 10,
            ..RouterConfig::default()
        },
        v5: Some(HashMap::from([("v5".to_owned(), server)])),
        ..Config::default()
    }
}
