//! Servers of one's own, for the tests that stop, stall or restart them: from the
//! packages' programs, in a temporary folder, on a free port, ended by process id.
//! One such test runs at a time. No test touches a server that it did not start.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use diesel::prelude::*;
use tempfile::TempDir;

use crate::cli_world::{free_port, wait_for};

/// The turn of a test that plays with servers; given back when dropped.
pub struct Turn(#[expect(dead_code, reason = "it is held, not read")] File);

impl Turn {
    /// Waits until no other test plays with servers, in any process.
    pub fn wait() -> Self {
        let path = std::env::temp_dir().join("onegrid-faults.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .expect("the temporary folder can be written");
        file.lock().expect("a file lock");
        Self(file)
    }
}

/// Ends a process at once or asks it to end, by its id.
fn signal(child: &Child, signal: libc::c_int) {
    let id = libc::pid_t::try_from(child.id()).expect("a process id");
    // SAFETY: kill only takes numbers, and the child has not been waited for, so
    // that its id is still its own.
    let sent = unsafe { libc::kill(id, signal) };
    assert_eq!(sent, 0, "{}", std::io::Error::last_os_error());
}

fn log_file(folder: &Path) -> Stdio {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("server.log"));
    log.expect("a log").into()
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("server.log")).unwrap_or_default()
}

/// A Redis of one's own.
pub struct PrivateRedis {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl PrivateRedis {
    /// Chooses its port and does not start it yet.
    pub fn not_yet_started() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            port: free_port(),
            child: None,
        }
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A command, to it itself.
    pub fn tell(&self, words: &[&str]) {
        let client = redis::Client::open(self.url()).expect("an address");
        let mut connection = client.get_connection().expect("it answers");
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query::<redis::Value>(&mut connection).expect("a command");
    }

    /// Starts it and waits until it answers.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let program = std::env::var_os("TEST_REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
        let child = Command::new(program)
            .args([
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
                "--daemonize",
                "no",
            ])
            .arg("--port")
            .arg(self.port.to_string())
            .arg("--dir")
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log_file(self.folder.path()))
            .stderr(log_file(self.folder.path()))
            .spawn();
        self.child = Some(child.expect("redis-server is installed"));
        let client = redis::Client::open(self.url()).expect("an address");
        wait_for("Redis answers", || {
            let mut connection = client.get_connection().ok()?;
            redis::cmd("PING").query::<String>(&mut connection).ok()
        });
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(&child, libc::SIGKILL);
            child.wait().expect("it ended");
        }
    }

    /// Stops the process without ending it: it takes connections and says nothing.
    pub fn stall(&self) {
        signal(self.child.as_ref().expect("it runs"), libc::SIGSTOP);
    }

    /// Lets a stalled one go on.
    pub fn go_on(&self) {
        signal(self.child.as_ref().expect("it runs"), libc::SIGCONT);
    }
}

impl Drop for PrivateRedis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A PostgreSQL of one's own.
pub struct PrivatePostgres {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    settings: Vec<String>,
    child: Option<Child>,
}

impl PrivatePostgres {
    /// Makes its files, and starts it with these settings (`name=value`).
    pub fn start(settings: &[&str]) -> Self {
        let server = Self::prepare();
        server.start_with(settings)
    }

    /// Makes its files and does not start it yet.
    pub fn prepare() -> Self {
        let server = Self {
            folder: tempfile::tempdir().expect("a folder"),
            programs: programs(),
            port: free_port(),
            settings: Vec::new(),
            child: None,
        };
        if is_root() {
            server.give_to_postgres(server.folder.path());
        }
        let made = as_postgres(&server.programs.join("initdb"))
            .arg("--pgdata")
            .arg(server.data())
            .args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ])
            .current_dir(server.folder.path())
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server
    }

    /// Starts it with these settings (`name=value`).
    pub fn start_with(mut self, settings: &[&str]) -> Self {
        self.settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        self.start_again();
        self
    }

    /// Where its files are.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Writes a file among its own that only it may read.
    #[cfg(feature = "postgres-tls")]
    pub fn keep(&self, name: &str, content: &[u8]) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.data().join(name);
        std::fs::write(&path, content).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).expect("set");
        if is_root() {
            self.give_to_postgres(&path);
        }
    }

    fn give_to_postgres(&self, path: &Path) {
        let given = Command::new("chown").arg("postgres:postgres").arg(path).status();
        assert!(given.expect("chown runs").success(), "root needs a user named postgres");
    }

    /// The address of its maintenance database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it, also after it was ended, and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let mut command = as_postgres(&self.programs.join("postgres"));
        command.arg("-D").arg(self.data()).arg("-p").arg(self.port.to_string());
        let fixed = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"];
        for setting in fixed.into_iter().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        let child = command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log_file(self.folder.path()))
            .stderr(log_file(self.folder.path()))
            .spawn();
        self.child = Some(child.expect("postgres is installed"));
        let url = self.url();
        let folder = self.folder.path().to_owned();
        let child = self.child.as_mut().expect("just started");
        wait_for("PostgreSQL answers", || {
            let ended = child.try_wait().expect("it is our child");
            assert!(ended.is_none(), "PostgreSQL ended: {}", log_of(&folder));
            diesel::PgConnection::establish(&url).ok().map(drop)
        });
    }

    /// Ends it and all its sessions at once, without a word to anybody.
    pub fn end_at_once(&mut self) {
        if let Some(mut child) = self.child.take() {
            signal(&child, libc::SIGQUIT);
            child.wait().expect("it ended");
        }
    }
}

impl Drop for PrivatePostgres {
    fn drop(&mut self) {
        self.end_at_once();
    }
}

fn is_root() -> bool {
    // SAFETY: geteuid takes nothing and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// A program as the user who may run PostgreSQL, which refuses to run as root.
/// `setpriv` replaces itself by it, so that its process id is the program's.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=postgres", "--regid=postgres", "--init-groups"])
        .arg(program);
    command
}

/// The folder of PostgreSQL's programs: `TEST_POSTGRES_BIN`, else the newest package's.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("TEST_POSTGRES_BIN") {
        return folder.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("TEST_POSTGRES_BIN, or PostgreSQL's package");
    versions
        .filter_map(|entry| {
            let folder = entry.ok()?;
            let version: u32 = folder.file_name().to_str()?.parse().ok()?;
            Some((version, folder.path().join("bin")))
        })
        .max()
        .expect("a version of PostgreSQL")
        .1
}
