//! A plain, slow search to hold the quick one against: every walk forward in its
//! true direction, over all junctions, in 64 bits, without limits and buckets.
//!
//! The rule at the ends of edges: who walks over an end pays for it and must be
//! let through; who stands exactly at an end stands at the junction.

use crate::circle::streets::records::View;
use crate::circle::streets::tags::{Access, flag, node_flag};
use crate::circle::streets::{Ask, DoorTie, Foot, Pace, Stretch};

/// What a piece of a walk, or a whole one, takes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    pub seconds: f64,
    pub metres: f64,
    pub unknown_m: f64,
}

impl Cost {
    pub fn plus(self, other: Self) -> Self {
        Self {
            seconds: self.seconds + other.seconds,
            metres: self.metres + other.metres,
            unknown_m: self.unknown_m + other.unknown_m,
        }
    }

    /// The leg between a point and its foot.
    pub fn leg(foot: &Foot, pace: &Pace) -> Self {
        let metres = f64::from(foot.leg_m());
        Self {
            seconds: metres * f64::from(pace.seconds_a_metre),
            metres,
            unknown_m: 0.0,
        }
    }
}

pub struct Oracle<'a> {
    pub view: View<'a>,
    pub ask: Ask<'a>,
}

/// The state of a walk with regard to private ways: leaving, public, arriving.
pub fn over(stage: u8, private: bool) -> Option<u8> {
    match (stage, private) {
        (0, true) => Some(0),
        (0 | 1, false) => Some(1),
        (1 | 2, true) => Some(2),
        _ => None,
    }
}

