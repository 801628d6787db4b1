//! A catalogue out of a table, as spreadsheets write it: UTF-8 with or without a mark at its beginning; commas, semicolons or
//! tabs; prices with a point or a comma. Pure.
//!
//! Everything that is wrong is told at once, each with its line and column, and nothing is guessed where a price could mean two
//! things. `protocol/README.md` lists the columns.

mod price;

use crate::understand::Lang;
use crate::understand::catalog::{Catalog, CatalogError, OptionValue, Pack, Product, ProductOption, is_name};
use std::collections::BTreeMap;
use std::path::Path;

/// Faults that are told; the others are counted.
const MAX_FAULTS: usize = 50;
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Characters of one cell: a product must fit a message.
const MAX_CELL: usize = 4_000;
/// What a product is where its cell is empty.
const MAX_QTY: u32 = 10;
const UNIT: &str = "piece";
const CATEGORY: &str = "goods";
/// Columns that are left alone begin like this.
const IGNORED: &str = "x_";
const PLAIN: [&str; 8] = ["sku", "price", "gtin", "pack_count", "pack_unit", "max_qty", "category", "flags"];

/// What a table does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The shop's name in the topics.
    pub shop: String,
    /// ISO 4217.
    pub currency: String,
    pub version: u64,
}

/// Something wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1 on, as an editor counts.
    pub line: u64,
    pub column: Option<String>,
    pub what: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}, {column}: {}", self.line, self.what),
            None => write!(f, "line {}: {}", self.line, self.what),
        }
    }
}

/// At least one, in the order of the lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    pub told: Vec<Fault>,
    /// How many more there are.
    pub more: usize,
}

impl Faults {
    fn add(&mut self, line: u64, column: Option<&str>, what: impl Into<String>) {
        if self.told.len() < MAX_FAULTS {
            let column = column.map(|name| shown(name, 40));
            self.told.push(Fault { line, column, what: what.into() });
        } else {
            self.more += 1;
        }
    }

    fn of(line: u64, what: impl Into<String>) -> Faults {
        Faults { told: vec![Fault { line, column: None, what: what.into() }], more: 0 }
    }
}

impl std::error::Error for Faults {}

impl std::fmt::Display for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = self.told.len() + self.more;
        write!(f, "{all} thing{} wrong:", if all == 1 { " is" } else { "s are" })?;
        self.told.iter().try_for_each(|fault| write!(f, "\n  {fault}"))?;
        if self.more > 0 {
            write!(f, "\n  and {} more", self.more)?;
        }
        Ok(())
    }
}

/// Is this file a table, by its name?
pub fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ["csv", "tsv"].iter().any(|known| ext.eq_ignore_ascii_case(known)))
}

/// Reads and checks a table.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(bytes: &[u8], head: &Head) -> Result<Catalog, Faults> {
    let (text, first_line) = text_of(bytes)?;
    let mut faults = Faults::default();
    if !is_name(&head.shop) {
        return Err(Faults::of(
            1,
            "the shop's name must be 1 to 64 of the letters a-z, digits and hyphens: --shop NAME",
        ));
    }
    if head.currency.len() != 3 || !head.currency.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(Faults::of(1, "the currency must be three capital letters (ISO 4217): --currency EUR"));
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(text)).flexible(true).from_reader(text.as_bytes());
    let columns = {
        let header = reader.headers().map_err(|why| Faults::of(first_line, why.to_string()))?;
        columns(header, first_line, &mut faults)
    };
    if !faults.told.is_empty() {
        // Rows mean nothing without their columns.
        return Err(faults);
    }
    let mut lines_of: BTreeMap<String, u64> = BTreeMap::new();
    let mut products = vec![];
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: first_line };
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(why) => {
                let line = lines.line_at(why.position());
                faults.add(line, None, why.to_string());
                continue;
            }
        };
        let line = lines.line_at(row.position());
        if row.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cells = Cells { row: &row, columns: &columns, line };
        let before = faults.told.len() + faults.more;
        let product = cells.product(&head.currency, &mut faults);
        if let Some(earlier) = lines_of.insert(product.sku.clone(), line).filter(|_| !product.sku.is_empty()) {
            let what =
                format!("\"{}\" is in line {earlier} already; each product needs its own", shown(&product.sku, 60));
            faults.add(line, Some("sku"), what);
        }
        if faults.told.len() + faults.more == before {
            products.push(product);
        }
    }
    if !faults.told.is_empty() {
        return Err(faults);
    }
    if products.is_empty() {
        return Err(Faults::of(
            first_line + 1,
            "there is no product; put one in each line below the names of the columns",
        ));
    }
    let Head { shop, currency, version } = head.clone();
    checked(Catalog { shop, version, part: 1, parts: 1, currency, products, skus: Default::default() }, &lines_of)
}

