//! The shop's orders and numbers over HTTP, for its people and their monitoring: `/`, `/orders.csv`, `/metrics`.
//!
//! Reads the book and changes nothing. This machine alone may read it without a token; from elsewhere one is asked for, and the
//! connection is not encrypted: a proxy does that. Whatever comes from outside is escaped, and no page needs a script.

mod html;
mod metrics;

use super::book::figures::Figures;
use super::book::{Book, Booking};
use super::export;
use crate::clock::Clock;
use crate::deliver::store::StoreError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::channel::Channel;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ring::hmac;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// Orders on one page.
const ON_A_PAGE: u32 = 50;
/// Connections at once; who comes later waits.
const MAX_CONNECTIONS: usize = 32;
/// The head of a request.
const MAX_HEAD: usize = 16 * 1024;
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// A whole answer; a long list goes out in parts, each within [`PART_WITHIN`].
const ANSWER_WITHIN: Duration = Duration::from_secs(600);
const PART_WITHIN: Duration = Duration::from_secs(30);
/// A token that can't be guessed has more letters than this.
const MIN_TOKEN: usize = 16;
const MAX_TOKEN: usize = 512;

type Body = BoxBody<Bytes, io::Error>;

#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("the page can't be at {listen}: {why}; name a free address of this machine with --page")]
    Listen { listen: SocketAddr, why: io::Error },
    #[error(
        "{listen} can be reached from other machines, so --page needs --page-token-file; or name 127.0.0.1:{}",
        listen.port()
    )]
    NeedsToken { listen: SocketAddr },
    #[error("{path} can't be read: {why}")]
    Read { path: PathBuf, why: io::Error },
    #[error(
        "{path} holds no token: 16 to 512 letters, digits and signs in one line, such as openssl rand -hex 32 prints"
    )]
    Token { path: PathBuf },
    #[error("this machine gave no random numbers: {0}")]
    Random(getrandom::Error),
}

/// What a reader must show, kept so that comparing takes the same time whatever was shown.
pub struct Token {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Token {
    /// # Errors
    /// [`PageError`], naming the file.
    pub fn load(path: &Path) -> Result<Token, PageError> {
        let text = std::fs::read_to_string(path).map_err(|why| PageError::Read { path: path.into(), why })?;
        let text = text.trim();
        if !(MIN_TOKEN..=MAX_TOKEN).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(PageError::Token { path: path.into() });
        }
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(PageError::Random)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let tag = hmac::sign(&key, text.as_bytes());
        Ok(Token { key, tag })
    }

    fn is(&self, shown: &[u8]) -> bool {
        hmac::verify(&self.key, shown, self.tag.as_ref()).is_ok()
    }

    /// As a bearer token, or as the password of whatever user.
    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let Some(shown) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
            return false;
        };
        match shown.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => self.is(token.trim().as_bytes()),
            Some((scheme, pair)) if scheme.eq_ignore_ascii_case("basic") => {
                let pair = STANDARD.decode(pair.trim()).unwrap_or_default();
                let colon = pair.iter().position(|b| *b == b':');
                colon.is_some_and(|at| self.is(&pair[at + 1..]))
            }
            Some(_) | None => false,
        }
    }
}

struct Page {
    book: Arc<Mutex<Book>>,
    clock: Clock,
    seller: String,
    token: Option<Token>,
}

/// Serves from now on, until the runtime ends; where. The book must be one of its own.
///
/// # Errors
/// [`PageError`].
pub async fn start(
    listen: SocketAddr,
    token: Option<Token>,
    book: Book,
    seller: String,
    clock: Clock,
) -> Result<SocketAddr, PageError> {
    if token.is_none() && !listen.ip().is_loopback() {
        return Err(PageError::NeedsToken { listen });
    }
    let cannot = |why| PageError::Listen { listen, why };
    let listener = TcpListener::bind(listen).await.map_err(cannot)?;
    let at = listener.local_addr().map_err(cannot)?;
    let page = Arc::new(Page { book: Arc::new(Mutex::new(book)), clock, seller, token });
    tokio::spawn(accept(listener, page));
    Ok(at)
}

