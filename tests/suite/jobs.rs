//! Durable work: done once by its key, whatever happens to whom that does it.
//!
//! The instances here are those of the library in threads of their own, with kinds of the
//! tests': what the program's own kinds do is tried where they are at home.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::sql_types::Binary;
use onegrid::clock::{self, Timestamp};
use onegrid::db::{Db, Target};
use onegrid::jobs::{self, Claimed, Doing, Failure, Jobs, Kind, Limits, NewJob, Next};
use tokio::sync::{Notify, oneshot};

use crate::cli_world::Sql;
use crate::harness::{World, both_databases, until};

const A_SECOND: Duration = Duration::from_secs(1);

/// A kind of the test's own.
struct Act<F> {
    limits: Limits,
    act: F,
}

/// What the jobs of kind `act` do.
fn act<F>(limits: Limits, act: F) -> Arc<dyn Kind>
where
    F: for<'a> Fn(&'a Claimed) -> Doing<'a> + Send + Sync + 'static,
{
    Arc::new(Act { limits, act })
}

impl<F> Kind for Act<F>
where
    F: for<'a> Fn(&'a Claimed) -> Doing<'a> + Send + Sync + 'static,
{
    fn name(&self) -> &'static str {
        "act"
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn run<'a>(&'a self, job: &'a Claimed) -> Doing<'a> {
        (self.act)(job)
    }
}

enum End {
    /// As if the process were killed: nothing is written any more.
    Killed,
    /// As at a shutdown with so much time.
    Stopped(Duration),
}

/// One that does jobs.
struct Instance {
    end: Option<oneshot::Sender<End>>,
    thread: Option<JoinHandle<()>>,
}

impl Instance {
    fn start(db: &Db, kind: Arc<dyn Kind>) -> Self {
        let (end, ended) = oneshot::channel();
        let db = db.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let jobs = Jobs::start(&db, vec![kind]);
                if let Ok(End::Stopped(within)) = ended.await {
                    jobs.stop(within).await;
                }
            });
            runtime.shutdown_background();
        });
        Self {
            end: Some(end),
            thread: Some(thread),
        }
    }

    fn end(mut self, how: End) {
        self.end.take().expect("it runs").send(how).ok();
        self.thread.take().expect("it runs").join().expect("it ended well");
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        if let Some(end) = self.end.take() {
            end.send(End::Killed).ok();
        }
    }
}

/// The world's database, as another process opens it.
fn open(world: &World) -> Db {
    let target = Target::parse(world.database_url()).expect("a database");
    onegrid::db::migrate(&target).expect("tables");
    Db::open(&target, 4).expect("it opens")
}

fn wait_for<T>(work: impl Future<Output = onegrid::error::Result<T>>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(work).expect("it is done")
}

async fn heard(bell: &Notify) -> onegrid::error::Result<()> {
    bell.notified().await;
    Ok(())
}

fn put(db: &Db, jobs: Vec<NewJob>) -> usize {
    wait_for(db.write(move |tx| {
        let mut taken = 0;
        for job in &jobs {
            taken += usize::from(jobs::put(tx, job)?);
        }
        Ok(taken)
    }))
}

fn a_job(payload: &str) -> NewJob {
    NewJob::new("act", &payload).expect("a payload")
}

fn waiting(world: &World) -> i64 {
    Sql::connect(world.database_url()).count("job")
}

/// A table for what jobs do, and the statement that does it.
fn effects(world: &World) -> &'static str {
    let bytes = if world.is_sqlite() { "BLOB" } else { "BYTEA" };
    Sql::connect(world.database_url()).execute(&format!("CREATE TABLE effect (job {bytes} NOT NULL)"));
    "INSERT INTO effect (job) VALUES ($1)"
}

/// Does the effect and finishes in one transaction.
async fn effect(db: &Db, job: &Claimed, statement: &'static str) -> onegrid::error::Result<()> {
    let id = job.id;
    let job = job.clone();
    db.write(move |tx| {
        diesel::RunQueryDsl::execute(diesel::sql_query(statement).bind::<Binary, _>(id), &mut **tx)?;
        job.finish(tx)
    })
    .await
}

