//! The street network: built once from `OpenStreetMap`, kept in one
//! memory-mapped file, asked by snapping and a bounded search.
//!
//! [`build`] makes the bytes of a map, [`StreetMap`] opens them, a [`Walker`]
//! answers what is within reach of a point, with the doors of a [`DoorIndex`].

mod arrived;
mod barriers;
mod boxes;
mod brink;
mod build;
mod check;
mod chunks;
mod components;
mod conditions;
mod doors;
mod file;
mod graph;
mod hilbert;
mod layout;
mod model;
mod near_misses;
mod passage;
mod path;
mod records;
mod regions;
mod report;
mod rows;
mod search;
mod snap;
mod squares;
mod surroundings;
mod tag_shares;
mod tags;
mod together;
mod walk;
mod walkable;
mod walked;
mod wheels;

pub use build::{BuildError, BuildOptions, StreetMapBytes, build, wanted};
pub use chunks::Chunks;
pub use conditions::When;
pub use doors::{DoorIndex, DoorTie};
pub use file::{MapError, MapInfo, StreetMap};
pub use model::{Pace, TimeModel};
pub use path::{Stretch, WalkPath};
pub use records::StreetName;
pub use report::{BuildReport, Finding};
pub use rows::{Far, Rows};
pub use snap::{Foot, Snap, Snapper, feet_apart};
pub use surroundings::Beside;
pub use tag_shares::TagShare;
pub use walk::{Arrival, ArrivalFoot, Ask, Method, Reach, ReachedStretch, Walker};
pub(crate) use walkable::{Box2, Boxes, Position, pack};
pub use walkable::{Walkable, is_barrier, is_water_relation, walkable};
pub use walked::{StretchKind, WalkedStretch};

#[cfg(test)]
mod tests;
