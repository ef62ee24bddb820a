//! One stream as an instance knows it: where those who are live are, and who is catching up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::core::{Output, PAGE, Reader};
use super::recent::Recent;
use crate::live::{Cursor, Entry, EntryId, Head, Key, Verdict};

/// What somebody who is catching up waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waits {
    /// That the place of the stream is known.
    Head,
    /// What is behind their cursor has to be read.
    Reading,
    /// They have a page and no room for another.
    Room,
    /// They are further than the stream is known to be.
    Stream,
}

#[derive(Debug)]
pub(super) struct Behind {
    pub(super) cursor: Option<Cursor>,
    pub(super) waits: Waits,
    /// Who waits longer is served first.
    pub(super) turn: u64,
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    /// How far all who are live have it. Unknown at first.
    pub(super) at: Option<Cursor>,
    pub(super) recent: Recent,
    /// What came before what is missing, by number.
    pub(super) early: BTreeMap<i64, (Arc<Entry>, Option<EntryId>)>,
    /// Up to here there is something.
    pub(super) wanted: i64,
    /// From when on what is missing is read.
    pub(super) due: Option<Duration>,
    /// Whether the place of those who are live may be of another past.
    pub(super) is_suspect: bool,
    /// When those who are live got something last.
    pub(super) moved_at: Duration,
    /// Whether the last reading was for somebody who is catching up.
    pub(super) was_for_reader: bool,
    /// Whether the reading that is under way may say more than it should.
    pub(super) is_outdated: bool,
    pub(super) head_asked: bool,
    pub(super) is_reading: bool,
    pub(super) live: BTreeSet<Reader>,
    pub(super) behind: BTreeMap<Reader, Behind>,
    pub(super) left_at: Option<Duration>,
}

/// So much may a page say, in bytes, where it has more than one entry.
const PAGE_BYTES: usize = 64 * 1024;

/// How many of these entries a page has room for.
fn fitting(entries: &[Arc<Entry>]) -> usize {
    let mut bytes = 0;
    let fits = entries.iter().take_while(|entry| {
        bytes += entry.payload.len();
        bytes <= PAGE_BYTES
    });
    fits.count().max(1)
}

/// What has to be asked about a stream.
pub(super) enum Question {
    None,
    Later,
    Head,
    Read(Cursor),
}

impl Stream {
    pub(super) fn is_followed(&self) -> bool {
        !self.live.is_empty() || !self.behind.is_empty()
    }

    /// Whether all that is known to be there is there.
    pub(super) fn is_complete(&self) -> bool {
        self.at.is_some_and(|at| at.number >= self.wanted)
    }

    /// Its place is not known any more.
    pub(super) fn forget(&mut self) {
        *self = Self {
            is_reading: self.is_reading,
            is_outdated: self.is_outdated,
            head_asked: self.head_asked,
            ..Self::default()
        };
    }

    pub(super) fn forget_entries(&mut self) {
        self.recent = Recent::default();
        self.early.clear();
    }

    pub(super) fn waiting(&self, is_it: impl Fn(Waits) -> bool) -> Vec<Reader> {
        let waiting = self.behind.iter().filter(|(_, behind)| is_it(behind.waits));
        waiting.map(|(reader, _)| *reader).collect()
    }

    pub(super) fn next_question(&self, now: Duration) -> Question {
        let is_due = self.due.is_none_or(|due| due <= now);
        let Some(at) = self.at else {
            return match (self.head_asked || self.is_reading, is_due) {
                (true, _) => Question::None,
                (false, true) => Question::Head,
                (false, false) => Question::Later,
            };
        };
        if self.is_reading {
            return Question::None;
        }
        let longest = self
            .behind
            .values()
            .filter(|behind| behind.waits == Waits::Reading)
            .min_by_key(|behind| behind.turn);
        let reader = longest.and_then(|behind| behind.cursor);
        let is_missing = self.is_suspect || !self.is_complete();
        match (is_due, is_missing, reader) {
            // By turns, so that neither waits for the other.
            (true, true, Some(cursor)) if !self.was_for_reader => Question::Read(cursor),
            (true, true, _) => Question::Read(at),
            (true, false, Some(cursor)) => Question::Read(cursor),
            (false, false, None) | (true, false, None) => Question::None,
            (false, _, _) => Question::Later,
        }
    }

    /// From where on to read for whoever comes with a cursor: where they were away for a moment
    /// all that may be asked for next is read at once.
    pub(super) fn since(&self, cursor: Cursor) -> i64 {
        // Where nobody else follows it, nobody else asks.
        let is_alone = self.live.len() + self.behind.len() <= 1;
        let newest = self.at.map_or(0, |at| at.number - PAGE as i64).max(0);
        match self.recent.is_empty() && !is_alone {
            true => cursor.number.min(newest.max(cursor.number - PAGE as i64 + 1)),
            false => cursor.number,
        }
    }

    /// The next entries, for all who are live.
    pub(super) fn advance(&mut self, key: Key, entries: Vec<Arc<Entry>>, outputs: &mut Vec<Output>) {
        let Some(last) = entries.last() else {
            return;
        };
        self.at = Some(Cursor::at(last));
        for entry in &entries {
            self.recent.push(entry);
        }
        if !self.live.is_empty() {
            outputs.push(Output::Run { key, entries });
        }
    }

