//! Estates: named sets of buildings in one grid, which are no level of the tree.
//!
//! Others call [`load_open_locked`] in a transaction that needs one to stay open,
//! [`would_be_torn`] before buildings are moved, and [`hand_over`] where a grid takes the
//! place of another.

mod change;
mod model;
pub mod routes;
mod store;
pub mod view;

pub use change::draw;
pub use model::{Estate, EstateId};
pub use store::{KIND, drawn, forget_building, hand_over, load_open_locked, names_of, of_buildings, would_be_torn};
