//! `OpenStreetMap`'s elements, as read from a file or made by the demo city.

mod element;
mod error;
mod pbf;
mod read;
#[cfg(test)]
mod tests;
mod wire;
mod xml;

pub use crate::coordinates::Point;
pub use error::OsmError;
pub use read::{Wanted, read};

/// Key/value pairs of an element, in file order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(pub Vec<(String, String)>);

impl Tags {
    /// The value of `key`, the first where a file has it twice.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    /// Whether `key` has exactly this `value`.
    #[must_use]
    pub fn is(&self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    /// Whether there is no tag at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Tags {
    fn from(pairs: [(&str, &str); N]) -> Self {
        Self(
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }
}

/// A point of the map, alone or as a corner of ways.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The element's id.
    pub id: i64,
    /// Where it is.
    pub point: Point,
    /// Its tags.
    pub tags: Tags,
}

/// A line or, where it is closed, an outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The element's id.
    pub id: i64,
    /// Node ids in order; the nodes themselves may be missing from the file.
    pub nodes: Vec<i64>,
    /// Its tags.
    pub tags: Tags,
}

/// What a relation's member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// A node.
    Node,
    /// A way.
    Way,
    /// A relation.
    Relation,
}

/// One part of a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is.
    pub kind: MemberKind,
    /// The element's id.
    pub id: i64,
    /// Its role in the relation.
    pub role: String,
}

/// A group of elements, for instance the rings of a multipolygon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// The element's id.
    pub id: i64,
    /// Its parts, in order.
    pub members: Vec<Member>,
    /// Its tags.
    pub tags: Tags,
}

/// A box in WGS-84 degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Degrees east, the western edge.
    pub min_lon: f64,
    /// Degrees north, the southern edge.
    pub min_lat: f64,
    /// Degrees east, the eastern edge.
    pub max_lon: f64,
    /// Degrees north, the northern edge.
    pub max_lat: f64,
}

impl Bounds {
    /// Whether `point` is inside or on the edge.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        (self.min_lat..=self.max_lat).contains(&point.lat) && (self.min_lon..=self.max_lon).contains(&point.lon)
    }
}

/// What was read, each list in file order without duplicates.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OsmData {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The ways.
    pub ways: Vec<Way>,
    /// The relations.
    pub relations: Vec<Relation>,
    /// The box the file says it covers.
    pub bounds: Option<Bounds>,
    /// When the data was taken from `OpenStreetMap`, RFC 3339, where the file says.
    pub timestamp: Option<String>,
    /// What was wrong with the data and left out.
    pub skipped: Skipped,
}

/// Counts of what a file holds and a reader cannot use. `OpenStreetMap`'s data
/// is not ours to mend: it is counted, and the rest is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Marked deleted (`action="delete"`, `visible="false"`).
    pub deleted: u64,
    /// The same kind and id a second time; the first is kept.
    pub duplicates: u64,
    /// Nodes without a position, or with one that is not on the earth.
    pub unplaced_nodes: u64,
    /// References of wanted ways to nodes that the file does not have.
    pub dangling_refs: u64,
}
