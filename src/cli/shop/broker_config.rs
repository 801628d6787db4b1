//! `tendero shop broker-config`: what a broker needs to carry orders, as files or on the terminal.
//!
//! Never makes a password or a certificate, and never overwrites what somebody changed.

use crate::shop::rules;
use anyhow::{Context, ensure};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    broker: Kind,
    /// The shop's name in the topics, as in its catalogue
    #[arg(long, value_name = "NAME")]
    shop: String,
    /// Write the files here instead of printing them
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Where mosquitto listens with TLS
    #[arg(long, value_name = "PORT", default_value_t = 8883)]
    port: u16,
    /// Where mosquitto keeps what it remembers [default: as Debian's own configuration says]
    #[arg(long, value_name = "DIR")]
    memory: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    Mosquitto,
    /// Version 5
    Emqx,
}

/// Prints or writes them.
///
/// # Errors
/// A name that can't be part of a topic, a file that is there and differs, a folder that can't be written.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let files = match args.broker {
        Kind::Mosquitto => {
            let folder = args.dir.clone().unwrap_or_else(|| "/etc/mosquitto/tendero".into());
            let folder = std::path::absolute(&folder).context("the folder's path can't be made absolute")?;
            let conf = rules::mosquitto_conf(&folder, args.memory.as_deref(), args.port);
            vec![("mosquitto.conf", conf), ("acl", rules::mosquitto_acl(&args.shop)?)]
        }
        Kind::Emqx => vec![("acl.conf", rules::emqx_acl(&args.shop)?)],
    };
    match &args.dir {
        None => files.iter().for_each(|(name, text)| println!("# {name}\n{text}")),
        Some(dir) => write(dir, &files)?,
    }
    eprintln!("{}", next(args));
    Ok(())
}

fn write(dir: &Path, files: &[(&str, String)]) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir).with_context(|| format!("can't make {}", dir.display()))?;
    for (name, text) in files {
        let path = dir.join(name);
        let there = std::fs::read_to_string(&path).ok();
        ensure!(
            there.as_ref().is_none_or(|there| there == text),
            "{} is there and differs; move it away, or write to another folder",
            path.display()
        );
    }
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

fn next(args: &Args) -> String {
    let shop = &args.shop;
    match args.broker {
        Kind::Mosquitto => format!(
            "Next: put ca.pem, server.pem and server.key beside them; give the shop and each home a password \
             (mosquitto_passwd passwords {shop}); readable by mosquitto alone; then link mosquitto.conf into /etc/mosquitto/conf.d and restart mosquitto."
        ),
        Kind::Emqx => format!(
            "Next: make it EMQX's file of authorization, with `no_match = deny`; give the user {shop} and each home a password; \
             a largest packet of 1 MB, as EMQX has it, is enough."
        ),
    }
}
