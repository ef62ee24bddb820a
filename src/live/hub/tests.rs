//! The promise, by simulation: a database that is the truth, a bus that drops, doubles, delays
//! and reorders, instances that crash between commit and bell, a database that is put back,
//! retention; thousands of schedules, each of which ends in silence.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::core::{Bell, Core, Input, Output, PAGE, Reader};
use crate::clock::Timestamp;
use crate::live::{Cursor, Entry, EntryId, Head, Key, Reading, Verdict};

/// A sequence that looks random and is the same for a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.roll() % most
    }

    fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }
}

#[derive(Clone, Default)]
struct Table {
    entries: Vec<Arc<Entry>>,
    floor: i64,
}

impl Table {
    fn head(&self) -> Head {
        self.entries.last().map_or(Head::EMPTY, |last| Head {
            number: last.number,
            entry: Some(last.id),
            floor: self.floor,
        })
    }

    fn kept(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter().filter(|entry| entry.number > self.floor)
    }

    fn read(&self, after: Cursor, since: i64) -> Reading {
        let head = self.head();
        let named = self
            .kept()
            .find(|entry| entry.number == after.number)
            .map(|entry| entry.id);
        let verdict = head.judge(after, named);
        let behind = self.kept().filter(|entry| entry.number > since).take(PAGE);
        let entries = match verdict {
            Verdict::Reset => Vec::new(),
            _ => behind.map(|entry| Entry::clone(entry)).collect(),
        };
        Reading { verdict, entries, head }
    }
}

/// What comes to an instance, or to the database on its way there.
enum Event {
    Tell(Input),
    Look(Output),
    Answer(Output, Option<Found>),
    Back(Reader),
}

enum Found {
    Heads(Vec<(Key, Head)>),
    Reading(Reading),
}

struct Client {
    reader: Reader,
    key: Key,
    instance: usize,
    /// None where they wait for their first word.
    cursor: Option<Cursor>,
    /// The number behind which they have everything.
    since: i64,
    has: Vec<EntryId>,
    connected: bool,
    live: bool,
}

struct World {
    dice: Dice,
    now: u64,
    order: u64,
    tables: BTreeMap<Key, Table>,
    backup: BTreeMap<Key, Table>,
    instances: Vec<Core>,
    /// By time and order: for which instance of which life, and what.
    events: BTreeMap<(u64, u64), (usize, u64, Event)>,
    lives: Vec<u64>,
    clients: HashMap<Reader, Client>,
    readers: u64,
    is_silent: bool,
    reads: usize,
}

const STREAMS: u128 = 3;

