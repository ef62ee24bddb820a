//! What the formats give to the reader, pass after pass.

use super::{Node, OsmError, Relation, Way};

/// Which kind a pass over the file looks at; the others are skipped unread
/// where the format allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Node,
    Way,
    Relation,
}

/// One element as a pass meets it.
pub(super) enum Element {
    Node(Node),
    Way(Way),
    Relation(Relation),
    /// One that is marked deleted, or is a node without a usable position.
    Deleted,
    Unplaced,
}

/// Takes the elements of a pass; an error text ends the reading.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Element) -> Result<(), String>;

/// A format that can be read pass after pass.
pub(super) trait Source {
    /// Gives each element of `kind` to `sink`, and the bytes read so far to `at`.
    fn pass(&mut self, kind: Kind, sink: Sink<'_>, at: &mut dyn FnMut(u64)) -> Result<(), OsmError>;
    /// What the file says about itself, known after the first pass.
    fn head(&mut self) -> Head;
}

/// A file's own statements.
#[derive(Debug, Clone, Default)]
pub(super) struct Head {
    pub bounds: Option<super::Bounds>,
    pub timestamp: Option<String>,
}
