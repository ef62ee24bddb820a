//! The promise, without its transport: each reader gets each entry of its streams once and in
//! order, or is told that it cannot.
//!
//! [`Core`] is what one instance knows of the streams that somebody follows on it. It is told
//! what happened ([`Input`]) and says what is to be done ([`Output`]); it asks no clock, no
//! database and no bus, so that it is tried by simulation (`tests.rs`). What it stands on:
//!
//! - Numbers of a stream are dense, and an entry is readable before its bell rings.
//! - A bell is a hint. One that brings its entry is believed only where that is the next one
//!   and names the one before it; else what is missing is read, after a short wait, since the
//!   bells of two writers may cross.
//! - A head that was read may be out of date when it arrives. So nothing but a reading that
//!   was asked for *after* a place was reached says that the place is of another past.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::stream::{Behind, Question, Stream, Waits};
use crate::live::{Cursor, Entry, EntryId, Head, Key, Reading, Verdict};

/// How many entries a page has at the most.
pub const PAGE: usize = 200;
/// How long an entry that is missing may still come by itself.
const CROSSING: Duration = Duration::from_millis(8);
/// When a reading that failed is tried again.
const AGAIN: Duration = Duration::from_millis(250);
/// A head that was read may be as old as this.
const OLD_HEADS: Duration = Duration::from_secs(2);
/// So many entries that came too early are kept; the rest is read.
const EARLY_AT_MOST: usize = 256;
/// For so long a stream that nobody follows any more is remembered.
const REMEMBERED: Duration = Duration::from_secs(10);

/// Somebody's following of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reader(pub u64);

/// That a stream has another entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bell {
    /// Of which stream.
    pub key: Key,
    /// The number of the entry.
    pub number: i64,
    /// Its id.
    pub id: EntryId,
    /// The entry itself, where the bell brings it, with the id of the one before.
    pub brings: Option<(Arc<Entry>, Option<EntryId>)>,
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// Somebody follows a stream from a cursor on, or from now on where there is none.
    Join {
        /// Who.
        reader: Reader,
        /// What.
        key: Key,
        /// From where.
        cursor: Option<Cursor>,
    },
    /// They follow it no more.
    Leave {
        /// Who.
        reader: Reader,
        /// What.
        key: Key,
    },
    /// They have room for another page.
    Ready {
        /// Who.
        reader: Reader,
        /// Of what.
        key: Key,
    },
    /// A bell was heard.
    Bell(Bell),
    /// How far streams had come some time ago.
    Heads(Vec<(Key, Head)>),
    /// What was asked for by [`Output::ReadHeads`] could not be read.
    NoHeads(Vec<Key>),
    /// What was asked for by [`Output::Read`]; none where it could not be read.
    Read {
        /// Of what.
        key: Key,
        /// The cursor.
        after: Cursor,
        /// What there was.
        reading: Option<Reading>,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Entries for all who are live on a stream: the next ones.
    Run {
        /// Of what.
        key: Key,
        /// What came.
        entries: Vec<Arc<Entry>>,
    },
    /// Entries for one who is catching up: the next ones.
    Page {
        /// For whom.
        reader: Reader,
        /// Of what.
        key: Key,
        /// What came; may be nothing, for who came without a cursor or for whom nothing is kept.
        entries: Vec<Arc<Entry>>,
        /// Where they are then.
        cursor: Cursor,
        /// Whether more is there: then the next page follows on [`Input::Ready`].
        more: bool,
    },
    /// From here on what is [`Output::Run`] is for them too.
    Live {
        /// Who.
        reader: Reader,
        /// On what.
        key: Key,
    },
    /// Entries behind their cursor are kept no more; what follows begins behind this number.
    Gap {
        /// Who.
        reader: Reader,
        /// Of what.
        key: Key,
        /// The number of the last entry that is kept no more.
        floor: i64,
    },
    /// Their cursor is of another past. They follow it no more.
    Reset {
        /// Who.
        reader: Reader,
        /// Of what.
        key: Key,
        /// How far the stream has come.
        head: Head,
    },
    /// The same for all who were live on a stream.
    ResetAll {
        /// Of what.
        key: Key,
        /// How far the stream has come.
        head: Head,
    },
    /// How far these have come is to be read.
    ReadHeads(Vec<Key>),
    /// What is behind a number is to be read, [`PAGE`] entries at the most, and what is to be
    /// told to whoever comes with a cursor.
    Read {
        /// Of what.
        key: Key,
        /// The cursor.
        after: Cursor,
        /// The number; not above the cursor's.
        since: i64,
    },
}

