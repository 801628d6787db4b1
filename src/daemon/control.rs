//! The control socket: how `tendero say` and `tendero orders cancel` reach a running daemon.
//!
//! A Unix socket with one JSON object a line, both ways. Who may connect is decided by the
//! socket's file mode (owner and group), never by its content.

use super::pin::Pin;
use super::status::Status;
use crate::decide::notice::consent::Wish;
use crate::understand::Lang;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

/// Longest line that is read, bytes: an utterance, not a book.
const MAX_LINE: u64 = 8 * 1024;
/// Requests and answers that may wait.
const QUEUE: usize = 32;
/// Clients at the same time.
const MAX_CLIENTS: usize = 16;

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Ask {
    /// What one would say; the wake word is not needed.
    Say {
        text: String,
        #[serde(default)]
        lang: Option<Lang>,
    },
    /// What a person at the shop said since it was read last.
    ReadChat {
        #[serde(default)]
        lang: Option<Lang>,
    },
    /// What the shop may tell from now on.
    NewsWish {
        wish: Wish,
    },
    CancelOrder {
        order: String,
    },
    /// The household withdraws from a purchase; the client has asked twice.
    WithdrawOrder {
        order: String,
    },
    /// An adult approves an order, or the newest that waits for one.
    Approve {
        #[serde(default)]
        order: Option<String>,
        pin: Pin,
    },
    /// The button on the device.
    Press {
        hold: bool,
    },
    Mute {
        on: bool,
    },
    ToggleMute,
    /// What the device is doing; `follow`: from now on, with no end.
    Status {
        follow: bool,
    },
}

/// What the daemon answers; a [`Answer::Done`] is the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Reply {
        text: String,
    },
    /// `listening`: the daemon waits for the household's next words.
    Done {
        listening: bool,
    },
    Error {
        what: String,
    },
    Status {
        #[serde(flatten)]
        status: Status,
    },
}

/// A request and the way back to its client.
#[derive(Debug)]
pub struct Request {
    pub ask: Ask,
    pub answers: mpsc::Sender<Answer>,
}

/// Listens on `path` and hands each request to `requests`. A stale socket of a daemon that
/// died is replaced; one that answers is not.
///
/// # Errors
/// Another daemon is running on it, or the folder can't be written.
pub async fn listen(path: &Path, requests: mpsc::Sender<Request>) -> anyhow::Result<tokio::task::JoinHandle<()>> {
    if UnixStream::connect(path).await.is_ok() {
        bail!("another daemon already answers at {}; stop it first, or set [state] socket", path.display());
    }
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path).with_context(|| {
        format!("can't make the control socket {}; set [state] socket to a place that can be written", path.display())
    })?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))
        .with_context(|| format!("can't restrict the control socket {}", path.display()))?;
    let clients = std::sync::Arc::new(tokio::sync::Semaphore::new(MAX_CLIENTS));
    Ok(tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(seat) = clients.clone().acquire_owned().await else { return };
            let requests = requests.clone();
            tokio::spawn(async move {
                if let Err(error) = serve(stream, &requests).await {
                    tracing::debug!("a control client went away: {error:#}");
                }
                drop(seat);
            });
        }
    }))
}

async fn serve(stream: UnixStream, requests: &mpsc::Sender<Request>) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = Vec::new();
        if (&mut read).take(MAX_LINE).read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        if line.last() != Some(&b'\n') && line.len() as u64 == MAX_LINE {
            let what = format!("the line is longer than {MAX_LINE} bytes");
            return send(&mut write, &Answer::Error { what }).await;
        }
        let ask = match serde_json::from_slice(&line) {
            Ok(ask) => ask,
            Err(error) => {
                send(&mut write, &Answer::Error { what: format!("not a request: {error}") }).await?;
                continue;
            }
        };
        let (answers, mut incoming) = mpsc::channel(QUEUE);
        requests.send(Request { ask, answers }).await.context("the daemon is stopping")?;
        while let Some(answer) = incoming.recv().await {
            send(&mut write, &answer).await?;
            if matches!(answer, Answer::Done { .. } | Answer::Error { .. }) {
                break;
            }
        }
    }
}

