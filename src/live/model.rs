//! What a stream is, and what somebody is told who comes with a cursor.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::db::{Id, Named};

/// One step of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// Its place in the stream, from 1.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// What it is, as the room that wrote it knows.
    pub kind: String,
    /// What it says, as JSON.
    pub payload: String,
}

impl Named for Entry {
    const PREFIX: &'static str = "ent";
}

/// A person, by the id that they have everywhere.
#[derive(Debug)]
pub struct Person;

impl Named for Person {
    const PREFIX: &'static str = "per";
}

/// The id of a person.
pub type PersonId = Id<Person>;

/// The id of an entry.
pub type EntryId = Id<Entry>;

/// An entry to be appended.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// What it is.
    pub kind: &'static str,
    /// What it says, as JSON.
    pub payload: String,
}

/// Which stream: of a kind, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The kind, by name.
    pub kind: &'static str,
    /// The id of what it belongs to.
    pub owner: Uuid,
}

/// How far a stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 where there is none.
    pub number: i64,
    /// The id of that.
    pub entry: Option<EntryId>,
    /// The number of the last entry that is kept no more; 0 where all are.
    pub floor: i64,
}

impl Head {
    /// Of a stream in which nothing was written.
    pub const EMPTY: Self = Self {
        number: 0,
        entry: None,
        floor: 0,
    };

    /// Where a reader is who has read all of it.
    pub const fn cursor(self) -> Cursor {
        Cursor {
            number: self.number,
            entry: self.entry,
        }
    }

    /// What is to be told to whoever comes with this cursor, where `named` is the id of the
    /// entry of its number, if that is kept.
    pub fn judge(self, cursor: Cursor, named: Option<EntryId>) -> Verdict {
        let is_kept = cursor.number > self.floor;
        if cursor.number > self.number || (is_kept && cursor.entry != named) {
            Verdict::Reset
        } else if cursor.number < self.floor {
            Verdict::Gap
        } else {
            Verdict::GoOn
        }
    }
}

/// What is to be told to whoever comes with a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// What is behind it.
    GoOn,
    /// Entries behind it are kept no more: what there is from the floor on.
    Gap,
    /// It is of another past, as after a restored backup: nothing that they have counts.
    Reset,
}

/// How far somebody has read: a number, and the id of the entry that it names, so that it
/// is seen where the stream has another past than they.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The number of the last entry that was read; 0 for none.
    pub number: i64,
    /// The id of that.
    pub entry: Option<EntryId>,
}

impl Cursor {
    /// Of who has read nothing.
    pub const START: Self = Self { number: 0, entry: None };

    /// Of who has read up to this entry.
    pub const fn at(entry: &Entry) -> Self {
        Self {
            number: entry.number,
            entry: Some(entry.id),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.entry {
            Some(entry) => write!(f, "{}.{}", self.number, entry.uuid().simple()),
            None => write!(f, "{}", self.number),
        }
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, entry) = match text.split_once('.') {
            Some((number, entry)) => {
                let id = Uuid::try_parse(entry).map_err(|_| ())?;
                (number, Some(EntryId::from_uuid(id)))
            }
            None => (text, None),
        };
        let number: i64 = number.parse().map_err(|_| ())?;
        // Nothing but the start has no entry, and that has none.
        if number < 0 || (number == 0) != entry.is_none() {
            return Err(());
        }
        Ok(Self { number, entry })
    }
}

/// What somebody reads who came with a cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// What they are told about their cursor.
    pub verdict: Verdict,
    /// What is behind it, in order; after a gap from the floor on, nothing at a reset.
    pub entries: Vec<Entry>,
    /// How far the stream has come.
    pub head: Head,
}

impl Reading {
    /// Where they are then. At a reset at the start.
    pub fn cursor(&self, came_with: Cursor) -> Cursor {
        match (self.verdict, self.entries.last()) {
            (Verdict::Reset, _) => Cursor::START,
            (_, Some(last)) => Cursor::at(last),
            // All behind the gap is gone too.
            (Verdict::Gap, None) => self.head.cursor(),
            (Verdict::GoOn, None) => came_with,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> EntryId {
        EntryId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_cursor_of_another_past_is_reset_and_one_below_the_floor_a_gap() {
        let head = Head {
            number: 9,
            entry: Some(id(9)),
            floor: 3,
        };
        let at = |number: i64, entry: u128| Cursor {
            number,
            entry: Some(id(entry)),
        };
        for (cursor, named, verdict) in [
            (at(9, 9), Some(id(9)), Verdict::GoOn),
            (at(5, 5), Some(id(5)), Verdict::GoOn),
            (at(5, 6), Some(id(5)), Verdict::Reset),
            (at(10, 10), None, Verdict::Reset),
            // The last one that is kept no more was read: nothing is missing.
            (at(3, 3), None, Verdict::GoOn),
            (at(2, 2), None, Verdict::Gap),
            (Cursor::START, None, Verdict::Gap),
        ] {
            assert_eq!(head.judge(cursor, named), verdict, "{cursor}");
        }
        assert_eq!(Head::EMPTY.judge(Cursor::START, None), Verdict::GoOn);
        assert_eq!(Head::EMPTY.judge(at(1, 1), None), Verdict::Reset);
    }

    #[test]
    fn a_cursor_reads_back_and_any_other_text_is_none() {
        for cursor in [
            Cursor::START,
            Cursor {
                number: 7,
                entry: Some(id(7)),
            },
        ] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        let wrong = [
            "",
            "7",
            "-1",
            "0.00000000000000000000000000000007",
            "7.",
            "7.x",
            "x",
            "7.7.7",
            "9223372036854775808",
        ];
        for wrong in wrong {
            assert_eq!(wrong.parse::<Cursor>(), Err(()), "{wrong}");
        }
    }
}
