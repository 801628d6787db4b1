//! `tendero shop catalog import`: a catalogue out of a table, and what `tendero shop --catalog` may name.

use crate::shop;
use crate::shop::catalog_csv::{self, Head};
use crate::understand::catalog::Catalog;
use anyhow::{Context, anyhow, bail, ensure};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Read a table (CSV) and write the catalogue that it says; protocol/README.md lists the columns
    Import(Import),
}

#[derive(Debug, clap::Args)]
pub struct Import {
    /// The table, as a spreadsheet saves it: "CSV UTF-8"
    table: PathBuf,
    /// Where the catalogue goes
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The shop's name in the topics: a-z, 0-9 and hyphens
    #[arg(long, value_name = "NAME")]
    shop: String,
    /// ISO 4217
    #[arg(long, value_name = "CODE", default_value = "EUR")]
    currency: String,
    /// Rises with each change, or no speaker takes it [default: one more than that of the file that is there]
    #[arg(long, value_name = "N")]
    version: Option<u64>,
}

/// # Errors
/// Everything that is wrong with the table, each with its line and column; nothing was written then.
pub fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Import(args) = command;
    let there = match args.out.exists() {
        true => Some(shop::load_catalog(&args.out).context("the file that would be replaced is no catalogue")?),
        false => None,
    };
    let head = Head { shop: args.shop.clone(), currency: args.currency.clone(), version: 0 };
    let mut catalog = read(&args.table, &head, "nothing was written")?;
    catalog.version = match (args.version, &there) {
        (Some(version), _) => version,
        (None, None) => 1,
        (None, Some(there)) if Catalog { version: there.version, ..catalog.clone() } == *there => there.version,
        (None, Some(there)) => there.version + 1,
    };
    write(&args.out, &catalog).with_context(|| format!("can't write {}", args.out.display()))?;
    println!("{}: {} products, version {}", args.out.display(), catalog.products.len(), catalog.version);
    Ok(())
}

/// The catalogue at `path`, a table or JSON. A table's version is the second in which it was saved.
///
/// # Errors
/// One line, or a table's faults, each on a line of its own.
pub fn load(path: &Path, shop: Option<&str>, currency: Option<&str>) -> anyhow::Result<Catalog> {
    if !catalog_csv::is_table(path) {
        ensure!(
            shop.is_none() && currency.is_none(),
            "--shop and --currency are for a table (CSV); {} says both itself",
            path.display()
        );
        return Ok(shop::load_catalog(path)?);
    }
    let (Some(shop), Some(currency)) = (shop, currency) else {
        bail!("{} is a table: name its shop and currency, --shop NAME --currency EUR", path.display());
    };
    let saved = std::fs::metadata(path).with_context(|| format!("{} can't be read", path.display()))?.mtime();
    let version = u64::try_from(saved).unwrap_or(1).max(1);
    read(path, &Head { shop: shop.into(), currency: currency.into(), version }, "nothing was started")
}

fn read(path: &Path, head: &Head, nothing: &str) -> anyhow::Result<Catalog> {
    let bytes = std::fs::read(path).with_context(|| format!("{} can't be read", path.display()))?;
    catalog_csv::read(&bytes, head).map_err(|faults| anyhow!("{}: {nothing}; {faults}", path.display()))
}

/// Whole or not at all; readable by everybody, as what hangs in a shop's window.
fn write(path: &Path, catalog: &Catalog) -> anyhow::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".catalog.").tempfile_in(dir)?;
    serde_json::to_writer_pretty(&mut file, catalog)?;
    file.write_all(b"\n")?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
