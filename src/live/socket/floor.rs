//! The connections of one worker, and how what the hub gives reaches them.
//!
//! A frame is encoded once for all who get the same, and written to their connections from
//! here, without waking a task for each.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::connection::{Connection, Following, Way, Who, socket_frame, socket_text};
use super::encode::{self, Encoded};
use super::frames::{Close, HEARTBEAT_S, ServerFrame};
use super::line::Sent;
use crate::clock;
use crate::error::{Reason, Result};
use crate::gate::Credentials;
use crate::live::hub::core::{Output, Reader};
use crate::live::hub::{Delivery, Hub};
use crate::live::{Cursor, Key, Window};
use crate::metrics;

/// How often one looks after the connections.
const LOOK: Duration = Duration::from_millis(250);
/// So many streams catch up at once over a connection.
const COMING_AT_ONCE: usize = 8;
/// How long a client may take to say who it is.
const SAY_WHO_WITHIN: Duration = Duration::from_secs(5);
/// How long a client may read nothing of what waits for it.
const READ_WITHIN: Duration = Duration::from_secs(10);
/// How long a client may take to hear why it is sent away.
const HEAR_WITHIN: Duration = Duration::from_secs(2);
/// How long one that was slow may take for it.
const SLOW_HEARS_WITHIN: Duration = Duration::from_secs(10);

struct Follower {
    reader: Reader,
    connection: Rc<Connection>,
}

/// The connections of one worker.
pub(in crate::live) struct Floor {
    pub(in crate::live) hub: Hub,
    credentials: Arc<dyn Credentials>,
    number: u64,
    next: Cell<u64>,
    connections: RefCell<HashMap<u64, Rc<Connection>>>,
    /// Who is live, by stream.
    live: RefCell<HashMap<Key, Vec<Follower>>>,
    readers: RefCell<HashMap<Reader, Rc<Connection>>>,
    to_recheck: RefCell<VecDeque<Rc<Connection>>>,
    is_rechecking: Cell<bool>,
}

thread_local! {
    static HERE: RefCell<Option<Rc<Floor>>> = const { RefCell::new(None) };
}

impl Floor {
    /// That of this worker; it begins when it is first asked for.
    pub(in crate::live) fn here(hub: &Hub, credentials: &Arc<dyn Credentials>) -> Rc<Self> {
        HERE.with_borrow_mut(|here| {
            let floor = here.get_or_insert_with(|| {
                let (number, deliveries) = hub.enlist();
                let floor = Rc::new(Self {
                    hub: hub.clone(),
                    credentials: Arc::clone(credentials),
                    number,
                    next: Cell::new(0),
                    connections: RefCell::default(),
                    live: RefCell::default(),
                    readers: RefCell::default(),
                    to_recheck: RefCell::default(),
                    is_rechecking: Cell::new(false),
                });
                tokio::task::spawn_local(Rc::clone(&floor).run(deliveries));
                floor
            });
            Rc::clone(floor)
        })
    }

