//! The records of a map file, exactly as they lie in it: little-endian, plain
//! numbers, no pointers.

use crate::coordinates::Point;
use bytemuck::{Pod, Zeroable};

/// Units of a stored coordinate in a degree: 1e-7 degrees, about a centimetre,
/// as `OpenStreetMap` itself has them.
pub const UNITS_A_DEGREE: f64 = 1e7;

/// A position in fixed point.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Pod, Zeroable, Default)]
pub struct Position {
    pub lat: i32,
    pub lon: i32,
}

impl Position {
    /// The nearest position to `point`, which must be on the earth.
    #[must_use]
    pub fn of(point: Point) -> Self {
        // A cast of a float saturates, so that nothing overflows here.
        Self {
            lat: (point.lat * UNITS_A_DEGREE).round() as i32,
            lon: (point.lon * UNITS_A_DEGREE).round() as i32,
        }
    }

    /// In degrees.
    #[must_use]
    pub fn point(self) -> Point {
        Point::new(
            f64::from(self.lat) / UNITS_A_DEGREE,
            f64::from(self.lon) / UNITS_A_DEGREE,
        )
    }

    /// Whether it is on the earth.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.point().is_valid()
    }
}

/// A junction, or a node that changes the way.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Junction {
    pub position: Position,
    /// Bits of [`super::tags::node_flag`].
    pub flags: u32,
    /// The number of its [`Cohesion`]: a town has millions of junctions and few of these.
    pub cohesion: u32,
}

/// What junctions hang together with.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Pod, Zeroable)]
pub struct Cohesion {
    /// For those who use stairs.
    pub component: u32,
    /// For those who do not.
    pub step_free_component: u32,
    /// On the map, closed gates and ferries
    /// included; where the region differs nothing mapped leads from one to the
    /// other.
    pub region: u32,
}

/// A stretch of street between two junctions.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Edge {
    pub from: u32,
    pub to: u32,
    pub length_m: f32,
    /// Bits of [`super::tags::flag`].
    pub flags: u32,
    /// The number of its record among the particulars, counted from one; 0
    /// where it has none.
    pub particulars: u32,
    /// The number of its name, counted from one; 0 where it has none.
    pub name: u32,
    /// Where its corners start in the list of all; they end where the next
    /// edge's start.
    pub first_corner: u32,
}

impl Edge {
    /// Metres of street that it is: none where it is a line of sight.
    #[must_use]
    pub fn street_m(&self) -> f64 {
        street_m(self.flags, self.length_m)
    }
}

/// Metres of street that an edge with these flags is.
#[must_use]
pub fn street_m(flags: u32, length_m: f32) -> f64 {
    if flags & super::tags::flag::SIGHT == 0 {
        f64::from(length_m)
    } else {
        0.0
    }
}

/// What makes an edge take other than its metres at the pace, or open at some
/// hours only.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable, Default)]
pub struct Particulars {
    /// How many steps its stairs have, 0 where nobody counted.
    pub steps: f32,
    /// The slope from `from` to `to` as a fraction, upwards positive.
    pub incline: f32,
    /// Seconds of a ferry's or lift's ride where told, else 0.
    pub duration_s: f32,
    /// Seconds between two ferries where told, else 0.
    pub interval_s: f32,
    /// Half waits at the ends `from` and `to`: at a signalled crossing, or for a ferry.
    pub half_waits: [u8; 2],
    /// Half rides in a lift, at the ends.
    pub half_lifts: [u8; 2],
    /// The rules of its hours, counted from one, 0 for none: of the way itself,
    /// and of a gate at `from` and at `to`.
    pub rules: [u32; 3],
}

/// An edge as seen from one of its ends.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
pub struct Arc {
    /// The junction it leads to.
    pub to: u32,
    /// Twice the edge's number, plus one where it is walked backwards.
    pub edge_and_way: u32,
    pub length_m: f32,
    /// The edge's flags, and those of [`super::tags::flag::ARC_ONLY`].
    pub flags: u32,
}

impl Arc {
    /// The number of its edge.
    #[must_use]
    pub fn edge(self) -> u32 {
        self.edge_and_way >> 1
    }

    /// Whether it walks the edge from `to` to `from`.
    #[must_use]
    pub fn is_backward(self) -> bool {
        self.edge_and_way & 1 == 1
    }
}

/// A few consecutive segments of an edge, as the index finds them.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Run {
    pub edge: u32,
    /// Its first corner in the list of all; it has at most
    /// [`SEGMENTS_A_RUN`] segments and ends with its edge.
    pub first_corner: u32,
}

/// How many segments of an edge share a box of the index.
pub const SEGMENTS_A_RUN: usize = 6;

/// A line that no leg may cross.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct BarrierSegment {
    pub a: Position,
    pub b: Position,
}

/// A box in fixed-point degrees, both ends inside.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Box2 {
    pub min: Position,
    pub max: Position,
}

impl Box2 {
    /// The box of nothing, that any position widens.
    pub const EMPTY: Self = Self {
        min: Position {
            lat: i32::MAX,
            lon: i32::MAX,
        },
        max: Position {
            lat: i32::MIN,
            lon: i32::MIN,
        },
    };

    /// Widened to hold `position`.
    #[must_use]
    pub fn with(self, position: Position) -> Self {
        Self {
            min: Position {
                lat: self.min.lat.min(position.lat),
                lon: self.min.lon.min(position.lon),
            },
            max: Position {
                lat: self.max.lat.max(position.lat),
                lon: self.max.lon.max(position.lon),
            },
        }
    }

    /// Widened to hold `other`.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        self.with(other.min).with(other.max)
    }

    /// Whether they share a point.
    #[must_use]
    #[inline]
    pub fn meets(&self, other: &Self) -> bool {
        // All four at once: of the boxes of a tree nobody can guess which will not.
        (self.min.lat <= other.max.lat)
            & (other.min.lat <= self.max.lat)
            & (self.min.lon <= other.max.lon)
            & (other.min.lon <= self.max.lon)
    }

    /// Its middle, for putting boxes in order.
    #[must_use]
    pub fn middle(&self) -> Position {
        let middle = |a: i32, b: i32| i32::midpoint(a, b);
        Position {
            lat: middle(self.min.lat, self.max.lat),
            lon: middle(self.min.lon, self.max.lon),
        }
    }
}
