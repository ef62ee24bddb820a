//! Who follows what on this instance: the task that stands between the streams and those who
//! follow them.
//!
//! One task for a process feeds the [`core`], which decides, with what happens: bells of this
//! process and of others, readings, sweeps, and followers who come and go. It reads what the
//! core asks for, and hands what it gives to the workers' [`Porter`]s. Once a second it sweeps
//! over the streams that changed; whatever became of the bells, nothing is later than that.

pub mod core;
mod recent;
mod stream;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use tokio::sync::{Semaphore, broadcast, mpsc};
use uuid::Uuid;

use self::core::{Bell, Core, Input, Output, PAGE, Reader};
use super::bell::{self, Said, What};
use super::source::Sources;
use super::{Cursor, EntryId, Head, Key, TOPIC, store};
use crate::bus::Bus;
use crate::clock;
use crate::db::{Conn, Db, Ring};
use crate::error::Result;
use crate::metrics;

/// How often what changed is looked for.
const SWEEP: Duration = Duration::from_secs(1);
/// Within so many sweeps each stream that is followed is compared, also where nothing changed.
const SLICES: usize = 60;
/// So many things that happened are taken in before what is to be read is asked for.
const TOGETHER: usize = 1_024;
/// So many readings run at once.
const READINGS: usize = 4;
/// How long those who wait for time wait at a time.
const MOMENT: Duration = Duration::from_millis(4);

/// By which bits of a [`Reader`] its porter is known.
const PORTER_SHIFT: u32 = 48;

/// What is brought to a porter, in order.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// What the core gave.
    Given(Arc<Output>),
    /// A frame for all who follow a stream, which is no entry.
    Signal(Key, Arc<str>),
    /// What somebody may see, or everybody, may have changed.
    Recheck(Option<Uuid>),
    /// The instance stops: everybody is sent away.
    Close,
}

/// Somebody who brings deliveries to those who follow streams, on one worker.
type Porter = mpsc::UnboundedSender<Delivery>;

enum Message {
    Enlist(Porter),
    Tell(Input),
    Swept(Result<store::Swept>),
    NotCompared,
    Bring(Delivery),
}

/// The hub; clones share it.
#[derive(Clone)]
pub struct Hub(Arc<Shared>);

struct Shared {
    tell: mpsc::UnboundedSender<Message>,
    sources: Sources,
    /// How many porters there are.
    porters: Mutex<u64>,
    readers: AtomicU64,
    people: Mutex<HashMap<Uuid, u32>>,
    connections: AtomicUsize,
    waiting: AtomicUsize,
    is_alive: AtomicBool,
}

