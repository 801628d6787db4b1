//! Where the database is and how to get in: `postgres://user@host/database`, with the password from the address, from
//! `PGPASSWORD` or from a password file, and TLS to every host but this machine.
//!
//! What it is called in messages has no password in it.

use super::connection::cause;
use crate::deliver::mqtt::TlsFiles;
use crate::deliver::store::StoreError;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};

const CONNECT: Duration = Duration::from_secs(5);
const CONNECT_AND_LOG_IN: Duration = Duration::from_secs(10);

pub struct Address {
    config: Config,
    /// The address without the password.
    pub name: PathBuf,
    /// Whom to trust instead of the system's authorities.
    ca: Option<PathBuf>,
}

impl Address {
    pub fn parse(url: &str) -> Result<Address, StoreError> {
        let name = without_password(url);
        let wrong = |why: String| StoreError::Address { path: name.clone(), why };
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(wrong("it does not begin with postgres://".into()));
        }
        let (url, ca) = without(url, "sslrootcert");
        let mut config: Config = url.parse().map_err(|why| wrong(cause(&why)))?;
        let Some(host) = config.get_hosts().first().cloned() else { return Err(wrong("it names no host".into())) };
        let user = config.get_user().map(str::to_owned).ok_or_else(|| wrong("it names no user".into()))?;
        let database = config.get_dbname().unwrap_or(&user).to_owned();
        if config.get_password().is_none() {
            let port = config.get_ports().first().copied().unwrap_or(5432);
            let at = At { host: name_of(&host), port, database: &database, user: &user };
            if let Some(password) = std::env::var("PGPASSWORD").ok().or_else(|| from_file(&at)) {
                config.password(password);
            }
        }
        // What crosses a network is the whole book, so it is asked for explicitly if it is to be readable there.
        if !url.contains("sslmode=") {
            config.ssl_mode(if is_here(&host) { SslMode::Disable } else { SslMode::Require });
        }
        config.connect_timeout(CONNECT).keepalives_idle(Duration::from_secs(10)).tcp_user_timeout(CONNECT * 4);
        config.application_name("tendero shop");
        Ok(Address { config, name, ca: ca.map(PathBuf::from) })
    }

    /// # Errors
    /// One line.
    pub async fn connect(&self) -> Result<Client, String> {
        let connected = tokio::time::timeout(CONNECT_AND_LOG_IN, async {
            if self.config.get_ssl_mode() == SslMode::Disable {
                let (client, connection) = self.config.connect(NoTls).await.map_err(|why| cause(&why))?;
                tokio::spawn(connection);
                return Ok(client);
            }
            let files = TlsFiles { ca: self.ca.clone(), ..TlsFiles::default() };
            let tls = crate::deliver::mqtt::tls_config(&files).map_err(|why| why.to_string())?;
            let tls = tokio_postgres_rustls::MakeRustlsConnect::new(tls);
            let (client, connection) = self.config.connect(tls).await.map_err(|why| cause(&why))?;
            tokio::spawn(connection);
            Ok(client)
        });
        connected.await.unwrap_or_else(|_| Err("it does not answer".into()))
    }
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// As a password file calls it.
fn name_of(host: &Host) -> &str {
    match host {
        Host::Unix(_) => "localhost",
        Host::Tcp(name) => name,
    }
}

fn without_password(url: &str) -> PathBuf {
    let (url, _) = without(url, "password");
    let named = url.split_once("://").and_then(|(scheme, rest)| {
        let (who, place) = rest.split_once('@')?;
        Some(format!("{scheme}://{}@{place}", who.split(':').next().unwrap_or_default()))
    });
    PathBuf::from(named.unwrap_or(url))
}

/// The address without one of its parameters, and that one's value.
fn without(url: &str, parameter: &str) -> (String, Option<String>) {
    let Some((before, query)) = url.split_once('?') else { return (url.into(), None) };
    let mut value = None;
    let mut rest = vec![];
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some((name, text)) if name == parameter => value = Some(text.to_owned()),
            _ => rest.push(pair),
        }
    }
    let rest = rest.join("&");
    (if rest.is_empty() { before.into() } else { format!("{before}?{rest}") }, value)
}

