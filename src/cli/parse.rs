//! `tendero parse`: utterances in; their meaning out, a line or a JSON object for each.
//!
//! Never stops for a bad line: text that is not UTF-8 or too long gives a line with `error`.

use crate::config::lexicons;
use crate::understand::catalog::Catalog;
use crate::understand::grammar::Expect;
use crate::understand::intent::{Because, Intent, Parse, Taken};
use crate::understand::{Lang, Understanding};
use anyhow::Context as _;
use serde_json::json;
use std::io::{BufRead, Read, Write};
use std::path::{Path, PathBuf};

/// Say what an utterance means, or each line of standard input.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The utterance; without one, standard input is read, one a line.
    pub text: Option<String>,
    /// The shop's catalogue (JSON).
    #[arg(long, value_name = "FILE")]
    pub catalog: PathBuf,
    /// A folder with words and sentences of your own (en.toml, es.toml, ro.toml).
    #[arg(long, value_name = "DIR")]
    pub lexicon: Option<PathBuf>,
    /// The language of the utterances: en, es or ro.
    #[arg(long, default_value = "en")]
    pub lang: Lang,
    /// One JSON object a line instead of a line for people.
    #[arg(long)]
    pub json: bool,
    /// Say what each part was taken for, and what spoke for the meaning.
    #[arg(long, conflicts_with = "json")]
    pub explain: bool,
    /// Parse as an answer to a read-back instead of as a command.
    #[arg(long)]
    pub confirm: bool,
    /// SKUs that this household buys; they win ties.
    #[arg(long, value_name = "SKU", value_delimiter = ',')]
    pub regulars: Vec<String>,
}

/// The longest line that is read, bytes. The rest of a longer one is skipped.
const MAX_LINE: u64 = 64 * 1024;

/// Runs the subcommand: prints to standard output.
///
/// # Errors
/// A catalogue that can't be read or is wrong; standard output that is closed.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let understanding = understanding(&args.catalog, args.lexicon.as_deref())?;
    let mut output = std::io::stdout().lock();
    match &args.text {
        Some(text) => stream(args, &understanding, &mut text.as_bytes(), &mut output),
        None => stream(args, &understanding, &mut std::io::stdin().lock(), &mut output),
    }
}

/// What parses utterances about the catalogue of a file, with a maker's lexicons.
///
/// # Errors
/// A file that can't be read or is wrong.
pub fn understanding(catalog: &Path, lexicon: Option<&Path>) -> anyhow::Result<Understanding> {
    Ok(Understanding::with_lexicons(self::catalog(catalog)?, lexicons::given(lexicon)?))
}

/// Reads a catalogue.
///
/// # Errors
/// A file that can't be read or is no valid catalogue.
fn catalog(file: &Path) -> anyhow::Result<Catalog> {
    let text = std::fs::read_to_string(file).with_context(|| {
        format!("can't read the catalogue {}; give an existing file with --catalog", file.display())
    })?;
    Catalog::from_json(&text).with_context(|| format!("{} is not a valid catalogue", file.display()))
}

fn stream(
    args: &Args,
    understanding: &Understanding,
    mut input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> anyhow::Result<()> {
    let expect = if args.confirm { Expect::Confirm } else { Expect::Command };
    let regular = |sku: &str| args.regulars.iter().any(|r| r == sku);
    let mut number = 0u64;
    loop {
        let mut line = Vec::new();
        if (&mut input).take(MAX_LINE).read_until(b'\n', &mut line).context("can't read standard input")? == 0 {
            return Ok(());
        }
        number += 1;
        let cut = line.last() != Some(&b'\n') && line.len() as u64 == MAX_LINE;
        if cut {
            skip_line(input).context("can't read standard input")?;
        }
        let answer = match std::str::from_utf8(&line) {
            _ if cut => error(number, &format!("the line is longer than {MAX_LINE} bytes")),
            Err(e) => error(number, &format!("the line is not UTF-8: {e}")),
            Ok(text) => meaning(args, understanding, &expect, &regular, text.trim()),
        };
        writeln!(output, "{answer}").and_then(|()| output.flush()).context("can't write to standard output")?;
    }
}

/// Reads on to the end of the line without keeping it.
fn skip_line(input: &mut dyn BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (used, done) = match buffer.iter().position(|b| *b == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if done {
            return Ok(());
        }
    }
}

fn error(number: u64, what: &str) -> String {
    json!({ "error": what, "line": number }).to_string()
}

fn meaning(
    args: &Args,
    understanding: &Understanding,
    expect: &Expect,
    regular: &dyn Fn(&str) -> bool,
    text: &str,
) -> String {
    let parse = understanding.parse(text, args.lang, expect, regular);
    if args.json {
        let value = serde_json::to_value(&parse).map(|mut value| {
            value["text"] = json!(text);
            value
        });
        return value.map_or_else(|e| json!({ "error": e.to_string() }).to_string(), |v| v.to_string());
    }
    if args.explain { explain(&parse) } else { short(&parse) }
}

/// "reorder 2 × milk, 1 × rice"
pub fn meaning_of(parse: &Parse) -> String {
    described(parse.intent, parse.lines.iter().map(|l| (l.qty, l.sku.as_str())))
}

/// The same of any intent and its (packs, SKU).
pub fn described<'a>(intent: Intent, lines: impl Iterator<Item = (u32, &'a str)>) -> String {
    let lines: Vec<String> = lines.map(|(qty, sku)| format!(" {qty} × {sku}")).collect();
    format!("{}{}", intent.name(), lines.join(","))
}