fn key(number: u128) -> Key {
    Key {
        kind: "test",
        owner: Uuid::from_u128(number),
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let instances = 1 + dice.below(3) as usize;
        Self {
            dice,
            now: 0,
            order: 0,
            tables: (0..STREAMS).map(|number| (key(number), Table::default())).collect(),
            backup: BTreeMap::new(),
            instances: (0..instances).map(|_| Core::default()).collect(),
            events: BTreeMap::new(),
            lives: vec![0; instances],
            clients: HashMap::new(),
            readers: 0,
            is_silent: false,
            reads: 0,
        }
    }

    fn later(&mut self, after: u64, instance: usize, event: Event) {
        self.order += 1;
        let life = self.lives[instance];
        self.events
            .insert((self.now + after, self.order), (instance, life, event));
    }

    /// Writes an entry on an instance, which may die before it rings.
    fn write(&mut self) {
        let (key, writer) = (key(u128::from(self.dice.below(STREAMS as u64))), self.some_instance());
        let table = self.tables.get_mut(&key).expect("a stream");
        let before = table.head();
        let entry = Arc::new(Entry {
            id: EntryId::from_uuid(Uuid::from_u64_pair(7, self.dice.roll())),
            number: before.number + 1,
            at: Timestamp::from_micros(0),
            kind: "said".to_owned(),
            payload: "{}".to_owned(),
        });
        table.entries.push(Arc::clone(&entry));
        if self.dice.one_in(20) {
            return self.crash(writer);
        }
        let brings = (!self.dice.one_in(4)).then(|| (Arc::clone(&entry), before.entry));
        for instance in 0..self.instances.len() {
            let bell = Bell {
                key,
                number: entry.number,
                id: entry.id,
                brings: brings.clone(),
            };
            let lossy = instance != writer;
            if lossy && self.dice.one_in(4) {
                continue;
            }
            let copies = if lossy && self.dice.one_in(6) { 2 } else { 1 };
            for _ in 0..copies {
                let delay = if self.dice.one_in(10) {
                    self.dice.below(400)
                } else {
                    self.dice.below(12)
                };
                self.later(delay, instance, Event::Tell(Input::Bell(bell.clone())));
            }
        }
    }

    fn some_instance(&mut self) -> usize {
        self.dice.below(self.instances.len() as u64) as usize
    }

    fn crash(&mut self, instance: usize) {
        self.lives[instance] += 1;
        self.instances[instance] = Core::default();
        let cut: Vec<Reader> = self.clients_of(instance, |_| true);
        for reader in cut {
            self.cut(reader);
        }
    }

    fn clients_of(&self, instance: usize, is_it: impl Fn(&Client) -> bool) -> Vec<Reader> {
        let mut of: Vec<Reader> = self
            .clients
            .values()
            .filter(|client| client.instance == instance && client.connected && is_it(client))
            .map(|client| client.reader)
            .collect();
        of.sort_unstable();
        of
    }

    /// A connection is lost, and taken up again somewhere.
    fn cut(&mut self, reader: Reader) {
        let Some(mut client) = self.clients.remove(&reader) else {
            return;
        };
        if client.connected {
            let (key, instance) = (client.key, client.instance);
            self.tell(instance, Input::Leave { reader, key });
        }
        self.readers += 1;
        client.reader = Reader(self.readers);
        client.instance = self.some_instance();
        client.connected = true;
        client.live = false;
        self.connect(client);
    }

    fn connect(&mut self, client: Client) {
        let (reader, key, cursor, instance) = (client.reader, client.key, client.cursor, client.instance);
        self.clients.insert(reader, client);
        self.tell(instance, Input::Join { reader, key, cursor });
    }

    fn newcomer(&mut self) {
        self.readers += 1;
        let client = Client {
            reader: Reader(self.readers),
            key: key(u128::from(self.dice.below(STREAMS as u64))),
            instance: self.some_instance(),
            cursor: self.dice.one_in(2).then_some(Cursor::START),
            since: 0,
            has: Vec::new(),
            connected: true,
            live: false,
        };
        self.connect(client);
    }

    fn tell(&mut self, instance: usize, input: Input) {
        let now = Duration::from_millis(self.now);
        let mut outputs = Vec::new();
        self.instances[instance].take(now, input, &mut outputs);
        // Several things are told before one looks what is to be read.
        if self.is_silent || self.dice.one_in(2) {
            self.instances[instance].settle(&mut outputs);
        }
        for output in outputs {
            self.done(instance, output);
        }
    }

    fn done(&mut self, instance: usize, output: Output) {
        match output {
            Output::Run { key, entries } => {
                for reader in self.clients_of(instance, |client| client.key == key && client.live) {
                    self.give(reader, &entries);
                }
            }
            Output::Page {
                reader,
                key,
                entries,
                cursor,
                more,
            } => {
                let client = self.clients.get_mut(&reader).expect("somebody who is there");
                // Who came without a cursor is told one, and who is behind a gap with nothing left.
                if client.cursor.is_none() || entries.is_empty() {
                    assert!(entries.is_empty());
                    client.since = cursor.number;
                    client.cursor = Some(cursor);
                }
                self.give(reader, &entries);
                assert_eq!(self.clients[&reader].cursor, Some(cursor));
                if more {
                    let delay = self.dice.below(30);
                    self.later(delay, instance, Event::Tell(Input::Ready { reader, key }));
                }
            }
            Output::Live { reader, .. } => {
                self.clients.get_mut(&reader).expect("somebody who is there").live = true;
            }
            Output::Gap { reader, floor, .. } => {
                let client = self.clients.get_mut(&reader).expect("somebody who is there");
                assert!(client.cursor.is_some_and(|cursor| cursor.number < floor));
                client.since = floor;
                client.has.clear();
                client.cursor = Some(Cursor {
                    number: floor,
                    entry: None,
                });
            }
            Output::Reset { reader, .. } => self.reset(reader),
            Output::ResetAll { key, .. } => {
                for reader in self.clients_of(instance, |client| client.key == key && client.live) {
                    self.reset(reader);
                }
            }
            look @ (Output::Read { .. } | Output::ReadHeads(_)) => {
                let delay = self.dice.below(10);
                self.later(delay, instance, Event::Look(look));
            }
        }
    }

    fn reset(&mut self, reader: Reader) {
        let client = self.clients.get_mut(&reader).expect("somebody who is there");
        client.cursor = Some(Cursor::START);
        client.since = 0;
        client.has.clear();
        client.connected = false;
        client.live = false;
        let delay = self.dice.below(50);
        self.later(delay, 0, Event::Back(reader));
    }

    /// Each entry once and in order, or the simulation ends here.
    fn give(&mut self, reader: Reader, entries: &[Arc<Entry>]) {
        let client = self.clients.get_mut(&reader).expect("somebody who is there");
        for entry in entries {
            let cursor = client.cursor.expect("they know where they are");
            assert_eq!(entry.number, cursor.number + 1, "the next one for {reader:?}");
            client.cursor = Some(Cursor::at(entry));
            client.has.push(entry.id);
        }
    }
}

