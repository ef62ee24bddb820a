//! A walk that comes to a door: as a search keeps it, and as it is handed on.

use super::doors::DoorFoot;
use super::layout::{Arc, Position};
use super::passage::{Passage, Question, Stage, arcs_of, beside, grain};
use super::snap::Foot;
use super::tags::flag;

/// From where a door was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via {
    /// Along the edge from the origin's foot on it.
    Direct,
    From,
    To,
}

/// The best known of a door.
#[derive(Debug, Clone, Copy)]
pub(super) struct DoorLabel {
    /// In which search it was reached.
    pub generation: u32,
    pub seconds: f32,
    /// Metres along the streets; where walks are by metres, seconds.
    pub beside: f32,
    /// Metres of which nothing is known that a wheelchair would have to know.
    pub unknown_m: f32,
    /// Where one leaves the streets.
    pub point: Position,
    /// The leg off the streets to the door, and the one over the square before it.
    pub snap_m: f32,
    pub across_m: f32,
    pub along_m: f32,
    pub edge: u32,
    pub seed: u8,
    pub via: Via,
    /// The stage on the last edge, and the one at the junction before it.
    pub stage: Stage,
    pub stage_before: Stage,
    /// Whether the last edge is private.
    pub private: bool,
}

/// A door that a walk comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Arrived {
    pub door: u32,
    /// Where the door stands, see [`DoorLabel`].
    pub point: Position,
    pub edge: u32,
    pub along_m: f32,
    pub snap_m: f32,
    pub across_m: f32,
    pub seconds: f32,
    pub beside: f32,
    /// Whether the walk ends on a private way.
    pub private_end: bool,
}

impl DoorLabel {
    /// On from the edge to the door itself.
    pub fn at(self, ask: &Question<'_>, door: DoorFoot) -> Self {
        Self {
            seconds: self.seconds + grain(door.leg_m() * ask.pace.seconds_a_metre),
            point: door.point,
            snap_m: door.snap_m,
            across_m: door.across_m,
            along_m: door.along_m,
            ..self
        }
    }

    /// The same as a walk that comes to that door.
    pub fn arrived(&self, door: u32) -> Arrived {
        Arrived {
            door,
            point: self.point,
            edge: self.edge,
            along_m: self.along_m,
            snap_m: self.snap_m,
            across_m: self.across_m,
            seconds: self.seconds,
            beside: self.beside,
            private_end: self.stage == Stage::Arriving || self.private,
        }
    }
}

impl Arrived {
    /// By what is counted, then what is summed beside, then by number.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        self.seconds
            .total_cmp(&other.seconds)
            .then(self.beside.total_cmp(&other.beside))
            .then(self.door.cmp(&other.door))
    }
}

pub(super) const UNREACHED: DoorLabel = DoorLabel {
    generation: 0,
    seconds: f32::INFINITY,
    beside: 0.0,
    unknown_m: 0.0,
    point: Position { lat: 0, lon: 0 },
    snap_m: 0.0,
    across_m: 0.0,
    along_m: 0.0,
    edge: 0,
    seed: 0,
    via: Via::Direct,
    stage: Stage::Public,
    stage_before: Stage::Public,
    private: false,
};

/// The doors on the edge of a foot, walked to along it, each with its number.
pub(super) fn direct_doors(ask: &Question<'_>, foot: &Foot, seed: u8, mut each: impl FnMut(u32, DoorLabel)) {
    let leg_s = foot.leg_m() * ask.pace.seconds_a_metre;
    let arcs = arcs_of(&ask.view, foot.edge);
    let passages = arcs.map(|arc| Passage::of(ask, arc));
    for door in ask.doors.on_edge(foot.edge, ask.pace) {
        let metres = (door.along_m - foot.along_m).abs();
        let way = usize::from(door.along_m < foot.along_m);
        let (arc, Some(passage)) = (arcs[way], passages[way]) else {
            continue;
        };
        if passage.open || metres == 0.0 {
            let stage = passage.stage_at_origin();
            let label = DoorLabel {
                seconds: grain(leg_s) + grain(metres * passage.seconds_a_metre),
                beside: beside(ask, arc, metres, false, false),
                unknown_m: unknown_m(arc, metres),
                seed,
                via: Via::Direct,
                stage,
                stage_before: stage,
                private: passage.private,
                edge: foot.edge,
                ..UNREACHED
            };
            each(door.door, label.at(ask, *door));
        }
    }
}

/// Metres of which nothing is known, where that is so of the arc.
#[inline]
pub(super) fn unknown_m(arc: Arc, metres: f32) -> f32 {
    if arc.flags & flag::UNKNOWN != 0 { metres } else { 0.0 }
}
