//! A walk stretch by stretch: on what, how far, how long, by what name.

use super::doors::DoorIndex;
use super::file::StreetMap;
use super::layout::Edge;
use super::passage::{Passage, arcs_of};
use super::path::{Stretch, WalkPath};
use super::records::{StreetName, View};
use super::tags::flag;
use super::walk::{Ask, Walker, question};

/// What a stretch of a walk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StretchKind {
    /// A street.
    Street,
    /// A way for walking.
    Path,
    /// A square.
    Square,
    /// Inside a building, or through one.
    Passage,
    /// Under ground.
    Tunnel,
    /// Over something.
    Bridge,
    /// Only for those who live, work or shop there.
    Private,
    /// Stairs.
    Steps {
        /// How many steps, where somebody counted.
        count: Option<u32>,
    },
    /// An escalator or moving walkway.
    Escalator,
    /// A crossing over a road.
    Crossing {
        /// Whether it has a light.
        signals: bool,
    },
    /// A lift.
    Lift,
    /// A ferry.
    Ferry,
}

/// A stretch of a walk with its figures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WalkedStretch<'a> {
    /// What it is.
    pub kind: StretchKind,
    /// The street's name.
    pub name: Option<StreetName<'a>>,
    /// Metres walked.
    pub metres: f32,
    /// Seconds, with the waits at its ends.
    pub seconds: f32,
    /// Which of the walk's points it starts at.
    pub first_point: usize,
    /// Which of them it ends at.
    pub last_point: usize,
}

impl Walker {
    /// The stretches of a walk that the last reach found.
    pub fn walked<'m>(
        &self,
        map: &'m StreetMap,
        doors: &DoorIndex,
        ask: &Ask<'_>,
        path: &WalkPath,
    ) -> Vec<WalkedStretch<'m>> {
        let view = map.view();
        let question = question(map, doors, ask, &self.met);
        let last = path.stretches.len().saturating_sub(1);
        let told = path.stretches.iter().zip(path.starts.windows(2)).enumerate();
        told.filter_map(|(nth, (stretch, points))| {
            let edge = view.edges.get(stretch.edge as usize)?;
            let metres = (stretch.leaves_m - stretch.enters_m).abs();
            // The search went the same way, or from the other end where it was asked
            // who comes here. It paid where it passed an end of the edge.
            let is_backward = (stretch.leaves_m < stretch.enters_m) != ask.reverse;
            let [is_first, is_last] = [nth == 0, nth == last];
            let [from_foot, to_door] = if ask.reverse {
                [is_last, is_first]
            } else {
                [is_first, is_last]
            };
            let arc = arcs_of(&view, stretch.edge)[usize::from(is_backward)];
            let passage = Passage::of(&question, arc)?;
            let waits = |pays: bool, seconds: f32| if pays { seconds } else { 0.0 };
            Some(WalkedStretch {
                kind: kind(&view, edge, *stretch),
                name: view.edge_name(stretch.edge),
                metres,
                seconds: metres * passage.seconds_a_metre
                    + waits(!from_foot, passage.enter_s)
                    + waits(!to_door, passage.leave_s),
                first_point: *points.first()?,
                last_point: *points.last()?,
            })
        })
        .collect()
    }
}

fn kind(view: &View<'_>, edge: &Edge, stretch: Stretch) -> StretchKind {
    let is = |bits: u32| edge.flags & bits != 0;
    if is(flag::FERRY) {
        StretchKind::Ferry
    } else if is(flag::LIFT) {
        StretchKind::Lift
    } else if is(flag::CONVEYING) {
        StretchKind::Escalator
    } else if is(flag::STEPS) {
        let share = (stretch.leaves_m - stretch.enters_m).abs() / edge.length_m.max(f32::MIN_POSITIVE);
        let steps = (view.particulars_of(edge).steps * share).round();
        // The cast saturates.
        StretchKind::Steps {
            count: (steps >= 1.0).then_some(steps as u32),
        }
    } else if is(flag::CROSSING) {
        StretchKind::Crossing {
            signals: is(flag::SIGNALS),
        }
    } else if is(flag::TUNNEL) {
        StretchKind::Tunnel
    } else if is(flag::INDOOR) {
        StretchKind::Passage
    } else if is(flag::BRIDGE) {
        StretchKind::Bridge
    } else if is(flag::AREA) {
        StretchKind::Square
    } else if is(flag::PRIVATE) {
        StretchKind::Private
    } else if is(flag::PATH) {
        StretchKind::Path
    } else {
        StretchKind::Street
    }
}
