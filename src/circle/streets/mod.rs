//! The street network: built once from `OpenStreetMap`, kept in one
//! memory-mapped file, asked by snapping and a bounded search.
//!
//! [`build`] makes the bytes of a map, [`StreetMap`] opens them, a [`Walker`]
//! answers what is within reach of a point, with the doors of a [`DoorIndex`].

pub mod barriers;
pub mod boxes;
pub mod build;
pub mod components;
pub mod doors;
pub mod file;
pub mod graph;
pub mod hilbert;
pub mod layout;
pub mod model;
pub mod near_misses;
pub mod path;
pub mod report;
pub mod search;
pub mod snap;
pub mod tags;
pub mod walk;

pub use build::{BuildError, BuildOptions, StreetMapBytes, build, wanted};
pub use doors::{DoorIndex, DoorTie};
pub use file::{MapError, MapInfo, StreetMap};
pub use model::{Pace, TimeModel};
pub use path::WalkPath;
pub use report::BuildReport;
pub use snap::{Foot, Snap, Snapper};
pub use walk::{Arrival, Method, Reach, Walker};

#[cfg(test)]
mod tests;