/// How it goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Streams that are remembered.
    pub streams: usize,
    /// Readers that are live.
    pub live: usize,
    /// Readers that are catching up.
    pub behind: usize,
}

/// The streams that somebody follows on one instance.
#[derive(Debug, Default)]
pub struct Core {
    streams: BTreeMap<Key, Stream>,
    touched: BTreeSet<Key>,
    /// Streams that nobody follows any more, since when.
    left: VecDeque<(Duration, Key)>,
    /// How many have joined.
    joined: u64,
    /// The time that was told last.
    now: Duration,
}

impl Core {
    /// Takes in what happened, at this time (of a clock that only goes forward). What is to be
    /// read for all of it says [`Core::settle`].
    pub fn take(&mut self, now: Duration, input: Input, outputs: &mut Vec<Output>) {
        self.now = now;
        match input {
            Input::Join { reader, key, cursor } => self.join(reader, key, cursor, outputs),
            Input::Leave { reader, key } => {
                if let Some(stream) = self.streams.get_mut(&key) {
                    stream.live.remove(&reader);
                    stream.behind.remove(&reader);
                    self.touched.insert(key);
                }
            }
            Input::Ready { reader, key } => {
                let Some(stream) = self.streams.get_mut(&key) else {
                    return;
                };
                if let Some(behind) = stream.behind.get_mut(&reader)
                    && behind.waits == Waits::Room
                {
                    stream.serve(key, reader, outputs);
                    self.touched.insert(key);
                }
            }
            Input::Bell(bell) => self.hear(bell, outputs),
            Input::Heads(heads) => {
                for (key, head) in heads {
                    self.compare(key, head, outputs);
                }
            }
            Input::NoHeads(keys) => {
                for key in keys {
                    if let Some(stream) = self.streams.get_mut(&key) {
                        stream.head_asked = false;
                        stream.due = Some(self.now + AGAIN);
                        self.touched.insert(key);
                    }
                }
            }
            Input::Read { key, after, reading } => self.read(key, after, reading, outputs),
        }
    }

    /// What is to be read for all that was taken in.
    pub fn settle(&mut self, outputs: &mut Vec<Output>) {
        let now = self.now;
        self.drop_left(now);
        let mut heads = Vec::new();
        let touched = std::mem::take(&mut self.touched);
        for key in touched {
            let Some(stream) = self.streams.get_mut(&key) else {
                continue;
            };
            if !stream.is_followed() {
                if stream.left_at.is_none() {
                    stream.left_at = Some(now);
                    self.left.push_back((now, key));
                }
                continue;
            }
            stream.left_at = None;
            match stream.next_question(now) {
                Question::None => {}
                Question::Later => {
                    self.touched.insert(key);
                }
                Question::Head => {
                    stream.head_asked = true;
                    stream.due = None;
                    heads.push(key);
                }
                Question::Read(after) => {
                    stream.was_for_reader = stream.at != Some(after);
                    stream.is_reading = true;
                    stream.due = None;
                    let since = stream.since(after);
                    outputs.push(Output::Read { key, after, since });
                }
            }
        }
        if !heads.is_empty() {
            outputs.push(Output::ReadHeads(heads));
        }
    }

    /// Streams that nobody has followed for a while are not remembered.
    fn drop_left(&mut self, now: Duration) {
        while let Some((left, key)) = self.left.front().copied().filter(|(left, _)| now >= *left + REMEMBERED) {
            self.left.pop_front();
            let Some(stream) = self.streams.get_mut(&key).filter(|stream| stream.left_at == Some(left)) else {
                continue;
            };
            if !stream.is_reading && !stream.head_asked {
                self.streams.remove(&key);
            } else {
                stream.left_at = Some(now);
                self.left.push_back((now, key));
            }
        }
    }

