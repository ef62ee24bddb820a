//! What walking an edge takes, for whom, in which direction, at which hour.

use super::conditions::{Met, Rule, When};
use super::doors::DoorIndex;
use super::layout::{Arc, Edge};
use super::model::Pace;
use super::records::View;
use super::snap::{Foot, is_usable};
use super::tags::{Access, flag, node_flag};

/// Nothing is crossed in less time than this, so that times grow along a walk.
pub(super) const LEAST_S: f32 = 0.001;

const STAGES: usize = 3;

/// The grain of sums, a 1024th of a second or of a metre. Every part of a walk is a
/// whole number of grains, and such numbers up to 8,192 are added without rounding in
/// 32 bits: a sum is the same in whatever order its parts were added, so that a walk
/// put together from a remembered part is the walk that a search finds.
#[inline]
pub(super) fn grain(part: f32) -> f32 {
    // From here to twice as much a float's last bit is a grain; nothing that is walked
    // is longer, and what is not finite stays so.
    const FLOOR: f32 = 8_192.0;
    if part < FLOOR { (part + FLOOR) - FLOOR } else { part }
}

/// How far a walk has come with regard to private ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// Still on the private ways around the origin.
    Leaving = 0,
    Public = 1,
    /// On the private ways around the door; there is no way back.
    Arriving = 2,
}

impl Stage {
    pub const ALL: [Self; STAGES] = [Self::Leaving, Self::Public, Self::Arriving];

    /// The stage after walking an edge, `None` where that is not allowed.
    pub fn over(self, private: bool) -> Option<Self> {
        match (self, private) {
            (Self::Leaving, true) => Some(Self::Leaving),
            (Self::Leaving | Self::Public, false) => Some(Self::Public),
            (Self::Public | Self::Arriving, true) => Some(Self::Arriving),
            (Self::Arriving, false) => None,
        }
    }

    /// The stage after passing a private gate.
    pub fn through_gate(self) -> Self {
        match self {
            Self::Leaving => Self::Leaving,
            Self::Public | Self::Arriving => Self::Arriving,
        }
    }
}

/// What does not change during a search.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub view: View<'a>,
    pub doors: &'a DoorIndex,
    /// What is made least: seconds, or metres where this is a pace in metres.
    pub pace: &'a Pace,
    /// Where walks are by metres, the pace whose seconds are summed beside them.
    pub timed: Option<&'a Pace>,
    pub limit_s: f32,
    /// How far the search may be continued, at least `limit_s`.
    pub horizon_s: f32,
    /// From the doors to the origin.
    pub reverse: bool,
    pub ferry: bool,
    pub when: Option<&'a When<'a>>,
    pub met: &'a Met,
}

/// Walking an edge from one end, as the search goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Passage {
    pub seconds_a_metre: f32,
    /// Paid at the end where the search enters, and where it leaves.
    pub enter_s: f32,
    pub leave_s: f32,
    /// Whether it may be walked in this direction.
    pub open: bool,
    /// Whether one gets in at the one end, and out at the other.
    pub enters: bool,
    pub leaves: bool,
    pub private: bool,
    /// Whether the far end is a private gate.
    pub gate: bool,
}

impl Passage {
    /// Over the edge of an arc, `None` where it cannot be used at all.
    #[inline]
    pub fn of(ask: &Question<'_>, arc: Arc) -> Option<Self> {
        if arc.flags & flag::PARTICULAR == 0 {
            return Some(Self::plain(ask, arc));
        }
        Self::particular(ask, ask.pace, arc)
    }

    /// Over an edge that costs its metres at the pace.
    #[inline]
    pub fn plain(ask: &Question<'_>, arc: Arc) -> Self {
        Self {
            seconds_a_metre: ask.pace.seconds_a_metre,
            enter_s: 0.0,
            leave_s: 0.0,
            open: true,
            enters: true,
            leaves: true,
            private: arc.flags & flag::PRIVATE != 0,
            gate: arc.flags & flag::TO_GATE != 0,
        }
    }