impl Hub {
    /// Starts it, for the life of the runtime. `key` signs bells.
    pub fn start(db: &Db, bus: &Bus, key: hmac::Key, sources: Sources) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let hub = Self(Arc::new(Shared {
            tell: tell.clone(),
            sources,
            porters: Mutex::default(),
            readers: AtomicU64::new(0),
            people: Mutex::default(),
            connections: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            is_alive: AtomicBool::new(true),
        }));
        let task = Task {
            sources: hub.0.sources.clone(),
            db: db.clone(),
            tell,
            porters: Vec::new(),
            core: Core::default(),
            started: clock::monotonic(),
            readings: Arc::new(Semaphore::new(READINGS)),
            sweeps: Sweeps::default(),
        };
        let running = tokio::spawn(task.run(told, db.bells(), bus.clone(), key));
        let watched = hub.clone();
        tokio::spawn(async move {
            let ended = running.await;
            watched.0.is_alive.store(false, Ordering::Relaxed);
            if let Err(died) = ended {
                tracing::error!(%died, "the hub died: this instance delivers nothing any more");
            }
        });
        hub
    }

    /// What may be followed.
    pub fn sources(&self) -> &Sources {
        &self.0.sources
    }

    /// Makes somebody bring deliveries; their number, and what is brought.
    pub fn enlist(&self) -> (u64, mpsc::UnboundedReceiver<Delivery>) {
        let (porter, deliveries) = mpsc::unbounded_channel();
        // In the order of their numbers, so that the number is the place in the list.
        let mut porters = self.0.porters.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *porters;
        *porters += 1;
        self.tell(Message::Enlist(porter));
        (number, deliveries)
    }

    /// Another reader for a porter.
    pub fn reader(&self, porter: u64) -> Reader {
        Reader(porter << PORTER_SHIFT | self.0.readers.fetch_add(1, Ordering::Relaxed))
    }

    /// Somebody follows a stream.
    pub fn join(&self, reader: Reader, key: Key, cursor: Option<Cursor>) {
        self.tell(Message::Tell(Input::Join { reader, key, cursor }));
    }

    /// They follow it no more.
    pub fn leave(&self, reader: Reader, key: Key) {
        self.tell(Message::Tell(Input::Leave { reader, key }));
    }

    /// They have room for another page.
    pub fn ready(&self, reader: Reader, key: Key) {
        self.tell(Message::Tell(Input::Ready { reader, key }));
    }

    /// What somebody may see, or everybody, may have changed: who follows what is none of theirs
    /// any more follows it no more.
    pub fn recheck(&self, person: Option<Uuid>) {
        self.tell(Message::Bring(Delivery::Recheck(person)));
    }

    /// Sends everybody away.
    pub fn close(&self) {
        self.tell(Message::Bring(Delivery::Close));
    }

    /// One more connection of somebody, unless they have so many on this instance.
    pub fn seat(&self, person: Uuid, most: u32) -> Option<Seat> {
        let mut people = self.0.people.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = people.entry(person).or_default();
        if *taken >= most {
            return None;
        }
        *taken += 1;
        let hub = self.clone();
        Some(Seat { hub, person })
    }

    /// How many connections there are, and how many of them have not said who they are.
    pub fn connections(&self) -> (usize, usize) {
        let shared = &self.0;
        (
            shared.connections.load(Ordering::Relaxed),
            shared.waiting.load(Ordering::Relaxed),
        )
    }

    /// Another connection, of which it is not known yet whose it is.
    pub(super) fn opened(&self) {
        self.0.connections.fetch_add(1, Ordering::Relaxed);
        self.0.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// It is known now.
    pub(super) fn is_known(&self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }

    /// A connection is over.
    pub(super) fn closed(&self, was_known: bool) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
        if !was_known {
            self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Whether the task goes on. Where it died this instance delivers nothing any more.
    pub fn is_alive(&self) -> bool {
        self.0.is_alive.load(Ordering::Relaxed)
    }

    fn tell(&self, message: Message) {
        // While the process ends nobody listens any more.
        let _ = self.0.tell.send(message);
    }
}

/// A connection of somebody, for as long as it is kept.
pub struct Seat {
    hub: Hub,
    person: Uuid,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut people = self.hub.0.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = people.get_mut(&self.person) {
            *taken -= 1;
            if *taken == 0 {
                people.remove(&self.person);
            }
        }
    }
}

/// Where the sweeps are.
#[derive(Default)]
struct Sweeps {
    under_way: bool,
    since: Option<i64>,
    life: Option<i64>,
    failed: bool,
    slices: VecDeque<Key>,
    slice: usize,
}

struct Task {
    sources: Sources,
    db: Db,
    tell: mpsc::UnboundedSender<Message>,
    porters: Vec<Porter>,
    core: Core,
    started: Instant,
    readings: Arc<Semaphore>,
    sweeps: Sweeps,
}

