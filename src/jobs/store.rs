//! The table of jobs.
//!
//! When a job is due is told by the clock of the service; how long a claim holds by the
//! database's, so that instances whose clocks differ do not take each other's work.

use std::sync::Arc;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable, Text};
use uuid::Uuid;

use super::model::{Claimed, JobId, NewJob};
use crate::clock::Timestamp;
use crate::db::prepared::{Column, Prepared, bytes};
use crate::db::schema::job::{self, table};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Writes a job; whether it was taken (one of its key may be there).
pub(super) fn insert(conn: &mut Conn, job: &NewJob) -> Result<bool> {
    // Both databases take this; the query builder has no such clause for both.
    let inserted = diesel::sql_query(
        "INSERT INTO job (id, kind, key, payload, due_at, attempts, created_at) VALUES ($1, $2, $3, $4, $5, 0, $6) \
         ON CONFLICT DO NOTHING",
    )
    .bind::<Binary, _>(job.id)
    .bind::<Text, _>(job.kind)
    .bind::<Nullable<Text>, _>(&job.key)
    .bind::<Text, _>(&job.payload)
    .bind::<BigInt, _>(job.due_at)
    .bind::<BigInt, _>(crate::clock::now())
    .execute(conn)?;
    Ok(inserted == 1)
}

/// Writes many jobs; where they are not all new, those whose key is there are left as they are.
pub(super) fn insert_all(conn: &mut Conn, jobs: &[NewJob], are_new: bool) -> Result<()> {
    let now = crate::clock::now().micros();
    let Conn::Postgres(conn) = conn else {
        for one in jobs {
            insert(conn, one)?;
        }
        return Ok(());
    };
    let columns = vec![
        ("id", Column::Binary(jobs.iter().map(|one| bytes(one.id)).collect())),
        (
            "kind",
            Column::Text(jobs.iter().map(|one| one.kind.to_owned()).collect()),
        ),
        (
            "key",
            Column::MaybeText(jobs.iter().map(|one| one.key.clone()).collect()),
        ),
        (
            "payload",
            Column::Text(jobs.iter().map(|one| one.payload.clone()).collect()),
        ),
        (
            "due_at",
            Column::BigInt(jobs.iter().map(|one| one.due_at.micros()).collect()),
        ),
        ("attempts", Column::BigInt(vec![0; jobs.len()])),
        ("created_at", Column::BigInt(vec![now; jobs.len()])),
    ];
    // To look whether they are there costs as much as to write them.
    let after = if are_new { "" } else { "ON CONFLICT DO NOTHING" };
    Prepared::insert("job", columns, after).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Binary)]
    id: JobId,
    #[diesel(sql_type = Nullable<Text>)]
    key: Option<String>,
    #[diesel(sql_type = Text)]
    payload: String,
    #[diesel(sql_type = BigInt)]
    due_at: Timestamp,
    #[diesel(sql_type = BigInt)]
    attempts: i64,
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    found: bool,
}

const CLAIMABLE: &str = "kind = $1 AND dead_at IS NULL AND due_at <= $2 AND (leased_until IS NULL OR leased_until <=";

/// Whether a job of this kind could be claimed.
pub(super) fn any_due(conn: &mut Conn, kind: &str, now: Timestamp) -> Result<bool> {
    let database_now = conn.now_in_sql();
    let statement = format!("SELECT EXISTS (SELECT 1 FROM job WHERE {CLAIMABLE} {database_now})) AS found");
    let found: Found = diesel::sql_query(statement)
        .bind::<Text, _>(kind)
        .bind::<BigInt, _>(now)
        .get_result(conn)?;
    Ok(found.found)
}

