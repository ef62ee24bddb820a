//! The database: SQLite embedded, or PostgreSQL.
//!
//! What others may call: [`Db::read`] for queries, [`Db::write`] for a
//! transaction whose closure may run again and does no I/O of its own, [`lane`] for what
//! many do at once, and [`follow`] for what an instance keeps in memory. Nothing is acknowledged
//! before it is durable.

mod changes;
mod conn;
pub mod follow;
mod id;
pub mod lane;
pub mod locks;
mod migrate;
mod pool;
pub mod prepared;
pub mod repeats;
pub(crate) mod schema;
pub mod search;
mod writer;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::r2d2::Pool;
use diesel::{Connection, RunQueryDsl};
use tokio::sync::{mpsc, watch};

pub use changes::{Change, Mark, Ring, Tx};
pub use conn::{Conn, Target};
pub use id::{Id, Named, NotAnId};
pub use migrate::{MigrationStatus, has_rows, migrate, status};

use crate::error::{Error, Reason, Result};
use crate::metrics;
use changes::After;
use conn::Purpose;
use pool::{LogPoolErrors, Manager};
use writer::Writer;

/// How long a request waits for a connection before it is told to come back.
const WAIT_FOR_CONNECTION: Duration = Duration::from_secs(5);
/// How long a query may take, a server that has fallen silent included.
const WAIT_FOR_ANSWER: Duration = Duration::from_secs(35);
/// How often a transaction is tried when PostgreSQL breaks a deadlock or a conflict with it.
const TRIES: usize = 5;

/// A handle on the database; clones share it.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    writer: Option<Arc<Writer>>,
    changed: watch::Sender<u64>,
    work: watch::Sender<BTreeMap<&'static str, u64>>,
    bells: Arc<OnceLock<mpsc::UnboundedSender<Vec<Ring>>>>,
}

impl Db {
    /// Opens the database, which must have its tables already (see [`migrate`]),
    /// with at most `connections` connections for reading (on PostgreSQL for all).
    pub fn open(target: &Target, connections: u32) -> Result<Self> {
        let writer = match target {
            Target::Sqlite(_) => Some(Arc::new(Writer::start(target)?)),
            Target::Postgres(_) => None,
        };
        let purpose = match target {
            Target::Sqlite(_) => Purpose::Read,
            Target::Postgres(_) => Purpose::Write,
        };
        let manager = Manager {
            target: target.clone(),
            purpose,
        };
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .test_on_check_out(matches!(target, Target::Postgres(_)))
            .connection_timeout(WAIT_FOR_CONNECTION)
            .error_handler(Box::new(LogPoolErrors))
            .build(manager)?;
        Ok(Self {
            pool,
            writer,
            changed: watch::Sender::new(0),
            work: watch::Sender::default(),
            bells: Arc::default(),
        })
    }

    /// Runs queries. No transaction is opened: a closure that needs one view
    /// over several queries opens it itself.
    pub async fn read<T, F>(&self, queries: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let pool = self.pool.clone();
        let started = crate::clock::monotonic();
        let reading = on_a_blocking_thread(move || pool.get()?.run(queries));
        let result = match tokio::time::timeout(WAIT_FOR_ANSWER, reading).await {
            Ok(result) => result,
            Err(_) => Err(Error::refused(Reason::DatabaseUnavailable)),
        };
        metrics::database("read", started.elapsed(), result.is_ok());
        result
    }

