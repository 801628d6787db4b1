//! Downloads one file over HTTPS: bounded in size, redirects and time, goes on where an earlier download was cut off, and
//! hands over nothing whose sum is not the one that was asked for.
//!
//! `http://` is for this machine only. No proxies, no cookies, no compression.

use super::sum_of;
use crate::deliver::mqtt::{TlsFiles, tls_config};
use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The largest file, where its size is not known: 4 GiB.
pub const MAX_BYTES: u64 = 4 << 30;
const MAX_REDIRECTS: u32 = 5;
const MAX_ADDRESSES: usize = 3;
/// The head of an answer.
const MAX_HEAD: usize = 64 * 1024;
/// To be connected, TLS included; of several addresses, each.
const CONNECT: Duration = Duration::from_secs(15);
/// Until an answer begins, and between two pieces of it.
const IDLE: Duration = Duration::from_secs(60);
/// A whole download: 4 GiB on a slow line.
const DEADLINE: Duration = Duration::from_secs(24 * 3600);
const USER_AGENT: &str = concat!("tendero/", env!("CARGO_PKG_VERSION"));

/// What is to be downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub url: String,
    /// Hex.
    pub sha256: String,
    /// To the byte, if it is known.
    pub bytes: Option<u64>,
    /// Whom to trust instead of the system's authorities.
    pub ca: Option<PathBuf>,
}

/// Downloads into `part` and sees that it is what was wanted. What was cut off stays there, with a note beside it of
/// where it came from, so that the next call goes on. `progress` is told bytes that are there, and bytes in all.
///
/// # Errors
/// The address, the network, an answer that is no such file, a full disk, another sum. The message says what to do.
pub async fn fetch(wanted: &Wanted, part: &Path, mut progress: impl FnMut(u64, Option<u64>)) -> anyhow::Result<()> {
    let work = download(wanted, part, &mut progress);
    timeout(DEADLINE, work).await.with_context(|| format!("{}: took longer than a day", wanted.url))??;
    let file = File::open(part).with_context(|| format!("{} can't be read", part.display()))?;
    let sum = sum_of(&file).with_context(|| format!("{} can't be read", part.display()))?;
    if sum != wanted.sha256 {
        discard(part);
        bail!(
            "{} is not what it should be and was thrown away: its sha256 is {sum}, and {} was expected",
            wanted.url,
            wanted.sha256
        );
    }
    Ok(())
}

/// Deletes what was downloaded so far.
pub fn discard(part: &Path) {
    let _ = std::fs::remove_file(part);
    let _ = std::fs::remove_file(note_path(part));
}

async fn download(wanted: &Wanted, part: &Path, progress: &mut impl FnMut(u64, Option<u64>)) -> anyhow::Result<()> {
    let start = resumable(wanted, part);
    if start.as_ref().is_some_and(|(there, _)| Some(*there) == wanted.bytes) {
        return Ok(());
    }
    let mut answer = ask(wanted, start.as_ref()).await?;
    let mut there = start.map_or(0, |(there, _)| there);
    // Another file by now, or a server that begins anew.
    if answer.response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        answer = ask(wanted, None).await?;
    }
    let headers = answer.response.headers();
    match answer.response.status() {
        StatusCode::OK => there = 0,
        StatusCode::PARTIAL_CONTENT => ensure!(
            range_start(headers) == Some(there),
            "{}: sent another part than the one that was asked for",
            wanted.url
        ),
        other => bail!("{}: the server answered {other}", wanted.url),
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    ensure!(
        !kind.starts_with("text/html"),
        "{}: the server sent a web page instead of the file; has the address changed, or does this network want a log-in?",
        wanted.url
    );
    let limit = wanted.bytes.unwrap_or(MAX_BYTES);
    let total = content_length(headers).map(|rest| there.saturating_add(rest));
    match (total, wanted.bytes) {
        (Some(total), Some(bytes)) => {
            ensure!(total == bytes, "{}: has {total} bytes, and {bytes} were expected", wanted.url)
        }
        (Some(total), None) => ensure!(total <= limit, "{}: has {total} bytes; {limit} are the limit", wanted.url),
        (None, _) => {}
    }
    let opened = if there == 0 { begin(part, wanted, headers) } else { OpenOptions::new().append(true).open(part) };
    let mut file = opened.with_context(|| format!("{} can't be written", part.display()))?;
    let mut body = answer.response.into_body();
    loop {
        let cut = |why: String| {
            anyhow::anyhow!(
                "{}: was cut off after {there} bytes ({why}); the same command goes on from there",
                wanted.url
            )
        };
        let frame = timeout(IDLE, body.frame()).await.map_err(|_| cut(format!("nothing for {} s", IDLE.as_secs())))?;
        let Some(frame) = frame else { break };
        let Ok(data) = frame.map_err(|why| cut(cause(&why)))?.into_data() else { continue };
        there += data.len() as u64;
        if there > limit {
            discard(part);
            bail!("{}: has more than {limit} bytes and was thrown away", wanted.url);
        }
        file.write_all(&data).with_context(|| format!("{} can't be written", part.display()))?;
        progress(there, wanted.bytes.or(total));
    }
    file.sync_all().with_context(|| format!("{} can't be written", part.display()))
}

/// How much is there of the very same file, and the server's name for its version (a strong ETag, RFC 9110, 8.8.3).
fn resumable(wanted: &Wanted, part: &Path) -> Option<(u64, String)> {
    let there = std::fs::metadata(part).ok()?.len();
    let note = std::fs::read_to_string(note_path(part)).ok()?;
    let mut lines = note.lines();
    let same = lines.next()? == wanted.url && lines.next()? == wanted.sha256;
    let etag = lines.next()?.to_owned();
    let limit = wanted.bytes.unwrap_or(MAX_BYTES);
    (same && there > 0 && there <= limit).then_some((there, etag))
}