/// The catalogue's own checks have the last word.
fn checked(catalog: Catalog, lines_of: &BTreeMap<String, u64>) -> Result<Catalog, Faults> {
    let text = serde_json::to_string(&catalog).map_err(|why| Faults::of(1, why.to_string()))?;
    Catalog::from_json(&text).map_err(|why| match &why {
        CatalogError::Product { sku, what } => Faults::of(lines_of.get(sku).copied().unwrap_or(1), what.clone()),
        CatalogError::Shape(_) | CatalogError::Header { .. } => Faults::of(1, why.to_string()),
    })
}

/// Without the mark and Excel's own first line; and the number of the line that comes first then.
fn text_of(bytes: &[u8]) -> Result<(&str, u64), Faults> {
    if bytes.len() > MAX_BYTES {
        return Err(Faults::of(1, format!("it has {} bytes; the largest allowed is {MAX_BYTES}", bytes.len())));
    }
    let save = "save it as \"CSV UTF-8\"";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Faults::of(1, format!("it is UTF-16; {save}")));
    }
    let text = std::str::from_utf8(bytes).map_err(|why| {
        let line = 1 + bytes[..why.valid_up_to()].iter().filter(|b| **b == b'\n').count() as u64;
        Faults::of(line, format!("a letter is not UTF-8, so it would come out wrong; {save}"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some((first, rest)) = text.split_once('\n')
        && first.to_ascii_lowercase().starts_with("sep=")
    {
        return Ok((rest, 2));
    }
    if text.trim().is_empty() {
        return Err(Faults::of(1, "it is empty; its first line names the columns: sku, title_en, price, ..."));
    }
    Ok((text, 1))
}

/// Lines as an editor counts them, also where a cell goes over several and where lines are empty.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// Where a row begins; asked for in the order of the rows.
    fn line_at(&mut self, position: Option<&csv::Position>) -> u64 {
        let from = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.at);
        let rest = self.text.get(from..).unwrap_or_default();
        let to = from + rest.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let passed = self.text.get(self.at..to).unwrap_or_default();
        self.line += passed.iter().filter(|b| **b == b'\n').count() as u64;
        self.at = self.at.max(to);
        self.line
    }
}

/// What stands most often between the names of the columns.
fn delimiter(text: &str) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for b in text.bytes() {
        match b {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => break,
            _ if is_quoted => {}
            _ => counts.iter_mut().filter(|(known, _)| *known == b).for_each(|(_, count)| *count += 1),
        }
    }
    // Of two as frequent, the first.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| delimiter)
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Plain(&'static str),
    Title(Lang),
    Says(Lang),
    Option {
        name: String,
        is_required: bool,
    },
    Ignored,
    /// Without a name.
    Empty,
}

fn columns(header: &csv::StringRecord, line: u64, faults: &mut Faults) -> Vec<Column> {
    let mut found: Vec<Column> = vec![];
    for name in header {
        let name = name.trim().to_lowercase().replace([' ', '-'], "_");
        match column(&name) {
            Some(column) => {
                let again = !matches!(column, Column::Ignored | Column::Empty) && found.contains(&column);
                if again {
                    faults.add(line, Some(&name), "this column is there twice; keep one of them");
                }
                found.push(column);
            }
            None => {
                let known = known_columns();
                let nearest = known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, &name));
                let nearest = nearest.map_or("sku", String::as_str);
                faults.add(
                    line,
                    Some(&name),
                    format!("no such column is known; is it {nearest}? Name it {IGNORED}... to have it left alone"),
                );
                found.push(Column::Ignored);
            }
        }
    }
    for name in ["sku", "price"] {
        if !found.contains(&Column::Plain(name)) {
            faults.add(line, Some(name), "this column is missing");
        }
    }
    if !found.iter().any(|column| matches!(column, Column::Title(_))) {
        faults.add(
            line,
            Some("title_en"),
            "a title in at least one language is needed: title_en, title_es or title_ro",
        );
    }
    found
}

fn column(name: &str) -> Option<Column> {
    if name.is_empty() {
        return Some(Column::Empty);
    }
    if name.starts_with(IGNORED) {
        return Some(Column::Ignored);
    }
    if let Some(plain) = PLAIN.iter().find(|plain| **plain == name) {
        return Some(Column::Plain(plain));
    }
    let (kind, rest) = name.split_once('_')?;
    match kind {
        "title" => rest.parse().ok().map(Column::Title),
        "says" => rest.parse().ok().map(Column::Says),
        "option" => {
            let is_required = rest.ends_with('!');
            let name = rest.trim_end_matches('!').to_owned();
            (!name.is_empty()).then_some(Column::Option { name, is_required })
        }
        _ => None,
    }
}

fn known_columns() -> Vec<String> {
    let of_languages = Lang::ALL.iter().flat_map(|lang| [format!("title_{lang}"), format!("says_{lang}")]);
    PLAIN.iter().map(|name| (*name).to_owned()).chain(of_languages).collect()
}

/// One row.
struct Cells<'a> {
    row: &'a csv::StringRecord,
    columns: &'a [Column],
    line: u64,
}

