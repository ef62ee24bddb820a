//! The tables' history: embedded steps, the same names for both databases,
//! applied under a lock so that several instances may start together.

use std::fs::{File, OpenOptions};
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::conn::{self, Purpose};
use super::{Conn, Target};
use crate::error::{Error, Result};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
/// A number that nobody else locks.
const LOCK: i64 = i64::from_be_bytes(*b"onegrid\0");

/// What a database has of the steps that this binary knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Names of all steps, oldest first, each with whether it was applied.
    pub steps: Vec<(String, bool)>,
}

impl MigrationStatus {
    /// Whether nothing is left to apply.
    pub fn is_current(&self) -> bool {
        self.steps.iter().all(|(_, applied)| *applied)
    }
}

/// Applies what is missing; answers the names of the steps that it applied.
/// Creates SQLite's file and its folder.
pub fn migrate(target: &Target) -> Result<Vec<String>> {
    let _lock = match target {
        Target::Sqlite(path) => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(Error::internal)?;
            }
            let lock = File::create(path.with_extension("lock")).map_err(Error::internal)?;
            lock.lock().map_err(Error::internal)?;
            create_for_its_owner(path).map_err(Error::internal)?;
            Some(lock)
        }
        Target::Postgres(_) => None,
    };
    let mut conn = conn::open(target, Purpose::Migrate)?;
    match &mut conn {
        Conn::Sqlite(conn) => apply(conn, SQLITE),
        Conn::Postgres(conn) => {
            conn.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
            let applied = apply(conn, POSTGRES);
            conn.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
            applied
        }
    }
}

/// Makes the database's file, readable by its owner only; SQLite gives the files
/// beside it the same rights.
fn create_for_its_owner(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn apply<DB, C>(conn: &mut C, steps: EmbeddedMigrations) -> Result<Vec<String>>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let applied = conn.run_pending_migrations(steps).map_err(Error::internal)?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// What the database has. An empty or missing database has nothing.
pub fn status(target: &Target) -> Result<MigrationStatus> {
    if let Target::Sqlite(path) = target
        && !path.exists()
    {
        return Ok(MigrationStatus {
            steps: names::<diesel::sqlite::Sqlite>(&SQLITE)?
                .into_iter()
                .map(|(name, _)| (name, false))
                .collect(),
        });
    }
    match &mut conn::open(target, Purpose::Migrate)? {
        Conn::Sqlite(conn) => {
            let known = "SELECT count(*) > 0 AS known FROM sqlite_master WHERE name = '__diesel_schema_migrations'";
            let known: History = diesel::sql_query(known).get_result(conn)?;
            steps_of(conn, &SQLITE, known)
        }
        Conn::Postgres(conn) => {
            let known = "SELECT to_regclass('__diesel_schema_migrations') IS NOT NULL AS known";
            let known: History = diesel::sql_query(known).get_result(conn)?;
            steps_of(conn, &POSTGRES, known)
        }
    }
}

/// Whether an embedded database is there that has a table with rows in it.
pub fn has_rows(path: &Path, table: &'static str) -> Result<bool> {
    if !path.exists() {
        return Ok(false);
    }
    let mut conn = conn::open(&Target::Sqlite(path.to_owned()), Purpose::Read)?;
    let known = format!("SELECT count(*) > 0 AS known FROM sqlite_master WHERE name = '{table}'");
    let known: History = diesel::sql_query(known).get_result(&mut conn)?;
    if !known.known {
        return Ok(false);
    }
    let rows: History =
        diesel::sql_query(format!("SELECT count(*) > 0 AS known FROM {table}")).get_result(&mut conn)?;
    Ok(rows.known)
}

/// Whether a database has the table of applied steps, which asking for them would make.
#[derive(QueryableByName)]
struct History {
    #[diesel(sql_type = Bool)]
    known: bool,
}

fn steps_of<DB, C>(conn: &mut C, steps: &EmbeddedMigrations, history: History) -> Result<MigrationStatus>
where
    DB: diesel::backend::Backend,
    C: MigrationHarness<DB>,
    EmbeddedMigrations: MigrationSource<DB>,
{
    let applied = match history.known {
        true => conn.applied_migrations().map_err(Error::internal)?,
        false => Vec::new(),
    };
    let applied: Vec<String> = applied.iter().map(ToString::to_string).collect();
    let steps = names::<DB>(steps)?
        .into_iter()
        .map(|(name, version)| (name, applied.contains(&version)))
        .collect();
    Ok(MigrationStatus { steps })
}

fn names<DB: diesel::backend::Backend>(steps: &EmbeddedMigrations) -> Result<Vec<(String, String)>>
where
    EmbeddedMigrations: MigrationSource<DB>,
{
    let mut steps: Vec<_> = MigrationSource::<DB>::migrations(steps)
        .map_err(Error::internal)?
        .iter()
        .map(|step| (step.name().to_string(), step.name().version().to_string()))
        .collect();
    steps.sort();
    Ok(steps)
}
