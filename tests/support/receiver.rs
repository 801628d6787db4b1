//! A shop system that takes webhooks: a server of plain sockets, which answers as it is told, hangs, and checks each signature
//! by a computation of its own.
#![allow(dead_code, reason = "each test uses its part")]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The example of the specification.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How a request is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Status(u16),
    /// Read, and never answered; the connection stays.
    Hang,
    /// Closed without a word.
    Close,
}

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    pub id: String,
    pub timestamp_s: i64,
    pub body: serde_json::Value,
    pub reply: Reply,
}

impl Came {
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().unwrap()
    }

    pub fn order(&self) -> &str {
        self.body["data"]["order_id"].as_str().unwrap()
    }
}

#[derive(Default)]
struct State {
    next: VecDeque<Reply>,
    came: Vec<Came>,
    /// Kept, so that who waits for an answer waits on.
    hanging: Vec<TcpStream>,
}

pub struct Receiver {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Ends with the test's process. `always`: the reply where none is planned.
    pub fn start(always: Reply) -> Receiver {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = shared.clone();
                std::thread::spawn(move || take(stream.unwrap(), &shared, always));
            }
        });
        Receiver { port, state }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/orders?from=tendero", self.port)
    }

    /// The next requests are answered so, one each.
    pub fn plan(&self, replies: &[Reply]) {
        self.state.lock().unwrap().next.extend(replies);
    }

    /// Everything that came, in its order.
    pub fn came(&self) -> Vec<Came> {
        self.state.lock().unwrap().came.clone()
    }

    /// What was answered with a yes.
    pub fn took(&self) -> Vec<Came> {
        self.came().into_iter().filter(|came| came.reply == Reply::Status(200)).collect()
    }
}

fn take(stream: TcpStream, state: &Mutex<State>, always: Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    if line.is_empty() {
        return;
    }
    assert_eq!(line, "POST /orders?from=tendero HTTP/1.1\r\n");
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let signed = format!("{}.{}.{body}", headers["webhook-id"], headers["webhook-timestamp"]);
    assert_eq!(headers["webhook-signature"], format!("v1,{}", STANDARD.encode(hmac(signed.as_bytes()))));
    assert_eq!(headers["content-type"], "application/json");
    let mut state = state.lock().unwrap();
    let reply = state.next.pop_front().unwrap_or(always);
    state.came.push(Came {
        id: headers["webhook-id"].clone(),
        timestamp_s: headers["webhook-timestamp"].parse().unwrap(),
        body: serde_json::from_str(&body).unwrap(),
        reply,
    });
    match reply {
        Reply::Status(status) => {
            let answer =
                format!("HTTP/1.1 {status} So\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 2\r\n\r\nno");
            let _ = (&stream).write_all(answer.as_bytes());
        }
        Reply::Hang => state.hanging.push(stream),
        Reply::Close => {}
    }
}

/// RFC 2104.
fn hmac(message: &[u8]) -> Vec<u8> {
    let mut key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    key.resize(64, 0);
    let pad = |with: u8| key.iter().map(|b| b ^ with).collect::<Vec<u8>>();
    let inner = Sha256::digest([&pad(0x36)[..], message].concat());
    Sha256::digest([&pad(0x5c)[..], &inner[..]].concat()).to_vec()
}
