//! `tendero voices`: whose orders need no adult for being a stranger's.
//!
//! Keeps a vector of each voice and never sound. A daemon that runs reads them at its next start.

use crate::clock::Clock;
use crate::config::Config;
use crate::decide::policy::UnknownVoice;
use crate::deliver::envelope::rfc3339;
use crate::hear::endpoint::{Endpoint, Verdict};
use crate::hear::frontend::Frontend;
use crate::hear::source::{Read, Source, read_file};
use crate::hear::voiceprint::book::{self, Book, MIN_RECORDINGS};
use crate::hear::voiceprint::net::Net;
use crate::hear::{HOP, Hop};
use crate::understand::Lang;
use crate::understand::grammar::Expect;
use anyhow::{Context, ensure};
use clap::Subcommand;
use comfy_table::{Table, presets};
use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

const RESTART: &str = "a running daemon knows it after a restart: systemctl restart tendero";
/// How long somebody may take to begin a sentence.
const WINDOW_MS: u32 = 15_000;
/// Sound from before the sentence: the settling of the microphone, in hops.
const SETTLING: usize = 5;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The daemon's configuration.
    #[arg(long, value_name = "FILE", global = true, default_value = "/etc/tendero/tendero.toml")]
    config: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make the device know somebody's voice, by what they say to the microphone now or by recordings of them.
    Enrol {
        /// Who it is.
        name: String,
        /// Three or more recordings (WAV or FLAC) of a whole sentence each, instead of the microphone.
        #[arg(value_name = "RECORDING")]
        files: Vec<PathBuf>,
        /// They have agreed: do not ask.
        #[arg(long)]
        agreed: bool,
    },
    /// The voices that are enrolled.
    List {
        /// One JSON line for each.
        #[arg(long)]
        json: bool,
    },
    /// Forget a voice.
    Remove { name: String },
}

pub fn run(args: Args) -> anyhow::Result<()> {
    let config = Config::load(&args.config)?;
    let path = book::path(&config.state.dir);
    let mut book = Book::load(&path)?;
    match args.what {
        What::Enrol { name, files, agreed } => {
            let net = network(&config)?;
            if !agreed {
                agree(&name)?;
            }
            let recordings = match files.is_empty() {
                true => listen(&config)?,
                false => files.iter().map(|file| Ok(read_file(file)?)).collect::<anyhow::Result<_>>()?,
            };
            book.enrol(&name, &recordings, &net, Clock::system().unix_ms())?;
            crate::daemon::start::make_private_dir(&config.state.dir)?;
            book.save(&path)?;
            println!("\"{}\" is enrolled; {RESTART}", name.trim());
            if config.policy.unknown_voice == UnknownVoice::Ignore {
                println!(
                    "voices are compared only where [policy] unknown_voice is \"adult\" or \"list\": it is \"ignore\""
                );
            }
        }
        What::List { json } => list(&config, &book, json),
        What::Remove { name } => {
            let known = book.remove(name.trim());
            ensure!(known, "nobody is enrolled as \"{name}\"; `tendero voices list` shows who is");
            book.save(&path)?;
            println!("\"{}\" is forgotten; {RESTART}", name.trim());
        }
    }
    Ok(())
}

fn network(config: &Config) -> anyhow::Result<Net> {
    let path = &config.voices.network;
    ensure!(
        !path.as_os_str().is_empty(),
        "no network that tells voices apart is named: set [voices] network to an ONNX file; models/README.md says which"
    );
    Net::open(path)
}

/// A voiceprint is biometric data: whose it is has to want it.
fn agree(name: &str) -> anyhow::Result<()> {
    ensure!(std::io::stdin().is_terminal(), "{name} has to agree first; say --agreed if that is so");
    println!(
        "A voiceprint tells {name} from others. It is biometric data: it stays on this device, in a file that only the daemon"
    );
    println!("reads, until `tendero voices remove` or `tendero forget` deletes it. Do not enrol children.");
    print!("Does {name}, who is an adult, agree? Type yes: ");
    std::io::stdout().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    ensure!(line.trim() == "yes", "nothing was enrolled");
    Ok(())
}