async fn accept(listener: TcpListener, page: Arc<Page>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = places.clone().acquire_owned().await.expect("nobody closes it");
        match listener.accept().await {
            Ok((stream, _)) => {
                let page = page.clone();
                tokio::spawn(async move {
                    serve(stream, page).await;
                    drop(place);
                });
            }
            // Too many open files: not at once again.
            Err(why) => {
                tracing::warn!("the page takes no connection: {why}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, page: Arc<Page>) {
    let service = service_fn(move |request| {
        let page = page.clone();
        async move { Ok::<_, Infallible>(page.answer(&request).await) }
    });
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(MAX_HEAD).keep_alive(false);
    let served = tokio::time::timeout(ANSWER_WITHIN, builder.serve_connection(TokioIo::new(stream), service));
    if let Ok(Err(why)) = served.await {
        tracing::debug!("the page: {why}");
    }
}

impl Page {
    async fn answer<T>(self: Arc<Page>, request: &Request<T>) -> Response<Body> {
        let mut response = self.route(request).await;
        let headers = response.headers_mut();
        for (name, value) in [
            ("content-security-policy", CSP),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }

    async fn route<T>(self: Arc<Page>, request: &Request<T>) -> Response<Body> {
        match &self.token {
            Some(token) if !token.is_shown(request.headers()) => {
                let mut response = plain(StatusCode::UNAUTHORIZED, "this page needs its token\n");
                let ask = HeaderValue::from_static("Basic realm=\"tendero shop\", charset=\"UTF-8\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, ask);
                return response;
            }
            // A page elsewhere whose name was made to lead here would be read by its own scripts.
            None if !is_this_machine(request.headers().get(header::HOST)) => {
                return plain(StatusCode::FORBIDDEN, "open this page as http://127.0.0.1 or http://localhost\n");
            }
            Some(_) | None => {}
        }
        if request.method() != Method::GET && request.method() != Method::HEAD {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "this page is only for reading\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match request.uri().path() {
            "/" => self.orders(request.uri().query()).await,
            "/orders.csv" => self.csv().await,
            "/metrics" => self.metrics().await,
            "/style.css" => full(StatusCode::OK, "text/css; charset=utf-8", html::STYLE),
            _ => plain(StatusCode::NOT_FOUND, "there is no such page; there are /, /orders.csv and /metrics\n"),
        }
    }

    async fn orders(&self, query: Option<&str>) -> Response<Body> {
        let Some(before) = before_of(query) else {
            return plain(StatusCode::BAD_REQUEST, "before must be a number, as the links of this page have it\n");
        };
        // One more tells whether there are older ones.
        let read = self.read(move |book| Ok((book.orders_before(before, ON_A_PAGE + 1)?, book.figures()?))).await;
        match read {
            Ok((mut orders, figures)) => {
                let has_older = orders.len() > ON_A_PAGE as usize;
                orders.truncate(ON_A_PAGE as usize);
                let older = orders.last().filter(|_| has_older).map(|order| order.no);
                let view = html::View { seller: &self.seller, orders: &orders, figures: &figures, older };
                full(StatusCode::OK, "text/html; charset=utf-8", html::render(&view, before != i64::MAX))
            }
            Err(why) => away(&why),
        }
    }

    async fn metrics(&self) -> Response<Body> {
        let now = self.clock.unix_ms();
        match self.read(|book| book.figures()).await {
            Ok(figures) => {
                full(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics::render(&figures, now))
            }
            Err(why) => away(&why),
        }
    }

    /// In parts, so that a book of any size fits.
    async fn csv(self: &Arc<Page>) -> Response<Body> {
        let (first, mut last) = match self.read(|book| part(book, i64::MAX, true)).await {
            Ok(part) => part,
            Err(why) => return away(&why),
        };
        let (mut sender, body) = Channel::<Bytes, io::Error>::new(1);
        let page = self.clone();
        tokio::spawn(async move {
            let mut bytes = first;
            loop {
                match tokio::time::timeout(PART_WITHIN, sender.send_data(bytes.into())).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) | Err(_) => return,
                }
                let Some(before) = last else { return };
                (bytes, last) = match page.read(move |book| part(book, before, false)).await {
                    Ok(part) => part,
                    // Cut off, so that nobody takes the half for the whole.
                    Err(why) => return sender.abort(io::Error::other(why.to_string())),
                };
            }
        });
        let mut response = Response::new(body.boxed());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
        let name = HeaderValue::from_static("attachment; filename=\"orders.csv\"");
        headers.insert(header::CONTENT_DISPOSITION, name);
        response
    }

    /// The book waits for its disk or its network: not where everybody else would wait, too.
    async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Book) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let book = self.book.clone();
        let read = tokio::task::spawn_blocking(move || job(&book.lock().unwrap_or_else(PoisonError::into_inner)));
        read.await.unwrap_or(Err(StoreError::Gone))
    }
}

/// Orders below a number as CSV, and the number to go on from, if there may be more.
fn part(book: &Book, before: i64, with_header: bool) -> Result<(Vec<u8>, Option<i64>), StoreError> {
    let orders: Vec<Booking> = book.orders_before(before, export::CHUNK)?;
    let bytes = export::csv(&orders, with_header)
        .map_err(|why| StoreError::Damaged { path: book.name().into(), why: why.to_string() })?;
    let more = orders.len() == export::CHUNK as usize;
    Ok((bytes, orders.last().filter(|_| more).map(|order| order.no)))
}

const CSP: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The number in `before=`; the newest orders without one.
fn before_of(query: Option<&str>) -> Option<i64> {
    match query.unwrap_or_default() {
        "" => Some(i64::MAX),
        query => query.strip_prefix("before=")?.parse().ok(),
    }
}

fn is_this_machine(host: Option<&HeaderValue>) -> bool {
    let Some(host) = host.and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn away(why: &StoreError) -> Response<Body> {
    tracing::warn!("the page: {why}");
    plain(StatusCode::SERVICE_UNAVAILABLE, "the book can't be read now; the shop's log says why\n")
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    full(status, "text/plain; charset=utf-8", text)
}

fn full(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Full::new(text.into()).map_err(|never| match never {}).boxed());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The numbers that people and machines read, by their names.
fn rejected_in_all(figures: &Figures) -> i64 {
    figures.rejected.values().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_lead_here() {
        let is = |host: &str| is_this_machine(Some(&HeaderValue::from_str(host).unwrap()));
        for good in ["127.0.0.1:9000", "127.0.0.1", "localhost:9000", "LOCALHOST", "[::1]:9000", "127.8.8.8:1"] {
            assert!(is(good), "{good}");
        }
        for bad in ["evil.example", "127.0.0.1.evil.example:9000", "localhost.evil.example", "10.0.0.1", "", "a:b"] {
            assert!(!is(bad), "{bad}");
        }
        assert!(!is_this_machine(None));
    }

    #[test]
    fn a_token_is_shown_as_bearer_or_as_a_password() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("token");
        for bad in ["", "short", "with a space in the middle"] {
            std::fs::write(&file, bad).unwrap();
            assert!(matches!(Token::load(&file), Err(PageError::Token { .. })), "{bad}");
        }
        std::fs::write(&file, "0123456789abcdef\n").unwrap();
        let token = Token::load(&file).unwrap();
        let shows = |value: String| {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_str(&value).unwrap())]);
            token.is_shown(&headers)
        };
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        assert!(shows("Bearer 0123456789abcdef".into()) && shows(basic("anna:0123456789abcdef")));
        for bad in ["0123456789abcdef", "Bearer 0123456789abcde", "Bearer ", "Basic !!!", ""] {
            assert!(!shows(bad.into()), "{bad}");
        }
        assert!(!shows(basic("0123456789abcdef")) && !shows(basic("0123456789abcdef:")));
        assert!(!token.is_shown(&HeaderMap::new()));
    }
}
