//! The reference shop at the other end: quotes, books once, and signs what it says.
//!
//! One thread works off one queue: [`desk`] decides what to answer, [`book`] is its SQLite file or
//! its PostgreSQL database, [`pricing`] the sums. A message is acknowledged when what came of it is
//! on disk. On PostgreSQL any number of such workers, in processes of their own, share the orders. It shares the
//! wire (`deliver::envelope`, `keys`, `topic`, `mqtt`) with the device, and nothing else.

pub mod book;
pub mod burst;
pub mod catalog_csv;
pub mod coupon;
pub mod desk;
pub mod export;
pub mod guide;
pub mod page;
pub mod passwords;
pub mod payment;
pub mod pricing;
pub mod rules;
pub mod webhook;
mod work;

use crate::clock::Clock;
use crate::deliver::envelope::StatusState;
use crate::deliver::keys::{KeyError, Keys, PublicKey};
use crate::deliver::mqtt::{BrokerConfig, Trouble};
use crate::deliver::store::StoreError;
use crate::understand::catalog::Catalog;
use crate::understand::catalog::CatalogError;
use book::{Book, Booking};
use guide::{Guide, GuideError};
use pricing::Terms;
use std::path::{Path, PathBuf};
use tokio::sync::{broadcast, mpsc, oneshot};

/// Events that a slow listener may lag behind.
const EVENTS: usize = 256;
/// Messages and commands that may wait for the desk.
const QUEUE: usize = 256;

#[derive(Debug, Clone)]
pub struct ShopConfig {
    pub catalog: Catalog,
    /// How it helps those to choose who name no product; `None`: it does not.
    pub guide: Option<Guide>,
    pub broker: BrokerConfig,
    /// Where its key is, and its book unless that is in a database.
    pub data_dir: PathBuf,
    /// `postgres://user@host/database`: where its book is, for any number of workers.
    pub database: Option<String>,
    pub clock: Clock,
    /// The name that is read out.
    pub seller: String,
    pub terms: Terms,
    /// Devices to trust besides those in the book: home, device, key.
    pub trusted: Vec<(String, String, PublicKey)>,
    /// More orders of one home within an hour are rejected.
    pub max_orders_hour: u32,
    /// When orders of many homes for the same product are held.
    pub burst: burst::Rule,
    /// When the household's bank must be asked first.
    pub payment: payment::Rule,
    /// Whom to tell what happens to orders.
    pub webhook: Option<webhook::Config>,
}

impl ShopConfig {
    pub fn new(catalog: Catalog, broker: BrokerConfig, data_dir: impl Into<PathBuf>, clock: Clock) -> ShopConfig {
        let seller = catalog.shop.clone();
        let terms = Terms::default();
        ShopConfig {
            catalog,
            guide: None,
            broker,
            data_dir: data_dir.into(),
            database: None,
            clock,
            seller,
            terms,
            trusted: vec![],
            max_orders_hour: 30,
            burst: burst::Rule::default(),
            payment: payment::Rule::default(),
            webhook: None,
        }
    }
}

