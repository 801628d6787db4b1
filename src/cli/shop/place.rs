//! Where a shop keeps its key and its book: the same two settings for everything that one asks of a shop.

use crate::deliver::keys::Keys;
use crate::shop;
use crate::shop::book::{self, Book};
use std::path::PathBuf;

/// Names the database where the command line does not, so that a service and its administrator say it once.
pub const ENV: &str = "TENDERO_SHOP_DATABASE";

#[derive(Debug, clap::Args)]
pub struct Place {
    /// Where the shop's key and its bookings are kept
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Keep the bookings in PostgreSQL, for any number of workers: postgres://user@host/database
    #[arg(long, value_name = "URL", env = ENV, hide_env_values = true)]
    pub database: Option<String>,
}

impl Place {
    /// An empty one, as a line of an environment file may leave it, is none.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref().filter(|url| !url.is_empty())
    }

    /// The book, made where there is none.
    pub fn book(&self) -> anyhow::Result<Book> {
        Ok(Book::of_shop(&self.data_dir, self.database())?)
    }

    /// The book of a shop that has one: a slip in the path must make no empty one.
    pub fn existing_book(&self) -> anyhow::Result<Book> {
        if let Some(url) = self.database() {
            return Ok(Book::open_database(url, false)?);
        }
        let path = self.data_dir.join(book::FILE);
        anyhow::ensure!(path.exists(), "there is no book at {}; name the data folder of your shop", path.display());
        Ok(Book::open(&self.data_dir)?)
    }

    /// The key that this book's shop signs with.
    pub fn keys_of(&self, book: &Book) -> anyhow::Result<Keys> {
        Ok(shop::keys_of(book, &self.data_dir)?)
    }
}
