//! Squares: walkable areas, walked straight across.
//!
//! A closed way that is an area and a multipolygon relation are alike: one
//! polygon with holes each ([`find`]). Between the places where streets, doors
//! and gates meet it, lines of sight inside it become edges, over those of its
//! corners that a shortest walk turns at ([`mesh`]), so that a walk across is as
//! long as the ground allows. Holes, and walls and water inside, are walked round.
//!
//! Who starts or arrives on a square goes straight to those of these places that
//! can be seen from there ([`feet`]). Between two points of one square the walk
//! leads over one of them or over a line of sight near both, and is no longer
//! than that: there is no straight line from point to point.

mod feet;
mod fence;
mod find;
mod join;
mod mesh;
mod rings;
mod shape;
mod stored;
mod vertices;

pub(super) use feet::feet;
pub use find::is_square_relation;
pub(super) use join::{RawSquare, join};
pub(super) use stored::{SquareParts, SquareView, check};
