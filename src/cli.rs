//! The command line: one file for each subcommand.
//!
//! Exit status: 0 done; 1 it failed, and one line on standard error says what, where and
//! what to do; 2 the arguments were wrong.

mod audio;
mod button;
mod chat;
mod config;
#[cfg(feature = "espeak")] // the household of the demo speaks with it
mod demo;
mod doctor;
pub mod eval;
mod fingerprints;
mod forget;
pub mod hear;
mod journal;
mod key;
mod lexicon;
mod models;
mod mute;
mod news;
mod orders;
mod own_process;
mod pair;
mod parse;
mod pin;
mod run;
mod say;
mod shop;
mod status;
mod story;
mod train;
mod voices;
mod why;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// A voice-commerce daemon: hears a reorder, guards it, confirms it, and orders it once.
#[derive(Debug, Parser)]
#[command(name = "tendero", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Play six scenes, with everything real but the air between mouth and microphone.
    #[cfg(feature = "espeak")]
    Demo(demo::Args),
    /// Run the daemon.
    Run(run::Args),
    /// Type to a running daemon what one would say, and print its answers.
    Say(say::Args),
    /// Read what a person at the shop said, or the log of conversations.
    Chat(chat::Args),
    /// Show or change what the shop may tell besides what becomes of orders.
    News(news::Args),
    /// Turn recordings into words and meaning.
    Hear(hear::Args),
    /// Turn lines of text into meaning.
    Parse(parse::Args),
    /// Check your own words and sentences, or print the built-in ones.
    #[command(subcommand)]
    Lexicon(lexicon::Args),
    /// Judge how well it understands.
    #[command(subcommand)]
    Eval(eval::Args),
    /// Teach the intent classifier from tables of utterances.
    Train(train::Args),
    /// Fetch, check and remove the models that it hears with.
    Models(models::Args),
    /// Run the reference shop.
    Shop(Box<shop::Args>),
    /// List or show orders, or take one back.
    Orders(orders::Args),
    /// Say why the last request ended as it did.
    Why(why::Args),
    /// Delete everything that the device knows about its household.
    Forget(forget::Args),
    /// Set or remove the PIN with which an adult approves orders.
    #[command(subcommand)]
    Pin(pin::Args),
    /// Register adverts and shows, so that their sound orders nothing.
    Fingerprints(fingerprints::Args),
    /// Enrol voices, so that a stranger's orders need an adult.
    Voices(voices::Args),
    /// Say what is well on this board and what is not, with the command that mends it.
    Doctor(doctor::Args),
    /// Find, try and judge microphone and loudspeaker.
    #[command(subcommand)]
    Audio(audio::Args),
    /// Close the microphone, or open it again.
    Mute(mute::Args),
    /// Say what a running daemon does: for lights.
    Status(status::Args),
    /// Press the device's button: for GPIO scripts.
    Button(button::Args),
    /// Replay what a daemon wrote down.
    Journal(journal::Args),
    /// Pair this device with a shop, with the code that the shop printed.
    Pair(pair::Args),
    /// Print this device's public key, as `tendero shop trust` takes it.
    Key(key::Args),
    /// Print the reference configuration.
    Config(config::Args),
    /// An MQTT broker in the process, for the demo (which kills it).
    #[cfg(feature = "demo-broker")]
    #[command(hide = true)]
    Broker {
        #[arg(long)]
        port: u16,
        /// End with the program that started it: when standard input ends.
        #[arg(long)]
        with_parent: bool,
    },
}

impl Command {
    /// Runs until it is stopped, whoever reads its output.
    fn is_service(&self) -> bool {
        match self {
            Command::Run(_) | Command::Shop(_) => true,
            #[cfg(feature = "demo-broker")]
            Command::Broker { .. } => true,
            _ => false,
        }
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    // Opened once: with `ring` alone there is nothing to choose, but rustls wants to be told.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match dispatch(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tendero: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    if !command.is_service() {
        crate::native::pipe::end_with_the_reader();
    }
    match command {
        #[cfg(feature = "espeak")]
        Command::Demo(args) => demo::run(args),
        Command::Run(args) => run::run(args).map(|()| ExitCode::SUCCESS),
        Command::Say(args) => say::run(args).map(|()| ExitCode::SUCCESS),
        Command::Chat(args) => chat::run(&args).map(|()| ExitCode::SUCCESS),
        Command::News(args) => news::run(args).map(|()| ExitCode::SUCCESS),
        Command::Hear(args) => hear::run(args).map(|()| ExitCode::SUCCESS),
        Command::Parse(args) => parse::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Lexicon(args) => lexicon::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Eval(args) => eval::run(&args),
        Command::Train(args) => train::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Models(args) => models::run(args).map(|()| ExitCode::SUCCESS),
        Command::Shop(args) => block_on(shop::run(*args)).map(|()| ExitCode::SUCCESS),
        Command::Orders(args) => orders::run(args).map(|()| ExitCode::SUCCESS),
        Command::Why(args) => why::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Forget(args) => forget::run(args).map(|()| ExitCode::SUCCESS),
        Command::Pin(args) => pin::run(args).map(|()| ExitCode::SUCCESS),
        Command::Voices(args) => voices::run(args).map(|()| ExitCode::SUCCESS),
        Command::Fingerprints(args) => fingerprints::run(args).map(|()| ExitCode::SUCCESS),
        Command::Doctor(args) => doctor::run(&args),
        Command::Audio(args) => audio::run(args),
        Command::Mute(args) => mute::run(args).map(|()| ExitCode::SUCCESS),
        Command::Status(args) => status::run(args).map(|()| ExitCode::SUCCESS),
        Command::Button(args) => button::run(args).map(|()| ExitCode::SUCCESS),
        Command::Journal(args) => journal::run(args).map(|()| ExitCode::SUCCESS),
        Command::Pair(args) => block_on(pair::run(&args)).map(|()| ExitCode::SUCCESS),
        Command::Key(args) => block_on(key::run(args)).map(|()| ExitCode::SUCCESS),
        Command::Config(args) => config::run(args).map(|()| ExitCode::SUCCESS),
        #[cfg(feature = "demo-broker")]
        Command::Broker { port, with_parent } => {
            if with_parent {
                std::thread::spawn(end_with_standard_input);
            }
            crate::deliver::broker::run(port).map(|()| ExitCode::SUCCESS)
        }
    }
}

/// However the parent ended, its end of the pipe is closed then.
#[cfg(feature = "demo-broker")]
fn end_with_standard_input() {
    let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
    std::process::exit(0);
}

/// What the device's daemon and the shop show, unless `RUST_LOG` says otherwise.
const LOGS_OF_A_SERVICE: &str = "info,rumqttd=error,ort=warn";

/// Log lines to standard error; `RUST_LOG` sets what is shown.
fn init_logs(default: &str) {
    use std::io::IsTerminal;
    // whisper.cpp tells a page for each model, and calls an error what was stopped: who wants it asks for it.
    let quiet = format!("{default},whisper_rs=off");
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(quiet));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .try_init();
}

/// A runtime for the subcommands that talk to others.
fn block_on<T>(work: impl std::future::Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(work)
}