impl Oracle<'_> {
    fn pace(&self) -> &Pace {
        self.ask.pace
    }

    fn access(&self, rule: u32) -> Option<Access> {
        let rule = &self.view.rules[(rule as usize).checked_sub(1)?];
        Some(rule.standing(self.ask.when.as_ref()?).access)
    }

    pub fn is_private(&self, edge: usize) -> bool {
        let edge = &self.view.edges[edge];
        let rule = self.view.particulars_of(edge).rules[0];
        match self.access(rule) {
            Some(Access::Private) => true,
            // In a compound whatever the hours, but where the hours open it.
            Some(_) => edge.flags & flag::PRIVATE != 0 && !self.view.rules[rule as usize - 1].is_private(),
            None => edge.flags & flag::PRIVATE != 0,
        }
    }

    fn is_gate(&self, edge: usize, end: usize) -> bool {
        let edge = &self.view.edges[edge];
        let junction = [edge.from, edge.to][end];
        match self.access(self.view.particulars_of(edge).rules[1 + end]) {
            Some(access) => access == Access::Private,
            None => self.view.junctions[junction as usize].flags & node_flag::PRIVATE != 0,
        }
    }

    pub fn past_gate(&self, edge: usize, end: usize, stage: u8) -> u8 {
        if stage > 0 && self.is_gate(edge, end) { 2 } else { stage }
    }

    /// Whether anybody asked for may be on an edge at all, at this hour.
    fn is_usable(&self, number: usize) -> bool {
        let edge = &self.view.edges[number];
        let own = self.view.particulars_of(edge);
        let pace = self.pace();
        let closed = (edge.flags & flag::FERRY != 0 && !self.ask.ferry)
            || (pace.stairs.is_none() && edge.flags & flag::NO_WHEELCHAIR != 0)
            || f64::from(own.incline).abs() > f64::from(pace.max_incline) + 1e-4
            || self.access(own.rules[0]) == Some(Access::Nobody);
        !closed
    }

    /// As [`Self::piece`], also for who goes nowhere.
    fn piece_or_none(&self, number: usize, from_m: f64, to_m: f64, passes: [bool; 2]) -> Option<Cost> {
        if from_m == to_m {
            return self.is_usable(number).then(Cost::default);
        }
        self.piece(number, from_m, to_m, passes)
    }

    /// Along an edge from `from_m` to `to_m`; `passes` says of each end whether the
    /// walk goes over it.
    pub fn piece(&self, number: usize, from_m: f64, to_m: f64, passes: [bool; 2]) -> Option<Cost> {
        let edge = &self.view.edges[number];
        let own = self.view.particulars_of(edge);
        let pace = self.pace();
        let is = |bit: u32| edge.flags & bit != 0;
        let length = f64::from(edge.length_m);
        let metres = (to_m - from_m).abs();
        let wheels = pace.stairs.is_none();
        let against = (is(flag::FORWARD_ONLY) && to_m < from_m) || (is(flag::BACKWARD_ONLY) && to_m > from_m);
        if against || !self.is_usable(number) {
            return None;
        }
        let told = own.duration_s > 0.0 && (is(flag::FERRY) || is(flag::LIFT));
        let per_metre = if told {
            f64::from(own.duration_s) / length
        } else if is(flag::FERRY) {
            f64::from(pace.ferry.seconds_a_metre)
        } else if let (true, Some(stairs)) = (is(flag::STEPS), pace.stairs) {
            if is(flag::CONVEYING) {
                f64::from(pace.escalator_seconds_a_metre)
            } else if own.steps > 0.0 {
                f64::from(own.steps) * f64::from(stairs.seconds_a_step) / length
            } else {
                f64::from(stairs.seconds_a_metre)
            }
        } else {
            let uphill = if to_m > from_m { own.incline } else { -own.incline };
            let slope = pace.slope.filter(|_| is(flag::SLOPE));
            // Tobler, relative to the level, never less.
            let factor = slope.map_or(1.0, |slope| {
                let (k, o) = (f64::from(slope.exponent), f64::from(slope.offset));
                (k * ((f64::from(uphill) + o).abs() - o)).exp().max(1.0)
            });
            f64::from(pace.seconds_a_metre) * factor
        };
        let mut seconds = metres * per_metre;
        for end in [0, 1] {
            if !passes[end] {
                continue;
            }
            let step = [flag::STEP_AT_FROM, flag::STEP_AT_TO][end];
            if (wheels && is(step)) || self.access(own.rules[1 + end]) == Some(Access::Nobody) {
                return None;
            }
            let half_wait_s = if !is(flag::FERRY) {
                f64::from(pace.half_signal_s)
            } else if own.interval_s > 0.0 {
                f64::from(own.interval_s) / 4.0
            } else {
                f64::from(pace.ferry.wait_s) / 2.0
            };
            seconds += f64::from(own.half_waits[end]) * half_wait_s;
            if !(told && is(flag::LIFT)) {
                seconds += f64::from(own.half_lifts[end]) * f64::from(pace.half_lift_s);
            }
        }
        Some(Cost {
            seconds,
            metres,
            unknown_m: if wheels && is(flag::UNKNOWN) { metres } else { 0.0 },
        })
    }

    /// What is made least.
    pub fn counted(&self, cost: Cost) -> f64 {
        if self.ask.in_metres.is_some() {
            cost.metres
        } else {
            cost.seconds
        }
    }

    pub fn feet_of(&self, tie: &DoorTie) -> Vec<Foot> {
        let snap = if self.pace().is_step_free() {
            &tie.step_free
        } else {
            &tie.walked
        };
        snap.feet().copied().collect()
    }

    /// The least cost to each junction and stage from one of `feet`.
    pub fn labels(&self, feet: &[Foot]) -> Vec<[Option<Cost>; 3]> {
        let view = &self.view;
        let mut best: Vec<[Option<Cost>; 3]> = vec![[None; 3]; view.junctions.len()];
        let mut take = |junction: u32, stage: u8, cost: Cost| {
            let known = &mut best[junction as usize][stage as usize];
            if known.is_none_or(|known| self.counted(cost) < self.counted(known)) {
                *known = Some(cost);
                true
            } else {
                false
            }
        };
        for foot in feet {
            let number = foot.edge as usize;
            let edge = view.edges[number];
            let stage = u8::from(!self.is_private(number));
            for (end, junction) in [edge.from, edge.to].into_iter().enumerate() {
                let end_m = f64::from(edge.length_m) * end as f64;
                let along_m = f64::from(foot.along_m);
                let mut passes = [false; 2];
                passes[end] = true;
                let piece = self.piece_or_none(number, along_m, end_m, passes);
                if let Some(piece) = piece {
                    let stage = self.past_gate(number, end, stage);
                    take(junction, stage, Cost::leg(foot, self.pace()).plus(piece));
                }
            }
        }
        // Bellman and Ford: over and over until nothing changes.
        let mut all = best.clone();
        loop {
            let mut changed = false;
            for (number, edge) in view.edges.iter().enumerate() {
                let ends = [edge.from, edge.to];
                for (start, end) in [(0, 1), (1, 0)] {
                    let length = f64::from(edge.length_m);
                    let Some(piece) = self.piece(number, length * start as f64, length * end as f64, [true; 2]) else {
                        continue;
                    };
                    for stage in 0..3_u8 {
                        let Some(before) = all[ends[start] as usize][stage as usize] else {
                            continue;
                        };
                        let Some(on_edge) = over(stage, self.is_private(number)) else {
                            continue;
                        };
                        let after = before.plus(piece);
                        let known = &mut all[ends[end] as usize][self.past_gate(number, end, on_edge) as usize];
                        if known.is_none_or(|known| self.counted(after) + 1e-9 < self.counted(known)) {
                            *known = Some(after);
                            changed = true;
                        }
                    }
                }
            }
            if !changed {
                return all;
            }
        }
    }

    /// The least cost of walking from one of `from` to one of `to`.
    pub fn walk(&self, labels: &[[Option<Cost>; 3]], from: &[Foot], to: &[Foot]) -> Option<Cost> {
        let mut least: Option<Cost> = None;
        let mut take = |cost: Cost| {
            if least.is_none_or(|least| self.counted(cost) < self.counted(least)) {
                least = Some(cost);
            }
        };
        for foot in to {
            let number = foot.edge as usize;
            let edge = self.view.edges[number];
            let along_m = f64::from(foot.along_m);
            let leg = Cost::leg(foot, self.pace());
            for origin in from.iter().filter(|origin| origin.edge == foot.edge) {
                let from_m = f64::from(origin.along_m);
                let piece = self.piece_or_none(number, from_m, along_m, [false; 2]);
                if let Some(piece) = piece {
                    take(Cost::leg(origin, self.pace()).plus(piece).plus(leg));
                }
            }
            for (end, junction) in [edge.from, edge.to].into_iter().enumerate() {
                let end_m = f64::from(edge.length_m) * end as f64;
                let mut passes = [false; 2];
                passes[end] = true;
                let piece = self.piece_or_none(number, end_m, along_m, passes);
                for stage in 0..3_u8 {
                    let label = labels[junction as usize][stage as usize];
                    if let (Some(piece), Some(label), Some(_)) = (piece, label, over(stage, self.is_private(number))) {
                        take(label.plus(piece).plus(leg));
                    }
                }
            }
        }
        least
    }

    /// The least cost to each door, the walk going as the ask has it.
    pub fn doors(&self, feet: &[Foot], ties: &[DoorTie]) -> Vec<Option<Cost>> {
        let labels = (!self.ask.reverse).then(|| self.labels(feet));
        ties.iter()
            .map(|tie| {
                let own = self.feet_of(tie);
                match &labels {
                    Some(labels) => self.walk(labels, feet, &own),
                    None => self.walk(&self.labels(&own), &own, feet),
                }
            })
            .collect()
    }

    /// What the stretches of a walk take, in the order in which they are walked;
    /// `None` where they do not hang together or may not be walked.
    pub fn stretches(&self, stretches: &[Stretch]) -> Option<Cost> {
        let mut all = Cost::default();
        let mut stage: Option<u8> = None;
        let mut here: Option<u32> = None;
        for (at, stretch) in stretches.iter().enumerate() {
            let number = stretch.edge as usize;
            let edge = self.view.edges[number];
            let private = self.is_private(number);
            let end_of = |metres: f32| match metres {
                _ if metres == 0.0 => Some(0),
                _ if metres == edge.length_m => Some(1),
                _ => None,
            };
            let ends = [edge.from, edge.to];
            let mut passes = [false; 2];
            if at > 0 {
                let end = end_of(stretch.enters_m)?;
                if Some(ends[end]) != here {
                    return None;
                }
                passes[end] = true;
            }
            let is_last = at + 1 == stretches.len();
            if !is_last {
                passes[end_of(stretch.leaves_m)?] = true;
            }
            let piece = if stretch.enters_m == stretch.leaves_m {
                Cost::default()
            } else {
                self.piece(number, f64::from(stretch.enters_m), f64::from(stretch.leaves_m), passes)?
            };
            all = all.plus(piece);
            let mut now = match stage {
                Some(stage) => over(stage, private)?,
                None => u8::from(!private),
            };
            if !is_last {
                let end = end_of(stretch.leaves_m)?;
                now = self.past_gate(number, end, now);
                here = Some(ends[end]);
            }
            stage = Some(now);
        }
        Some(all)
    }
}
