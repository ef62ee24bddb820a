//! SQLite's one writer: a thread that takes all waiting transactions, runs each
//! in its savepoint, commits once, then answers them all (group commit). A disk
//! flush is what a commit costs; so it is shared.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use tokio::sync::oneshot;

use super::changes::{self, After, Tx};
use super::conn::{self, Purpose};
use super::{Conn, Target, lost_connection};
use crate::error::{Error, Reason, Result};
use crate::metrics;

/// How many transactions may wait; more are told to come back.
const QUEUE: usize = 4096;
/// How many transactions share a commit at the most.
const BATCH: usize = 256;

/// The face of the writer thread, which ends when the last handle is dropped.
pub(super) struct Writer {
    queue: SyncSender<Box<dyn Job>>,
}

impl Writer {
    /// Starts the thread on a connection of its own.
    pub(super) fn start(target: &Target) -> Result<Self> {
        let conn = conn::open(target, Purpose::Write)?;
        let target = target.clone();
        let (queue, jobs) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || work(&target, conn, &jobs))
            .map_err(Error::internal)?;
        Ok(Self { queue })
    }

    /// Queues a transaction and waits until it is durable.
    pub(super) async fn submit<T, F>(&self, transaction: F) -> Result<(T, After)>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Pending {
            transaction,
            result: None,
            reply,
            span: tracing::Span::current(),
        });
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::refused(Reason::Busy),
            TrySendError::Disconnected(_) => Error::internal("the writer thread is gone"),
        })?;
        answer
            .await
            .map_err(|_| Error::internal("the writer thread dropped a transaction"))?
    }
}

/// A transaction of any type, waiting for its turn.
trait Job: Send {
    /// Runs it inside its savepoint and keeps the result back; whether it went well.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Hands out the result now that it is known whether the batch is durable.
    fn settle(self: Box<Self>, committed: bool);
}

struct Pending<T, F> {
    transaction: F,
    result: Option<Result<(T, After)>>,
    reply: oneshot::Sender<Result<(T, After)>>,
    span: tracing::Span,
}

impl<T, F> Job for Pending<T, F>
where
    T: Send,
    F: FnMut(&mut Tx<'_>) -> Result<T> + Send,
{
    fn run(&mut self, conn: &mut Conn) -> bool {
        let _entered = self.span.enter();
        let transaction = &mut self.transaction;
        let ran = catch_unwind(AssertUnwindSafe(|| {
            conn.transaction(|conn| changes::run(conn, transaction))
        }));
        let result = ran.unwrap_or_else(|panic| Err(Error::internal(describe(&*panic))));
        let went_well = result.is_ok();
        self.result = Some(result);
        went_well
    }

    fn settle(self: Box<Self>, committed: bool) {
        let result = match self.result {
            Some(Ok(value)) if committed => Ok(value),
            Some(Err(error)) => Err(lost_connection(error)),
            Some(Ok(_)) | None => Err(Error::refused(Reason::DatabaseUnavailable)),
        };
        // A client that went away is no failure: the work is done either way.
        let _ = self.reply.send(result);
    }
}

fn describe(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a transaction panicked: {}", text.unwrap_or("without a message"))
}

fn work(target: &Target, mut conn: Conn, jobs: &Receiver<Box<dyn Job>>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        metrics::writer_batch(batch.len());
        let committed = match commit(&mut conn, &mut batch) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, transactions = batch.len(), "a batch was not committed");
                // Whatever state this connection is in, a new one is in none.
                match conn::open(target, Purpose::Write) {
                    Ok(fresh) => conn = fresh,
                    Err(error) => tracing::error!(%error, "the database could not be opened again"),
                }
                false
            }
        };
        for job in batch {
            job.settle(committed);
        }
    }
}

/// One transaction on the file, a savepoint for each job.
fn commit(conn: &mut Conn, batch: &mut [Box<dyn Job>]) -> Result<()> {
    begin(conn)?;
    for job in &mut *batch {
        let ran = job.run(conn);
        if depth(conn) != Some(1) || (!ran && transaction_is_lost(conn)) {
            rollback(conn);
            return Err(Error::internal("the transaction of a batch broke off"));
        }
    }
    type Manager = <Conn as Connection>::TransactionManager;
    let committed = Manager::commit_transaction(conn);
    if committed.is_err() {
        rollback(conn);
    }
    Ok(committed?)
}

/// `BEGIN IMMEDIATE`, since a transaction that reads first and writes later may
/// find that another process wrote between.
fn begin(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(conn) => Ok(AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")?),
        Conn::Postgres(_) => Err(Error::internal("the writer thread is SQLite's")),
    }
}

/// SQLite may end a transaction by itself (a full disk, an I/O error). Only then
/// can another begin.
fn transaction_is_lost(conn: &mut Conn) -> bool {
    conn.batch_execute("BEGIN").is_ok()
}

fn depth(conn: &mut Conn) -> Option<u32> {
    match conn {
        Conn::Sqlite(conn) => AnsiTransactionManager::transaction_manager_status_mut(conn)
            .transaction_depth()
            .ok()
            .flatten()
            .map(std::num::NonZeroU32::get),
        Conn::Postgres(_) => None,
    }
}

fn rollback(conn: &mut Conn) {
    type Manager = <Conn as Connection>::TransactionManager;
    while depth(conn).is_some() {
        if let Err(error) = Manager::rollback_transaction(conn) {
            tracing::error!(%error, "could not roll back");
            break;
        }
    }
}
