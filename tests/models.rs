//! `tendero models` against servers that behave and servers that do not: the real program over HTTP on this machine, the
//! download itself over TLS.

#![allow(clippy::unwrap_used, reason = "a test ends at the first surprise")]

#[path = "support/process.rs"]
mod process;

use process::{command_fed as tendero, stderr, text as stdout};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::{Arc, Mutex};
use tendero::models::fetch::{Wanted, fetch};
use zip::write::SimpleFileOptions;

/// The headers that came with one request, names in lower case; the request line under "".
type Came = BTreeMap<String, String>;
/// What is written, before the connection is closed.
type Serve = dyn Fn(&Came) -> Vec<u8> + Send + Sync;

struct Server {
    port: u16,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Server {
    fn start(
        tls: Option<Arc<rustls::ServerConfig>>,
        serve: impl Fn(&Came) -> Vec<u8> + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (port, came) = (listener.local_addr().unwrap().port(), Arc::default());
        let shared: Arc<Mutex<Vec<Came>>> = Arc::clone(&came);
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let tcp = tcp.unwrap();
                match &tls {
                    None => answer(tcp, &shared, &serve),
                    Some(tls) => {
                        let connection = rustls::ServerConnection::new(tls.clone()).unwrap();
                        answer(rustls::StreamOwned::new(connection, tcp), &shared, &serve);
                    }
                }
            }
        });
        Server { port, came }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn asked(&self, header: &str) -> Vec<Option<String>> {
        self.came.lock().unwrap().iter().map(|came| came.get(header).cloned()).collect()
    }
}

fn answer(stream: impl Read + Write, came: &Mutex<Vec<Came>>, serve: &Serve) {
    let mut reader = BufReader::new(stream);
    let (mut headers, mut line) = (Came::new(), String::new());
    if reader.read_line(&mut line).is_err() {
        return;
    }
    headers.insert(String::new(), line.trim().to_owned());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() {
            return;
        }
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let bytes = serve(&headers);
    came.lock().unwrap().push(headers);
    let _ = reader.get_mut().write_all(&bytes).and_then(|()| reader.get_mut().flush());
}

/// A whole answer; `length` may be more than there is, which is a line that is cut.
fn reply(status: &str, headers: &str, length: usize, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n").as_bytes(), body].concat()
}

fn sum(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Sha256::digest(bytes))
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn model() -> Vec<u8> {
    let weights: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    archive(&[("small/am/final.mdl", &weights), ("small/conf/mfcc.conf", b"--sample-frequency=16000\n")])
}

fn pull(dir: &Path, url: &str, sha256: &str) -> Output {
    let dir = dir.to_str().unwrap();
    tendero(
        &["models", "--dir", dir, "pull", "own", "--url", url, "--engine", "vosk", "--lang", "es", "--sha256", sha256],
        "",
    )
}

fn fails(output: &Output, says: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert_eq!(message.trim().lines().count(), 1, "{message}");
    says.iter().for_each(|says| assert!(message.contains(says), "{says:?} is missing from: {message}"));
}

/// Everything under `dir` but the lock.
fn left(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name != ".lock");
    names.sort();
    names
}

#[test]
fn a_model_is_pulled_listed_verified_and_removed() {
    let (model, dir) = (model(), tempfile::tempdir().unwrap());
    let served = model.clone();
    let server = Server::start(None, move |came| match came[""].as_str() {
        "GET /moved HTTP/1.1" => reply("302 Found", "Location: /small.zip\r\n", 0, b""),
        "GET /round HTTP/1.1" => reply("302 Found", "Location: /round\r\n", 0, b""),
        _ => reply("200 OK", "", served.len(), &served),
    });
    let at = dir.path();
    let done = pull(at, &server.url("/moved"), &sum(&model));
    assert!(done.status.success() && stdout(&done).contains("2 files, checked"), "{}", stderr(&done));
    assert_eq!(left(at), ["own"]);
    let dir_text = at.to_str().unwrap();
    let listed = || -> serde_json::Value {
        let list = stdout(&tendero(&["models", "--dir", dir_text, "list", "--json"], ""));
        let rows = list.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        rows.into_iter().find(|row| row["name"] == "own").unwrap_or_default()
    };
    let row = listed();
    assert_eq!(
        (&row["state"], &row["languages"][0], &row["engine"]),
        (&"installed".into(), &"es".into(), &"vosk".into())
    );
    let weights = at.join("own/am/final.mdl");
    assert_eq!(row["files"][0]["sha256"], sum(&std::fs::read(&weights).unwrap()));
    // Again: nothing to do, and nobody is asked.
    let before = server.asked("").len();
    assert!(pull(at, &server.url("/moved"), &sum(&model)).status.success());
    assert_eq!(server.asked("").len(), before);

    let verify = || tendero(&["models", "--dir", dir_text, "verify", "own"], "");
    assert!(verify().status.success());
    // The same size, another bit.
    let mut bytes = std::fs::read(&weights).unwrap();
    bytes[1000] ^= 1;
    std::fs::write(&weights, &bytes).unwrap();
    fails(&verify(), &["1 of 1 models"]);
    assert!(stdout(&verify()).contains("final.mdl is not what it was"));
    fails(&pull(at, &server.url("/moved"), &sum(&model)), &["is there already", "tendero models remove own"]);
    std::fs::write(&weights, b"half").unwrap();
    assert_eq!(listed()["state"], "damaged");

    assert!(tendero(&["models", "--dir", dir_text, "remove", "own"], "").status.success());
    assert_eq!(left(at), [] as [&str; 0]);
    fails(&tendero(&["models", "--dir", dir_text, "remove", "own"], ""), &["no model own", "models list"]);
    fails(&pull(at, &server.url("/round"), &sum(&model)), &["more than 5 times"]);
}

