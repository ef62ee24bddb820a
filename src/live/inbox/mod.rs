//! Each person's own stream: what concerns them.
//!
//! A room writes to somebody in its own transaction ([`write_to`]), by a kind of the one
//! catalogue `data/inbox.toml`, which has the words in both languages; what is filled in
//! comes along. An entry never repeats what others wrote, and names nobody. What came is
//! pushed by a job ([`Push`]), in quiet hours only what is urgent.

mod catalogue;
mod holds;
mod push;
mod quiet;
pub mod routes;
mod source;
mod store;
mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entry, Key, NewEntry, append};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::jobs;
use crate::language::Words;
use catalogue::CATALOGUE;
pub use holds::{HOLDINGS, InboxHolder};
pub use push::{Push, PushService};
pub use source::InboxSource;
pub use view::{InboxEntry, NewsState};

/// The kind of stream.
const STREAM: &str = "inbox";

/// The stream of somebody's inbox.
pub fn key(person: Uuid) -> Key {
    Key {
        kind: STREAM,
        owner: person,
    }
}

/// Something that concerns somebody.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Its kind in the catalogue.
    pub kind: &'static str,
    /// What it is about: what kind of thing, and its id.
    pub about: Option<(&'static str, String)>,
    /// What is filled in, by name.
    pub words: Vec<(&'static str, Words)>,
}

/// As it stands in the stream.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    about: Option<(String, String)>,
    words: BTreeMap<String, [String; 2]>,
}

/// Writes to somebody. Who writes to several does so in the order of their ids.
///
/// # Errors
/// Where the catalogue has no such kind, or the database fails.
pub fn write_to(tx: &mut Tx<'_>, person: Uuid, letter: &Letter) -> Result<Entry> {
    if !CATALOGUE.contains_key(letter.kind) {
        return Err(Error::internal(format!("data/inbox.toml has no {}", letter.kind)));
    }
    let words = letter.words.iter().map(|(name, words)| {
        let both = [words.zh.clone().into_owned(), words.en.clone().into_owned()];
        ((*name).to_owned(), both)
    });
    let payload = Payload {
        about: letter.about.as_ref().map(|(kind, id)| ((*kind).to_owned(), id.clone())),
        words: words.collect(),
    };
    let entry = NewEntry {
        kind: letter.kind,
        payload: serde_json::to_string(&payload).map_err(Error::internal)?,
    };
    let entry = append(tx, key(person), entry)?;
    jobs::put(tx, &push::job(person, &entry)?)?;
    Ok(entry)
}
