//! `tendero shop`: the reference shop, with its webhook and its page, until it is interrupted.

use super::catalog;
use super::place::{self, Place};
use crate::clock::Clock;
use crate::deliver::mqtt::{BrokerConfig, TlsFiles};
use crate::shop::burst::Rule;
use crate::shop::page::{self, PageError, Token};
use crate::shop::pricing::Terms;
use crate::shop::webhook::{Address, Config, Secrets};
use crate::shop::{self, Shop, ShopConfig};
use anyhow::{Context, ensure};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Serve {
    /// What the shop sells: JSON, or a table (CSV) with --shop and --currency; see protocol/README.md
    #[arg(long, value_name = "FILE")]
    catalog: PathBuf,
    /// How to help those to choose who name no product: a JSON file, see protocol/README.md
    #[arg(long, value_name = "FILE")]
    guide: Option<PathBuf>,
    /// mqtt://host:port or mqtts://host:port
    #[arg(long, value_name = "URL")]
    broker: String,
    // Not flattened: what is flattened within something optional is never there for clap.
    /// Where the shop's key and its bookings are kept
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Keep the bookings in PostgreSQL, for any number of workers: postgres://user@host/database [env: TENDERO_SHOP_DATABASE]
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// User name at the broker [default: the catalogue's shop]
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// A file with the password at the broker
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Certificate authority of the broker, PEM [default: the system's]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The shop's own certificate and key for the broker, PEM
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_cert: Option<PathBuf>,
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// The seller's name, as it is read out [default: the catalogue's shop]
    #[arg(long, value_name = "NAME")]
    seller: Option<String>,
    /// Delivery fee in minor units
    #[arg(long, value_name = "MINOR", default_value_t = Terms::default().delivery_minor)]
    delivery_fee: i64,
    /// No delivery fee from this sum of goods on, minor units
    #[arg(long, value_name = "MINOR", default_value_t = Terms::default().free_from_minor)]
    free_from: i64,
    /// A home may withdraw for so many days after the delivery; 0: never, for what the law excepts
    #[arg(long, value_name = "DAYS", default_value_t = Terms::default().withdrawal_days)]
    withdrawal_days: u16,
    /// A table's shop: its name in the topics
    #[arg(long, value_name = "NAME")]
    shop: Option<String>,
    /// A table's currency (ISO 4217), such as EUR
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// A home gets at most so many bookings an hour
    #[arg(long, value_name = "N", default_value_t = 30)]
    max_orders_hour: u32,
    /// Hold orders of new buyers for an adult's approval once so many homes ask for the same product, and far more than
    /// usually buy it; 0: never
    #[arg(long, value_name = "N", default_value_t = Rule::default().min_homes)]
    burst_homes: u32,
    /// ... within so many minutes
    #[arg(long, value_name = "MIN", default_value_t = Rule::default().minutes(), value_parser = clap::value_parser!(u32).range(1..=1440))]
    burst_minutes: u32,
    /// A payment with a token above so much, minor units of the catalogue's currency, waits until the household has confirmed
    /// it at its bank [default: 3000 in EUR; in another currency each waits]
    #[arg(long, value_name = "MINOR", value_parser = clap::value_parser!(i64).range(0..))]
    authenticate_above: Option<i64>,
    /// Tell a shop system what happens to orders, by signed HTTP POSTs: https://..., or http:// to this machine
    /// [env: TENDERO_SHOP_WEBHOOK]
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// A file with the secret that signs them, whsec_...: tendero shop webhook secret prints one
    /// [env: TENDERO_SHOP_WEBHOOK_SECRET_FILE]
    #[arg(long, value_name = "FILE")]
    webhook_secret_file: Option<PathBuf>,
    /// Certificate authority of the webhook, PEM [default: the system's]
    #[arg(long, value_name = "FILE")]
    webhook_ca: Option<PathBuf>,
    /// Let the webhook be http:// to another machine: on the way anybody can read the orders
    #[arg(long)]
    webhook_plain: bool,
    /// Show orders and numbers on a page there, for people and Prometheus, such as 127.0.0.1:9100
    /// [env: TENDERO_SHOP_PAGE]
    #[arg(long, value_name = "ADDRESS:PORT")]
    page: Option<String>,
    /// A file with the token without which the page shows nothing; needed beyond this machine
    /// [env: TENDERO_SHOP_PAGE_TOKEN_FILE]
    #[arg(long, value_name = "FILE")]
    page_token_file: Option<PathBuf>,
}

/// # Errors
/// One line that says what is wrong and what to do; a table's faults, each on a line of its own. Nothing was started then.
pub async fn run(args: Serve) -> anyhow::Result<()> {
    let args = args.with_environment();
    // What is named first: when it is wrong, nothing is made and nothing is started.
    let catalog = catalog::load(&args.catalog, args.shop.as_deref(), args.currency.as_deref())?;
    let guide = args.guide.as_deref().map(|path| shop::load_guide(path, &catalog)).transpose()?;
    let webhook = webhook(&args)?;
    let token = args.page_token_file.as_deref().map(Token::load).transpose()?;
    let page = args.page.as_deref().map(address).transpose()?;
    if let Some(listen) = page.filter(|listen| token.is_none() && !listen.ip().is_loopback()) {
        return Err(PageError::NeedsToken { listen }.into());
    }
    super::super::init_logs(super::super::LOGS_OF_A_SERVICE);
    let mut broker = BrokerConfig::new(args.broker);
    broker.username = args.username;
    broker.password_file = args.password_file;
    broker.tls =
        TlsFiles { ca: args.ca, client_cert: args.client_cert, client_key: args.client_key, ..TlsFiles::default() };
    let name = catalog.shop.clone();
    let products = catalog.products.len();
    let currency = catalog.currency.clone();
    let place = Place { data_dir: args.data_dir, database: args.database };
    let clock = Clock::system();
    let mut config = ShopConfig::new(catalog, broker, &place.data_dir, clock.clone());
    config.guide = guide;
    config.database = place.database().map(str::to_owned);
    config.seller = args.seller.unwrap_or_else(|| name.clone());
    config.terms = Terms {
        delivery_minor: args.delivery_fee,
        free_from_minor: args.free_from,
        withdrawal_days: args.withdrawal_days,
        ..Terms::default()
    };
    config.max_orders_hour = args.max_orders_hour;
    config.burst = Rule { min_homes: args.burst_homes, window_ms: i64::from(args.burst_minutes) * 60_000 };
    if let Some(above) = args.authenticate_above {
        config.payment.above_minor.insert(currency, above);
    }
    config.webhook = webhook;
    ensure!(config.terms.delivery_minor >= 0, "--delivery-fee must not be negative");
    let seller = config.seller.clone();
    let handle = Shop::start(config)?;
    println!("shop {name}: {products} products, key {}", handle.key());
    if let Some(listen) = page {
        let at = page::start(listen, token, place.book()?, seller, clock).await?;
        println!("orders and numbers: http://{at}/");
    }
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminated.recv() => {}
    }
    handle.stop().await;
    Ok(())
}