#[test]
fn a_download_that_was_cut_off_goes_on_and_another_version_begins_anew() {
    let (model, dir) = (model(), tempfile::tempdir().unwrap());
    let (served, etag) = (model.clone(), Arc::new(Mutex::new("\"one\"".to_owned())));
    let current = Arc::clone(&etag);
    let cut = Arc::new(Mutex::new(true));
    let cuts = Arc::clone(&cut);
    let server = Server::start(None, move |came| {
        let etag = current.lock().unwrap().clone();
        let from = came.get("range").filter(|_| came.get("if-range") == Some(&etag));
        let from: usize = from.map_or(0, |r| r.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap());
        let (rest, all) = (&served[from..], served.len());
        let here = if *cuts.lock().unwrap() { rest.len() / 2 } else { rest.len() };
        let headers = match from {
            0 => format!("ETag: {etag}\r\n"),
            _ => format!("ETag: {etag}\r\nContent-Range: bytes {from}-{}/{all}\r\n", all - 1),
        };
        reply(if from == 0 { "200 OK" } else { "206 Partial Content" }, &headers, rest.len(), &rest[..here])
    });
    let (at, half) = (dir.path(), model.len() / 2);
    let go = || pull(at, &server.url("/m.zip"), &sum(&model));
    fails(&go(), &[&format!("cut off after {half} bytes"), "the same command goes on"]);
    assert_eq!(left(at), [".own.part", ".own.part.from"], "and nothing that could be taken for a model");
    *cut.lock().unwrap() = false;
    assert!(go().status.success());
    assert_eq!(server.asked("range"), [None, Some(format!("bytes={half}-"))]);
    assert_eq!(left(at), ["own"]);

    assert!(tendero(&["models", "--dir", at.to_str().unwrap(), "remove", "own"], "").status.success());
    *cut.lock().unwrap() = true;
    fails(&go(), &["cut off"]);
    (*etag.lock().unwrap(), *cut.lock().unwrap()) = ("\"two\"".into(), false);
    assert!(go().status.success(), "the whole file was sent again");
    // What was cut off can be thrown away, too.
    assert!(tendero(&["models", "--dir", at.to_str().unwrap(), "remove", "own"], "").status.success());
    *cut.lock().unwrap() = true;
    fails(&go(), &["cut off"]);
    assert!(tendero(&["models", "--dir", at.to_str().unwrap(), "remove", "own"], "").status.success());
    assert_eq!(left(at), [] as [&str; 0]);
}

