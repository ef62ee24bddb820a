//! The service circle: what is within some minutes' walk of a point.
//!
//! Rooms inside: [`osm`] reads OpenStreetMap's files, [`streets`] is the map of
//! walkable ways and the search on it, [`places`] is where one goes; the lookup
//! brings them together. [`facilities`] is what standards ask for, [`question`] what
//! the operations take, [`batch`] the circle of many origins at once, [`area`] the
//! ground within reach, [`route`] the walk to one place.
//!
//! Others may call: [`Circles`] and what these rooms name in their own `mod.rs`.

pub mod area;
mod batch;
mod facilities;
mod holds;
mod lookup;
pub mod osm;
pub mod places;
pub mod question;
mod reached;
pub mod route;
pub mod routes;
mod speech;
pub mod streets;
mod view;

pub use facilities::{Facilities, FacilitiesError};
pub use holds::{CircleHolder, HOLDINGS};
pub use lookup::{Asked, Basis, Circle, Circles, Reached};
