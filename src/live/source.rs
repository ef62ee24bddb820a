//! The kinds of stream that clients may follow, which the rooms register in `server.rs`.

use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use super::{Entry, Key};
use crate::error::Result;
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

/// A kind of stream that clients follow.
pub trait Source: Send + Sync + 'static {
    /// The kind, as in [`Key`].
    fn kind(&self) -> &'static str;

    /// Whose stream somebody means by a name; none where it is no name of this kind.
    fn owner(&self, name: &str, person: Uuid) -> Option<Uuid>;

    /// What clients call the stream.
    fn name(&self, owner: Uuid) -> String;

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

    /// The kind of a stream.
    pub fn of(&self, kind: &str) -> Option<&dyn Source> {
        self.0
            .iter()
            .find(|source| source.kind() == kind)
            .map(|source| &**source)
    }
}