    fn particular(ask: &Question<'_>, pace: &Pace, arc: Arc) -> Option<Self> {
        let edge = &ask.view.edges[arc.edge() as usize];
        let own = ask.view.particulars_of(edge);
        let backward = arc.is_backward() != ask.reverse;
        let incline = if backward { -own.incline } else { own.incline };
        let shut = arc.flags & flag::FERRY != 0 && !ask.ferry;
        if shut || !is_usable(&ask.view, edge, pace) {
            return None;
        }
        let [way, from, to] = own.rules.map(|rule| ask.met.access(ask.view.rules, rule, ask.when));
        if way == Some(Access::Nobody) {
            return None;
        }
        let (near, far) = if arc.is_backward() { (1, 0) } else { (0, 1) };
        let gates = [from, to];
        let steps = if pace.is_step_free() {
            [flag::STEP_AT_FROM, flag::STEP_AT_TO].map(|bit| arc.flags & bit != 0)
        } else {
            [false, false]
        };
        let shut_at = |end: usize| steps[end] || gates[end] == Some(Access::Nobody);
        let wait_s = |end: usize| {
            let half_wait_s = if arc.flags & flag::FERRY == 0 {
                pace.half_signal_s
            } else if pace.counts_metres {
                0.0
            } else if own.interval_s > 0.0 {
                // Half the interval, half of it at either end.
                own.interval_s / 4.0
            } else {
                pace.ferry.wait_s / 2.0
            };
            let lift = if own.duration_s > 0.0 && arc.flags & flag::LIFT != 0 {
                0.0
            } else {
                f32::from(own.half_lifts[end]) * pace.half_lift_s
            };
            f32::from(own.half_waits[end]) * half_wait_s + lift
        };
        Some(Self {
            seconds_a_metre: seconds_a_metre(ask, edge, pace, incline),
            enter_s: wait_s(near),
            leave_s: wait_s(far),
            open: arc.flags
                & if backward {
                    flag::FORWARD_ONLY
                } else {
                    flag::BACKWARD_ONLY
                }
                == 0,
            enters: !shut_at(near),
            leaves: !shut_at(far),
            private: is_private(ask, edge, way),
            gate: gates[far].map_or(arc.flags & flag::TO_GATE != 0, |access| access == Access::Private),
        })
    }

    /// Seconds over the whole edge.
    #[inline]
    pub fn whole_s(&self, length_m: f32) -> f32 {
        grain((length_m * self.seconds_a_metre).max(LEAST_S) + (self.enter_s + self.leave_s))
    }

    /// Whether the whole edge may be walked.
    #[inline]
    pub fn is_through(&self) -> bool {
        self.open && self.enters && self.leaves
    }

    /// The stage at the far end.
    #[inline]
    pub fn stage_after(&self, stage: Stage) -> Option<Stage> {
        let over = stage.over(self.private)?;
        Some(if self.gate { over.through_gate() } else { over })
    }

    /// The stage of who starts on the edge.
    pub fn stage_at_origin(&self) -> Stage {
        if self.private { Stage::Leaving } else { Stage::Public }
    }
}

/// Whether an edge is private while its own hours say `way`. One in a compound is
/// so whatever its hours: these tell when it may be walked, not who lives there.
fn is_private(ask: &Question<'_>, edge: &Edge, way: Option<Access>) -> bool {
    let rule = || (ask.view.particulars_of(edge).rules[0] as usize).checked_sub(1);
    let opens = || {
        rule()
            .and_then(|rule| ask.view.rules.get(rule))
            .is_some_and(Rule::is_private)
    };
    way == Some(Access::Private) || (edge.flags & flag::PRIVATE != 0 && !(way.is_some() && opens()))
}

