//! What a reader of places must know of streets, without knowing their map: which
//! ways a pedestrian may use, and what stops one who leaves them.

use super::barriers;
use super::tags::{Unreadable, flag, layer, way_use};
use crate::circle::osm::Tags;

pub(crate) use super::boxes::{Boxes, pack};
pub(crate) use super::layout::{Box2, Position};

/// How a pedestrian may use a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walkable {
    /// For residents, customers and the like only.
    pub private: bool,
    /// One cannot step off it anywhere: in a tunnel, on a bridge, a ferry, an
    /// escalator, in a lift, or told to lie above or below the ground.
    pub off_ground: bool,
    /// In a tunnel, on a bridge or a ferry.
    pub closed_in: bool,
    /// Inside of a building.
    pub indoor: bool,
}

/// How a way with these tags may be walked; none where not at all.
#[must_use]
pub fn walkable(tags: &Tags) -> Option<Walkable> {
    let flags = way_use(tags, &mut Unreadable::default())?.flags;
    let closed_in = flags & (flag::TUNNEL | flag::BRIDGE | flag::FERRY) != 0;
    Some(Walkable {
        private: flags & flag::PRIVATE != 0,
        off_ground: closed_in || flags & (flag::CONVEYING | flag::LIFT) != 0 || layer(tags) != 0,
        closed_in,
        indoor: flags & flag::INDOOR != 0,
    })
}

/// Whether a way with these tags stops who walks off the street: a wall, a
/// river, a railway.
#[must_use]
pub fn is_barrier(tags: &Tags) -> bool {
    barriers::is_barrier(tags)
}

/// Whether the outlines of a relation with these tags are shores.
#[must_use]
pub fn is_water_relation(tags: &Tags) -> bool {
    barriers::is_water_relation(tags)
}