/// What is to be said: sentences of the kind that is said later.
fn sentences(lang: Lang) -> [&'static str; 5] {
    match lang {
        Lang::En => [
            "Hey tendero, the toothbrush heads ran out.",
            "We are out of coffee, and there is little milk left.",
            "Please add washing powder to the list for Saturday.",
            "When does the order from last Tuesday arrive?",
            "Order it, river, window, that is all for today.",
        ],
        Lang::Es => [
            "Oye tendero, se acabaron los cabezales del cepillo.",
            "No queda café, y hay muy poca leche.",
            "Añade detergente a la lista para el sábado.",
            "¿Cuándo llega el pedido del martes pasado?",
            "Pide eso, río, ventana, y nada más por hoy.",
        ],
        Lang::Ro => [
            "Hei tendero, s-au terminat capetele de periuță.",
            "Nu mai avem cafea, și lapte este foarte puțin.",
            "Pune detergent pe listă pentru sâmbătă.",
            "Când vine comanda de marțea trecută?",
            "Comandă acum, râu, fereastră, atât pentru azi.",
        ],
    }
}

fn listen(config: &Config) -> anyhow::Result<Vec<Vec<i16>>> {
    let source = super::run::open_source(&config.microphone)?;
    let device = &config.microphone.device;
    let mut source = source.with_context(|| format!("[microphone] device is \"{device}\": give recordings instead"))?;
    let sentences = sentences(config.home.language);
    println!(
        "Read each sentence aloud, from where you usually speak. A daemon that runs must be stopped or muted meanwhile."
    );
    let mut recordings = vec![];
    for (number, sentence) in (1..).zip(sentences) {
        println!("{number} of {}: {sentence}", sentences.len());
        match sentence_of(source.as_mut())? {
            Some(samples) => recordings.push(samples),
            None => println!("   nothing was heard"),
        }
    }
    ensure!(
        recordings.len() >= MIN_RECORDINGS,
        "only {} of {} sentences were heard; `tendero hear` shows whether the microphone hears you",
        recordings.len(),
        sentences.len()
    );
    Ok(recordings)
}

/// One sentence, 16 kHz mono; `None`: nobody spoke within the window.
fn sentence_of(source: &mut dyn Source) -> anyhow::Result<Option<Vec<i16>>> {
    let (mut frontend, mut endpoint) = (Frontend::default(), Endpoint::new(&Expect::Command, WINDOW_MS));
    let (mut samples, mut hop): (Vec<i16>, Hop) = (vec![], [0; HOP]);
    for _ in 0..SETTLING {
        source.read(&mut hop)?;
    }
    loop {
        let more = source.read(&mut hop)?;
        samples.extend_from_slice(&hop);
        match endpoint.push(frontend.push(&hop).voice) {
            Verdict::Ended => return Ok(Some(samples)),
            Verdict::Silence => return Ok(None),
            Verdict::Waiting | Verdict::Speaking if more == Read::Hop => {}
            Verdict::Speaking => return Ok(Some(samples)),
            Verdict::Waiting => return Ok(None),
        }
    }
}

fn list(config: &Config, book: &Book, json: bool) {
    let network = &config.voices.network;
    // No network is named, or it is not there: no voice can be compared.
    let sum = Net::sum_of(network).ok();
    let usable = |voice| sum.as_ref().is_some_and(|sum| Book::is_of(voice, sum));
    if json {
        for voice in book.voices() {
            let (at_least, since) = (voice.at_least, voice.since_unix_ms.and_then(rfc3339));
            println!(
                "{}",
                serde_json::json!({ "name": voice.name, "at_least": at_least, "since": since, "usable": usable(voice) })
            );
        }
        return;
    }
    if book.voices().next().is_none() {
        println!("nobody is enrolled");
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["voice", "since", "similarity from", ""]);
    for voice in book.voices() {
        let note = if usable(voice) { "" } else { "not by the network that is configured: enrol anew" };
        let since = voice.since_unix_ms.and_then(rfc3339).unwrap_or_default();
        table.add_row([voice.name.clone(), since, format!("{:.2}", voice.at_least), note.into()]);
    }
    println!("{}", table.trim_fmt());
}
