//! Debian's mosquitto as a real broker: TLS, passwords, access rules, persistence. Killed by its
//! process id, also when a test panics.
#![allow(dead_code, reason = "each test uses its part")]

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tendero::deliver::mqtt::{BrokerConfig, TlsFiles};
use tendero::shop::rules;

const PROGRAM: &str = "/usr/sbin/mosquitto";

pub struct Mosquitto {
    dir: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl Mosquitto {
    /// Users are (name, password); each password is also a file `NAME.password` in the folder. `None`, with a word about
    /// it, where mosquitto is not installed.
    pub fn start(dir: &Path, users: &[(&str, &str)]) -> Option<Mosquitto> {
        if !Path::new(PROGRAM).exists() {
            println!("left out: {PROGRAM} is not there; install the package mosquitto");
            return None;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        std::fs::create_dir_all(dir).unwrap();
        certificates(dir);
        let passwords = dir.join("passwords");
        std::fs::write(&passwords, "").unwrap();
        for (name, password) in users {
            let made = Command::new("mosquitto_passwd")
                .arg("-b")
                .arg(&passwords)
                .args([name, password])
                .stderr(Stdio::null())
                .status()
                .unwrap();
            assert!(made.success());
            std::fs::write(dir.join(format!("{name}.password")), format!("{password}\n")).unwrap();
        }
        // As a shop gets it from `tendero shop broker-config`; root, since the tests' folders are root's, and a quicker memory.
        std::fs::write(dir.join("acl"), rules::mosquitto_acl("corner").unwrap()).unwrap();
        let config = rules::mosquitto_conf(dir, Some(dir), port)
            .replace(&format!("listener {port}"), &format!("listener {port} 127.0.0.1"))
            .replace("autosave_interval 60", "autosave_interval 1");
        let config = format!("user root\nlog_dest file {}/log\n{config}", dir.display());
        std::fs::write(dir.join("mosquitto.conf"), config).unwrap();
        let mut broker = Mosquitto { dir: dir.into(), port, child: None };
        broker.restart();
        Some(broker)
    }

    pub fn restart(&mut self) {
        self.kill();
        let mut command = Command::new(PROGRAM);
        command.arg("-c").arg(self.dir.join("mosquitto.conf")).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        for _ in 0..200 {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
            if TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        panic!("mosquitto did not start: {}", std::fs::read_to_string(self.dir.join("log")).unwrap_or_default());
    }

    /// SIGKILL, by its process id.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Forgets every session and retained message, as if the card were new.
    pub fn wipe(&self) {
        let _ = std::fs::remove_file(self.dir.join("mosquitto.db"));
    }

    /// How `user` reaches it.
    pub fn config(&self, user: &str) -> BrokerConfig {
        Mosquitto::reach(format!("mqtts://localhost:{}", self.port), &self.dir, user)
    }

    /// The same, for another process.
    pub fn reach(url: String, dir: &Path, user: &str) -> BrokerConfig {
        let mut config = BrokerConfig::new(url);
        config.username = Some(user.into());
        config.password_file = Some(dir.join(format!("{user}.password")));
        config.tls = TlsFiles { ca: Some(dir.join("ca.pem")), ..TlsFiles::default() };
        config.backoff_min = Duration::from_millis(50);
        config.backoff_max = Duration::from_millis(400);
        config
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An authority (`ca.pem`), a server certificate for localhost by it, and another authority that
/// signed nothing (`other-ca.pem`).
fn certificates(dir: &Path) {
    let authority = || {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
        // OpenSSL takes a certificate for self-signed whose issuer has its own name.
        params.distinguished_name.push(rcgen::DnType::CommonName, "an authority of the tests");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        (rcgen::Issuer::new(params, key), pem)
    };
    let (issuer, ca) = authority();
    let key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(dir.join("ca.pem"), ca).unwrap();
    std::fs::write(dir.join("server.pem"), server.pem()).unwrap();
    std::fs::write(dir.join("server.key"), key.serialize_pem()).unwrap();
    std::fs::write(dir.join("other-ca.pem"), authority().1).unwrap();
}