impl World {
    /// What was to happen next happens; whether there was something.
    fn step(&mut self) -> bool {
        let Some(((at, _), (instance, life, event))) = self.events.pop_first() else {
            return false;
        };
        self.now = self.now.max(at);
        match event {
            Event::Back(reader) => self.cut(reader),
            _ if self.lives[instance] != life => {}
            Event::Tell(input) => self.tell(instance, input),
            Event::Look(look) => {
                let found = self.look(&look);
                let delay = self.dice.below(10);
                self.later(delay, instance, Event::Answer(look, found));
            }
            Event::Answer(look, found) => {
                let input = match (look, found) {
                    (_, Some(Found::Heads(heads))) => Input::Heads(heads),
                    (Output::ReadHeads(keys), _) => Input::NoHeads(keys),
                    (Output::Read { key, after, .. }, Some(Found::Reading(reading))) => {
                        let reading = Some(reading);
                        Input::Read { key, after, reading }
                    }
                    (Output::Read { key, after, .. }, None) => Input::Read {
                        key,
                        after,
                        reading: None,
                    },
                    (other, _) => unreachable!("{other:?} is no question"),
                };
                self.tell(instance, input);
            }
        }
        true
    }

    /// What the database answers, if it does.
    fn look(&mut self, look: &Output) -> Option<Found> {
        if !self.is_silent && self.dice.one_in(15) {
            return None;
        }
        Some(match look {
            Output::ReadHeads(keys) => Found::Heads(keys.iter().map(|key| (*key, self.tables[key].head())).collect()),
            Output::Read { key, after, since } => {
                self.reads += 1;
                assert!(*since <= after.number);
                Found::Reading(self.tables[key].read(*after, *since))
            }
            other => unreachable!("{other:?} is no question"),
        })
    }

    /// Time passes: what waits for it is done.
    fn settle(&mut self, millis: u64) {
        self.now += millis;
        for instance in 0..self.instances.len() {
            let mut outputs = Vec::new();
            // Something that concerns nobody brings the time along.
            let now = Duration::from_millis(self.now);
            self.instances[instance].take(now, Input::Heads(Vec::new()), &mut outputs);
            self.instances[instance].settle(&mut outputs);
            for output in outputs {
                self.done(instance, output);
            }
        }
    }

    /// Each instance compares all heads that somebody follows there.
    fn sweep(&mut self) {
        for instance in 0..self.instances.len() {
            let keys = self.instances[instance].followed();
            let heads = keys.iter().map(|key| (*key, self.tables[key].head())).collect();
            let delay = self.dice.below(20);
            self.later(delay, instance, Event::Tell(Input::Heads(heads)));
        }
    }

