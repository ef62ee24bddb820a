//! The bounded search: shortest times from a few places on edges to all
//! junctions within a limit, and to the doors on the edges walked.
//!
//! A label is kept per junction and stage: private ways are walked on the way
//! out of where one starts ([`Stage::Leaving`]) and into where one goes
//! ([`Stage::Arriving`]), never in between. An earlier stage allows all that a
//! later one does, so a label is dropped where an earlier stage is as fast.
//! Junctions wait in buckets of a second each; within a bucket a junction may be
//! corrected, so that the order inside it does not matter. All memory is kept
//! from search to search and told apart by a generation.

use super::doors::{DoorFoot, DoorIndex};
use super::file::View;
use super::layout::{Arc, Edge};
use super::model::Pace;
use super::snap::{Foot, is_usable};
use super::tags::flag;

const STAGES: usize = 3;
/// Seconds that share a bucket.
const BUCKET_S: f32 = 1.0;
/// Nothing is crossed in less time than this, so that times grow along a walk.
const LEAST_S: f32 = 0.001;
/// The end of a bucket's list.
const NOBODY: u32 = u32::MAX;

/// How far a walk has come with regard to private ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// What a pace makes of an edge: its seconds by the metre, and at the ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    pub seconds_a_metre: f32,
    pub wait_from_s: f32,
    pub wait_to_s: f32,
    pub forward: bool,
    pub backward: bool,
}

impl Rate {
    /// `None` where the pace cannot use the edge.
    pub fn of(edge: &Edge, pace: &Pace) -> Option<Self> {
        if !is_usable(edge.flags, pace) {
            return None;
        }
        let seconds_a_metre = match (edge.flags & flag::STEPS != 0, pace.stairs) {
            (true, Some(stairs)) if edge.steps > 0.0 => stairs.seconds_a_step * edge.steps / edge.length_m,
            (true, Some(stairs)) => stairs.seconds_a_metre,
            _ => pace.seconds_a_metre,
        };
        let [from, to] = edge.half_waits;
        Some(Self {
            seconds_a_metre,
            wait_from_s: f32::from(from) * pace.half_signal_s,
            wait_to_s: f32::from(to) * pace.half_signal_s,
            forward: edge.flags & flag::BACKWARD_ONLY == 0,
            backward: edge.flags & flag::FORWARD_ONLY == 0,
        })
    }

    /// Seconds over the whole edge.
    pub fn whole_s(&self, length_m: f32) -> f32 {
        (length_m * self.seconds_a_metre).max(LEAST_S) + (self.wait_from_s + self.wait_to_s)
    }
}

/// Seconds that an arc takes, `None` where the pace cannot use it so.
pub(super) fn arc_seconds(view: &View<'_>, arc: Arc, pace: &Pace) -> Option<f32> {
    if arc.flags & flag::PARTICULAR == 0 {
        return Some((arc.length_m * pace.seconds_a_metre).max(LEAST_S));
    }
    let rate = Rate::of(&view.edges[arc.edge() as usize], pace)?;
    let open = if arc.is_backward() { rate.backward } else { rate.forward };
    open.then(|| rate.whole_s(arc.length_m))
}

/// The stage at the far end of an arc.
pub(super) fn arc_stage(stage: Stage, arc: Arc) -> Option<Stage> {
    let over = stage.over(arc.flags & flag::PRIVATE != 0)?;
    Some(if arc.flags & flag::TO_GATE != 0 {
        over.through_gate()
    } else {
        over
    })
}

/// The stage of who starts on an edge.
fn stage_at_origin(edge: &Edge) -> Stage {
    if edge.flags & flag::PRIVATE != 0 {
        Stage::Leaving
    } else {
        Stage::Public
    }
}

/// An end of the edge that the origin has a foot on.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeedEnd {
    pub junction: u32,
    pub stage: Stage,
    pub seconds: f32,
    /// Metres along the edge at this end.
    pub leaves_m: f32,
}

/// The ends of a foot's edge that can be walked to from it.
pub(super) fn seed_ends(view: &View<'_>, pace: &Pace, foot: &Foot) -> impl Iterator<Item = SeedEnd> {
    let edge = view.edges[foot.edge as usize];
    let gates =
        [edge.from, edge.to].map(|end| view.junctions[end as usize].flags & super::tags::node_flag::PRIVATE != 0);
    let leg_s = foot.snap_m * pace.seconds_a_metre;
    let along_m = foot.along_m;
    let end = move |rate: &Rate, junction, gate, leaves_m: f32, wait_s: f32| {
        let stage = stage_at_origin(&edge);
        SeedEnd {
            junction,
            stage: if gate { stage.through_gate() } else { stage },
            seconds: leg_s + ((leaves_m - along_m).abs() * rate.seconds_a_metre + wait_s),
            leaves_m,
        }
    };
    let ends = Rate::of(&edge, pace).map_or([None, None], |rate| {
        [
            rate.forward
                .then(|| end(&rate, edge.to, gates[1], edge.length_m, rate.wait_to_s)),
            rate.backward
                .then(|| end(&rate, edge.from, gates[0], 0.0, rate.wait_from_s)),
        ]
    });
    ends.into_iter().flatten()
}