/// Claims up to `most` jobs of a kind, those due longest first. Who waits for nobody: rows
/// that another instance is claiming are left to it.
pub(super) fn claim(
    tx: &mut Tx<'_>,
    kind: &str,
    now: Timestamp,
    most: usize,
    lease: Uuid,
    holds: Duration,
) -> Result<Vec<Claimed>> {
    let database_now = tx.now_in_sql();
    let skip = match &**tx {
        Conn::Sqlite(_) => "",
        Conn::Postgres(_) => "FOR UPDATE SKIP LOCKED",
    };
    let statement = format!(
        "WITH due AS (SELECT id FROM job WHERE {CLAIMABLE} {database_now}) ORDER BY due_at LIMIT $3 {skip}) \
         UPDATE job SET lease = $4, leased_until = {database_now} + $5, attempts = attempts + 1 \
         WHERE id IN (SELECT id FROM due) RETURNING id, key, payload, due_at, attempts"
    );
    let rows: Vec<Row> = diesel::sql_query(statement)
        .bind::<Text, _>(kind)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(i64::try_from(most).unwrap_or(i64::MAX))
        .bind::<Binary, _>(lease.as_bytes().as_slice())
        .bind::<BigInt, _>(micros(holds))
        .load(&mut **tx)?;
    let mut claimed: Vec<Claimed> = rows
        .into_iter()
        .map(|row| Claimed {
            id: row.id,
            key: row.key,
            payload: row.payload,
            due_at: row.due_at,
            attempt: row.attempts,
            lease,
            finished: Arc::default(),
        })
        .collect();
    claimed.sort_unstable_by_key(|job| job.due_at);
    Ok(claimed)
}

/// Renews the claims of these jobs; answers which are still held.
pub(super) fn renew(tx: &mut Tx<'_>, held: &[(JobId, Uuid)], holds: Duration) -> Result<Vec<JobId>> {
    let database_now = tx.now_in_sql();
    let statement = format!("UPDATE job SET leased_until = {database_now} + $1 WHERE id = $2 AND lease = $3");
    let mut still = Vec::new();
    for (id, lease) in held {
        let renewed = diesel::sql_query(&statement)
            .bind::<BigInt, _>(micros(holds))
            .bind::<Binary, _>(id)
            .bind::<Binary, _>(lease.as_bytes().as_slice())
            .execute(&mut **tx)?;
        if renewed == 1 {
            still.push(*id);
        }
    }
    Ok(still)
}

/// The job of this kind and key is due at this time at the latest, unless it is in hand: a
/// clock that ran ahead may have put it off for longer.
pub(super) fn bring_back(tx: &mut Tx<'_>, kind: &str, key: &str, latest: Timestamp) -> Result<()> {
    let late = table
        .filter(job::kind.eq(kind).and(job::key.eq(key)))
        .filter(job::due_at.gt(latest).and(job::lease.is_null()));
    diesel::update(late).set(job::due_at.eq(latest)).execute(&mut **tx)?;
    Ok(())
}

/// Those of a kind whose keys begin so are due now, unless they are in hand; how many.
pub(super) fn hasten(tx: &mut Tx<'_>, kind: &str, begins: &str, now: Timestamp) -> Result<usize> {
    let waiting = table
        .filter(
            job::kind
                .eq(kind)
                .and(job::key.like(format!("{begins}%")).assume_not_null()),
        )
        .filter(
            job::due_at
                .gt(now)
                .and(job::lease.is_null())
                .and(job::dead_at.is_null()),
        );
    Ok(diesel::update(waiting).set(job::due_at.eq(now)).execute(&mut **tx)?)
}

/// Forgets what was given up before a time; how many.
pub(super) fn forget_dead(conn: &mut Conn, before: Timestamp) -> Result<usize> {
    Ok(diesel::delete(table.filter(job::dead_at.lt(before))).execute(conn)?)
}

/// Removes those of these jobs that are held by one of these claims: they are done.
pub(super) fn remove(tx: &mut Tx<'_>, ids: &[JobId], leases: &[Uuid]) -> Result<usize> {
    let leases: Vec<&[u8]> = leases.iter().map(|lease| lease.as_bytes().as_slice()).collect();
    let held = job::id.eq_any(ids).and(job::lease.eq_any(leases));
    Ok(diesel::delete(table.filter(held)).execute(&mut **tx)?)
}