impl Task {
    async fn run(
        mut self,
        mut told: mpsc::UnboundedReceiver<Message>,
        rung: Option<mpsc::UnboundedReceiver<Vec<Ring>>>,
        bus: Bus,
        key: hmac::Key,
    ) {
        let mut heard = bus.is_shared().then(|| bus.subscribe(TOPIC));
        let (mut rung, own) = (rung, Uuid::new_v4());
        let mut sweeps = tokio::time::interval(SWEEP);
        sweeps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut messages = Vec::with_capacity(TOGETHER);
        let mut rings = Vec::with_capacity(TOGETHER);
        let mut outputs = Vec::new();
        loop {
            tokio::select! {
                many = told.recv_many(&mut messages, TOGETHER) => {
                    if many == 0 {
                        return;
                    }
                    for message in messages.drain(..) {
                        self.take(message, &mut outputs);
                    }
                }
                many = hear_own(&mut rung, &mut rings) => {
                    if many == 0 {
                        rung = None;
                        continue;
                    }
                    let rings: Vec<Ring> = rings.drain(..).flatten().collect();
                    let said: Vec<Said> = rings.iter().filter_map(|Ring(bytes)| bell::read(bytes)).collect();
                    if bus.is_shared() {
                        bus.publish(TOPIC, bell::sealed(&rings, own, &key));
                    }
                    self.hear(said, &mut outputs);
                }
                message = hear_others(&mut heard) => match message {
                    Ok(message) => match bell::opened(&message, &key) {
                        // What this instance rings it has heard already.
                        Some((from, _)) if from == own => {}
                        Some((_, said)) => self.hear(said, &mut outputs),
                        None => metrics::live_bells("forged", 1),
                    },
                    Err(broadcast::error::RecvError::Lagged(missed)) => {
                        metrics::live_bells("missed", missed);
                        self.compare_all();
                    }
                    Err(broadcast::error::RecvError::Closed) => heard = None,
                },
                _ = sweeps.tick() => {
                    self.sweep();
                    let counts = self.core.counts();
                    metrics::live_state(metrics::LiveState {
                        streams: counts.streams,
                        live: counts.live,
                        behind: counts.behind,
                    });
                }
                () = tokio::time::sleep(MOMENT), if self.core.waits_for_time() => {
                    self.core.take(self.started.elapsed(), Input::Heads(Vec::new()), &mut outputs);
                }
            }
            self.core.settle(&mut outputs);
            for output in outputs.drain(..) {
                self.done(output);
            }
        }
    }

    fn take(&mut self, message: Message, outputs: &mut Vec<Output>) {
        match message {
            Message::Enlist(porter) => self.porters.push(porter),
            Message::Tell(input) => {
                let read = match &input {
                    Input::Read { key, .. } => Some(*key),
                    _ => None,
                };
                self.core.take(self.started.elapsed(), input, outputs);
                if let Some(key) = read {
                    self.purge(key);
                }
            }
            Message::Swept(swept) => self.swept(swept, outputs),
            Message::NotCompared => self.sweeps.failed = true,
            Message::Bring(delivery) => {
                for porter in &self.porters {
                    let _ = porter.send(delivery.clone());
                }
            }
        }
    }

    /// Bells, of whomever.
    fn hear(&mut self, said: Vec<Said>, outputs: &mut Vec<Output>) {
        metrics::live_bells("good", said.len() as u64);
        for Said { kind, owner, what } in said {
            let Some(source) = self.sources.of(&kind) else {
                continue;
            };
            let key = Key {
                kind: source.kind(),
                owner,
            };
            match what {
                What::Entry { number, id, brings } => {
                    let id = EntryId::from_uuid(id);
                    let brings = brings.map(|brought| brought.entry(number, id));
                    let bell = Bell {
                        key,
                        number,
                        id,
                        brings,
                    };
                    self.core.take(self.started.elapsed(), Input::Bell(bell), outputs);
                    self.purge(key);
                }
                What::Less(number) => self.core.forget_to(&key, number),
                What::Signal(frame) if self.core.follows(&key) => {
                    let frame = Arc::from(frame);
                    for porter in &self.porters {
                        let _ = porter.send(Delivery::Signal(key, Arc::clone(&frame)));
                    }
                }
                What::Signal(_) => {}
            }
        }
    }

    /// What came may take words of what came before back.
    fn purge(&mut self, key: Key) {
        if let Some(source) = self.sources.of(key.kind) {
            self.core.purge(&key, |entry| source.takes_back(entry));
        }
    }

    /// Does what the core says.
    fn done(&mut self, output: Output) {
        match output {
            Output::Read { key, after, since } => {
                let (tell, sources) = (self.tell.clone(), self.sources.clone());
                let read = move |conn: &mut Conn| {
                    conn.one_view(|conn| {
                        let mut reading = store::read_since(conn, key, after, since, PAGE as i64)?;
                        if let Some(source) = sources.of(key.kind) {
                            source.fill(conn, key, &mut reading.entries)?;
                        }
                        Ok(reading)
                    })
                };
                self.look("page", read, move |found| {
                    let reading = found.ok();
                    let _ = tell.send(Message::Tell(Input::Read { key, after, reading }));
                });
            }
            Output::ReadHeads(keys) => self.read_heads("heads", keys),
            Output::Run { .. } | Output::ResetAll { .. } => {
                let given = Arc::new(output);
                for porter in &self.porters {
                    let _ = porter.send(Delivery::Given(Arc::clone(&given)));
                }
            }
            Output::Page { reader, .. }
            | Output::Live { reader, .. }
            | Output::Gap { reader, .. }
            | Output::Reset { reader, .. } => {
                let number = usize::try_from(reader.0 >> PORTER_SHIFT).unwrap_or(usize::MAX);
                if let Some(porter) = self.porters.get(number) {
                    let _ = porter.send(Delivery::Given(Arc::new(output)));
                }
            }
        }
    }