async fn send(write: &mut (impl AsyncWriteExt + Unpin), answer: &Answer) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    write.write_all(&line).await?;
    Ok(())
}

/// A client's connection to a running daemon.
pub struct Client {
    read: BufReader<tokio::net::unix::OwnedReadHalf>,
    write: tokio::net::unix::OwnedWriteHalf,
}

impl Client {
    /// # Errors
    /// Nobody answers at `path`; the message says how to start a daemon.
    pub async fn connect(path: &Path) -> anyhow::Result<Client> {
        let stream = UnixStream::connect(path).await.with_context(|| {
            format!(
                "no daemon answers at {}. Start one with `tendero run --config FILE`, and use the same configuration here",
                path.display()
            )
        })?;
        let (read, write) = stream.into_split();
        Ok(Client { read: BufReader::new(read), write })
    }

    /// Sends a request and gives each answer to `on_answer` until the last; returns whether
    /// the daemon waits for the household's next words.
    ///
    /// # Errors
    /// The daemon's own error, or its end.
    pub async fn ask(&mut self, ask: &Ask, mut on_answer: impl FnMut(&str)) -> anyhow::Result<bool> {
        self.send(ask).await?;
        loop {
            match self.answer().await? {
                Answer::Reply { text } => on_answer(&text),
                Answer::Done { listening } => return Ok(listening),
                Answer::Error { what } => bail!(what),
                Answer::Status { .. } => {}
            }
        }
    }

    /// Sends an [`Ask::Status`] and gives each status to `on_status`.
    ///
    /// # Errors
    /// As [`Client::ask`]; and where somebody follows, the daemon's end.
    pub async fn status(
        &mut self,
        ask: &Ask,
        mut on_status: impl FnMut(Status) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.send(ask).await?;
        loop {
            match self.answer().await? {
                Answer::Status { status } => on_status(status)?,
                Answer::Done { .. } => return Ok(()),
                Answer::Error { what } => bail!(what),
                Answer::Reply { .. } => {}
            }
        }
    }

    async fn send(&mut self, ask: &Ask) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(ask)?;
        line.push(b'\n');
        self.write.write_all(&line).await.context("the daemon went away")
    }

    async fn answer(&mut self) -> anyhow::Result<Answer> {
        let mut line = String::new();
        if self.read.read_line(&mut line).await.context("the daemon went away")? == 0 {
            bail!("the daemon stopped before it answered");
        }
        serde_json::from_str(&line).context("the daemon gave an answer that this version does not know")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_travels_there_and_back_and_nonsense_gets_an_error() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("control.sock");
        let (requests, mut incoming) = mpsc::channel(1);
        let server = listen(&path, requests.clone()).await.expect("the socket can be made");
        assert!(listen(&path, requests).await.is_err(), "a live socket is not replaced");
        tokio::spawn(async move {
            while let Some(request) = incoming.recv().await {
                let text = format!("{:?}", request.ask);
                request.answers.send(Answer::Reply { text }).await.expect("the client waits");
                request.answers.send(Answer::Done { listening: true }).await.expect("the client waits");
            }
        });
        let mut client = Client::connect(&path).await.expect("the daemon answers");
        let mut replies = vec![];
        let ask = Ask::Say { text: "milk".into(), lang: None };
        let listening = client.ask(&ask, |reply| replies.push(reply.to_owned())).await.expect("an answer");
        assert!(listening && replies.len() == 1 && replies[0].contains("milk"), "{replies:?}");
        client.write.write_all(b"nonsense\n").await.expect("the socket is open");
        let mut line = String::new();
        client.read.read_line(&mut line).await.expect("an answer");
        assert!(line.contains("not a request"), "{line}");
        server.abort();
    }
}