both_databases! {
    fn the_effect_is_there_once_though_the_process_died_between_claim_and_effect(world: &World) {
        let (db, other) = (open(world), open(world));
        let statement = effects(world);
        let limits = Limits { lease: A_SECOND, ..Limits::default() };
        let tries = Arc::new(AtomicUsize::new(0));
        let kind = |db: &Db| {
            let (db, tries) = (db.clone(), Arc::clone(&tries));
            act(limits, move |job| {
                let (db, tries) = (db.clone(), Arc::clone(&tries));
                Box::pin(async move {
                    // The first goes no further; whoever comes after it does.
                    if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                        std::future::pending::<()>().await;
                    }
                    effect(&db, job, statement).await?;
                    Ok(Next::Done)
                })
            })
        };
        let first = Instance::start(&db, kind(&db));
        put(&db, vec![a_job("x")]);
        until("it is in hand", || (tries.load(Ordering::SeqCst) == 1).then_some(()));
        first.end(End::Killed);
        let _second = Instance::start(&other, kind(&other));
        until("it is done", || (waiting(world) == 0).then_some(()));
        assert_eq!(Sql::connect(world.database_url()).count("effect"), 1);
        assert_eq!(tries.load(Ordering::SeqCst), 2);
    }

    fn ten_thousand_that_fall_due_at_once_are_done_once_each_by_two_instances(world: &World) {
        let dbs = [open(world), open(world)];
        let done = Arc::new(Mutex::new(HashMap::new()));
        let limits = Limits { at_once: 64, ..Limits::default() };
        let soon = Timestamp::from_micros(clock::now().micros() + 500_000);
        let all: Vec<NewJob> = (0..10_000).map(|number| a_job(&number.to_string()).at(soon)).collect();
        // And some that are not.
        let tomorrow = Timestamp::from_micros(soon.micros() + 86_400_000_000);
        let later: Vec<NewJob> = (0..100).map(|number| a_job(&number.to_string()).at(tomorrow)).collect();
        assert_eq!(put(&dbs[0], all), 10_000);
        assert_eq!(put(&dbs[0], later), 100);
        let _instances = [0, 1].map(|instance: usize| {
            let done = Arc::clone(&done);
            let kind = act(limits, move |job| {
                let done = Arc::clone(&done);
                Box::pin(async move {
                    done.lock().expect("a lock").entry(job.id).or_insert_with(Vec::new).push(instance);
                    Ok(Next::Done)
                })
            });
            Instance::start(&dbs[instance], kind)
        });
        let mut left = 10_100;
        // As long as they get fewer it goes on, however slow the machine is.
        while left > 100 {
            left = until("some are done", || Some(waiting(world)).filter(|now| *now < left));
        }
        let done = done.lock().expect("a lock");
        assert_eq!(done.len(), 10_000);
        assert!(done.values().all(|by| by.len() == 1), "none is done twice");
        assert_eq!(waiting(world), 100, "what is due tomorrow waits");
        if !world.is_sqlite() {
            assert!([0, 1].iter().all(|instance| done.values().any(|by| by == &[*instance])), "both had a share");
        }
    }

    fn one_that_always_fails_is_given_up_and_the_others_go_on(world: &World) {
        let db = open(world);
        let (tries, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let kind = || {
            let (tries, done) = (Arc::clone(&tries), Arc::clone(&done));
            act(Limits { at_once: 1, tries: 2, ..Limits::default() }, move |job| {
                let (tries, done) = (Arc::clone(&tries), Arc::clone(&done));
                Box::pin(async move {
                    match job.payload::<String>()?.as_str() {
                        "poison" => {
                            tries.fetch_add(1, Ordering::SeqCst);
                            panic!("13912345678 is not to be read anywhere");
                        }
                        "never" => return Err(Failure::never("nobody wants it")),
                        _ => done.fetch_add(1, Ordering::SeqCst),
                    };
                    Ok(Next::Done)
                })
            })
        };
        let _instance = Instance::start(&db, kind());
        put(&db, ["poison", "never", "a", "b", "c"].map(a_job).to_vec());
        // What is not even JSON of its kind is no reason to stop either.
        put(&db, vec![NewJob::new("act", &[1]).expect("a payload")]);
        let dead = || world.run(&["jobs", "list", "--kind", "act", "--dead"]).succeeded().out.clone();
        until("three are given up", || (dead().lines().count() == 3).then_some(()));
        assert_eq!((done.load(Ordering::SeqCst), tries.load(Ordering::SeqCst)), (3, 2));
        let listed = dead();
        for words in ["it panicked", "nobody wants it", "its payload is not understood"] {
            assert!(listed.contains(words), "{listed}");
        }
        assert!(!listed.contains("139"), "{listed}");

        // The operator tries one of them again, and has enough of another.
        let id = |words: &str| {
            let line = listed.lines().find(|line| line.contains(words)).expect("it is listed").to_owned();
            line.split('\t').next().expect("an id").to_owned()
        };
        assert_eq!(world.run(&["jobs", "retry", &id("panicked")]).succeeded().out, "1 tried again\n");
        until("it is tried again, twice", || (tries.load(Ordering::SeqCst) == 4).then_some(()));
        assert_eq!(world.run(&["jobs", "discard", &id("nobody")]).succeeded().out, "discarded\n");
        until("it is given up again", || (dead().lines().count() == 2).then_some(()));
        assert_eq!(world.run(&["jobs", "retry", "--kind", "other"]).code, Some(1));
        assert_eq!(world.run(&["jobs", "discard", &id("nobody")]).code, Some(1));
        let wrong = world.run(&["jobs", "retry", "plc_1"]);
        assert!(wrong.code == Some(1) && wrong.err.contains("is not the id of a job"), "{wrong:?}");
        assert_eq!(world.run(&["jobs", "retry"]).code, Some(2), "all of them only where that is said");
    }

    fn one_that_kills_its_process_each_time_is_given_up(world: &World) {
        let db = open(world);
        put(&db, vec![a_job("deadly")]);
        let limits = Limits { tries: 2, lease: A_SECOND, ..Limits::default() };
        for round in 1..=2 {
            let begun = Arc::new(AtomicUsize::new(0));
            let seen = Arc::clone(&begun);
            let kind = act(limits, move |_| {
                begun.fetch_add(1, Ordering::SeqCst);
                Box::pin(std::future::pending())
            });
            let instance = Instance::start(&db, kind);
            until(&format!("begun for the {round}. time"), || (seen.load(Ordering::SeqCst) == 1).then_some(()));
            instance.end(End::Killed);
        }
        let _third = Instance::start(&db, act(limits, |_| unreachable!("it is not begun a third time")));
        let dead = || world.run(&["jobs", "list", "--dead"]).succeeded().out.clone();
        until("it is given up", || dead().contains("the process ended each time before it was done").then_some(()));
    }

    fn work_that_takes_longer_than_its_lease_is_done_by_one(world: &World) {
        let dbs = [open(world), open(world)];
        let begun = Arc::new(AtomicUsize::new(0));
        let limits = Limits { lease: 3 * A_SECOND, ..Limits::default() };
        let _instances = dbs.each_ref().map(|db| {
            let begun = Arc::clone(&begun);
            Instance::start(db, act(limits, move |_| {
                begun.fetch_add(1, Ordering::SeqCst);
                Box::pin(async {
                    tokio::time::sleep(8 * A_SECOND).await;
                    Ok(Next::Done)
                })
            }))
        });
        put(&dbs[0], vec![a_job("long")]);
        until("it is done", || (waiting(world) == 0).then_some(()));
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    }

    fn who_lost_a_claim_can_neither_finish_nor_go_on(world: &World) {
        let db = open(world);
        let statement = effects(world);
        let (begun, go_on, broken_off) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
        struct Tells(Arc<Notify>);
        impl Drop for Tells {
            fn drop(&mut self) {
                self.0.notify_one();
            }
        }
        let (work, tells, waits, dropped) = (db.clone(), Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&broken_off));
        // Its lease is long, so nobody but the test takes it away.
        let kind = act(Limits { lease: 9 * A_SECOND, ..Limits::default() }, move |job| {
            let (db, tells, waits, dropped) = (work.clone(), Arc::clone(&tells), Arc::clone(&waits), Arc::clone(&dropped));
            Box::pin(async move {
                let _last_words = Tells(dropped);
                tells.notify_one();
                if job.payload::<String>()? == "finishes" {
                    waits.notified().await;
                    assert!(effect(&db, job, statement).await.is_err());
                }
                std::future::pending().await
            })
        });
        let _instance = Instance::start(&db, kind);
        let take_away = || Sql::connect(world.database_url()).execute(if world.is_sqlite() {
            "UPDATE job SET lease = x'00', leased_until = 9000000000000000"
        } else {
            "UPDATE job SET lease = '\\x00', leased_until = 9000000000000000"
        });
        for payload in ["finishes", "goes on"] {
            put(&db, vec![a_job(payload)]);
            wait_for(heard(&begun));
            take_away();
            go_on.notify_one();
            // It is broken off when its claim is to be renewed.
            wait_for(heard(&broken_off));
        }
        assert_eq!(Sql::connect(world.database_url()).count("effect"), 0);
        assert_eq!(waiting(world), 2, "they are the other's");
    }

    fn at_a_shutdown_what_is_under_way_is_done_and_the_rest_is_given_back(world: &World) {
        let dbs = [open(world), open(world)];
        let (begun, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let kind = |endless: bool| {
            let (begun, done) = (Arc::clone(&begun), Arc::clone(&done));
            act(Limits { lease: Duration::from_secs(600), ..Limits::default() }, move |job| {
                let (begun, done) = (Arc::clone(&begun), Arc::clone(&done));
                Box::pin(async move {
                    begun.fetch_add(1, Ordering::SeqCst);
                    match job.payload::<String>()?.as_str() {
                        "short" => tokio::time::sleep(A_SECOND).await,
                        _ if endless => std::future::pending().await,
                        _ => assert_eq!(job.attempt, 1, "it was not its fault"),
                    }
                    done.fetch_add(1, Ordering::SeqCst);
                    Ok(Next::Done)
                })
            })
        };
        let first = Instance::start(&dbs[0], kind(true));
        put(&dbs[0], vec![a_job("short"), a_job("endless")]);
        until("both are in hand", || (begun.load(Ordering::SeqCst) == 2).then_some(()));
        first.end(End::Stopped(3 * A_SECOND));
        assert_eq!(done.load(Ordering::SeqCst), 1, "the short one was waited for");
        put(&dbs[0], vec![a_job("after")]);
        let _second = Instance::start(&dbs[1], kind(false));
        until("the other is done at once", || (done.load(Ordering::SeqCst) == 3).then_some(()));
        until("nothing is left", || (waiting(world) == 0).then_some(()));
    }

    fn work_that_panics_before_it_is_under_way_is_a_try_that_failed(world: &World) {
        let db = open(world);
        let tries = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&tries);
        let limits = Limits { tries: 2, ..Limits::default() };
        let _instance = Instance::start(&db, act(limits, move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            panic!("before anything is under way")
        }));
        put(&db, vec![a_job("panics"), a_job("panics too")]);
        let dead = || world.run(&["jobs", "list", "--dead"]).succeeded().out.clone();
        until("both are given up", || (dead().matches("it panicked").count() == 2).then_some(()));
        assert_eq!(tries.load(Ordering::SeqCst), 4);
    }

    fn of_a_key_there_is_one_at_a_time(world: &World) {
        let db = open(world);
        assert_eq!(put(&db, vec![a_job("1").keyed("a"), a_job("2").keyed("a"), a_job("3").keyed("b"), a_job("4"), a_job("5")]), 4);
        assert_eq!(waiting(world), 4);
    }
}
