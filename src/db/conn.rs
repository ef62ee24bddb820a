//! One connection, to either kind of database.

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::{PgConnection, SqliteConnection};

use crate::error::{Error, Result};

/// A connection to SQLite or PostgreSQL behind one face. What the enum cannot
/// do for both (multi-row inserts, `ON CONFLICT`, locks) is one `match`, both
/// arms side by side.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// PostgreSQL, the city's database.
    Postgres(PgConnection),
    /// SQLite, the embedded one.
    Sqlite(SqliteConnection),
}

impl Conn {
    /// Microseconds since the epoch by the clock of the database, for a statement: the same
    /// for all instances, however their own clocks differ.
    pub const fn now_in_sql(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)",
            Self::Postgres(_) => "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
        }
    }

    /// Runs queries that see the tables at one moment, that of the view around them where there
    /// is one. For reading only, and not within a transaction that writes.
    pub fn one_view<T>(&mut self, queries: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let Self::Postgres(conn) = self else {
            // A transaction of SQLite sees what its first query saw.
            return self.transaction(queries);
        };
        let status = AnsiTransactionManager::transaction_manager_status_mut(conn);
        if status.transaction_depth()?.is_some() {
            return queries(self);
        }
        const BEGIN: &str = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        AnsiTransactionManager::begin_transaction_sql(conn, BEGIN)?;
        let result = queries(self);
        if let Self::Postgres(conn) = self {
            // Nothing was written: whatever came of it, it ends without a trace.
            let ended = AnsiTransactionManager::rollback_transaction(conn);
            if result.is_ok() {
                ended?;
            }
        }
        result
    }
}

/// Which database `DATABASE_URL` names.
#[derive(Clone, PartialEq, Eq)]
pub enum Target {
    /// A file.
    Sqlite(std::path::PathBuf),
    /// A server; the whole URL, which may hold a password and is never printed.
    Postgres(String),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://***"),
        }
    }
}

impl Target {
    /// Reads `sqlite://path` or `postgres://…`. What is wrong comes back in words.
    pub fn parse(url: &str) -> Result<Self, String> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            if path.is_empty() || path == ":memory:" {
                return Err("sqlite:// needs the path of a file".into());
            }
            return Ok(Self::Sqlite(path.into()));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            well_formed(url)?;
            if wants_tls(url) && !cfg!(feature = "postgres-tls") {
                return Err(
                    "this binary was built without the cargo feature postgres-tls; build with \
                            `--features postgres-tls` (needs the libssl headers) or leave sslmode out"
                        .into(),
                );
            }
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err(String::new())
    }

    /// `sqlite` or `postgres`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

/// Refuses an address that libpq would quote in its complaint, password and all.
fn well_formed(url: &str) -> Result<(), String> {
    let wrong = || "the address is malformed; write special characters of the password as %XX".to_owned();
    let authority = url.split("://").nth(1).unwrap_or_default();
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let escapes_are_whole = url
        .split('%')
        .skip(1)
        .all(|rest| rest.get(..2).is_some_and(|hex| u8::from_str_radix(hex, 16).is_ok()));
    let is_plain = url.chars().all(|c| c.is_ascii_graphic());
    if authority.matches('@').count() > 1 || !escapes_are_whole || !is_plain || url::Url::parse(url).is_err() {
        return Err(wrong());
    }
    Ok(())
}

