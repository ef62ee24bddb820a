//! One connection, to either kind of database.

use diesel::connection::SimpleConnection;
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

/// Which database `DATABASE_URL` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A file.
    Sqlite(std::path::PathBuf),
    /// A server; the whole URL, which may hold a password and is never printed.
    Postgres(String),
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
            if wants_tls(url) && !cfg!(feature = "postgres-tls") {
                return Err(
                    "this binary was built without the cargo feature postgres-tls; build with \
                            `--features postgres-tls` (needs the libssl headers) or leave sslmode out"
                        .into(),
                );
            }
            return Ok(Self::Postgres(url.to_owned()));
        }
        Err("it takes sqlite://path/to/file or postgres://user:password@host/database".into())
    }

    /// `sqlite` or `postgres`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres(_) => "postgres",
        }
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
            let mut conn = PgConnection::establish(url).map_err(cannot_open)?;
            conn.batch_execute(
                "SET application_name = 'onegrid';
                 SET idle_in_transaction_session_timeout = '60s';",
            )?;
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
