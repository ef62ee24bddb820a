//! Jobs done a second, each with an effect in its own transaction, while very many wait for
//! tomorrow; and how long after it was due one is begun.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Binary};
use diesel::{QueryableByName, RunQueryDsl};
use onegrid::clock::{self, Timestamp};
use onegrid::config::Config;
use onegrid::db::{self, Conn, Db};
use onegrid::jobs::{self, Claimed, Doing, Failure, Jobs, Kind, Limits, NewJob, Next};
use tokio::sync::Notify;

use crate::city::Failed;
use crate::cpu;

const KIND: &str = "measured";
const A_DAY_MICROS: i64 = 86_400_000_000;

/// One round, on the database of `DATABASE_URL`.
#[derive(clap::Args)]
pub struct Measured {
    /// Jobs that wait for tomorrow meanwhile; written where there are fewer.
    #[arg(long, default_value_t = 1_000_000)]
    waiting: i64,
    /// Jobs that are done.
    #[arg(long, default_value_t = 10_000)]
    jobs: usize,
    /// Jobs whose delay is measured, over ten seconds.
    #[arg(long, default_value_t = 2_000)]
    paced: usize,
    /// So many at a time.
    #[arg(long, default_value_t = 32)]
    at_once: usize,
}

/// What the measured kind does, and what it notes.
struct Effect {
    db: Db,
    at_once: usize,
    wanted: usize,
    done: AtomicUsize,
    all_done: Notify,
    delays_s: Mutex<Vec<f64>>,
}

impl Kind for Effect {
    fn name(&self) -> &'static str {
        KIND
    }

    fn limits(&self) -> Limits {
        Limits {
            at_once: self.at_once,
            ..Limits::default()
        }
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> Doing<'a> {
        let delay = clock::now().micros() - job.due_at.micros();
        Box::pin(async move {
            let job = job.clone();
            self.db
                .write(move |tx| {
                    let effect = diesel::sql_query("INSERT INTO measured_effect (job) VALUES ($1)");
                    effect.bind::<Binary, _>(job.id).execute(&mut **tx)?;
                    job.finish(tx)
                })
                .await?;
            let mut delays = self.delays_s.lock().map_err(Failure::never)?;
            delays.push(delay as f64 / 1e6);
            drop(delays);
            if self.done.fetch_add(1, Ordering::Relaxed) + 1 == self.wanted {
                self.all_done.notify_one();
            }
            Ok(Next::Done)
        })
    }
}

/// Prints jobs a second, CPU µs a job, the median delay and that of 99 in 100, in seconds.
pub fn jobs(given: &Measured) -> Result<(), Failed> {
    let config = Config::load()?;
    db::migrate(&config.database)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let db = Db::open(&config.database, config.database_connections)?;
        fill(&db, given.waiting).await?;
        let (a_second, cpu_us) = at_once(&db, given).await?;
        let mut delays = paced(&db, given).await?;
        delays.sort_by(f64::total_cmp);
        let at = |share: f64| {
            delays
                .get((delays.len() as f64 * share) as usize)
                .copied()
                .unwrap_or(f64::NAN)
        };
        println!("{a_second:.0} {cpu_us:.1} {:.3} {:.3}", at(0.5), at(0.99));
        Ok(())
    })
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Writes the jobs that wait, where there are fewer.
async fn fill(db: &Db, waiting: i64) -> Result<(), Failed> {
    let filled = db.write(move |tx| {
        let (bytes, random, series) = match &**tx {
            Conn::Sqlite(_) => (
                "BLOB",
                "randomblob(16)",
                "WITH RECURSIVE series (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM series WHERE number < $1)",
            ),
            Conn::Postgres(_) => (
                "BYTEA",
                "uuid_send(gen_random_uuid())",
                "WITH series AS (SELECT number FROM generate_series(1, $1) AS number)",
            ),
        };
        tx.batch_execute(&format!("CREATE TABLE IF NOT EXISTS measured_effect (job {bytes} NOT NULL)"))?;
        let there: Counted = diesel::sql_query("SELECT count(*) AS count FROM job WHERE kind = 'measured'").get_result(&mut **tx)?;
        if there.count >= waiting {
            return Ok(());
        }
        // Both databases take the clause before the INSERT's own SELECT.
        diesel::sql_query(format!(
            "INSERT INTO job (id, kind, payload, due_at, attempts, created_at) \
             {series} SELECT {random}, 'measured', '\"x\"', $2 + number * 1000, 0, $3 FROM series"
        ))
        .bind::<BigInt, _>(waiting - there.count)
        .bind::<BigInt, _>(clock::now().micros() + A_DAY_MICROS)
        .bind::<BigInt, _>(clock::now())
        .execute(&mut **tx)?;
        Ok(tx.batch_execute("ANALYZE job")?)
    });
    Ok(filled.await?)
}

fn kind(db: &Db, given: &Measured, wanted: usize) -> Arc<Effect> {
    Arc::new(Effect {
        db: db.clone(),
        at_once: given.at_once,
        wanted,
        done: AtomicUsize::new(0),
        all_done: Notify::new(),
        delays_s: Mutex::default(),
    })
}

async fn put(db: &Db, due: Vec<Timestamp>) -> Result<(), Failed> {
    let written = db.write(move |tx| {
        for due in &due {
            jobs::put(tx, &NewJob::new(KIND, &"x")?.at(*due))?;
        }
        Ok(())
    });
    Ok(written.await?)
}

/// All due already: jobs a second, and CPU µs of this process each.
async fn at_once(db: &Db, given: &Measured) -> Result<(f64, f64), Failed> {
    put(db, vec![clock::now(); given.jobs]).await?;
    let effect = kind(db, given, given.jobs);
    let (begun, spent) = (clock::monotonic(), cpu::process_s());
    let workers = Jobs::start(db, vec![Arc::clone(&effect) as Arc<dyn Kind>]);
    effect.all_done.notified().await;
    let (took, spent) = (begun.elapsed().as_secs_f64(), cpu::process_s() - spent);
    workers.stop(Duration::from_secs(10)).await;
    let jobs = given.jobs as f64;
    Ok((jobs / took, spent * 1e6 / jobs))
}

/// Due at moments spread over ten seconds: how many seconds after it each was begun.
async fn paced(db: &Db, given: &Measured) -> Result<Vec<f64>, Failed> {
    let start = clock::now().micros() + 1_000_000;
    let step = 10_000_000 / i64::try_from(given.paced.max(1))?;
    let due = (0..given.paced).map(|number| Timestamp::from_micros(start + number as i64 * step));
    put(db, due.collect()).await?;
    let effect = kind(db, given, given.paced);
    let workers = Jobs::start(db, vec![Arc::clone(&effect) as Arc<dyn Kind>]);
    effect.all_done.notified().await;
    workers.stop(Duration::from_secs(10)).await;
    let delays = effect.delays_s.lock().map_err(|_| "a job panicked")?;
    Ok(delays.clone())
}