#[test]
fn what_is_not_the_file_is_never_a_model() {
    let model = model();
    let (right, page) = (sum(&model), b"<!doctype html><title>Log in</title>".to_vec());
    let served = model.clone();
    let server = Server::start(None, move |came| match came[""].split(' ').nth(1).unwrap() {
        "/page" => reply("200 OK", "Content-Type: text/html; charset=utf-8\r\n", page.len(), &page),
        // A page that says that it is none.
        "/sly" => reply("200 OK", "Content-Type: application/zip\r\n", page.len(), &page),
        "/gone" => reply("404 Not Found", "", 0, b""),
        "/huge" => reply("200 OK", "", 5 << 30, b"x"),
        "/elsewhere" => reply("302 Found", "Location: http://192.0.2.1/m.zip\r\n", 0, b""),
        _ => reply("200 OK", "", served.len(), &served),
    });
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    for (path, says) in [
        ("/page", "a web page instead of the file"),
        ("/sly", "is not what it should be and was thrown away"),
        ("/gone", "404"),
        ("/huge", "are the limit"),
        ("/elsewhere", "http:// is for 127.0.0.1 only"),
    ] {
        fails(&pull(at, &server.url(path), &right), &[says]);
        assert_eq!(left(at), [] as [&str; 0], "{path}");
    }
    fails(&pull(at, &server.url("/m.zip"), &sum(b"another")), &["its sha256 is", &right]);
    assert_eq!(left(at), [] as [&str; 0]);
    fails(&pull(at, "http://192.0.2.1/m.zip", &right), &["http:// is for 127.0.0.1 only"]);
    fails(&pull(at, &server.url("/m.zip"), "123"), &["64 digits"]);
    let dir_text = at.to_str().unwrap();
    let own =
        ["models", "--dir", dir_text, "pull", "own", "--url", "https://x.invalid/", "--engine", "vosk", "--lang", "es"];
    fails(&tendero(&own, ""), &["what can't be checked is not installed", "--sha256"]);
    fails(&tendero(&["models", "--dir", dir_text, "pull", "nothing"], ""), &["no model is called nothing"]);
    fails(&tendero(&["models", "--dir", dir_text, "pull", "hey_tendero"], ""), &["is brought by"]);
}

#[test]
fn an_archive_reaches_nothing_outside_of_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    for (name, says) in
        [("../evil", "would lie outside"), ("/etc/evil", "would lie outside"), ("tendero-model.json", "of its own")]
    {
        let evil = archive(&[("fine", b"x"), (name, b"evil")]);
        let served = evil.clone();
        let server = Server::start(None, move |_| reply("200 OK", "", served.len(), &served));
        fails(&pull(dir.path(), &server.url("/m.zip"), &sum(&evil)), &[says]);
        assert_eq!(left(dir.path()), [".own.part"]);
    }
    // Half an archive, with its own right sum.
    let half = model()[..1000].to_vec();
    let served = half.clone();
    let server = Server::start(None, move |_| reply("200 OK", "", served.len(), &served));
    fails(&pull(dir.path(), &server.url("/m.zip"), &sum(&half)), &["can't be unpacked"]);
    assert!(!dir.path().join("own").exists());
}

#[tokio::test]
async fn over_tls_only_from_whom_the_certificate_names() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let model = model();
    let served = model.clone();
    let server = Server::start(Some(Arc::new(tls)), move |_| reply("200 OK", "", served.len(), &served));
    let dir = tempfile::tempdir().unwrap();
    let ca: PathBuf = dir.path().join("ca.pem");
    std::fs::write(&ca, made.cert.pem()).unwrap();
    let part = dir.path().join("part");
    let wanted = |host: &str, ca: Option<&PathBuf>, bytes: u64| Wanted {
        url: format!("https://{host}:{}/m.zip", server.port),
        sha256: sum(&model),
        bytes: Some(bytes),
        ca: ca.cloned(),
    };
    let whole = model.len() as u64;
    let mut seen = 0;
    fetch(&wanted("localhost", Some(&ca), whole), &part, |there, _| seen = there).await.unwrap();
    assert_eq!((seen, std::fs::read(&part).unwrap()), (whole, model.clone()));
    std::fs::remove_file(&part).unwrap();
    for (wanted, says) in [
        (wanted("localhost", None, whole), "TLS failed"),
        (wanted("127.0.0.1", Some(&ca), whole), "TLS failed"),
        (wanted("localhost", Some(&ca), whole - 1), "were expected"),
    ] {
        let why = format!("{:#}", fetch(&wanted, &part, |_, _| {}).await.unwrap_err());
        assert!(why.contains(says), "{why}");
        assert!(!part.exists());
    }
}

/// More than was said, without a length: the manifest's size is the limit.
#[tokio::test]
async fn a_body_without_an_end_ends_at_the_limit() {
    let server = Server::start(None, |_| [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &vec![b'x'; 1 << 20]].concat());
    let dir = tempfile::tempdir().unwrap();
    let part = dir.path().join("part");
    let wanted = Wanted { url: server.url("/"), sha256: sum(b""), bytes: Some(1000), ca: None };
    let why = fetch(&wanted, &part, |_, _| {}).await.unwrap_err().to_string();
    assert!(why.contains("more than 1000 bytes") && !part.exists(), "{why}");
}