/// The URL with limits on how long a dead host is waited for, unless it has its own.
fn with_timeouts(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [
        ("connect_timeout", "5"),
        ("keepalives_idle", "30"),
        ("tcp_user_timeout", "15000"),
    ] {
        if !url.contains(&format!("{name}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&format!("{name}={value}"));
        }
    }
    url
}

/// The words of libpq without the password, should they hold it.
fn without_password(words: &str, url: &str) -> String {
    let password = url::Url::parse(url)
        .ok()
        .and_then(|url| url.password().map(str::to_owned));
    match password {
        Some(password) if !password.is_empty() => words.replace(&password, "***"),
        _ => words.to_owned(),
    }
}

/// Whether the URL's `sslmode` or a certificate setting needs TLS.
fn wants_tls(url: &str) -> bool {
    let Some((_, query)) = url.split_once('?') else {
        return false;
    };
    query.split('&').any(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match key {
            "sslmode" => matches!(value, "require" | "verify-ca" | "verify-full"),
            "sslrootcert" | "sslcert" => true,
            _ => false,
        }
    })
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
    /// Changing tables, which may take as long as it takes.
    Migrate,
}

/// Opens a connection and sets it up.
pub(super) fn open(target: &Target, purpose: Purpose) -> Result<Conn> {
    match target {
        Target::Sqlite(path) => {
            let mut conn = SqliteConnection::establish(&path.to_string_lossy()).map_err(cannot_open)?;
            conn.batch_execute(
                "PRAGMA busy_timeout = 5000;
                 PRAGMA journal_mode = WAL;
                 PRAGMA synchronous = FULL;
                 PRAGMA foreign_keys = ON;
                 PRAGMA recursive_triggers = ON;
                 PRAGMA secure_delete = ON;",
            )?;
            if purpose == Purpose::Read {
                conn.batch_execute("PRAGMA query_only = ON;")?;
            }
            Ok(Conn::Sqlite(conn))
        }
        Target::Postgres(url) => {
            let mut conn = PgConnection::establish(&with_timeouts(url)).map_err(|error| {
                Error::internal(format!(
                    "cannot open the database: {}",
                    without_password(&error.to_string(), url)
                ))
            })?;
            conn.batch_execute(
                "SET application_name = 'onegrid';
                 SET idle_in_transaction_session_timeout = '60s';",
            )?;
            if purpose != Purpose::Migrate {
                conn.batch_execute("SET lock_timeout = '5s'; SET statement_timeout = '30s';")?;
            }
            Ok(Conn::Postgres(conn))
        }
    }
}

fn cannot_open(error: ConnectionError) -> Error {
    Error::internal(format!("cannot open the database: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_database_or_says_what_it_takes() {
        assert_eq!(
            Target::parse("sqlite:///var/lib/onegrid.db"),
            Ok(Target::Sqlite("/var/lib/onegrid.db".into()))
        );
        assert!(matches!(Target::parse("postgres://u:p@h/d"), Ok(Target::Postgres(_))));
        for wrong in ["", "mysql://h/d", "sqlite://", "/var/lib/x.db"] {
            assert!(Target::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Target::parse("postgres:///d?host=/var/run/postgresql&port=5432").is_ok());
    }

    #[test]
    fn a_malformed_url_is_refused_before_anybody_quotes_its_password() {
        for url in [
            "postgres://u:se%zzcret@127.0.0.1/d",
            "postgres://u:hun ter2@127.0.0.1/d",
            "postgres://u:pa/sscode@h/d",
            "postgres://u:hun@ter2@127.0.0.1/d",
        ] {
            let why = Target::parse(url).expect_err("refused");
            for secret in ["se%", "hun", "ter2", "sscode"] {
                assert!(!why.contains(secret), "{why}");
            }
        }
        let scrubbed = without_password("no pg_hba entry, hunter2", "postgres://u:hunter2@h/d");
        assert!(!scrubbed.contains("hunter2"));
    }

    #[cfg(not(feature = "postgres-tls"))]
    #[test]
    fn without_the_feature_a_url_that_asks_for_tls_is_refused_with_the_hint() {
        for url in ["postgres://h/d?sslmode=require", "postgres://h/d?a=b&sslrootcert=/x"] {
            let hint = Target::parse(url).expect_err("refused");
            assert!(hint.contains("postgres-tls"), "{hint}");
        }
        assert!(Target::parse("postgres://h/d?sslmode=disable").is_ok());
    }
}
