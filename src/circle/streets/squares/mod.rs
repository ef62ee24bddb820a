//! Squares: walkable areas, walked straight across.
//!
//! A closed way that is an area and a multipolygon relation are alike: one
//! polygon with holes each ([`find`]). Between the places where streets, doors
//! and gates meet it, lines of sight inside it become edges, over those of its
//! corners that a shortest walk turns at ([`mesh`]), so that a walk across is as
//! long as the ground allows. Holes, and walls and water inside, are walked round.

mod fence;
mod find;
mod mesh;
mod rings;
mod shape;
mod vertices;

pub(super) use find::find;
pub use find::is_square_relation;
pub(super) use mesh::{Strand, mesh};
