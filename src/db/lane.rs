//! What many do at once: commands that wait are taken as a batch, in one transaction.
//!
//! A transaction costs a commit and some locks, whoever asked for it; so those who wait
//! share one. For a batch the rows that its commands touch are **loaded**, locked in a fixed
//! order; the commands are **decided** one after another in memory, by a pure function;
//! the differences are **stored** with a few statements; it is committed, and each is
//! answered. Where a batch fails its commands are tried one by one, so that nobody fails
//! for another's sake.
//!
//! Commands that touch the same rows do well to share a lane: lanes run side by side, and
//! meet at the locks. Those of other instances do so in any case.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use tokio::sync::{mpsc, oneshot};

use super::{Conn, Db, Tx};
use crate::error::{Error, Reason, Result};
use crate::metrics;

/// How many commands may wait in a lane; more are told to come back.
const QUEUE: usize = 4096;
/// How many share a transaction at the most.
const BATCH: usize = 256;

/// What a lane does.
pub trait Work: Send + Sync + 'static {
    /// Something that somebody asks for.
    type Command: Send + Sync + 'static;
    /// What the commands of a batch touch, as it is and as it becomes.
    type State;
    /// What is answered.
    type Answer: Send + 'static;

    /// What it is called in the metrics.
    fn name(&self) -> &'static str;

    /// Reads what these commands touch, and locks it in an order that is the same everywhere.
    ///
    /// # Errors
    /// Where the database fails: then the batch fails.
    fn load(&self, tx: &mut Tx<'_>, commands: &[Self::Command]) -> Result<Self::State>;

    /// Does one command in memory. Pure: it knows the state and the command only. A command
    /// that is refused leaves the state as it was.
    ///
    /// # Errors
    /// Why it is refused; the others of its batch go on.
    fn decide(&self, state: &mut Self::State, command: &Self::Command) -> Result<Self::Answer>;

    /// Writes the differences.
    ///
    /// # Errors
    /// Where the database fails: then the batch fails.
    fn store(&self, tx: &mut Tx<'_>, state: Self::State) -> Result<()>;
}

/// Does commands in the caller's transaction, as a lane does a batch. The state is left
/// untouched where the outer result is an error.
///
/// # Errors
/// Where the database fails.
pub fn run<W: Work>(work: &W, tx: &mut Tx<'_>, commands: &[W::Command]) -> Result<Vec<Result<W::Answer>>> {
    by_index(tx)?;
    let mut state = work.load(tx, commands)?;
    let decided = commands
        .iter()
        .map(|command| work.decide(&mut state, command))
        .collect();
    work.store(tx, state)?;
    Ok(decided)
}

/// What a lane asks is found by an index. PostgreSQL keeps a plan for as long as it knows no
/// better of a table: what was planned when a table was new would read all of it for minutes
/// while it grows.
fn by_index(tx: &mut Tx<'_>) -> Result<()> {
    match &mut **tx {
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(conn) => Ok(conn.batch_execute("SET LOCAL enable_seqscan = off")?),
    }
}

struct Waiting<W: Work> {
    command: W::Command,
    reply: oneshot::Sender<Result<W::Answer>>,
}

/// Lanes that do the same work side by side. Clones share them.
pub struct Lanes<W: Work> {
    queues: Arc<[mpsc::Sender<Waiting<W>>]>,
}

impl<W: Work> Clone for Lanes<W> {
    fn clone(&self) -> Self {
        Self {
            queues: Arc::clone(&self.queues),
        }
    }
}

impl<W: Work> Lanes<W> {
    /// Starts so many, which end with the last handle on them. SQLite has one writer, and
    /// so gets one lane.
    pub fn start(db: &Db, work: &Arc<W>, lanes: usize) -> Self {
        let lanes = if db.writer.is_some() { 1 } else { lanes.max(1) };
        let queues = (0..lanes).map(|_| {
            let (queue, waiting) = mpsc::channel(QUEUE);
            tokio::spawn(work_off(db.clone(), Arc::clone(work), waiting));
            queue
        });
        Self {
            queues: queues.collect(),
        }
    }

    /// Queues a command and waits until it is durable, or refused. `by` tells which lane:
    /// commands of the same go into the same.
    ///
    /// # Errors
    /// Why it was refused, or that the database failed.
    pub async fn submit(&self, by: impl Hash, command: W::Command) -> Result<W::Answer> {
        let mut hasher = DefaultHasher::new();
        by.hash(&mut hasher);
        let lane = (hasher.finish() % self.queues.len() as u64) as usize;
        let queue = self.queues.get(lane).ok_or_else(|| Error::internal("no lane"))?;
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting { command, reply };
        queue.try_send(waiting).map_err(|_| Error::refused(Reason::Busy))?;
        answer.await.map_err(|_| Error::internal("a lane dropped a command"))?
    }
}

async fn work_off<W: Work>(db: Db, work: Arc<W>, mut waiting: mpsc::Receiver<Waiting<W>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        metrics::lane_batch(work.name(), batch.len());
        let (commands, replies): (Vec<_>, Vec<_>) = batch
            .drain(..)
            .map(|Waiting { command, reply }| (command, reply))
            .unzip();
        let commands: Arc<[W::Command]> = commands.into();
        let together = do_these(&db, &work, &commands, 0..commands.len()).await;
        let answers = match together {
            Ok(answers) => answers,
            Err(error) => one_by_one(&db, &work, &commands, error).await,
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            // A client that went away is no failure: the work is done either way.
            let _ = reply.send(answer);
        }
    }
}

async fn do_these<W: Work>(
    db: &Db,
    work: &Arc<W>,
    commands: &Arc<[W::Command]>,
    which: std::ops::Range<usize>,
) -> Result<Vec<Result<W::Answer>>> {
    let (work, commands) = (Arc::clone(work), Arc::clone(commands));
    db.write(move |tx| run(&*work, tx, commands.get(which.clone()).unwrap_or_default()))
        .await
}

/// What becomes of a batch that failed: where the database is away, all are told so; else
/// each is tried for itself.
async fn one_by_one<W: Work>(
    db: &Db,
    work: &Arc<W>,
    commands: &Arc<[W::Command]>,
    error: Error,
) -> Vec<Result<W::Answer>> {
    let mut answers = Vec::with_capacity(commands.len());
    if commands.len() == 1 {
        answers.push(Err(error));
        return answers;
    }
    if matches!(error.reason(), Reason::DatabaseUnavailable | Reason::Busy) {
        answers.extend(commands.iter().map(|_| Err(Error::refused(error.reason()))));
        return answers;
    }
    tracing::warn!(%error, lane = work.name(), commands = commands.len(), "a batch failed and is tried one by one");
    for index in 0..commands.len() {
        let alone = do_these(db, work, commands, index..index + 1).await;
        answers.push(alone.and_then(|mut answers| {
            let answer = answers.pop();
            answer.unwrap_or_else(|| Err(Error::internal("a command was not answered")))
        }));
    }
    answers
}