    /// Whether [`Core::settle`] has something to do that only time brings.
    pub fn waits_for_time(&self) -> bool {
        !self.touched.is_empty()
    }

    /// The streams that somebody follows.
    pub fn followed(&self) -> Vec<Key> {
        let followed = self.streams.iter().filter(|(_, stream)| stream.is_followed());
        followed.map(|(key, _)| *key).collect()
    }

    /// A stream says less up to a number than it did: that is read anew for whoever asks.
    pub fn forget_to(&mut self, key: &Key, number: i64) {
        if let Some(stream) = self.streams.get_mut(key) {
            stream.recent.forget_to(number);
            stream.is_outdated |= stream.is_reading;
        }
    }

    /// The same where something that came takes words of earlier entries back.
    pub fn purge(&mut self, key: &Key, takes_back: impl Fn(&Entry) -> Option<i64>) {
        if let Some(stream) = self.streams.get_mut(key)
            && stream.recent.purge(takes_back)
        {
            stream.is_outdated |= stream.is_reading;
        }
    }

    /// Whether somebody follows this stream.
    pub fn follows(&self, key: &Key) -> bool {
        self.streams.get(key).is_some_and(Stream::is_followed)
    }

    /// How it goes.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            streams: self.streams.len(),
            ..Counts::default()
        };
        for stream in self.streams.values() {
            counts.live += stream.live.len();
            counts.behind += stream.behind.len();
        }
        counts
    }

    fn join(&mut self, reader: Reader, key: Key, cursor: Option<Cursor>, outputs: &mut Vec<Output>) {
        let stream = self.streams.entry(key).or_default();
        // A stream that was left may have gone on unheard: bells of what nobody follows are
        // not looked at.
        if !stream.is_followed() && stream.left_at.is_some() {
            stream.forget();
        }
        self.joined += 1;
        let behind = Behind {
            cursor,
            waits: Waits::Head,
            turn: self.joined,
        };
        stream.behind.insert(reader, behind);
        stream.serve(key, reader, outputs);
        self.touched.insert(key);
    }

    fn hear(&mut self, bell: Bell, outputs: &mut Vec<Output>) {
        let Some(stream) = self.streams.get_mut(&bell.key).filter(|stream| stream.is_followed()) else {
            return;
        };
        let Some(at) = stream.at else {
            stream.wanted = stream.wanted.max(bell.number);
            return;
        };
        if bell.number <= at.number {
            // Another entry of the number that we have is of another past.
            if bell.number == at.number && Some(bell.id) != at.entry {
                stream.is_suspect = true;
                self.touched.insert(bell.key);
            }
            return;
        }
        stream.wanted = stream.wanted.max(bell.number);
        let is_next = bell.number == at.number + 1;
        let mut due = self.now;
        match bell.brings {
            Some((entry, before)) if is_next && before == at.entry => {
                stream.moved_at = self.now;
                stream.advance(bell.key, vec![entry], outputs);
                stream.take_early(bell.key, outputs);
                stream.serve_ahead(bell.key, outputs);
                stream.due = None;
                if stream.is_complete() {
                    return;
                }
                due += CROSSING;
            }
            Some(brings) if !is_next && stream.early.len() < EARLY_AT_MOST => {
                stream.early.insert(bell.number, brings);
                due += CROSSING;
            }
            // It brings nothing, or is said to follow on another entry than it does here.
            Some(_) | None => {}
        }
        stream.due = Some(stream.due.map_or(due, |known| known.min(due)));
        self.touched.insert(bell.key);
    }

    fn compare(&mut self, key: Key, head: Head, outputs: &mut Vec<Output>) {
        let Some(stream) = self.streams.get_mut(&key) else {
            return;
        };
        stream.head_asked = false;
        // What retention dropped is not told from memory either.
        stream.recent.forget_to(head.floor);
        stream.recent.age(self.now);
        let Some(at) = stream.at else {
            stream.at = Some(head.cursor());
            let waiting: Vec<Reader> = stream.behind.keys().copied().collect();
            for reader in waiting {
                stream.serve(key, reader, outputs);
            }
            stream.due = None;
            self.touched.insert(key);
            return;
        };
        if !stream.is_followed() {
            return;
        }
        // Whoever is further than the stream was when a reading said so may be of another past now.
        for behind in stream.behind.values_mut() {
            let is_ahead = behind.cursor.is_some_and(|cursor| cursor.number > head.number);
            if behind.waits == Waits::Stream && is_ahead {
                behind.waits = Waits::Reading;
                self.touched.insert(key);
            }
        }
        if head.number > at.number {
            stream.wanted = stream.wanted.max(head.number);
            let due = self.now + CROSSING;
            stream.due = Some(stream.due.map_or(due, |known| known.min(due)));
            self.touched.insert(key);
        } else if head.number < at.number && self.now < stream.moved_at + OLD_HEADS {
            // Most likely it was read before the last entries came; it is compared again.
        } else if head.number < at.number || head.entry != at.entry {
            stream.is_suspect = true;
            self.touched.insert(key);
        }
    }

    fn read(&mut self, key: Key, after: Cursor, reading: Option<Reading>, outputs: &mut Vec<Output>) {
        let Some(stream) = self.streams.get_mut(&key) else {
            return;
        };
        self.touched.insert(key);
        stream.is_reading = false;
        let Some(reading) = reading else {
            stream.is_outdated = false;
            stream.due = Some(self.now + AGAIN);
            return;
        };
        // It may hold words that were taken back after it was asked for.
        if std::mem::take(&mut stream.is_outdated) {
            return;
        }
        let Some(at) = stream.at else {
            return;
        };
        let entries: Vec<Arc<Entry>> = reading.entries.into_iter().map(Arc::new).collect();
        // What the stream is said to have at the place where those who are live are.
        let here = match after.number.cmp(&at.number) {
            std::cmp::Ordering::Equal if after == at => Some(reading.verdict != Verdict::Reset),
            std::cmp::Ordering::Less if reading.verdict != Verdict::Reset => {
                let same = entries.iter().find(|entry| entry.number == at.number);
                same.map(|entry| Some(entry.id) == at.entry)
            }
            _ => None,
        };
        if here == Some(false) {
            stream.reset_all(key, reading.head, outputs);
            return;
        }
        let is_told_otherwise = match reading.verdict {
            Verdict::Reset => after.number <= at.number,
            Verdict::GoOn | Verdict::Gap => reading.head.number < at.number || after.number == at.number,
        };
        // Of what was asked before its place was reached nothing follows but another question.
        stream.is_suspect = if after == at {
            false
        } else {
            stream.is_suspect || is_told_otherwise
        };
        stream.wanted = stream.wanted.min(reading.head.number).max(at.number);
        if reading.verdict == Verdict::Gap && after == at {
            // Those who are live were left behind by retention itself: each is told.
            for reader in std::mem::take(&mut stream.live) {
                let behind = Behind {
                    cursor: Some(at),
                    waits: Waits::Reading,
                    turn: 0,
                };
                stream.behind.insert(reader, behind);
            }
            stream.forget_entries();
            stream.at = Some(reading.head.cursor());
        }
        stream.hand_out(key, after, reading.verdict, reading.head, &entries, outputs);
        stream.go_on_with(key, after, &entries, outputs);
        if stream.at != Some(at) {
            stream.moved_at = self.now;
        }
        if reading.head.number > stream.at.map_or(0, |at| at.number) {
            stream.wanted = reading.head.number.max(stream.wanted);
        }
        stream.take_early(key, outputs);
        let waiting: Vec<Reader> = stream.waiting(|waits| matches!(waits, Waits::Reading | Waits::Stream));
        for reader in waiting {
            stream.serve(key, reader, outputs);
        }
        stream.due = (!stream.is_complete()).then_some(self.now);
    }
}