/// What the shop did, for whoever watches it.
#[derive(Debug, Clone, PartialEq)]
pub enum ShopEvent {
    Up,
    Down {
        why: String,
    },
    Quoted {
        home: String,
        device: String,
        lines: Vec<(String, u32)>,
        total: i64,
        currency: String,
    },
    NotQuoted {
        home: String,
        code: String,
        sku: Option<String>,
    },
    /// A household looked for something without a product's name: what it was asked, or offered, or why nothing.
    Found {
        home: String,
        device: String,
        question: Option<String>,
        proposals: Vec<String>,
        code: Option<String>,
    },
    /// A household asked what the shop has on it, and got so many orders, or a `code` instead.
    History {
        home: String,
        device: String,
        orders: u32,
        code: Option<String>,
    },
    /// On disk; the receipt goes out after this.
    Booked {
        order_id: String,
        shop_order_no: String,
        home: String,
        device: String,
        lines: Vec<(String, u32)>,
        /// Minor units.
        total: i64,
        currency: String,
    },
    /// Not booked, or not any more: many homes order the same (`burst`), or the household's bank must be asked
    /// (`payment_authentication`). On disk; the home is told after this.
    Held {
        order_id: String,
        home: String,
        device: String,
        code: &'static str,
    },
    /// Many more homes than usual ask for a product, seen now for the first time.
    Burst {
        sku: String,
        homes: u32,
        minutes: u32,
    },
    /// The same order came again; it got the same receipt.
    Repeated {
        order_id: String,
    },
    Rejected {
        order_id: String,
        home: String,
        code: String,
    },
    /// Shipped, delivered, cancelled, ...
    Moved {
        order_id: String,
        shop_order_no: String,
        state: StatusState,
    },
    /// A household said something in a conversation; on disk, acknowledged after this.
    Chat {
        home: String,
        device: String,
        thread: String,
        /// `requested` or `ended`.
        handoff: Option<String>,
    },
    /// A household said what it agrees to hear; on disk, acknowledged after this.
    Consent {
        home: String,
        device: String,
        /// Empty: nothing any more.
        kinds: Vec<String>,
    },
    /// A device came with a pairing code, and is trusted from now on.
    Paired {
        home: String,
        device: String,
    },
    /// A device has handed its key over to a new one; on disk, acknowledged after this.
    KeyChanged {
        home: String,
        device: String,
        key: String,
    },
    /// A message that was not used.
    Refused(Refused),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub what: String,
    /// A name for the reason, for counting: one of a few.
    pub code: &'static str,
    pub why: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    #[error("{path}: {why}; correct the catalogue, nothing was started")]
    Catalog { path: PathBuf, why: CatalogError },
    #[error("{path} can't be read: {why}; name a catalogue file with --catalog")]
    Read { path: PathBuf, why: std::io::Error },
    #[error("{path}: {why}")]
    Guide { path: PathBuf, why: GuideError },
    #[error("{path} can't be read: {why}; name the guide's file with --guide, or leave it out")]
    ReadGuide { path: PathBuf, why: std::io::Error },
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Book(#[from] StoreError),
    #[error(transparent)]
    Broker(#[from] Trouble),
    #[error(
        "the book {book} is of a shop that signs with {theirs}, and {data_dir} has another key ({ours}); what it signed nobody would believe. Copy {file} from the data folder of the other workers"
    )]
    OtherKey { book: PathBuf, theirs: String, ours: String, data_dir: PathBuf, file: &'static str },
    #[error("the shop's thread could not be started: {0}")]
    Thread(std::io::Error),
    #[error("the shop has ended")]
    Gone,
}

/// Reads and checks a catalogue file.
///
/// # Errors
/// [`ShopError`], naming the file, the product and the field.
pub fn load_catalog(path: &Path) -> Result<Catalog, ShopError> {
    let text = std::fs::read_to_string(path).map_err(|why| ShopError::Read { path: path.into(), why })?;
    Catalog::from_json(&text).map_err(|why| ShopError::Catalog { path: path.into(), why })
}

/// Reads and checks a guide file against what the shop sells.
///
/// # Errors
/// [`ShopError`], naming the file and everything that is wrong in it, each with its place and what to do.
pub fn load_guide(path: &Path, catalog: &Catalog) -> Result<Guide, ShopError> {
    let text = std::fs::read_to_string(path).map_err(|why| ShopError::ReadGuide { path: path.into(), why })?;
    Guide::from_json(&text, catalog).map_err(|why| ShopError::Guide { path: path.into(), why })
}

/// The key that the shop of this book signs with: each worker, and whoever marks orders or talks to households beside them, has
/// the same one. A change of the key that was cut off after the book knew of it is finished.
///
/// # Errors
/// [`ShopError::OtherKey`].
pub fn keys_of(book: &Book, data_dir: &Path) -> Result<Keys, ShopError> {
    let keys = Keys::load_or_make(data_dir)?;
    let (theirs, ours) = (book.sign_with(&keys.public())?, keys.public().to_string());
    if theirs == ours {
        return Ok(keys);
    }
    let is_next = Keys::next(data_dir)?.is_some_and(|next| next.public().to_string() == theirs);
    let changed = if is_next { Keys::change(data_dir) } else { Ok(()) };
    // Whoever else starts at this moment may have been faster.
    let keys = Keys::load_or_make(data_dir)?;
    if keys.public().to_string() == theirs {
        return Ok(keys);
    }
    changed?;
    let file = crate::deliver::keys::KEY_FILE;
    Err(ShopError::OtherKey { book: book.name().into(), theirs, ours, data_dir: data_dir.into(), file })
}

/// Handle of a running shop; cheap to clone. The shop ends with [`ShopHandle::stop`].
#[derive(Clone)]
pub struct ShopHandle {
    inputs: mpsc::Sender<work::Input>,
    events: broadcast::Sender<ShopEvent>,
    key: PublicKey,
}

pub struct Shop;

impl Shop {
    /// Opens the book, connects, and serves. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`ShopError`]; nothing was started then. A broker that can't be reached is no error: the
    /// shop goes on trying, and says so with [`ShopEvent::Down`].
    pub fn start(config: ShopConfig) -> Result<ShopHandle, ShopError> {
        let mut book = Book::of_shop(&config.data_dir, config.database.as_deref())?;
        let keys = keys_of(&book, &config.data_dir)?;
        book.serve()?;
        for (home, device, key) in &config.trusted {
            book.trust(home, device, key)?;
        }
        // For whoever makes an offer beside this shop: `tendero shop chat`.
        if let (Ok(catalog), Ok(terms)) = (serde_json::to_string(&config.catalog), serde_json::to_string(&config.terms))
        {
            book.lay_out(&catalog, &terms, &config.seller)?;
        }
        let (inputs, queue) = mpsc::channel(QUEUE);
        connect(&config, &mut book, inputs.downgrade())?;
        let (events, _) = broadcast::channel(EVENTS);
        let handle = ShopHandle { inputs: inputs.clone(), events: events.clone(), key: keys.public() };
        work::start(config, keys, book, inputs.downgrade(), queue, events)?;
        Ok(handle)
    }
}

/// Points the book at the webhook, and delivers what waits for it; or writes no events.
fn connect(config: &ShopConfig, book: &mut Book, inputs: mpsc::WeakSender<work::Input>) -> Result<(), ShopError> {
    let Some(webhook) = config.webhook.clone() else {
        let waiting = book.unpoint_webhook()?;
        if waiting > 0 {
            tracing::warn!(
                "{waiting} events wait for a webhook, and this shop was started without one: tendero shop webhook list"
            );
        }
        return Ok(());
    };
    book.point_webhook(&webhook.address.url)?;
    if let Some(why) = book.webhook()?.and_then(|target| target.stopped) {
        tracing::warn!("nothing is sent: {why}; once it is back: tendero shop webhook retry --all");
    }
    let own = Book::of_shop(&config.data_dir, config.database.as_deref())?;
    // The queue is closed as soon as the shop's thread has ended.
    let is_over = move || inputs.upgrade().is_none_or(|inputs| inputs.is_closed());
    webhook::start(webhook, own, config.clock.clone(), is_over).map_err(ShopError::Thread)
}

impl ShopHandle {
    /// What happens from now on. Subscribe before you cause something.
    pub fn events(&self) -> broadcast::Receiver<ShopEvent> {
        self.events.subscribe()
    }