    fn something(&mut self) {
        match self.dice.below(100) {
            0..55 => self.write(),
            55..60 => self.newcomer(),
            60..66 => {
                let mut all: Vec<Reader> = self.clients.keys().copied().collect();
                all.sort_unstable();
                if !all.is_empty() {
                    let reader = all[self.dice.below(all.len() as u64) as usize];
                    self.cut(reader);
                }
            }
            66..67 => {
                let instance = self.some_instance();
                self.crash(instance);
            }
            67..70 => self.sweep(),
            70..71 => self.backup = self.tables.clone(),
            71 if self.dice.one_in(4) && !self.backup.is_empty() => self.tables = self.backup.clone(),
            72 if self.dice.one_in(4) => {
                let key = key(u128::from(self.dice.below(STREAMS as u64)));
                let table = self.tables.get_mut(&key).expect("a stream");
                table.floor = table.floor.max(table.head().number - 20);
            }
            _ => {
                let millis = self.dice.below(40);
                self.settle(millis);
            }
        }
    }

    /// No more is written and no bell rings: within 5 s everybody has everything.
    fn silence(&mut self) {
        self.is_silent = true;
        self.events
            .retain(|_, (_, _, event)| !matches!(event, Event::Tell(Input::Bell(_))));
        let until = self.now + 5_000;
        let mut next_sweep = self.now;
        while self.now < until {
            if self.now >= next_sweep {
                self.sweep();
                next_sweep += 1_000;
            }
            while self
                .events
                .first_key_value()
                .is_some_and(|((at, _), _)| *at <= self.now)
            {
                self.step();
            }
            self.settle(10);
        }
    }

    fn everybody_has_everything(&self) {
        for client in self.clients.values() {
            let table = &self.tables[&client.key];
            let behind = table.entries.iter().filter(|entry| entry.number > client.since);
            let there: Vec<EntryId> = behind.map(|entry| entry.id).collect();
            let (has, kept) = (client.has.len(), there.len());
            assert!(
                client.has == there,
                "{:?} since {} has {has} of {kept}, live: {}",
                client.reader,
                client.since,
                client.live
            );
        }
    }
}

fn schedules() -> u64 {
    match std::env::var_os("ONEGRID_TORTURE") {
        Some(_) => 40_000,
        None => 2_500,
    }
}

#[test]
fn whatever_happens_everybody_has_everything_once_and_in_order_when_it_is_silent() {
    for seed in 0..schedules() {
        let ran = std::panic::catch_unwind(|| {
            let mut world = World::new(seed);
            let things = 40 + world.dice.below(400);
            for _ in 0..things {
                world.something();
                for _ in 0..world.dice.below(6) {
                    world.step();
                }
            }
            world.silence();
            world.everybody_has_everything();
        });
        assert!(ran.is_ok(), "seed {seed}");
    }
}

#[test]
fn a_storm_reads_a_stream_twice_at_the_most() {
    let mut world = World::new(7);
    world.instances.truncate(1);
    world.lives.truncate(1);
    world.is_silent = true;
    let stream = key(0);
    let table = world.tables.get_mut(&stream).expect("a stream");
    for number in 1..=500 {
        table.entries.push(Arc::new(Entry {
            id: EntryId::from_uuid(Uuid::from_u128(number)),
            number: number as i64,
            at: Timestamp::from_micros(0),
            kind: "said".to_owned(),
            payload: "{}".to_owned(),
        }));
    }
    let entries = table.entries.clone();
    for number in 0..1_000_usize {
        // They were cut off at different places of the last two hundred.
        let last = &entries[500 - 1 - (number * 37) % 190];
        world.readers += 1;
        world.connect(Client {
            reader: Reader(world.readers),
            key: stream,
            instance: 0,
            cursor: Some(Cursor::at(last)),
            since: last.number,
            has: Vec::new(),
            connected: true,
            live: false,
        });
        world.step();
    }
    world.silence();
    world.everybody_has_everything();
    assert!(world.clients.values().all(|client| client.live));
    assert!(world.reads <= 1, "{} readings", world.reads);
}
