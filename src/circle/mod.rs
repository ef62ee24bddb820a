//! The service circle: what is within some minutes' walk of a point.
//!
//! Rooms inside: [`osm`] reads OpenStreetMap's files, [`streets`] is the map of
//! walkable ways and the search on it, [`places`] is where one goes; the lookup
//! brings them together.
//!
//! Others may call: [`Circles`] and what these rooms name in their own `mod.rs`.

pub mod area;
pub mod asking;
mod lookup;
pub mod osm;
pub mod places;
pub mod route;
pub mod routes;
mod speech;
pub mod streets;
mod view;

pub use lookup::Circles;
