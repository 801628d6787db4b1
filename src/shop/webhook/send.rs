//! One try: connect, post, read the head of the answer, hang up. Follows no redirect, keeps no connection, and ends within
//! [`DEADLINE`] whatever the other side does.

use super::{Address, Config};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// A whole try; the specification says 15 to 30 seconds.
const DEADLINE: Duration = Duration::from_secs(15);
/// To be connected; of several addresses of a host, each.
const CONNECT: Duration = Duration::from_secs(5);
/// Addresses of a host that are tried.
const MAX_ADDRESSES: usize = 3;
/// The head of an answer.
const MAX_HEAD: usize = 16 * 1024;
const USER_AGENT: &str = concat!("tendero/", env!("CARGO_PKG_VERSION"));

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 2xx: it has it.
    Taken,
    /// 410: it wants nothing any more.
    Gone,
    /// Nothing else was understood to be a yes.
    Failed { why: String, retry_after_ms: Option<i64> },
}

/// A message to post.
pub struct Message {
    pub id: String,
    pub timestamp_s: i64,
    pub body: String,
}

/// Posts it. `now_unix_ms` is for a `Retry-After` that names a date.
pub async fn send(config: &Config, message: Message, now_unix_ms: i64) -> Answer {
    let failed = |why: String| Answer::Failed { why, retry_after_ms: None };
    match tokio::time::timeout(DEADLINE, post(config, message)).await {
        Ok(Ok(response)) => judge(&response, now_unix_ms),
        Ok(Err(why)) => failed(why),
        Err(_) => failed(format!("no answer within {} s", DEADLINE.as_secs())),
    }
}

fn judge<T>(response: &Response<T>, now_unix_ms: i64) -> Answer {
    let status = response.status();
    if status.is_success() {
        return Answer::Taken;
    }
    if status == StatusCode::GONE {
        return Answer::Gone;
    }
    let why = if status.is_redirection() {
        format!("it answered {status}; redirects are not followed: name the address that it leads to")
    } else {
        format!("it answered {status}")
    };
    Answer::Failed { why, retry_after_ms: retry_after(response.headers().get(header::RETRY_AFTER), now_unix_ms) }
}

/// Seconds, or a date (RFC 9110, 10.2.3).
fn retry_after(value: Option<&HeaderValue>, now_unix_ms: i64) -> Option<i64> {
    let text = value?.to_str().ok()?.trim();
    if let Ok(secs) = text.parse::<u32>() {
        return Some(i64::from(secs) * 1000);
    }
    let at = httpdate::parse_http_date(text).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(i64::try_from(at.as_millis()).ok()?.saturating_sub(now_unix_ms).max(0))
}

async fn post(config: &Config, message: Message) -> Result<Response<Incoming>, String> {
    let address = &config.address;
    let request = request(config, message)?;
    let tcp = connect(address).await?;
    match &config.tls {
        None => exchange(tcp, request).await,
        Some(tls) => {
            let name = ServerName::try_from(address.host.clone()).map_err(|_| "the host is no name".to_owned())?;
            let stream = TlsConnector::from(tls.clone()).connect(name, tcp).await;
            exchange(stream.map_err(|why| format!("TLS: {why}"))?, request).await
        }
    }
}

fn request(config: &Config, Message { id, timestamp_s, body }: Message) -> Result<Request<Full<Bytes>>, String> {
    let signature = config.secrets.sign(&id, timestamp_s, &body);
    Request::post(config.address.path.as_str())
        .header(header::HOST, config.address.authority.as_str())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONNECTION, "close")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp_s)
        .header("webhook-signature", signature)
        .body(Full::new(Bytes::from(body)))
        .map_err(|why| why.to_string())
}

async fn connect(address: &Address) -> Result<TcpStream, String> {
    let found = tokio::time::timeout(CONNECT, tokio::net::lookup_host((address.host.as_str(), address.port))).await;
    let found = found.map_err(|_| "the name was not resolved in time".to_owned())?;
    let found: Vec<SocketAddr> = found.map_err(|why| format!("the name is not known: {why}"))?.collect();
    // A name that was this machine's can become another one's.
    if address.loopback_only && found.iter().any(|at| !at.ip().is_loopback()) {
        return Err("the name is not of this machine, and http:// is for this machine only".into());
    }
    let mut last = "the name has no address".to_owned();
    for at in found.into_iter().take(MAX_ADDRESSES) {
        match tokio::time::timeout(CONNECT, TcpStream::connect(at)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(why)) => last = format!("{at}: {why}"),
            Err(_) => last = format!("{at}: no connection within {} s", CONNECT.as_secs()),
        }
    }
    Err(last)
}

async fn exchange<T>(stream: T, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, String>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = hyper::client::conn::http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(cause)?;
    // Ends with this try, also when that is given up.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    sender.send_request(request).await.map_err(cause)
}

