//! The demo's broker: a process of its own, so that it can be killed like one.

use crate::deliver::link::LinkHandle;
use anyhow::{Context, bail};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a broker may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

pub enum Broker {
    /// Ours: this program again, with rumqttd inside.
    Own { url: String, port: u16, process: Child },
    /// Somebody's: not ours to kill.
    Given { url: String },
}

impl Broker {
    /// # Errors
    /// It does not answer in time.
    pub async fn raise(given: Option<&str>) -> anyhow::Result<Broker> {
        if let Some(url) = given {
            return Ok(Broker::Given { url: url.to_owned() });
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let process = start(port).await?;
        Ok(Broker::Own { url: format!("mqtt://127.0.0.1:{port}"), port, process })
    }

    pub fn url(&self) -> &str {
        match self {
            Broker::Own { url, .. } | Broker::Given { url } => url,
        }
    }

    /// Kills it; a given one is left alone and the device's cable is pulled instead.
    pub async fn kill(&mut self, link: &LinkHandle) -> anyhow::Result<String> {
        match self {
            Broker::Own { process, .. } => {
                process.kill().context("can't kill the broker")?;
                process.wait()?;
                Ok(format!("killed (process {})", process.id()))
            }
            Broker::Given { url } => {
                link.cut();
                Ok(format!("{url} is not ours to kill: the device's connection is cut instead"))
            }
        }
    }

    /// Brings it back, with nothing remembered.
    pub async fn raise_again(&mut self, link: &LinkHandle) -> anyhow::Result<String> {
        match self {
            Broker::Own { port, process, .. } => {
                *process = start(*port).await?;
                Ok(format!("is back (process {}) and remembers nothing", process.id()))
            }
            Broker::Given { .. } => {
                link.restore();
                Ok("the device's connection is restored".into())
            }
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Broker::Own { process, .. } = self {
            // Already dead is as good.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

async fn start(port: u16) -> anyhow::Result<Child> {
    if !cfg!(feature = "demo-broker") {
        bail!(
            "this build is without a broker of its own; name one with --broker URL, or build with --features demo-broker"
        );
    }
    let program = std::env::current_exe().context("can't find this program to start the broker with")?;
    let mut process = Command::new(program)
        .args(["broker", "--with-parent", "--port", &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("can't start the broker")?;
    let end = tokio::time::Instant::now() + PATIENCE;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        if let Some(status) = process.try_wait()? {
            bail!("the broker stopped at once ({status}); is port {port} taken?");
        }
        if tokio::time::Instant::now() > end {
            let _ = process.kill();
            bail!("the broker does not answer on port {port}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(process)
}
