//! Streams: numbered sequences that clients follow without a gap.
//!
//! A room appends in its own transaction ([`append`]); each entry takes the next number
//! under the lock of the stream's row, so that numbers are dense for every reader and in
//! the order of commits. A reader comes with a [`Cursor`], a number and the id of the entry
//! that it names, and is told what is behind it, or that its cursor is of another past
//! (`reset`) or older than what is kept (`gap`); never nothing. Each person's [`inbox`] is a
//! stream. Clients follow streams by the [`hub`] over the [`socket`] or as server-sent
//! [`events`]; a room registers its [`Source`] for that. This module knows no room.

mod append_store;
mod bell;
pub mod events;
pub mod hub;
pub mod inbox;
mod model;
pub mod socket;
mod source;
mod store;

pub use append_store::{HeldStream, hold, keep};
pub use bell::{says_less, signal};
pub use model::{Cursor, Entry, EntryId, Head, Key, NewEntry, PersonId, Reading, Verdict};
pub use source::{Admitting, Marked, Marking, Posted, Posting, Source, Sources, Window};
pub use store::{
    append, drop_stream, head, heads, last_before, raise_floor, read_after, read_before, read_behind, read_since,
};

/// The topic of the bus on which bells ring.
pub const TOPIC: &str = "live";