    /// The key that devices pin.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    pub async fn trust(&self, home: &str, device: &str, key: PublicKey) -> Result<(), ShopError> {
        let (home, device) = (home.to_owned(), device.to_owned());
        self.ask(move |desk| desk.book.trust(&home, &device, &key)).await
    }

    /// Trusts several devices at once: home, device, key.
    pub async fn trust_all(&self, devices: Vec<(String, String, PublicKey)>) -> Result<(), ShopError> {
        self.ask(move |desk| desk.book.trust_all(&devices)).await
    }

    /// Every order that is held, oldest first.
    pub async fn held(&self) -> Result<Vec<Booking>, ShopError> {
        self.ask(|desk| desk.book.held()).await
    }

    /// Every booking, oldest first.
    pub async fn bookings(&self) -> Result<Vec<Booking>, ShopError> {
        self.ask(|desk| desk.book.bookings()).await
    }

    /// Ships, delivers, cancels or refunds: `order` is its id or the shop's number. An order that
    /// can't move that way is a [`ShopEvent::Refused`].
    pub async fn advance(&self, order: &str, state: StatusState) -> Result<(), ShopError> {
        self.inputs.send(work::Input::Advance { order: order.into(), state }).await.map_err(|_| ShopError::Gone)
    }

    /// Ends the shop: its connection is dropped without a goodbye, so the broker says that it is offline.
    pub async fn stop(&self) {
        // If it has ended already there is nothing to stop.
        let _ = self.inputs.send(work::Input::Stop).await;
    }

    async fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut desk::Desk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ShopError> {
        let (answer, waiting) = oneshot::channel();
        let job = Box::new(move |desk: &mut desk::Desk| {
            // Whoever stopped waiting needs no answer.
            let _ = answer.send(job(desk));
        });
        self.inputs.send(work::Input::Ask(job)).await.map_err(|_| ShopError::Gone)?;
        Ok(waiting.await.map_err(|_| ShopError::Gone)??)
    }
}

#[cfg(test)]
mod tests;
