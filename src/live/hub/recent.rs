//! The last entries of a stream, for whoever was away for a moment.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::live::{Cursor, Entry};

/// So many are kept at the most.
const ENTRIES: usize = 256;
/// So many bytes of what they say.
const BYTES: usize = 64 * 1024;

/// Nothing is remembered for longer than twice this.
const AGE: Duration = Duration::from_secs(90);

/// The last entries of a stream, without a hole.
#[derive(Debug, Default)]
pub(super) struct Recent {
    entries: VecDeque<Arc<Entry>>,
    /// What stands before the first; none where it is not known.
    before: Option<Cursor>,
    bytes: usize,
    /// Up to here it was looked what takes words back.
    looked_to: i64,
    /// What was there when it was looked last how old it is, and when that was.
    aged: (i64, Duration),
}

fn bytes(entry: &Entry) -> usize {
    size_of::<Entry>() + entry.payload.len()
}

impl Recent {
    /// The next one.
    pub(super) fn push(&mut self, entry: &Arc<Entry>) {
        let is_next = self.entries.back().is_none_or(|last| last.number + 1 == entry.number);
        if !is_next {
            *self = Self::default();
        }
        self.bytes += bytes(entry);
        self.entries.push_back(Arc::clone(entry));
        while self.entries.len() > ENTRIES || (self.bytes > BYTES && self.entries.len() > 1) {
            if let Some(gone) = self.entries.pop_front() {
                self.bytes -= bytes(&gone);
                self.before = Some(Cursor::at(&gone));
            }
        }
    }

    /// Looks among what is new for what takes words of earlier ones back, and forgets these;
    /// whether there was such.
    pub(super) fn purge(&mut self, takes_back: impl Fn(&Entry) -> Option<i64>) -> bool {
        let new = self
            .entries
            .iter()
            .rev()
            .take_while(|entry| entry.number > self.looked_to);
        let back = new.filter_map(|entry| takes_back(entry)).max();
        self.looked_to = self.entries.back().map_or(self.looked_to, |last| last.number);
        if let Some(number) = back {
            self.forget_to(number);
        }
        back.is_some()
    }

    /// Forgets what has been there for long: words that were erased stay nowhere.
    pub(super) fn age(&mut self, now: Duration) {
        let (number, since) = self.aged;
        if now >= since + AGE {
            self.forget_to(number);
            self.aged = (self.entries.back().map_or(0, |last| last.number), now);
        }
    }

    /// What stands up to a number is not told any more.
    pub(super) fn forget_to(&mut self, number: i64) {
        while self.entries.front().is_some_and(|first| first.number <= number) {
            if let Some(gone) = self.entries.pop_front() {
                self.bytes -= bytes(&gone);
                self.before = Some(Cursor::at(&gone));
            }
        }
        if self.entries.is_empty() {
            self.entries = VecDeque::new();
        }
    }

    /// Whether none is known.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Entries that were read, without a hole, as far as they stand right before the first;
    /// before what comes next where there is none.
    pub(super) fn put_before(&mut self, after: Cursor, entries: &[Arc<Entry>], at: Cursor) {
        let first = self.entries.front().map_or(at.number + 1, |first| first.number);
        let older = entries.iter().rev().skip_while(|entry| entry.number >= first);
        for (entry, expected) in older.zip((1..first).rev()) {
            let more = bytes(entry);
            if entry.number != expected {
                return;
            }
            self.before = Some(Cursor::at(entry));
            if self.entries.len() >= ENTRIES || self.bytes + more > BYTES {
                return;
            }
            self.bytes += more;
            self.entries.push_front(Arc::clone(entry));
            self.before = None;
        }
        match self.entries.front() {
            Some(first) if first.number == after.number + 1 => self.before = Some(after),
            Some(first) if first.number == 1 => self.before = Some(Cursor::START),
            _ => {}
        }
    }

    /// Up to so many behind a cursor, where that is known to be of this past.
    pub(super) fn after(&self, cursor: Cursor, most: usize) -> Option<Vec<Arc<Entry>>> {
        let first = self.entries.front()?;
        let at = cursor.number - first.number;
        let is_known = match usize::try_from(at) {
            Ok(at) => self.entries.get(at).is_some_and(|entry| Some(entry.id) == cursor.entry),
            Err(_) => at == -1 && self.before == Some(cursor),
        };
        let skipped = usize::try_from(at + 1).ok()?;
        is_known.then(|| self.entries.iter().skip(skipped).take(most).cloned().collect())
    }
}