    /// What came too early may be the next now.
    pub(super) fn take_early(&mut self, key: Key, outputs: &mut Vec<Output>) {
        let mut run = Vec::new();
        let Some(mut at) = self.at else {
            return;
        };
        while let Some(first) = self.early.first_entry() {
            let number = *first.key();
            if number > at.number + 1 {
                break;
            }
            let (entry, before) = first.remove();
            if number == at.number + 1 {
                if before != at.entry {
                    break;
                }
                at = Cursor::at(&entry);
                run.push(entry);
            }
        }
        self.advance(key, run, outputs);
    }

    /// Whoever was further than the stream was known to be may be live now.
    pub(super) fn serve_ahead(&mut self, key: Key, outputs: &mut Vec<Output>) {
        if self.behind.is_empty() {
            return;
        }
        for reader in self.waiting(|waits| waits == Waits::Stream) {
            self.serve(key, reader, outputs);
        }
    }

    /// Gives somebody who is catching up what there is for them without a reading.
    pub(super) fn serve(&mut self, key: Key, reader: Reader, outputs: &mut Vec<Output>) {
        let (Some(behind), Some(at)) = (self.behind.get_mut(&reader), self.at) else {
            return;
        };
        let Some(cursor) = behind.cursor else {
            outputs.push(Output::Page {
                reader,
                key,
                entries: Vec::new(),
                cursor: at,
                more: false,
            });
            behind.cursor = Some(at);
            return self.make_live(key, reader, outputs);
        };
        if cursor == at {
            return self.make_live(key, reader, outputs);
        }
        if cursor.number > at.number && behind.waits == Waits::Stream {
            return;
        }
        let page = self.recent.after(cursor, PAGE);
        match page {
            Some(entries) if cursor.number < at.number => self.give(key, reader, entries, false, outputs),
            _ => behind.waits = Waits::Reading,
        }
    }

    pub(super) fn make_live(&mut self, key: Key, reader: Reader, outputs: &mut Vec<Output>) {
        self.behind.remove(&reader);
        self.live.insert(reader);
        outputs.push(Output::Live { reader, key });
    }

    /// Gives somebody their next page.
    pub(super) fn give(
        &mut self,
        key: Key,
        reader: Reader,
        mut entries: Vec<Arc<Entry>>,
        is_more: bool,
        outputs: &mut Vec<Output>,
    ) {
        let fits = fitting(&entries);
        let is_more = is_more || fits < entries.len();
        entries.truncate(fits);
        let (Some(behind), Some(last), Some(at)) = (self.behind.get_mut(&reader), entries.last(), self.at) else {
            return;
        };
        let cursor = Cursor::at(last);
        let more = is_more || cursor.number < at.number;
        behind.cursor = Some(cursor);
        behind.waits = if more { Waits::Room } else { Waits::Stream };
        outputs.push(Output::Page {
            reader,
            key,
            entries,
            cursor,
            more,
        });
        if cursor == at {
            self.make_live(key, reader, outputs);
        }
    }

    /// What was read behind a cursor is for all who came with it.
    pub(super) fn hand_out(
        &mut self,
        key: Key,
        after: Cursor,
        verdict: Verdict,
        head: Head,
        entries: &[Arc<Entry>],
        outputs: &mut Vec<Output>,
    ) {
        let came = self.waiting(|waits| waits == Waits::Reading);
        for reader in came {
            let is_theirs = self
                .behind
                .get(&reader)
                .is_some_and(|behind| behind.cursor == Some(after));
            if !is_theirs {
                continue;
            }
            if verdict == Verdict::Reset {
                self.behind.remove(&reader);
                outputs.push(Output::Reset { reader, key, head });
                continue;
            }
            if verdict == Verdict::Gap {
                let floor = head.floor;
                outputs.push(Output::Gap { reader, key, floor });
            }
            if entries.last().is_none_or(|last| last.number <= after.number) {
                // Nothing is kept behind it: they are where the stream is.
                let cursor = if verdict == Verdict::Gap { head.cursor() } else { after };
                if verdict == Verdict::Gap {
                    // They are told where that is, or they would be told of the gap again and again.
                    outputs.push(Output::Page {
                        reader,
                        key,
                        entries: Vec::new(),
                        cursor,
                        more: false,
                    });
                }
                if let Some(behind) = self.behind.get_mut(&reader) {
                    behind.cursor = Some(cursor);
                    behind.waits = Waits::Stream;
                }
                continue;
            }
            let theirs: Vec<Arc<Entry>> = entries
                .iter()
                .filter(|entry| entry.number > after.number)
                .cloned()
                .collect();
            let is_more = theirs.last().is_some_and(|last| last.number < head.number);
            self.give(key, reader, theirs, is_more, outputs);
        }
    }

    /// What was read may go on where those who are live are, and be what others ask for next.
    pub(super) fn go_on_with(&mut self, key: Key, after: Cursor, entries: &[Arc<Entry>], outputs: &mut Vec<Output>) {
        let Some(at) = self.at else {
            return;
        };
        let begins = entries.first().is_some_and(|first| first.number <= at.number + 1);
        let has_place = after == at || entries.iter().any(|entry| Some(entry.id) == at.entry);
        if begins && has_place {
            let next = entries.iter().filter(|entry| entry.number > at.number);
            self.advance(key, next.cloned().collect(), outputs);
        }
        // What was read before the database was put back may fit by its numbers alone.
        if has_place {
            self.recent.put_before(after, entries, self.at.unwrap_or(at));
        }
    }

    /// The stream has another past than was followed.
    pub(super) fn reset_all(&mut self, key: Key, head: Head, outputs: &mut Vec<Output>) {
        outputs.push(Output::ResetAll { key, head });
        let behind = std::mem::take(&mut self.behind);
        outputs.extend(behind.into_keys().map(|reader| Output::Reset { reader, key, head }));
        self.forget();
    }
}