    fn read_heads(&self, what: &'static str, keys: Vec<Key>) {
        let (tell, asked) = (self.tell.clone(), keys.clone());
        self.look(
            what,
            move |conn| store::heads(conn, &keys),
            move |found| {
                let message = match found {
                    Ok(heads) => Message::Tell(Input::Heads(heads)),
                    // A comparison that failed is made again when a sweep does not fail.
                    Err(_) if what == "all" => Message::NotCompared,
                    Err(_) => Message::Tell(Input::NoHeads(asked)),
                };
                let _ = tell.send(message);
            },
        );
    }

    /// Asks the database beside everything else.
    fn look<T: Send + 'static>(
        &self,
        what: &'static str,
        question: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
        answer: impl FnOnce(Result<T>) + Send + 'static,
    ) {
        let (db, readings) = (self.db.clone(), Arc::clone(&self.readings));
        tokio::spawn(async move {
            // It is never closed.
            let _turn = readings.acquire().await;
            metrics::live_read(what);
            let found = db.read(question).await;
            if let Err(error) = &found {
                metrics::live_read("failed");
                tracing::warn!(%error, what, "streams could not be read");
            }
            answer(found);
        });
    }

    fn sweep(&mut self) {
        if self.sweeps.under_way {
            return;
        }
        self.sweeps.under_way = true;
        let (tell, since) = (self.tell.clone(), self.sweeps.since);
        self.look(
            "sweep",
            move |conn| store::sweep(conn, since),
            move |swept| {
                let _ = tell.send(Message::Swept(swept));
            },
        );
        self.compare_a_slice();
    }

    fn swept(&mut self, swept: Result<store::Swept>, outputs: &mut Vec<Output>) {
        self.sweeps.under_way = false;
        let Ok(swept) = swept else {
            self.sweeps.failed = true;
            return;
        };
        // The database was away, or is another: what is there now may be of another past.
        let was_away = self.sweeps.failed || self.sweeps.life.is_some_and(|life| life != swept.life);
        self.sweeps.failed = false;
        self.sweeps.life = Some(swept.life);
        self.sweeps.since = Some(swept.next);
        let known = |(kind, owner, head): (String, Uuid, Head)| {
            let kind = self.sources.of(&kind)?.kind();
            Some((Key { kind, owner }, head)).filter(|(key, _)| self.core.follows(key))
        };
        let heads = swept.changed.into_iter().filter_map(known).collect();
        self.core.take(self.started.elapsed(), Input::Heads(heads), outputs);
        if was_away {
            tracing::info!("the database was away: all streams are compared");
            self.compare_all();
        }
    }

    /// Some of the streams that are followed, so that all have their turn in a minute.
    fn compare_a_slice(&mut self) {
        if self.sweeps.slices.is_empty() {
            self.sweeps.slices = self.core.followed().into();
            self.sweeps.slice = self.sweeps.slices.len().div_ceil(SLICES);
        }
        let many = self.sweeps.slice.min(self.sweeps.slices.len());
        let keys: Vec<Key> = self.sweeps.slices.drain(..many).collect();
        if !keys.is_empty() {
            self.read_heads("all", keys);
        }
    }

    fn compare_all(&self) {
        let keys = self.core.followed();
        if !keys.is_empty() {
            self.read_heads("all", keys);
        }
    }
}

async fn hear_own(rung: &mut Option<mpsc::UnboundedReceiver<Vec<Ring>>>, rings: &mut Vec<Vec<Ring>>) -> usize {
    match rung {
        Some(rung) => rung.recv_many(rings, TOGETHER).await,
        None => std::future::pending().await,
    }
}

async fn hear_others(
    heard: &mut Option<broadcast::Receiver<Arc<[u8]>>>,
) -> std::result::Result<Arc<[u8]>, broadcast::error::RecvError> {
    match heard {
        Some(heard) => heard.recv().await,
        None => std::future::pending().await,
    }
}