impl Serve {
    /// What a service's environment says and the command line does not. clap would take it for an argument, and these are none
    /// of whoever asks beside the service (`tendero shop orders`). An empty line of an environment file says nothing.
    fn with_environment(mut self) -> Serve {
        let text = |name: &str| std::env::var(name).ok();
        self.database = self.database.or_else(|| text(place::ENV)).filter(|url| !url.is_empty());
        self.webhook = self.webhook.or_else(|| text("TENDERO_SHOP_WEBHOOK")).filter(|url| !url.is_empty());
        self.page = self.page.or_else(|| text("TENDERO_SHOP_PAGE")).filter(|address| !address.is_empty());
        let file = |file: Option<PathBuf>, name: &str| {
            file.or_else(|| text(name).map(PathBuf::from)).filter(|path| !path.as_os_str().is_empty())
        };
        self.webhook_secret_file = file(self.webhook_secret_file, "TENDERO_SHOP_WEBHOOK_SECRET_FILE");
        self.page_token_file = file(self.page_token_file, "TENDERO_SHOP_PAGE_TOKEN_FILE");
        self
    }
}

fn address(text: &str) -> anyhow::Result<SocketAddr> {
    text.parse().with_context(|| format!("--page {text} is no address with a port, such as 127.0.0.1:9100"))
}

fn webhook(args: &Serve) -> anyhow::Result<Option<Config>> {
    let Some(url) = &args.webhook else { return Ok(None) };
    let file = args.webhook_secret_file.as_deref().context(
        "--webhook needs --webhook-secret-file: a file with what tendero shop webhook secret prints, for both sides",
    )?;
    let address = Address::parse(url, args.webhook_plain)?;
    Ok(Some(Config::new(address, Secrets::load(file)?, args.webhook_ca.clone())?))
}