/// The error with what is below it, on one line and not for ever.
fn cause(error: hyper::Error) -> String {
    let mut text = error.to_string();
    let mut below = std::error::Error::source(&error);
    while let Some(why) = below {
        text.push_str(&format!(": {why}"));
        below = why.source();
    }
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::webhook::Secrets;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn answer(status: u16, retry_after: Option<&str>) -> Answer {
        let mut response = Response::builder().status(status);
        if let Some(value) = retry_after {
            response = response.header(header::RETRY_AFTER, value);
        }
        judge(&response.body(()).unwrap(), 1_793_533_770_000)
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        assert_eq!(
            (answer(200, None), answer(204, None), answer(410, None)),
            (Answer::Taken, Answer::Taken, Answer::Gone)
        );
        for status in [100, 301, 302, 307, 400, 401, 404, 409, 429, 500, 503] {
            assert!(matches!(answer(status, None), Answer::Failed { retry_after_ms: None, .. }), "{status}");
        }
        let after = |text: &str| match answer(503, Some(text)) {
            Answer::Failed { retry_after_ms, .. } => retry_after_ms,
            other => panic!("{other:?}"),
        };
        assert_eq!((after("120"), after(" 0 "), after("soon"), after("-5")), (Some(120_000), Some(0), None, None));
        assert_eq!(after("Sun, 01 Nov 2026 11:50:30 GMT"), Some(60_000));
        assert_eq!(after("Fri, 01 Jan 2021 00:00:00 GMT"), Some(0));
    }

    /// A server for one connection; `serve` gets it once it is there.
    async fn at<F>(serve: impl FnOnce(TcpStream) -> F + Send + 'static) -> u16
    where
        F: Future<Output = ()> + Send,
    {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { serve(listener.accept().await.unwrap().0).await });
        port
    }

    fn config(url: &str, ca: Option<&str>) -> Config {
        let dir = tempfile::tempdir().unwrap();
        let (secret, file) = (dir.path().join("secret"), dir.path().join("ca.pem"));
        crate::private_file::write(&secret, Secrets::fresh().unwrap().as_bytes()).unwrap();
        std::fs::write(&file, ca.unwrap_or_default()).unwrap();
        let address = Address::parse(url, false).unwrap();
        Config::new(address, Secrets::load(&secret).unwrap(), ca.map(|_| file)).unwrap()
    }

    async fn try_it(url: &str, ca: Option<&str>) -> Answer {
        let message = Message { id: "msg_1".into(), timestamp_s: 1, body: "{}".into() };
        send(&config(url, ca), message, 1_000).await
    }

    async fn yes(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
        let mut head = vec![0; 4096];
        let _ = stream.read(&mut head).await;
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
    }

    #[tokio::test]
    async fn a_server_is_who_its_certificate_says_or_hears_nothing() {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let server = tokio_rustls::TlsAcceptor::from(Arc::new(server));
        let (ca, other) = (made.cert.pem(), other.cert.pem());
        let port = serve_tls(server.clone()).await;
        assert_eq!(try_it(&format!("https://localhost:{port}/"), Some(&ca)).await, Answer::Taken);
        for (host, ca) in [("localhost", Some(other.as_str())), ("127.0.0.1", Some(&ca)), ("localhost", None)] {
            let port = serve_tls(server.clone()).await;
            let answer = try_it(&format!("https://{host}:{port}/"), ca).await;
            assert!(matches!(&answer, Answer::Failed { why, .. } if why.starts_with("TLS: ")), "{host}: {answer:?}");
        }
    }

    async fn serve_tls(server: tokio_rustls::TlsAcceptor) -> u16 {
        at(|stream| async move {
            if let Ok(stream) = server.accept(stream).await {
                yes(stream).await;
            }
        })
        .await
    }

    #[tokio::test]
    async fn whatever_the_other_side_does_a_try_ends() {
        let failed = |answer: &Answer, expected: &str| match answer {
            Answer::Failed { why, .. } => assert!(why.contains(expected), "{why}"),
            other => panic!("{other:?}"),
        };
        let port = at(yes).await;
        assert_eq!(try_it(&format!("http://localhost:{port}/"), None).await, Answer::Taken);
        // A name of this machine, closed; nobody there.
        let port = at(async |stream| drop(stream)).await;
        assert!(matches!(try_it(&format!("http://127.0.0.1:{port}/"), None).await, Answer::Failed { .. }));
        failed(&try_it("http://127.0.0.1:1/", None).await, "127.0.0.1:1");
        // No HTTP, and a head without an end.
        let port = at(async |mut stream: TcpStream| drop(stream.write_all(b"SSH-2.0-x\r\n\r\n").await)).await;
        assert!(matches!(try_it(&format!("http://127.0.0.1:{port}/"), None).await, Answer::Failed { .. }));
        let port = at(async |mut stream: TcpStream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        })
        .await;
        assert!(matches!(try_it(&format!("http://127.0.0.1:{port}/"), None).await, Answer::Failed { .. }));
        // An answer of any size after a yes is not read.
        let port = at(async |mut stream: TcpStream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n").await;
            while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
        })
        .await;
        assert_eq!(try_it(&format!("http://127.0.0.1:{port}/"), None).await, Answer::Taken);
        // A letter now and then, for ever.
        let port = at(async |mut stream: TcpStream| {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ").await;
            while stream.write_all(b"H").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        })
        .await;
        let url = format!("http://127.0.0.1:{port}/");
        let slow = tokio::time::timeout(DEADLINE * 2, try_it(&url, None));
        failed(&slow.await.unwrap(), "no answer within 15 s");
    }
}
