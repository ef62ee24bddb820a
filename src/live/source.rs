//! The kinds of stream that clients may follow, which the rooms register in `server.rs`.

use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::{Entry, EntryId, Key};
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::language::Language;

/// How far somebody has read a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marked {
    /// Up to which number.
    pub read_to: i64,
    /// How many entries they have not read.
    pub unread: i64,
}

/// The same, once it is known.
pub type Marking<'a> = Pin<Box<dyn Future<Output = Result<Marked>> + Send + 'a>>;

/// What somebody may see of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Up to this number they see that there is an entry, and nothing of it.
    pub hidden_to: i64,
}

impl Window {
    /// All that is kept.
    pub const ALL: Self = Self { hidden_to: 0 };
}

/// The same, once it is known; refused where it is none of theirs.
pub type Admitting<'a> = Pin<Box<dyn Future<Output = Result<Window>> + Send + 'a>>;

/// What became of something that somebody said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The id of its entry.
    pub id: EntryId,
    /// The number of that.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// The name that their device gave it.
    pub client_id: String,
}

/// The same, once it is durable.
pub type Posting<'a> = Pin<Box<dyn Future<Output = Result<Posted>> + Send + 'a>>;

/// A kind of stream that clients follow.
pub trait Source: Send + Sync + 'static {
    /// The kind, as in [`Key`].
    fn kind(&self) -> &'static str;

    /// Whose stream somebody means by a name; none where it is no name of this kind.
    fn owner(&self, name: &str, person: Uuid) -> Option<Uuid>;

    /// What clients call the stream.
    fn name(&self, owner: Uuid) -> String;

    /// What somebody may see of a stream of this kind now.
    fn admit<'a>(&'a self, person: Uuid, owner: Uuid) -> Admitting<'a>;

    /// Fills in what stands elsewhere, so that payloads are as bells bring them.
    ///
    /// # Errors
    /// Where the database fails.
    fn fill(&self, _conn: &mut Conn, _key: Key, _entries: &mut [Entry]) -> Result<()> {
        Ok(())
    }

    /// The number of an earlier entry that this one takes the words of.
    fn takes_back(&self, _entry: &Entry) -> Option<i64> {
        None
    }

    /// An entry that is not theirs to see.
    fn show_hidden(&self, entry: &Entry) -> Value {
        serde_json::json!({ "id": entry.id, "number": entry.number, "at": entry.at, "kind": "hidden" })
    }

    /// Somebody says something in a stream.
    fn post<'a>(&'a self, _person: Uuid, _owner: Uuid, _message: Value) -> Posting<'a> {
        Box::pin(async { Err(Error::refused(Reason::MethodNotAllowed)) })
    }

    /// An entry as clients see it.
    ///
    /// # Errors
    /// Where what is stored cannot be read.
    fn show(&self, entry: &Entry, language: Language) -> Result<Value>;

    /// Notes up to where somebody has read; how far they have read then.
    fn mark_read<'a>(&'a self, person: Uuid, owner: Uuid, number: i64) -> Marking<'a>;
}

/// All of them.
#[derive(Clone)]
pub struct Sources(Arc<[Arc<dyn Source>]>);

impl Sources {
    /// These.
    pub fn new(sources: Vec<Arc<dyn Source>>) -> Self {
        Self(sources.into())
    }

    /// The stream that somebody means by a name.
    pub fn find(&self, name: &str, person: Uuid) -> Option<Key> {
        self.0.iter().find_map(|source| {
            let kind = source.kind();
            source.owner(name, person).map(|owner| Key { kind, owner })
        })
    }

    /// The kind of a stream; refused where there is none.
    ///
    /// # Errors
    /// That there is no such kind.
    pub fn named(&self, kind: &str) -> Result<&dyn Source> {
        self.of(kind).ok_or_else(|| Error::refused(Reason::NotFound))
    }

    /// The kind of a stream.
    pub fn of(&self, kind: &str) -> Option<&dyn Source> {
        self.0
            .iter()
            .find(|source| source.kind() == kind)
            .map(|source| &**source)
    }
}