fn seconds_a_metre(ask: &Question<'_>, edge: &Edge, pace: &Pace, incline: f32) -> f32 {
    let own = ask.view.particulars_of(edge);
    let is = |bits: u32| edge.flags & bits != 0;
    let in_metres = pace.counts_metres;
    if is(flag::FERRY | flag::LIFT) && own.duration_s > 0.0 && !in_metres {
        return own.duration_s / edge.length_m;
    }
    if is(flag::FERRY) {
        return pace.ferry.seconds_a_metre;
    }
    if is(flag::STEPS)
        && let Some(stairs) = pace.stairs
    {
        return match own.steps {
            _ if is(flag::CONVEYING) => pace.escalator_seconds_a_metre,
            steps if steps > 0.0 && !in_metres => stairs.seconds_a_step * steps / edge.length_m,
            _ => stairs.seconds_a_metre,
        };
    }
    let slope = pace.slope.filter(|_| is(flag::SLOPE));
    pace.seconds_a_metre * slope.map_or(1.0, |slope| slope.factor(incline))
}

/// What is summed beside what is made least: metres along the streets, or, where
/// walks are by metres, the seconds of the timed pace.
#[inline]
pub(super) fn beside(ask: &Question<'_>, arc: Arc, metres: f32, enters: bool, leaves: bool) -> f32 {
    grain(exactly_beside(ask, arc, metres, enters, leaves))
}

#[inline]
fn exactly_beside(ask: &Question<'_>, arc: Arc, metres: f32, enters: bool, leaves: bool) -> f32 {
    let Some(pace) = ask.timed else { return metres };
    let passage = if arc.flags & flag::PARTICULAR == 0 {
        return metres * pace.seconds_a_metre;
    } else {
        Passage::particular(ask, pace, arc)
    };
    passage.map_or(metres * pace.seconds_a_metre, |passage| {
        metres * passage.seconds_a_metre
            + if enters { passage.enter_s } else { 0.0 }
            + if leaves { passage.leave_s } else { 0.0 }
    })
}

/// The two directions in which a foot's edge may be left, as arcs.
pub(super) fn arcs_of(view: &View<'_>, number: u32) -> [Arc; 2] {
    let edge = view.edges[number as usize];
    let arc = |to: u32, backward: u32| Arc {
        to,
        edge_and_way: number * 2 + backward,
        length_m: edge.length_m,
        flags: edge.flags
            | if view.junctions[to as usize].flags & node_flag::PRIVATE != 0 {
                flag::TO_GATE
            } else {
                0
            },
    };
    [arc(edge.to, 0), arc(edge.from, 1)]
}

/// An end of the edge that the origin has a foot on.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeedEnd {
    pub arc: Arc,
    pub stage: Stage,
    pub seconds: f32,
    /// Metres from the foot to this end.
    pub metres: f32,
    /// Metres along the edge at this end.
    pub leaves_m: f32,
}

/// The ends of a foot's edge that can be walked to from it. Who stands at the
/// very end stands at the junction: there is nothing to walk or to wait for, as
/// for a door there.
pub(super) fn seed_ends(ask: &Question<'_>, foot: &Foot) -> impl Iterator<Item = SeedEnd> {
    let leg_s = foot.leg_m() * ask.pace.seconds_a_metre;
    let end = |arc: Arc| {
        let passage = Passage::of(ask, arc)?;
        let leaves_m = if arc.is_backward() { 0.0 } else { arc.length_m };
        let metres = (leaves_m - foot.along_m).abs();
        let seconds = if metres == 0.0 {
            0.0
        } else if passage.open && passage.leaves {
            metres * passage.seconds_a_metre + passage.leave_s
        } else {
            return None;
        };
        let stage = passage.stage_at_origin();
        Some(SeedEnd {
            arc,
            stage: if passage.gate { stage.through_gate() } else { stage },
            seconds: grain(leg_s) + grain(seconds),
            metres,
            leaves_m,
        })
    };
    arcs_of(&ask.view, foot.edge).map(end).into_iter().flatten()
}