    /// The same for a command line, which may take as long as it takes.
    pub async fn read_long<T, F>(&self, queries: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    {
        let pool = self.pool.clone();
        on_a_blocking_thread(move || pool.get()?.run(queries)).await
    }

    /// Runs a transaction and answers when it is durable. The closure may run
    /// several times, of which one counts; it does no I/O but on its connection.
    pub async fn write<T, F>(&self, transaction: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let started = crate::clock::monotonic();
        let result = match &self.writer {
            Some(writer) => writer.submit(transaction).await,
            None => {
                let pool = self.pool.clone();
                on_a_blocking_thread(move || pool.get()?.run(|conn| transact(conn, transaction))).await
            }
        };
        metrics::database("write", started.elapsed(), result.is_ok());
        let (value, after) = result?;
        if after.changed {
            self.changed.send_modify(|count| *count += 1);
        }
        if !after.work.is_empty() {
            self.work.send_modify(|counts| {
                for kind in &after.work {
                    *counts.entry(kind).or_default() += 1;
                }
            });
        }
        if let (false, Some(bells)) = (after.rings.is_empty(), self.bells.get()) {
            // Nobody listens any more while the process ends.
            let _ = bells.send(after.rings);
        }
        Ok(value)
    }

    /// Brings SQLite's log into its file and empties it: until then the log still holds
    /// pages as they were before something was forgotten. Whether that could be done; a
    /// reader may be in the way. PostgreSQL looks after its log itself.
    pub async fn empty_log(&self) -> Result<bool> {
        self.read(|conn| match conn {
            Conn::Postgres(_) => Ok(true),
            Conn::Sqlite(conn) => {
                let done: Checkpoint = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(conn)?;
                Ok(done.busy == 0)
            }
        })
        .await
    }

    /// Wakes whenever this process committed something that others follow.
    pub fn committed_changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Wakes whenever this process committed work that waits: how often, for each kind.
    pub fn work_put(&self) -> watch::Receiver<BTreeMap<&'static str, u64>> {
        self.work.subscribe()
    }

    /// The bells of what this process committed, those of a transaction together, in the order
    /// of commits as far as that is known. There is one listener in a process: the second is
    /// given nothing.
    pub fn bells(&self) -> Option<mpsc::UnboundedReceiver<Vec<Ring>>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.bells.set(sender).ok().map(|()| receiver)
    }

    /// Connections of the pool, in use and at rest.
    pub fn connections(&self) -> (u32, u32) {
        let state = self.pool.state();
        (state.connections - state.idle_connections, state.idle_connections)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.read(|conn| Ok(conn.batch_execute("SELECT 1")?)).await
    }
}

/// What SQLite says of a checkpoint.
#[derive(diesel::QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    busy: i64,
}

/// A transaction at READ COMMITTED on PostgreSQL, tried again after a deadlock
/// or a serialisation failure. Answers also whom to wake.
fn transact<T, F>(conn: &mut Conn, mut transaction: F) -> Result<(T, After)>
where
    F: FnMut(&mut Tx<'_>) -> Result<T>,
{
    let mut tries = 1;
    loop {
        let result = conn.transaction(|conn| changes::run(conn, &mut transaction));
        match result {
            Err(Error::Database(ref error)) if tries < TRIES && is_passing(error) => {
                tracing::debug!(tries, "transaction tried again");
                tries += 1;
            }
            other => return other,
        }
    }
}

/// Whether the same transaction may succeed when it is run again.
fn is_passing(error: &diesel::result::Error) -> bool {
    use diesel::result::{DatabaseErrorKind, Error as Failure};
    match error {
        Failure::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        Failure::DatabaseError(_, about) => about.message().contains("deadlock detected"),
        _ => false,
    }
}

async fn on_a_blocking_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let span = tracing::Span::current();
    let result = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    let result = result.unwrap_or_else(|died| Err(Error::internal(format!("a query died: {died}"))));
    result.map_err(lost_connection)
}

/// A lost server is a 503 that says so, not the client's fault nor a bug.
fn lost_connection(error: Error) -> Error {
    use diesel::result::{DatabaseErrorKind, Error as Failure};
    match &error {
        Error::Database(Failure::DatabaseError(DatabaseErrorKind::ClosedConnection, _))
        | Error::Database(Failure::BrokenTransactionManager) => {
            tracing::warn!(%error, "lost the database connection");
            Error::refused(Reason::DatabaseUnavailable)
        }
        Error::Database(Failure::DatabaseError(_, about))
            if about.message().contains("database is locked")
                || ["terminating connection", "lock timeout", "statement timeout"]
                    .iter()
                    .any(|words| about.message().contains(words)) =>
        {
            tracing::warn!(%error, "the database gave up on a statement");
            Error::refused(Reason::DatabaseUnavailable)
        }
        _ => error,
    }
}