/// With its score, and what is asked for besides.
fn short(parse: &Parse) -> String {
    let also: Vec<String> = parse.also.iter().map(|other| format!("; {}", short(other))).collect();
    format!("{} ({:.2}){}", meaning_of(parse), parse.score, also.concat())
}

fn explain(parse: &Parse) -> String {
    let mut out = vec![short(parse)];
    out.extend(parse.spans.iter().map(|span| {
        let is = match &span.is {
            Taken::Template(name) => format!("template {name}"),
            Taken::Product(sku) => format!("product {sku}"),
            Taken::Amount(value) => format!("amount {value}"),
        };
        format!("  \"{}\": {is}", span.text)
    }));
    for line in &parse.lines {
        let because = match line.because {
            Because::Named => "it was named",
            Because::Usual => "the household buys it",
            Because::SoundsLike => "it resembles what was heard",
        };
        let rivals: Vec<String> = line.rivals.iter().map(|r| format!("{} {:.2}", r.sku, r.score)).collect();
        let rivals = if rivals.is_empty() { String::new() } else { format!("; next best: {}", rivals.join(", ")) };
        out.push(format!("  {}, because {because} ({:.2}){rivals}", line.sku, line.score));
    }
    if let Some(e) = &parse.evidence {
        let because: Vec<String> = e.because.iter().map(|(feature, nats)| format!("{feature} {nats:+.1}")).collect();
        let (first, next) = (e.intent.name(), e.rival.name());
        out.push(format!(
            "  likely {first} {:.2}, then {next} {:.2}; for {first} speak: {}",
            e.share,
            e.rival_share,
            because.join(", ")
        ));
    }
    if let Some(why) = parse.not_an_order {
        out.push(format!("  no order: {}", format!("{why:?}").to_lowercase()));
    }
    if !parse.leftover.is_empty() {
        out.push(format!("  left over: {}", parse.leftover.join(" ")));
    }
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str = r#"{"shop":"s","version":1,"part":1,"parts":1,"currency":"EUR","products":[
        {"sku":"milk","title":{"en":"Milk"},"says":{"en":["milk"]},"pack":{"count":1,"unit":"litre"},"unit_amount":100,"max_qty":9,"category":"dairy"}]}"#;

    #[test]
    fn bad_lines_do_not_stop_the_stream() {
        let understanding = Understanding::new(Catalog::from_json(CATALOG).expect("valid"));
        let args = Args {
            text: None,
            catalog: PathBuf::new(),
            lexicon: None,
            lang: Lang::En,
            json: true,
            explain: false,
            confirm: false,
            regulars: vec![],
        };
        let mut input = b"order milk\n\xff\xfe\n".to_vec();
        input.extend(vec![b'a'; 200_000]);
        input.extend(b"\nwe're out of milk");
        let mut output = Vec::new();
        stream(&args, &understanding, &mut input.as_slice(), &mut output).expect("a vector takes everything");
        let lines: Vec<serde_json::Value> =
            String::from_utf8(output).expect("JSON").lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(
            (lines[0]["intent"].as_str(), lines[0]["lines"][0]["sku"].as_str()),
            (Some("reorder"), Some("milk"))
        );
        assert!(lines[1]["error"].is_string() && lines[2]["error"].is_string());
        assert_eq!(lines[3]["intent"], "reorder");
    }
}