struct At<'a> {
    host: &'a str,
    port: u16,
    database: &'a str,
    user: &'a str,
}

/// From `PGPASSFILE`, or from `.pgpass` at home: `host:port:database:user:password`, where `*` is any and a backslash takes the
/// next letter as it is (PostgreSQL's manual, "The Password File"). A file that others may read is passed over, as psql does.
fn from_file(at: &At<'_>) -> Option<String> {
    let path = std::env::var_os("PGPASSFILE").map(PathBuf::from);
    let path = path.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".pgpass")))?;
    let text = std::fs::read_to_string(&path).ok()?;
    let mode = std::fs::metadata(&path).ok()?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!("{} is not used: others may read it; run: chmod 600 {0}", path.display());
        return None;
    }
    look_up(&text, at)
}

fn look_up(text: &str, at: &At<'_>) -> Option<String> {
    let port = at.port.to_string();
    let wanted = [at.host, &port, at.database, at.user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let fits =
            fields.len() == 5 && wanted.iter().zip(&fields).all(|(wanted, field)| field == "*" || field == wanted);
        fits.then(|| fields[4].clone())
    })
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            ':' if fields.len() < 5 => {
                fields.push(String::new());
                continue;
            }
            '\\' => letters.next().unwrap_or('\\'),
            other => other,
        };
        if let Some(last) = fields.last_mut() {
            last.push(letter);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_has_the_password() {
        for (url, expected) in [
            ("postgres://shop@db/book", "postgres://shop@db/book"),
            ("postgres://shop:se%20cret@db:5433/book?sslmode=disable", "postgres://shop@db:5433/book?sslmode=disable"),
            ("postgres://shop@db/book?password=secret", "postgres://shop@db/book"),
        ] {
            assert_eq!(without_password(url), Path::new(expected), "{url}");
            assert_eq!(Address::parse(url).ok().map(|address| address.name), Some(expected.into()), "{url}");
        }
    }

    #[test]
    fn tls_is_left_out_only_on_this_machine_or_when_asked() {
        for (url, expected) in [
            ("postgres://shop@localhost/book", SslMode::Disable),
            ("postgres://shop@127.0.0.1:5433/book", SslMode::Disable),
            ("postgres://shop@%2Frun%2Fpostgresql/book", SslMode::Disable),
            ("postgres://shop@db.example/book", SslMode::Require),
            ("postgres://shop@db.example/book?sslmode=disable", SslMode::Disable),
            ("postgres://shop@localhost/book?sslmode=require", SslMode::Require),
        ] {
            let address = Address::parse(url).map_err(|why| why.to_string()).unwrap();
            assert_eq!(address.config.get_ssl_mode(), expected, "{url}");
        }
        let address = Address::parse("postgres://shop@db/book?sslrootcert=/etc/ca.pem&sslmode=require").ok().unwrap();
        assert_eq!(address.ca.as_deref(), Some(Path::new("/etc/ca.pem")));
    }

    #[test]
    fn an_address_that_is_none_says_what_is_wrong() {
        for (url, expected) in [
            ("mysql://shop@db/book", "postgres://"),
            ("postgres://db/book", "no user"),
            ("postgres://shop@db/book?colour=red", "colour"),
        ] {
            let why = Address::parse(url).err().unwrap().to_string();
            assert!(why.contains(expected), "{why}");
        }
    }

    #[test]
    fn a_password_file_is_read_as_psql_reads_it() {
        let text = "# mine\nother:5432:book:shop:no\ndb:*:book:shop:a\\:b\\\\c:d\n*:*:*:*:last\n";
        let at = |host| At { host, port: 5432, database: "book", user: "shop" };
        assert_eq!(look_up(text, &at("db")).as_deref(), Some("a:b\\c:d"));
        assert_eq!(look_up(text, &at("elsewhere")).as_deref(), Some("last"));
        assert_eq!(look_up("db:1:book:shop:x", &at("db")), None);
    }
}