/// Lets go of a claim: the job is due again then, with so many attempts behind it.
pub(super) fn put_back(
    tx: &mut Tx<'_>,
    job: (JobId, Uuid),
    due_at: Timestamp,
    attempts: i64,
    failure: Option<&str>,
) -> Result<()> {
    let held = job::id.eq(job.0).and(job::lease.eq(job.1.as_bytes().as_slice()));
    diesel::update(table.filter(held))
        .set((
            job::due_at.eq(due_at),
            job::attempts.eq(attempts),
            job::lease.eq(None::<Vec<u8>>),
            job::leased_until.eq(None::<i64>),
            job::failure.eq(failure),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Gives a job up: it is a dead letter.
pub(super) fn bury(tx: &mut Tx<'_>, job: (JobId, Uuid), now: Timestamp, failure: &str) -> Result<()> {
    let held = job::id.eq(job.0).and(job::lease.eq(job.1.as_bytes().as_slice()));
    diesel::update(table.filter(held))
        .set((
            job::dead_at.eq(now),
            job::lease.eq(None::<Vec<u8>>),
            job::leased_until.eq(None::<i64>),
            job::failure.eq(failure),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// A job as the operator sees it.
#[derive(Debug, Clone, Queryable)]
pub struct Listed {
    /// Its id.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// Its key.
    pub key: Option<String>,
    /// When it is due.
    pub due_at: Timestamp,
    /// So many tries were begun.
    pub attempts: i64,
    /// Until when somebody has it in hand, by the database's clock.
    pub leased_until: Option<Timestamp>,
    /// When it was given up.
    pub dead_at: Option<Timestamp>,
    /// What went wrong at the last try.
    pub failure: Option<String>,
}

/// The first so many jobs by when they are due; of a kind, or dead ones only.
pub fn list(conn: &mut Conn, kind: Option<&str>, dead_only: bool, most: i64) -> Result<Vec<Listed>> {
    let mut rows = table
        .select((
            job::id,
            job::kind,
            job::key,
            job::due_at,
            job::attempts,
            job::leased_until,
            job::dead_at,
            job::failure,
        ))
        .order((job::due_at, job::id))
        .limit(most)
        .into_boxed();
    if let Some(kind) = kind {
        rows = rows.filter(job::kind.eq(kind.to_owned()));
    }
    if dead_only {
        rows = rows.filter(job::dead_at.is_not_null());
    }
    Ok(rows.load(conn)?)
}

/// Which dead letters.
#[derive(Debug, Clone)]
pub enum Dead {
    /// This one.
    One(JobId),
    /// All of a kind.
    OfKind(String),
    /// All.
    All,
}

/// Tries dead letters again, as if they had never been tried. How many.
pub fn retry(tx: &mut Tx<'_>, which: &Dead, now: Timestamp) -> Result<usize> {
    let anew = (job::dead_at.eq(None::<i64>), job::attempts.eq(0), job::due_at.eq(now));
    let dead = table.filter(job::dead_at.is_not_null());
    let retried = match which {
        Dead::One(id) => diesel::update(dead.filter(job::id.eq(*id)))
            .set(anew)
            .execute(&mut **tx)?,
        Dead::OfKind(kind) => diesel::update(dead.filter(job::kind.eq(kind)))
            .set(anew)
            .execute(&mut **tx)?,
        Dead::All => diesel::update(dead).set(anew).execute(&mut **tx)?,
    };
    Ok(retried)
}

/// Drops a dead letter for good; whether there was one.
pub fn discard(tx: &mut Tx<'_>, id: JobId) -> Result<bool> {
    let dead = table.filter(job::id.eq(id).and(job::dead_at.is_not_null()));
    Ok(diesel::delete(dead).execute(&mut **tx)? == 1)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    due: i64,
    #[diesel(sql_type = BigInt)]
    dead: i64,
}

/// How many jobs of a kind are due (those in hand too), and how many are dead letters; more
/// than 100,000 are told as so many.
pub(super) fn counts(conn: &mut Conn, kind: &str, now: Timestamp) -> Result<(i64, i64)> {
    let counted: Counted = diesel::sql_query(
        "SELECT (SELECT count(*) FROM (SELECT 1 FROM job WHERE kind = $1 AND dead_at IS NULL AND due_at <= $2 \
         LIMIT 100000) AS counted) AS due, \
         (SELECT count(*) FROM (SELECT 1 FROM job WHERE kind = $1 AND dead_at IS NOT NULL LIMIT 100000) AS counted) AS dead",
    )
    .bind::<Text, _>(kind)
    .bind::<BigInt, _>(now)
    .get_result(conn)?;
    Ok((counted.due, counted.dead))
}

/// The id as somebody typed it.
///
/// # Errors
/// Where it is none.
pub fn id_of(text: &str) -> Result<JobId> {
    text.parse()
        .map_err(|_| Error::internal(format!("{text} is not the id of a job")))
}
