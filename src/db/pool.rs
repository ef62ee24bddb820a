//! The connections that wait for work.

use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, Connection, SimpleConnection, TransactionManager};
use diesel::r2d2::ManageConnection;

use super::conn::{self, Conn, Purpose, Target};
use crate::clock;
use crate::error::{Error, Result};

/// For so long a connection that has just worked is taken at its word; else it is asked first
/// whether the server is still there. To ask costs as much as many a query.
const TRUSTED: Duration = Duration::from_secs(1);

/// A connection, and when it last did what it was asked.
pub(super) struct Pooled {
    conn: Conn,
    worked_at: Option<Instant>,
}

impl Pooled {
    /// Uses it. One on which something went wrong is not taken at its word.
    pub(super) fn run<T>(&mut self, work: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        self.worked_at = None;
        let result = work(&mut self.conn);
        self.worked_at = result.is_ok().then(clock::monotonic);
        result
    }
}

/// Opens connections for the pool.
pub(super) struct Manager {
    pub(super) target: Target,
    pub(super) purpose: Purpose,
}

impl ManageConnection for Manager {
    type Connection = Pooled;
    type Error = Error;

    fn connect(&self) -> Result<Pooled> {
        let mut conn = conn::open(&self.target, self.purpose)?;
        if tracing::enabled!(target: "onegrid::sql", tracing::Level::DEBUG) {
            conn.set_instrumentation(log_query);
        }
        Ok(Pooled { conn, worked_at: None })
    }

    fn is_valid(&self, pooled: &mut Pooled) -> Result<()> {
        match pooled.worked_at {
            Some(at) if at.elapsed() < TRUSTED => Ok(()),
            _ => Ok(pooled.conn.batch_execute("SELECT 1")?),
        }
    }

    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        match &mut pooled.conn {
            Conn::Postgres(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
            Conn::Sqlite(conn) => AnsiTransactionManager::is_broken_transaction_manager(conn),
        }
    }
}

/// Logs a statement's text, never its values, in the span of the request that sent it.
fn log_query(event: diesel::connection::InstrumentationEvent<'_>) {
    if let diesel::connection::InstrumentationEvent::StartQuery { query, .. } = event {
        let text = query.to_string();
        let statement = text.split(" -- binds:").next().unwrap_or_default();
        tracing::debug!(target: "onegrid::sql", statement);
    }
}

#[derive(Debug)]
pub(super) struct LogPoolErrors;

impl diesel::r2d2::HandleError<Error> for LogPoolErrors {
    fn handle_error(&self, error: Error) {
        tracing::warn!(%error, "the pool could not open a connection");
    }
}
