//! `tendero shop pair`: prints a code, lets it into the broker, and waits until a speaker has used it.

use super::payment::{self, Method};
use super::place::Place;
use crate::clock::Clock;
use crate::deliver::pairing::{Secret, code::Code};
use crate::deliver::topic;
use crate::shop::book::{Book, pairing::Pairing};
use crate::shop::passwords;
use crate::understand::catalog::Catalog;
use anyhow::{Context, bail, ensure};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use std::path::PathBuf;
use std::time::Duration;

/// How often the book is asked whether the code was used.
const LOOK: Duration = Duration::from_millis(500);
/// What the users of pairings at the broker begin with; no home may.
const USER: &str = "pair-";

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    /// The household's name at this shop: a-z, 0-9 and hyphens; the same for each of its speakers
    #[arg(long, value_name = "NAME")]
    home: String,
    /// The broker as the home reaches it: mqtts://host or mqtts://host:port
    #[arg(long, value_name = "URL")]
    broker: String,
    /// The broker's certificate authority, PEM, where it is your own
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// mosquitto's password file, to let the home and the code in; without it you do that yourself
    #[arg(long, value_name = "FILE")]
    passwords: Option<PathBuf>,
    /// Run this once the password file has changed, such as "systemctl reload mosquitto"
    #[arg(long, value_name = "COMMAND", requires = "passwords")]
    reload: Option<String>,
    /// A speaker that takes the name of one that is there already takes its place
    #[arg(long)]
    replace: bool,
    /// Say how the home pays from now on; tendero shop payment changes it
    #[arg(long, value_name = "METHOD")]
    payment: Option<Method>,
    #[command(flatten)]
    token: payment::Token,
    /// How long the code is good
    #[arg(long, value_name = "MIN", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: u32,
    /// Print the code and end, instead of waiting until it is used
    #[arg(long)]
    no_wait: bool,
    /// Print one JSON object, and do not wait
    #[arg(long)]
    json: bool,
}

/// A code, and who must be let in at the broker.
struct Given {
    code: Code,
    expires_unix_ms: i64,
    /// Name and password: the home, and the code's own user.
    users: [(String, String); 2],
}

/// # Errors
/// A name or an address that fits no code, a shop that was never started, a password file that can't be written, and a
/// code that nobody used.
pub async fn run(args: &Args) -> anyhow::Result<()> {
    let mut book = args.place.existing_book()?;
    check_names(&book, &args.home)?;
    let way = args.payment.map(|method| payment::way(method, &args.token)).transpose()?;
    ensure!(way.is_some() || args.token.is_empty(), "--label and --token-file go with --payment token");
    if let Some(way) = way {
        book.set_way(&args.home, &way, now()?)?;
    }
    let given = give_out(&mut book, args)?;
    if let Some(path) = &args.passwords {
        let open = book.open_pairings(now()?)?;
        let users = given.users.each_ref().map(|(name, password)| (name.as_str(), password.as_str()));
        let is_over = |name: &str| name.starts_with(USER) && !open.iter().any(|id| id == name);
        passwords::set(path, &users, is_over).with_context(|| {
            format!(
                "can't write {}; make it as mosquitto's password_file first (touch, and chown mosquitto)",
                path.display()
            )
        })?;
    }
    let reloaded = args.reload.as_deref().map(reload).transpose()?.is_some();
    if args.json {
        println!("{}", report(&given, args.passwords.is_some()));
        return Ok(());
    }
    print(&given, args, reloaded)?;
    if args.no_wait {
        return Ok(());
    }
    wait(&book, &given).await
}

fn check_names(book: &Book, home: &str) -> anyhow::Result<()> {
    topic::check("home", home)?;
    let laid_out = book.laid_out()?.context("this shop was never started; start it once: tendero shop --help")?;
    let shop = Catalog::from_json(&laid_out.0).context("the book's catalogue")?.shop;
    ensure!(
        home != shop,
        "a home can't have the name of the shop, which is {shop}'s own at the broker; choose another"
    );
    ensure!(!home.starts_with(USER), "a home's name can't begin with {USER}; choose another");
    Ok(())
}