impl Cells<'_> {
    /// What it says; what is wrong goes to `faults`, and the product is no use then.
    fn product(&self, currency: &str, faults: &mut Faults) -> Product {
        self.shape(faults);
        let mut wrong = |column: &str, what: String| faults.add(self.line, Some(column), what);
        let sku = self.plain("sku").to_owned();
        if sku.is_empty() {
            wrong("sku", "it is empty; give each product its own".into());
        }
        let title = self.per_language(|column| if let Column::Title(lang) = column { Some(*lang) } else { None });
        if title.is_empty() {
            wrong("title", "no language has one; write at least one".into());
        }
        let says = self.per_language(|column| if let Column::Says(lang) = column { Some(*lang) } else { None });
        let says = says.into_iter().map(|(lang, text)| (lang, list(&text))).collect();
        let unit_amount = price::minor(self.plain("price"), currency).unwrap_or_else(|what| {
            wrong("price", what);
            0
        });
        let gtin = Some(self.plain("gtin")).filter(|gtin| !gtin.is_empty());
        if let Some(what) = gtin.and_then(gtin_fault) {
            wrong("gtin", what);
        }
        let mut whole = |column: &'static str, default: u32| match self.plain(column) {
            "" => default,
            text => text.parse().ok().filter(|number| *number > 0).unwrap_or_else(|| {
                wrong(column, format!("\"{}\" is no whole number from 1 on", shown(text, 40)));
                1
            }),
        };
        let (count, max_qty) = (whole("pack_count", 1), whole("max_qty", MAX_QTY));
        let or = |text: &str, default: &str| if text.is_empty() { default.to_owned() } else { text.to_owned() };
        Product {
            gtin: gtin.map(str::to_owned),
            options: self.options(title.keys().copied().collect()),
            title,
            says,
            pack: Pack { count, unit: or(self.plain("pack_unit"), UNIT) },
            unit_amount,
            max_qty,
            category: or(self.plain("category"), CATEGORY),
            flags: list(self.plain("flags")),
            sku,
        }
    }

    /// Is it as wide as the table, and are its cells of a size?
    fn shape(&self, faults: &mut Faults) {
        for (at, cell) in self.row.iter().enumerate() {
            if cell.chars().count() > MAX_CELL {
                faults.add(
                    self.line,
                    None,
                    format!("cell {} has more than {MAX_CELL} characters; is a quotation mark missing?", at + 1),
                );
            }
            let is_named = self.columns.get(at).is_some_and(|column| *column != Column::Empty);
            if !is_named && !cell.trim().is_empty() {
                let what = format!(
                    "\"{}\" stands in a column without a name; put texts that hold a separator between quotation marks",
                    shown(cell, 40)
                );
                faults.add(self.line, None, what);
            }
        }
    }

    fn cells(&self) -> impl Iterator<Item = (&Column, &str)> {
        self.columns.iter().zip(self.row.iter()).map(|(column, cell)| (column, cell.trim()))
    }

    fn plain(&self, name: &str) -> &str {
        self.cells()
            .find(|(column, _)| matches!(column, Column::Plain(plain) if *plain == name))
            .map_or("", |(_, cell)| cell)
    }

    fn per_language(&self, of: impl Fn(&Column) -> Option<Lang>) -> BTreeMap<Lang, String> {
        let cells = self.cells().filter(|(_, cell)| !cell.is_empty());
        cells.filter_map(|(column, cell)| Some((of(column)?, cell.to_owned()))).collect()
    }

    /// Their values are said as they are written, in each language of the product.
    fn options(&self, languages: Vec<Lang>) -> Vec<ProductOption> {
        let option = |(column, cell): (&Column, &str)| {
            let Column::Option { name, is_required } = column else { return None };
            let value = |value: String| OptionValue {
                says: languages.iter().map(|lang| (*lang, vec![value.clone()])).collect(),
                value,
            };
            let values: Vec<OptionValue> = list(cell).into_iter().map(value).collect();
            (!values.is_empty()).then(|| ProductOption { name: name.clone(), required: *is_required, values })
        };
        self.cells().filter_map(option).collect()
    }
}

/// `a | b`, without what is empty.
fn list(cell: &str) -> Vec<String> {
    cell.split('|').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// GTIN-8, -12, -13 or -14 (GS1): digits, the last of which checks the others.
fn gtin_fault(gtin: &str) -> Option<String> {
    let digits: Option<Vec<u32>> = gtin.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| [8, 12, 13, 14].contains(&digits.len())) else {
        let hint = if gtin.contains(['E', 'e']) { "; the spreadsheet shortened it: make the column text" } else { "" };
        return Some(format!("\"{}\" is no number of 8, 12, 13 or 14 digits{hint}", shown(gtin, 40)));
    };
    let sum: u32 =
        digits.iter().rev().skip(1).zip([3, 1].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    let check = (10 - sum % 10) % 10;
    let last = digits.last().copied().unwrap_or_default();
    (check != last).then(|| format!("\"{gtin}\" is mistyped: its last digit would be {check}"))
}

/// Somebody else's text within a line of ours.
fn shown(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

#[cfg(test)]
mod tests;
