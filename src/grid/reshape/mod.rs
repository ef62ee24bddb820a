//! The tree as it changes: units renamed, moved, split and merged, and what they were before.
//!
//! Whatever hangs on a unit goes with it, since all of it names the unit and none of it
//! the path: members, places, organisations. Who has a say follows in every process
//! through `changes`.

mod merge;
mod model;
pub mod routes;
mod store;
pub mod view;

pub use model::Past;
pub use store::{ancestors_at, keep_what_was};