fn give_out(book: &mut Book, args: &Args) -> anyhow::Result<Given> {
    let no_random = "this machine gave no random numbers";
    let secret = Secret::random().context(no_random)?;
    let code = Code::new(secret.clone(), &args.broker)?;
    let read = |path: &PathBuf| {
        let pem = std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
        ensure!(pem.contains("BEGIN CERTIFICATE"), "{} holds no certificate in PEM form", path.display());
        Ok(pem)
    };
    let pairing = Pairing {
        home: args.home.clone(),
        url: code.broker.clone(),
        ca: args.ca.as_ref().map(read).transpose()?,
        replaces: args.replace,
        expires_unix_ms: now()? + i64::from(args.minutes) * 60_000,
        used_by: None,
        secret,
    };
    let fresh = Secret::random().context(no_random)?.broker_password();
    let password = book.give_out(&pairing, &fresh)?;
    let users = [(pairing.home, password), (pairing.secret.id(), pairing.secret.broker_password())];
    Ok(Given { code, expires_unix_ms: pairing.expires_unix_ms, users })
}

fn reload(command: &str) -> anyhow::Result<()> {
    let status = std::process::Command::new("sh").args(["-c", command]).status();
    let status = status.with_context(|| format!("can't run \"{command}\""))?;
    ensure!(status.success(), "\"{command}\" failed ({status}); the broker does not know the code yet");
    Ok(())
}

fn print(given: &Given, args: &Args, reloaded: bool) -> anyhow::Result<()> {
    let text = given.code.to_string();
    // Without its inner hyphens it makes a smaller picture.
    let dense = format!("TENDERO-{}", text.trim_start_matches("TENDERO-").replace('-', ""));
    let qr = QrCode::new(dense.as_bytes()).context("the code does not fit a QR code")?;
    // Dark on light, also in a terminal that is light on dark.
    println!("{}\n", qr.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build());
    println!("On the speaker:\n\n    sudo tendero pair {text}\n");
    println!(
        "Good for one speaker of {}, for {} minutes. Whoever has it can be that speaker.",
        args.home, args.minutes
    );
    match (&args.passwords, reloaded) {
        (Some(_), true) => {}
        (Some(path), false) => {
            println!("First let mosquitto read {} again: systemctl reload mosquitto", path.display());
        }
        (None, _) => {
            println!("First let these users in at the broker (the second until the code is used):");
            given.users.iter().for_each(|(name, password)| println!("    {name}  {password}"));
        }
    }
    Ok(())
}

fn report(given: &Given, let_in: bool) -> serde_json::Value {
    let users = given.users.iter().map(|(name, password)| serde_json::json!({ "name": name, "password": password }));
    serde_json::json!({
        "code": given.code.to_string(),
        "expires": crate::deliver::envelope::rfc3339(given.expires_unix_ms),
        // Whoever has let them in needs no passwords on the terminal.
        "users": if let_in { vec![] } else { users.collect::<Vec<_>>() },
    })
}

async fn wait(book: &Book, given: &Given) -> anyhow::Result<()> {
    let id = given.code.secret.id();
    let bar =
        indicatif::ProgressBar::new_spinner().with_message("waiting for the speaker (Ctrl-C: the code stays good)");
    bar.enable_steady_tick(Duration::from_millis(120));
    loop {
        let pairing = book.pairing(&id)?.context("the code is gone from the book")?;
        if let Some((device, key)) = pairing.used_by {
            bar.finish_and_clear();
            println!("{device} of {} is paired; its key is {key}", pairing.home);
            return Ok(());
        }
        if now()? >= given.expires_unix_ms {
            bar.finish_and_clear();
            bail!("nobody used the code in time; print a new one");
        }
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => {
                bar.finish_and_clear();
                return Ok(interrupted?);
            }
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn now() -> anyhow::Result<i64> {
    Clock::system().unix_ms().context("this machine's clock is not set; set it first")
}