fn note_path(part: &Path) -> PathBuf {
    part.with_added_extension("from")
}

/// Without a strong ETag there is no note, and the next download begins anew.
fn begin(part: &Path, wanted: &Wanted, headers: &HeaderMap) -> std::io::Result<File> {
    discard(part);
    let etag = headers.get(header::ETAG).and_then(|v| v.to_str().ok()).filter(|etag| etag.starts_with('"'));
    let file = File::create_new(part)?;
    if let Some(etag) = etag {
        std::fs::write(note_path(part), format!("{}\n{}\n{etag}\n", wanted.url, wanted.sha256))?;
    }
    Ok(file)
}

/// An answer, with what carries it: that ends with it.
struct Answer {
    response: Response<Incoming>,
    _driver: JoinSet<()>,
}

async fn ask(wanted: &Wanted, start: Option<&(u64, String)>) -> anyhow::Result<Answer> {
    let mut uri: Uri = wanted.url.parse().with_context(|| format!("{} is no address", wanted.url))?;
    for _ in 0..=MAX_REDIRECTS {
        let answer = ask_once(&uri, start, wanted.ca.as_deref()).await.with_context(|| format!("{uri}"))?;
        if !answer.response.status().is_redirection() {
            return Ok(answer);
        }
        let to = answer.response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok());
        uri = resolve(&uri, to.with_context(|| format!("{uri}: leads elsewhere and does not say where"))?)?;
    }
    bail!("{}: leads elsewhere more than {MAX_REDIRECTS} times", wanted.url)
}

/// A whole address, or a path on the same host.
fn resolve(from: &Uri, to: &str) -> anyhow::Result<Uri> {
    let uri: Uri = to.parse().with_context(|| format!("{from}: leads to what is no address"))?;
    if uri.scheme().is_some() {
        return Ok(uri);
    }
    ensure!(to.starts_with('/') && !to.starts_with("//"), "{from}: leads to what is no whole address");
    let mut parts = from.clone().into_parts();
    parts.path_and_query = uri.into_parts().path_and_query;
    Ok(Uri::from_parts(parts)?)
}

async fn ask_once(uri: &Uri, start: Option<&(u64, String)>, ca: Option<&Path>) -> anyhow::Result<Answer> {
    let authority = uri.authority().context("names no host")?;
    ensure!(!authority.as_str().contains('@'), "has a user in it; leave that out");
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let (is_tls, port) = match uri.scheme_str() {
        Some("https") => (true, 443),
        Some("http") => (false, 80),
        Some(_) | None => bail!("must begin with https://"),
    };
    let is_here = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    ensure!(is_tls || is_here, "http:// is for 127.0.0.1 only; use https://");
    let mut request = Request::get(uri.path_and_query().map_or("/", |p| p.as_str()))
        .header(header::HOST, authority.as_str())
        .header(header::USER_AGENT, USER_AGENT)
        .header(header::ACCEPT_ENCODING, "identity")
        .header(header::CONNECTION, "close");
    if let Some((there, etag)) = start {
        request = request.header(header::RANGE, format!("bytes={there}-")).header(header::IF_RANGE, etag);
    }
    let request = request.body(Empty::new())?;
    let tcp = connect(&host, authority.port_u16().unwrap_or(port)).await?;
    if !is_tls {
        return exchange(tcp, request).await;
    }
    let tls = Arc::new(
        tls_config(&TlsFiles { ca: ca.map(Path::to_owned), ..TlsFiles::default() })
            .map_err(|why| anyhow::anyhow!("no certificate authority to trust ({why}); install ca-certificates"))?,
    );
    let name = ServerName::try_from(host).context("the host is no name")?;
    let stream = timeout(CONNECT, tokio_rustls::TlsConnector::from(tls).connect(name, tcp)).await;
    exchange(stream.context("no TLS in time")?.context("TLS failed; is this device's clock right?")?, request).await
}

async fn connect(host: &str, port: u16) -> anyhow::Result<TcpStream> {
    let found =
        timeout(CONNECT, tokio::net::lookup_host((host, port))).await.context("the name was not resolved in time")?;
    let mut last = anyhow::anyhow!("the name has no address");
    for at in found.context("the name is not known; is the network there?")?.take(MAX_ADDRESSES) {
        match timeout(CONNECT, TcpStream::connect(at)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(why)) => last = anyhow::Error::new(why).context(format!("no connection to {at}")),
            Err(_) => last = anyhow::anyhow!("no connection to {at} within {} s", CONNECT.as_secs()),
        }
    }
    Err(last)
}

async fn exchange<T>(stream: T, request: Request<Empty<Bytes>>) -> anyhow::Result<Answer>
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut builder = hyper::client::conn::http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
    let mut driver = JoinSet::new();
    driver.spawn(async move { drop(connection.await) });
    let response = timeout(IDLE, sender.send_request(request)).await;
    let response = response.with_context(|| format!("no answer within {} s", IDLE.as_secs()))?;
    Ok(Answer { response: response?, _driver: driver })
}

/// `bytes 100-199/200` → 100.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn cause(error: &hyper::Error) -> String {
    let below = std::error::Error::source(error).map(|why| format!(": {why}")).unwrap_or_default();
    format!("{error}{below}")
}