/// The best known of a junction, a number a stage.
#[derive(Debug, Clone, Copy)]
struct Label {
    seconds: [f32; STAGES],
    network_m: [f32; STAGES],
    /// Which foot of the origin the walk starts from.
    seed: [u8; STAGES],
    generation: u32,
}

const UNKNOWN: Label = Label {
    seconds: [f32::INFINITY; STAGES],
    network_m: [0.0; STAGES],
    seed: [0; STAGES],
    generation: 0,
};

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
    generation: u32,
    pub seconds: f32,
    pub network_m: f32,
    /// The leg from the street to the door.
    pub snap_m: f32,
    pub along_m: f32,
    pub edge: u32,
    pub seed: u8,
    pub via: Via,
    /// The stage on the last edge, and the one at the junction before it.
    pub stage: Stage,
    pub stage_before: Stage,
}

const UNREACHED: DoorLabel = DoorLabel {
    generation: 0,
    seconds: f32::INFINITY,
    network_m: 0.0,
    snap_m: 0.0,
    along_m: 0.0,
    edge: 0,
    seed: 0,
    via: Via::Direct,
    stage: Stage::Public,
    stage_before: Stage::Public,
};

#[derive(Debug, Clone, Copy)]
struct Waiting {
    next: u32,
    junction: u32,
    seconds: f32,
    stage: Stage,
}

/// Junctions by the second in which they are reached.
#[derive(Debug, Default)]
struct Buckets {
    heads: Vec<u32>,
    entries: Vec<Waiting>,
    at: usize,
}

impl Buckets {
    fn clear(&mut self, limit_s: f32) {
        // A limit is at most some hours; the cast saturates in any case.
        let buckets = (limit_s / BUCKET_S) as usize + 1;
        self.heads.clear();
        self.heads.resize(buckets, NOBODY);
        self.entries.clear();
        self.at = 0;
    }

    fn push(&mut self, seconds: f32, junction: u32, stage: Stage) {
        let bucket = (seconds / BUCKET_S) as usize;
        if let Some(head) = self.heads.get_mut(bucket) {
            let entry = Waiting {
                next: *head,
                junction,
                seconds,
                stage,
            };
            *head = self.entries.len() as u32;
            self.entries.push(entry);
        }
    }

    fn pop(&mut self) -> Option<Waiting> {
        loop {
            let head = self.heads.get_mut(self.at)?;
            if let Some(entry) = self.entries.get(*head as usize) {
                *head = entry.next;
                return Some(*entry);
            }
            self.at += 1;
        }
    }
}

/// The memory of searches.
#[derive(Debug, Default)]
pub(super) struct Search {
    labels: Vec<Label>,
    doors: Vec<DoorLabel>,
    /// The doors reached, in the order of their first reaching.
    pub reached: Vec<u32>,
    buckets: Buckets,
    generation: u32,
}

/// What does not change during a search.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub view: View<'a>,
    pub doors: &'a DoorIndex,
    pub pace: &'a Pace,
    pub limit_s: f32,
}