    async fn run(self: Rc<Self>, mut deliveries: mpsc::UnboundedReceiver<Delivery>) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                delivery = deliveries.recv() => match delivery {
                    Some(delivery) => self.bring(&delivery),
                    None => return,
                },
                _ = looks.tick() => self.look_after_all(),
            }
        }
    }

    /// Takes a connection in.
    pub(in crate::live) fn open(&self, way: Way, language: crate::language::Language) -> Rc<Connection> {
        let id = self.next.replace(self.next.get() + 1);
        let connection = Rc::new(Connection::new(id, way, language));
        metrics::live_connections(connection.state(), 1);
        self.hub.opened();
        self.connections.borrow_mut().insert(id, Rc::clone(&connection));
        connection
    }

    /// Somebody has said who they are.
    pub(in crate::live) fn is_in(&self, connection: &Connection, who: Who) {
        metrics::live_connections(connection.state(), -1);
        connection.who.set(Some(who));
        self.hub.is_known();
        metrics::live_connections(connection.state(), 1);
    }

    /// A connection is over.
    pub(in crate::live) fn end(&self, connection: &Rc<Connection>) {
        if self.connections.borrow_mut().remove(&connection.id).is_none() {
            return;
        }
        let code = connection.closing.get().map_or(0, |(why, _)| why.code());
        metrics::live_closed(code);
        self.hub.closed(connection.who.get().is_some());
        metrics::live_connections(connection.state(), -1);
        if let Way::Socket(line) = &connection.way {
            // Whoever flushes to it ends with it.
            line.hang_up(!line.is_empty());
        }
        connection.queued.take();
        let follows = connection.follows.take();
        for Following { key, reader, .. } in follows {
            self.drop_reader(key, reader);
            self.hub.leave(reader, key);
        }
        connection.seat.borrow_mut().take();
    }

    /// Follows a stream over a connection, from a cursor on.
    pub(in crate::live) fn follow(
        &self,
        connection: &Rc<Connection>,
        key: Key,
        cursor: Option<Cursor>,
        window: Window,
    ) {
        self.unfollow(connection, key);
        connection.queued.borrow_mut().push_back((key, cursor, window));
        self.go_on(connection);
    }

    /// Begins what waits for others to be live.
    fn go_on(&self, connection: &Rc<Connection>) {
        if connection.is_closing() {
            return;
        }
        while connection.coming.borrow().len() < COMING_AT_ONCE {
            let Some((key, cursor, window)) = connection.queued.borrow_mut().pop_front() else {
                return;
            };
            let reader = self.hub.reader(self.number);
            connection.coming.borrow_mut().push(reader);
            connection.follows.borrow_mut().push(Following { key, reader, window });
            self.readers.borrow_mut().insert(reader, Rc::clone(connection));
            self.hub.join(reader, key, cursor);
        }
        let mut queued = connection.queued.borrow_mut();
        if queued.is_empty() {
            *queued = VecDeque::new();
        }
    }

    /// Somebody is live, or not coming any more.
    fn arrived(&self, connection: &Rc<Connection>, reader: Reader) {
        let mut coming = connection.coming.borrow_mut();
        coming.retain(|one| *one != reader);
        if coming.is_empty() {
            *coming = Vec::new();
        }
        drop(coming);
        self.go_on(connection);
    }

    /// Follows a stream no more.
    pub(in crate::live) fn unfollow(&self, connection: &Rc<Connection>, key: Key) {
        connection.queued.borrow_mut().retain(|(queued, _, _)| *queued != key);
        let reader = {
            let mut follows = connection.follows.borrow_mut();
            let at = follows.iter().position(|one| one.key == key);
            at.map(|at| follows.swap_remove(at).reader)
        };
        if let Some(reader) = reader {
            self.drop_reader(key, reader);
            self.hub.leave(reader, key);
            self.arrived(connection, reader);
        }
    }

    /// What somebody may see of a stream now.
    pub(in crate::live) async fn admit(&self, connection: &Connection, key: Key) -> Result<Window> {
        let who = connection.signed_in()?;
        let source = self.hub.sources().named(key.kind)?;
        source.admit(who.signed.person, key.owner).await
    }

    /// What somebody may see, or everybody, is looked at again: theirs soon, everybody's one
    /// after the other.
    fn recheck(self: &Rc<Self>, person: Option<Uuid>) {
        let connections = self.connections.borrow();
        for connection in connections.values() {
            let of = connection.who.get().map(|who| who.signed.person);
            if of.is_none() || (person.is_some() && person != of) {
                continue;
            }
            connection.rechecks.set(connection.rechecks.get() + 1);
            let mut waiting = self.to_recheck.borrow_mut();
            match (connection.waits_for_recheck.replace(true), person.is_some()) {
                (_, true) => waiting.push_front(Rc::clone(connection)),
                (false, false) => waiting.push_back(Rc::clone(connection)),
                (true, false) => {}
            }
        }
        drop(connections);
        if !self.to_recheck.borrow().is_empty() && !self.is_rechecking.replace(true) {
            tokio::task::spawn_local(Rc::clone(self).recheck_all());
        }
    }

    async fn recheck_all(self: Rc<Self>) {
        loop {
            let next = self.to_recheck.borrow_mut().pop_front();
            let Some(connection) = next else { break };
            // It may stand there twice.
            if !connection.waits_for_recheck.replace(false) {
                continue;
            }
            if !self.recheck_one(&connection).await {
                // It cannot be known now, as without the database: it is asked until it can.
                connection.waits_for_recheck.set(true);
                self.to_recheck.borrow_mut().push_back(connection);
                tokio::time::sleep(LOOK).await;
            }
        }
        self.is_rechecking.set(false);
    }

    /// What is none of theirs any more is followed no more; whether that is known of all.
    async fn recheck_one(self: &Rc<Self>, connection: &Rc<Connection>) -> bool {
        let follows: Vec<Key> = connection.follows.borrow().iter().map(|one| one.key).collect();
        let queued: Vec<Key> = connection.queued.borrow().iter().map(|(key, _, _)| *key).collect();
        let mut is_known = true;
        for key in follows.into_iter().chain(queued) {
            let reader = connection.reader(key);
            match self.admit(connection, key).await {
                Ok(window) => connection.set_window(key, window),
                // It was subscribed to anew meanwhile, which was decided by itself.
                Err(_) if connection.reader(key) != reader => {}
                Err(error) if matches!(error.reason(), Reason::NotFound | Reason::Forbidden) => {
                    if connection.is_following(key) {
                        self.unfollow(connection, key);
                        self.send(connection, encode::left(&self.hub, key));
                    }
                }
                Err(_) => is_known = false,
            }
        }
        is_known || connection.is_closing()
    }

    fn drop_reader(&self, key: Key, reader: Reader) {
        self.readers.borrow_mut().remove(&reader);
        self.drop_live(key, reader);
    }

    fn drop_live(&self, key: Key, reader: Reader) {
        let mut live = self.live.borrow_mut();
        if let Some(followers) = live.get_mut(&key) {
            if let Some(at) = followers.iter().position(|follower| follower.reader == reader) {
                followers.swap_remove(at);
            }
            if followers.is_empty() {
                live.remove(&key);
            }
        }
    }

    /// Says something to a client.
    pub(in crate::live) fn say(self: &Rc<Self>, connection: &Rc<Connection>, frame: &ServerFrame) {
        self.send(connection, socket_frame(frame));
    }

    /// Sends what is encoded; who does not read it is sent away.
    pub(in crate::live) fn send(self: &Rc<Self>, connection: &Rc<Connection>, encoded: Bytes) {
        if connection.is_closing() {
            return;
        }
        match connection.send(encoded) {
            Sent::Fine => {}
            Sent::Waits => self.flush(connection),
            Sent::Stuck => self.close(connection, Close::Slow),
        }
    }

    fn flush(self: &Rc<Self>, connection: &Rc<Connection>) {
        let (floor, connection) = (Rc::clone(self), Rc::clone(connection));
        tokio::task::spawn_local(async move {
            let Way::Socket(line) = &connection.way else {
                return;
            };
            if line.flush(|| floor.has_room(&connection)).await.is_err() {
                line.hang_up(true);
            }
        });
    }

    /// Whoever waited for room on this connection goes on.
    pub(in crate::live) fn has_room(&self, connection: &Connection) {
        if connection.is_closing() {
            return;
        }
        for (reader, key) in connection.without_room.take() {
            self.hub.ready(reader, key);
        }
    }

    /// Sends a client away.
    pub(in crate::live) fn close(self: &Rc<Self>, connection: &Rc<Connection>, why: Close) {
        if connection.is_closing() {
            return;
        }
        connection.closing.set(Some((why, clock::monotonic())));
        match &connection.way {
            Way::Events(events) => {
                // It ends behind this, whenever that is read.
                if let Some(sender) = events.sender.borrow_mut().take() {
                    let _ = sender.send(encode::closing_event(why));
                }
                self.end(connection);
            }
            Way::Socket(line) => {
                if why == Close::Slow {
                    line.drop_waiting();
                }
                match line.send(encode::close_frame(why)) {
                    Sent::Fine => {}
                    Sent::Waits => self.flush(connection),
                    Sent::Stuck => line.hang_up(true),
                }
            }
        }
    }

    fn bring(self: &Rc<Self>, delivery: &Delivery) {
        match delivery {
            Delivery::Given(given) => self.give(given),
            Delivery::Signal(key, frame) => {
                let encoded = socket_text(frame);
                for connection in self.live_on(*key) {
                    // Nothing is lost with it: it does not wait where something waits.
                    if connection.is_socket() && connection.has_room() {
                        self.send(&connection, encoded.clone());
                    }
                }
            }
            Delivery::Recheck(person) => self.recheck(*person),
            Delivery::Close => {
                let all: Vec<Rc<Connection>> = self.connections.borrow().values().cloned().collect();
                for connection in all {
                    self.close(&connection, Close::Stopping);
                }
            }
        }
    }

    fn live_on(&self, key: Key) -> Vec<Rc<Connection>> {
        let live = self.live.borrow();
        let followers = live.get(&key).map(Vec::as_slice).unwrap_or_default();
        followers
            .iter()
            .map(|follower| Rc::clone(&follower.connection))
            .collect()
    }

    fn give(self: &Rc<Self>, output: &Output) {
        match output {
            Output::Run { key, entries } => {
                let Some(last) = entries.last() else {
                    return;
                };
                let followers = self.live_on(*key);
                let mut encoded = Encoded::new(&self.hub, *key, entries, Cursor::at(last), false);
                metrics::live_delivered("live", (followers.len() * entries.len()) as u64);
                for connection in followers {
                    if let Some(bytes) = encoded.of(&connection) {
                        self.send(&connection, bytes);
                    }
                }
            }
            Output::Page {
                reader,
                key,
                entries,
                cursor,
                more,
            } => {
                let Some(connection) = self.reading(*reader).filter(|connection| !connection.is_closing()) else {
                    return;
                };
                metrics::live_delivered("page", entries.len() as u64);
                let page = Encoded::new(&self.hub, *key, entries, *cursor, *more);
                if let Some(bytes) = page.seen_through(connection.window(*key)).of(&connection) {
                    self.send(&connection, bytes);
                }
                match (*more, connection.has_room()) {
                    (true, true) => self.hub.ready(*reader, *key),
                    (true, false) => connection.without_room.borrow_mut().push((*reader, *key)),
                    (false, _) => {}
                }
            }
            Output::Live { reader, key } => {
                if let Some(connection) = self.reading(*reader) {
                    let reader = *reader;
                    let follower = Follower {
                        reader,
                        connection: Rc::clone(&connection),
                    };
                    self.live.borrow_mut().entry(*key).or_default().push(follower);
                    self.arrived(&connection, reader);
                }
            }
            Output::Gap { reader, key, floor } => {
                metrics::live_told("gap");
                // Where they were live they are catching up now.
                self.drop_live(*key, *reader);
                if let Some(connection) = self.reading(*reader) {
                    self.send(&connection, encode::gap(&self.hub, &connection, *key, *floor));
                }
            }
            Output::Reset { reader, key, head } => {
                if let Some(connection) = self.reading(*reader) {
                    self.reset(&connection, *key, *head);
                }
            }
            Output::ResetAll { key, head } => {
                for connection in self.live_on(*key) {
                    self.reset(&connection, *key, *head);
                }
            }
            Output::Read { .. } | Output::ReadHeads(_) => {}
        }
    }

    fn reset(self: &Rc<Self>, connection: &Rc<Connection>, key: Key, head: crate::live::Head) {
        metrics::live_told("reset");
        self.unfollow(connection, key);
        self.send(connection, encode::reset(&self.hub, connection, key, head));
        // A reader of events comes again by itself, with the id that it was just given.
        if !connection.is_socket() {
            self.close(connection, Close::Silent);
        }
    }

    fn reading(&self, reader: Reader) -> Option<Rc<Connection>> {
        self.readers.borrow().get(&reader).cloned()
    }

    /// Who is silent, slow, or has no good credential any more is sent away.
    fn look_after_all(self: &Rc<Self>) {
        let (now, monotonic) = (clock::now(), clock::monotonic());
        let heartbeat = Duration::from_secs(HEARTBEAT_S);
        let all: Vec<Rc<Connection>> = self.connections.borrow().values().cloned().collect();
        for connection in &all {
            if let Some((why, since)) = connection.closing.get() {
                let patience = if why == Close::Slow {
                    SLOW_HEARS_WITHIN
                } else {
                    HEAR_WITHIN
                };
                if let Way::Socket(line) = &connection.way
                    && monotonic.duration_since(since) >= patience
                {
                    line.hang_up(!line.is_empty());
                }
                continue;
            }
            let why = match connection.who.get() {
                None if connection.opened.elapsed() >= SAY_WHO_WITHIN => Some(Close::Unauthenticated),
                Some(who) if self.credentials.is_over(who.signed) => Some(Close::Ended),
                Some(who) if who.expires_at <= now => Some(Close::Expired),
                _ => None,
            };
            let why = why.or_else(|| match &connection.way {
                Way::Socket(line) if line.is_stalled_for(READ_WITHIN) => Some(Close::Slow),
                Way::Events(events) if events.is_stalled_for(READ_WITHIN) => Some(Close::Slow),
                Way::Socket(_) if connection.heard.get().elapsed() >= heartbeat * 3 => Some(Close::Silent),
                _ => None,
            });
            if let Some(why) = why {
                self.close(connection, why);
                continue;
            }
            let is_long_ago = |at: &Cell<Instant>| monotonic.duration_since(at.get()) >= heartbeat;
            if is_long_ago(&connection.pinged) && (is_long_ago(&connection.said) || is_long_ago(&connection.heard)) {
                connection.pinged.set(monotonic);
                self.send(connection, encode::ping(connection));
            }
        }
    }
}
