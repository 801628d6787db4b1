//! Debian's PostgreSQL as a real database: made by initdb in a folder of its own, on a free port of this machine. Never runs as
//! root, and is killed by its process id, also when a test panics.
#![allow(dead_code, reason = "each test uses its part")]

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const INSTALLED: &str = "/usr/lib/postgresql";
const PASSWORD: &str = "a secret";

pub struct PostgresServer {
    /// Owned by whoever runs the server.
    dir: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
    child: Option<Child>,
}

impl PostgresServer {
    /// `None`, with a word about it, where PostgreSQL is not installed or can't be run by anybody but root.
    pub fn start() -> Option<PostgresServer> {
        let Some(programs) = programs() else {
            println!("left out: there is no PostgreSQL in {INSTALLED}; install the package postgresql");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        if is_root() {
            let chown = Command::new("chown").arg("postgres:").arg(dir.path()).stderr(Stdio::null()).status();
            if !chown.is_ok_and(|status| status.success()) {
                println!("left out: this is root, and there is no user postgres, whom PostgreSQL could run as");
                return None;
            }
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut server = PostgresServer { dir, programs, port, child: None };
        server.init();
        server.restart();
        Some(server)
    }

    fn init(&self) {
        let password = self.dir.path().join("password");
        // Read through a pipe: the folder belongs to another user.
        let mut initdb = self.program("sh");
        let script = format!("printf '%s' '{PASSWORD}' > {0} && exec \"$@\" --pwfile={0}", password.display());
        initdb.args(["-c", &script, "sh"]).arg(self.programs.join("initdb"));
        initdb.args(["--auth=scram-sha-256", "--username=shop", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
        let made = initdb.arg(self.data()).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A program of PostgreSQL's, as a user that it accepts; it is that process itself, not one below.
    fn program(&self, name: &str) -> Command {
        let path = if name == "sh" { PathBuf::from("/bin/sh") } else { self.programs.join(name) };
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/").stdin(Stdio::null()).env("PGPASSWORD", PASSWORD);
        command
    }

    /// Also after a kill: what the dead one leaves is in the way for a moment.
    pub fn restart(&mut self) {
        self.kill();
        for _ in 0..100 {
            let mut command = self.program("postgres");
            command.arg("-D").arg(self.data()).args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
            ]);
            command.arg("-p").arg(self.port.to_string()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
            let mut child = command.spawn().unwrap();
            loop {
                if self.is_ready() {
                    self.child = Some(child);
                    return;
                }
                if child.try_wait().unwrap().is_some() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(25));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL did not start in {}", self.data().display());
    }

    fn is_ready(&self) -> bool {
        let mut ready = self.program("pg_isready");
        ready.args(["-q", "-h", "127.0.0.1", "-p", &self.port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        ready.status().unwrap().success()
    }

    /// SIGKILL, by its process id; its children end by themselves when they see it.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// The address of a new and empty database.
    pub fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE \"{name}\""));
        self.address(name)
    }

    pub fn address(&self, database: &str) -> String {
        format!("postgres://shop:{}@127.0.0.1:{}/{database}", PASSWORD.replace(' ', "%20"), self.port)
    }

    /// From now on it also speaks TLS, as whom the certificate says.
    pub fn use_certificate(&self, certificate: &str, key: &str) {
        let data = self.data();
        let script = "umask 077; printf '%s' \"$1\" > \"$3/server.crt\"; printf '%s' \"$2\" > \"$3/server.key\"";
        let written = self.program("sh").args(["-c", script, "sh", certificate, key]).arg(data).status().unwrap();
        assert!(written.success());
        self.sql("postgres", "ALTER SYSTEM SET ssl = on");
        assert_eq!(self.sql("postgres", "SELECT pg_reload_conf()"), "t");
        for _ in 0..100 {
            if self.sql("postgres", "SHOW ssl") == "on" {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("PostgreSQL does not take the certificate");
    }

    /// What psql prints, without decoration.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = self.program("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "shop", "-p", &self.port.to_string()]);
        let done = psql.args(["-d", database, "-c", sql]).output().unwrap();
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.kill();
        // The folder is removed after this: whatever still writes there must have ended.
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
}

/// Of the newest version that is installed.
fn programs() -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir(INSTALLED)
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| Path::new(bin).join("initdb").exists())
        .collect();
    versions.sort();
    Some(versions.pop()?.1)
}