impl Search {
    /// Searches from `feet`, each with its own leg before it.
    pub fn run<'a>(&mut self, ask: &Question<'_>, feet: impl Iterator<Item = &'a Foot>) {
        self.prepare(ask);
        for (foot, number) in feet.zip(0_u8..) {
            self.seed(ask, foot, number);
        }
        while let Some(waiting) = self.buckets.pop() {
            self.settle(ask, waiting);
        }
    }

    fn prepare(&mut self, ask: &Question<'_>) {
        self.labels.resize(ask.view.junctions.len(), UNKNOWN);
        self.doors.resize(ask.doors.len(), UNREACHED);
        self.reached.clear();
        self.buckets.clear(ask.limit_s);
        self.generation = match self.generation.checked_add(1) {
            Some(next) => next,
            None => {
                self.labels.fill(UNKNOWN);
                self.doors.fill(UNREACHED);
                1
            }
        };
    }

    /// Walks from a foot of the origin to both ends of its edge and to the doors
    /// on it.
    fn seed(&mut self, ask: &Question<'_>, foot: &Foot, seed: u8) {
        let edge = &ask.view.edges[foot.edge as usize];
        let Some(rate) = Rate::of(edge, ask.pace) else {
            return;
        };
        let stage = stage_at_origin(edge);
        let leg_s = foot.snap_m * ask.pace.seconds_a_metre;
        for door in ask.doors.on_edge(foot.edge, ask.pace) {
            let metres = (door.along_m - foot.along_m).abs();
            let open = if door.along_m >= foot.along_m {
                rate.forward
            } else {
                rate.backward
            };
            if open || metres == 0.0 {
                let label = DoorLabel {
                    seconds: leg_s + metres * rate.seconds_a_metre,
                    network_m: metres,
                    seed,
                    via: Via::Direct,
                    stage,
                    stage_before: stage,
                    edge: foot.edge,
                    ..UNREACHED
                };
                self.reach_door(ask, *door, label);
            }
        }
        for end in seed_ends(&ask.view, ask.pace, foot) {
            let metres = (end.leaves_m - foot.along_m).abs();
            self.reach(ask, end.junction, end.stage, end.seconds, metres, seed);
        }
    }

    fn reach(&mut self, ask: &Question<'_>, junction: u32, stage: Stage, seconds: f32, network_m: f32, seed: u8) {
        if seconds > ask.limit_s {
            return;
        }
        let label = &mut self.labels[junction as usize];
        if label.generation != self.generation {
            *label = UNKNOWN;
            label.generation = self.generation;
        }
        let stage_number = stage as usize;
        if label.seconds[..=stage_number].iter().any(|known| *known <= seconds) {
            return;
        }
        label.seconds[stage_number] = seconds;
        label.network_m[stage_number] = network_m;
        label.seed[stage_number] = seed;
        self.buckets.push(seconds, junction, stage);
    }

    /// Walks on from a junction, unless something faster came there since.
    fn settle(&mut self, ask: &Question<'_>, waiting: Waiting) {
        let label = self.labels[waiting.junction as usize];
        let stage_number = waiting.stage as usize;
        let seconds = waiting.seconds;
        let is_stale =
            label.seconds[stage_number] < seconds || label.seconds[..stage_number].iter().any(|s| *s <= seconds);
        if is_stale {
            return;
        }
        let network_m = label.network_m[stage_number];
        let seed = label.seed[stage_number];
        for arc in ask.view.arcs_at(waiting.junction) {
            let Some(on_edge) = waiting.stage.over(arc.flags & flag::PRIVATE != 0) else {
                continue;
            };
            let doors = ask.doors.on_edge(arc.edge(), ask.pace);
            if !doors.is_empty() {
                let from = DoorLabel {
                    seconds,
                    network_m,
                    seed,
                    via: if arc.is_backward() { Via::To } else { Via::From },
                    stage: on_edge,
                    stage_before: waiting.stage,
                    edge: arc.edge(),
                    ..UNREACHED
                };
                self.gather(ask, *arc, doors, from);
            }
            if arc.flags & flag::TO_DEAD_END != 0 {
                continue;
            }
            if let (Some(arc_s), Some(stage)) = (arc_seconds(&ask.view, *arc, ask.pace), arc_stage(waiting.stage, *arc))
            {
                let metres = network_m + arc.length_m;
                self.reach(ask, arc.to, stage, seconds + arc_s, metres, seed);
            }
        }
    }

    /// Takes the doors on the edge of an arc; `from` is the walk so far.
    fn gather(&mut self, ask: &Question<'_>, arc: Arc, doors: &[DoorFoot], from: DoorLabel) {
        let Some(rate) = Rate::of(&ask.view.edges[arc.edge() as usize], ask.pace) else {
            return;
        };
        let (open, wait_s) = if arc.is_backward() {
            (rate.backward, rate.wait_to_s)
        } else {
            (rate.forward, rate.wait_from_s)
        };
        for door in doors {
            let metres = if arc.is_backward() {
                (arc.length_m - door.along_m).max(0.0)
            } else {
                door.along_m
            };
            // A door at the junction itself needs no step along the edge.
            if open || metres == 0.0 {
                let on_edge_s = if metres > 0.0 {
                    wait_s + metres * rate.seconds_a_metre
                } else {
                    0.0
                };
                let label = DoorLabel {
                    seconds: from.seconds + on_edge_s,
                    network_m: from.network_m + metres,
                    ..from
                };
                self.reach_door(ask, *door, label);
            }
        }
    }

    fn reach_door(&mut self, ask: &Question<'_>, door: DoorFoot, mut label: DoorLabel) {
        label.seconds += door.snap_m * ask.pace.seconds_a_metre;
        if label.seconds > ask.limit_s {
            return;
        }
        let known = &mut self.doors[door.door as usize];
        if known.generation != self.generation {
            self.reached.push(door.door);
        } else if known.seconds <= label.seconds {
            return;
        }
        *known = DoorLabel {
            generation: self.generation,
            snap_m: door.snap_m,
            along_m: door.along_m,
            ..label
        };
    }

    /// What the last search found of a door.
    pub fn door(&self, door: u32) -> Option<&DoorLabel> {
        self.doors
            .get(door as usize)
            .filter(|label| label.generation == self.generation)
    }

    /// The last search's seconds at a junction in a stage, infinite where it did
    /// not come.
    pub fn seconds_at(&self, junction: u32, stage: Stage) -> f32 {
        self.labels
            .get(junction as usize)
            .filter(|label| label.generation == self.generation)
            .map_or(f32::INFINITY, |label| label.seconds[stage as usize])
    }
}
