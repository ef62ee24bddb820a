//! A database of one's own, gone at the end.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::{PgConnection, QueryableByName};

/// Where the tables of a test are.
pub enum Database {
    /// A file in the test's own folder.
    Sqlite { url: String },
    /// Somebody else's, who sees to its end.
    Given { url: String },
    /// A copy of the template on the suite's server.
    Postgres { url: String, name: String },
}

impl Database {
    /// A file that the first start makes.
    pub fn sqlite(folder: &Path) -> Self {
        Self::Sqlite {
            url: format!("sqlite://{}", folder.join("onegrid.db").display()),
        }
    }

    /// A copy of the migrated template.
    pub fn postgres() -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        static TEMPLATE: OnceLock<String> = OnceLock::new();
        let template = TEMPLATE.get_or_init(template);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("onegrid_suite_{}_{}_{number}", std::process::id(), started_micros());
        execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self::Postgres {
            url: database_url(&name),
            name,
        }
    }

    /// As the product takes it.
    pub fn url(&self) -> &str {
        match self {
            Self::Sqlite { url } | Self::Given { url } | Self::Postgres { url, .. } => url,
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { name, .. } = self
            && let Ok(mut conn) = PgConnection::establish(&maintenance_url())
        {
            // What cannot be dropped is left to whoever looks after the server.
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// The maintenance database of the suite's PostgreSQL.
fn maintenance_url() -> String {
    named_server("TEST_DATABASE_URL")
}

/// The Redis of the suite.
pub fn redis_url() -> String {
    named_server("TEST_REDIS_URL")
}

fn named_server(variable: &str) -> String {
    match std::env::var(variable) {
        Ok(url) if !url.is_empty() => url,
        _ => panic!("{variable} is not set: bin/test finds or starts the servers and sets it; nothing is skipped"),
    }
}

/// The same server, another database.
fn database_url(name: &str) -> String {
    let url = maintenance_url();
    let (address, options) = url.split_once('?').map_or((url.as_str(), None), |(a, o)| (a, Some(o)));
    let (server, _) = address.rsplit_once('/').expect("a URL that names a database");
    match options {
        None => format!("{server}/{name}"),
        Some(options) => format!("{server}/{name}?{options}"),
    }
}

/// Tells the databases of this process from those of an earlier one with its id.
fn started_micros() -> i64 {
    static STARTED: OnceLock<i64> = OnceLock::new();
    *STARTED.get_or_init(|| onegrid::clock::now().micros())
}

fn connect() -> PgConnection {
    PgConnection::establish(&maintenance_url()).expect("the suite's PostgreSQL answers")
}

fn execute(statement: &str) {
    connect().batch_execute(statement).expect(statement);
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    #[expect(dead_code, reason = "only whether there is a row counts")]
    datname: String,
}

/// The migrated template, made once for these very migrations, whatever number of
/// test processes ask for it. It stays for the next run.
fn template() -> String {
    let name = format!("onegrid_template_{:016x}", fingerprint());
    let draft = format!("{name}_draft");
    let mut conn = connect();
    // Held until the connection closes.
    conn.batch_execute("SELECT pg_advisory_lock(7231001)").expect("a lock");
    let there: Vec<Name> = diesel::sql_query("SELECT datname::text AS datname FROM pg_database WHERE datname = $1")
        .bind::<Text, _>(&name)
        .load(&mut conn)
        .expect("the list of databases");
    if there.is_empty() {
        conn.batch_execute(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)"))
            .expect("no draft is left");
        conn.batch_execute(&format!("CREATE DATABASE {draft}"))
            .expect("the user may create databases");
        let migrated = Command::new(env!("CARGO_BIN_EXE_onegrid"))
            .arg("migrate")
            .env("DATABASE_URL", database_url(&draft))
            .output()
            .expect("the program runs");
        assert!(
            migrated.status.success(),
            "{}",
            String::from_utf8_lossy(&migrated.stderr)
        );
        conn.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}"))
            .expect("nobody is connected to the draft");
    }
    name
}

/// Of the files of the migrations, so that other ones make another template (FNV-1a).
fn fingerprint() -> u64 {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let mut files: Vec<_> = walk(&folder);
    files.sort();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        let content = std::fs::read(&file).expect("a migration");
        for byte in file.to_string_lossy().bytes().chain(content) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}
