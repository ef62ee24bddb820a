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
//!
//! A search may be continued beyond its limit, up to a horizon, until the
//! nearest door of each category that is asked for is found.

use super::doors::DoorFoot;
use super::layout::{Arc, Position};
use super::passage::{LEAST_S, Passage, Question, Stage, arcs_of, beside, seed_ends};
use super::records::View;
use super::snap::Foot;
use super::tags::flag;
use crate::coordinates::{LocalMetres, Point};

const STAGES: usize = Stage::ALL.len();
/// Seconds that share a bucket.
const BUCKET_S: f32 = 1.0;
/// What makes an arc more than its metres.
const NOT_PLAIN: u32 = flag::PARTICULAR | flag::PRIVATE | flag::TO_GATE | flag::CUT;
/// The end of a bucket's list.
const NOBODY: u32 = u32::MAX;
/// How many categories of doors may be asked for at once.
pub const CATEGORIES: usize = 16;

/// The best known of a junction, a number a stage.
#[derive(Debug, Clone, Copy)]
pub(super) struct Label {
    pub seconds: [f32; STAGES],
    /// Metres along the streets; where walks are by metres, seconds.
    beside: [f32; STAGES],
    /// Which foot of the origin the walk starts from.
    seed: [u8; STAGES],
    generation: u32,
}

const UNKNOWN: Label = Label {
    seconds: [f32::INFINITY; STAGES],
    beside: [0.0; STAGES],
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
    /// Metres along the streets; where walks are by metres, seconds.
    pub beside: f32,
    /// Metres of which nothing is known that a wheelchair would have to know.
    pub unknown_m: f32,
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

const UNREACHED: DoorLabel = DoorLabel {
    generation: 0,
    seconds: f32::INFINITY,
    beside: 0.0,
    unknown_m: 0.0,
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
    fn clear(&mut self, horizon_s: f32) {
        // A horizon is at most some hours; the cast saturates in any case.
        let buckets = (horizon_s / BUCKET_S) as usize + 1;
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

    /// The next of those in a bucket that begins at `until_s` or before.
    fn pop(&mut self, until_s: f32) -> Option<Waiting> {
        let last = (until_s / BUCKET_S) as usize;
        while self.at <= last {
            let head = self.heads.get_mut(self.at)?;
            if let Some(entry) = self.entries.get(*head as usize) {
                *head = entry.next;
                return Some(*entry);
            }
            self.at += 1;
        }
        None
    }

    /// Before this second nothing waits.
    fn nothing_before_s(&self) -> f32 {
        self.at as f32 * BUCKET_S
    }
}

/// The memory of searches.
#[derive(Debug, Default)]
pub(super) struct Search {
    labels: Vec<Label>,
    /// Beside the labels, only for those who ask for it.
    unknown_m: Vec<[f32; STAGES]>,
    doors: Vec<DoorLabel>,
    /// The doors reached, in the order of their first reaching.
    pub reached: Vec<u32>,
    /// The doors reached beyond the limit and not looked at yet.
    far: Vec<u32>,
    /// The junctions that have a label.
    pub touched: Vec<u32>,
    buckets: Buckets,
    generation: u32,
    /// Whether the search came to the edge of what the map covers.
    pub at_edge: bool,
}

impl Search {
    /// Searches from `feet`, each with its own leg before it.
    pub fn run<'a>(&mut self, ask: &Question<'_>, feet: impl Iterator<Item = &'a Foot>) {
        self.prepare(ask);
        for (foot, number) in feet.zip(0_u8..=u8::MAX) {
            self.seed(ask, foot, number);
        }
        while let Some(waiting) = self.buckets.pop(ask.limit_s) {
            self.settle(ask, waiting);
        }
    }

    /// Goes on until the nearest door of each category of `wanted` (a bit each)
    /// is known, at most to the horizon. `category` tells a door's, `None` for
    /// doors that do not count.
    pub fn run_on(
        &mut self,
        ask: &Question<'_>,
        wanted: u32,
        category: &dyn Fn(u32) -> Option<u8>,
    ) -> [Option<u32>; CATEGORIES] {
        let mut best = [(f32::INFINITY, None); CATEGORIES];
        let at_edge = self.at_edge;
        let mut looked_at = 0;
        loop {
            while let Some(door) = self.far.get(looked_at).copied() {
                looked_at += 1;
                let number = category(door).map_or(CATEGORIES, usize::from);
                if let (Some(best), Some(label)) = (best.get_mut(number), self.door(door))
                    && wanted >> number & 1 == 1
                    && label.seconds < best.0
                    // A nearer way to it may have been found since.
                    && label.seconds > ask.limit_s
                {
                    *best = (label.seconds, Some(door));
                }
            }
            let from_s = self.buckets.nothing_before_s();
            let is_done = |(number, best): (usize, &(f32, Option<u32>))| wanted >> number & 1 == 0 || best.0 <= from_s;
            if best.iter().enumerate().all(is_done) {
                break;
            }
            match self.buckets.pop(ask.horizon_s) {
                Some(waiting) => self.settle(ask, waiting),
                None => break,
            }
        }
        self.at_edge = at_edge;
        best.map(|(_, door)| door)
    }

    fn prepare(&mut self, ask: &Question<'_>) {
        self.labels.resize(ask.view.junctions.len(), UNKNOWN);
        if ask.pace.is_step_free() {
            self.unknown_m.resize(ask.view.junctions.len(), [0.0; STAGES]);
        }
        self.doors.resize(ask.doors.len(), UNREACHED);
        self.reached.clear();
        self.far.clear();
        self.touched.clear();
        self.at_edge = false;
        self.buckets.clear(ask.horizon_s);
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
                    seconds: leg_s + metres * passage.seconds_a_metre,
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
                self.reach_door(ask, *door, label);
            }
        }
        for end in seed_ends(ask, foot) {
            let step = Step {
                junction: end.arc.to,
                stage: end.stage,
                seconds: end.seconds,
                beside: beside(ask, end.arc, end.metres, false, end.metres > 0.0),
                unknown_m: unknown_m(end.arc, end.metres),
                seed,
            };
            self.reach(ask, &step);
        }
        if ask.view.edges[foot.edge as usize].flags & flag::CUT != 0 {
            for (arc, passage) in arcs.into_iter().zip(passages) {
                let Some(passage) = passage else { continue };
                let from_m = if arc.is_backward() {
                    arc.length_m - foot.along_m
                } else {
                    foot.along_m
                };
                let room_m = (ask.limit_s - leg_s) / passage.seconds_a_metre;
                let extent_m = from_m + if passage.open { room_m } else { room_m.min(0.0) };
                self.note_edge(ask, arc, from_m, extent_m);
            }
        }
    }

    #[inline]
    fn reach(&mut self, ask: &Question<'_>, step: &Step) {
        if step.seconds > ask.horizon_s {
            return;
        }
        let label = &mut self.labels[step.junction as usize];
        if label.generation != self.generation {
            *label = UNKNOWN;
            label.generation = self.generation;
            self.touched.push(step.junction);
        }
        let stage = step.stage as usize;
        if label.seconds[..=stage].iter().any(|known| *known <= step.seconds) {
            return;
        }
        label.seconds[stage] = step.seconds;
        label.beside[stage] = step.beside;
        label.seed[stage] = step.seed;
        if ask.pace.is_step_free() {
            self.unknown_m[step.junction as usize][stage] = step.unknown_m;
        }
        self.buckets.push(step.seconds, step.junction, step.stage);
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
        let so_far = label.beside[stage_number];
        let seed = label.seed[stage_number];
        let unknown_so_far_m = if ask.pace.is_step_free() {
            self.unknown_m[waiting.junction as usize][stage_number]
        } else {
            0.0
        };
        // Almost all edges are plain ones that cost their metres; this is the same as
        // below for them.
        let is_plain_walk = ask.timed.is_none() && !ask.pace.is_step_free();
        for arc in ask.view.arcs_at(waiting.junction) {
            if is_plain_walk && arc.flags & NOT_PLAIN == 0 {
                if waiting.stage == Stage::Arriving {
                    continue;
                }
                let doors = ask.doors.on_edge(arc.edge(), ask.pace);
                if !doors.is_empty() {
                    let from = DoorLabel {
                        seconds,
                        beside: so_far,
                        seed,
                        via: if arc.is_backward() { Via::To } else { Via::From },
                        stage_before: waiting.stage,
                        edge: arc.edge(),
                        ..UNREACHED
                    };
                    self.gather(ask, *arc, &Passage::plain(ask, *arc), doors, from);
                }
                if arc.flags & flag::TO_DEAD_END == 0 {
                    let step = Step {
                        junction: arc.to,
                        stage: Stage::Public,
                        seconds: seconds + (arc.length_m * ask.pace.seconds_a_metre).max(LEAST_S),
                        beside: so_far + arc.length_m,
                        unknown_m: 0.0,
                        seed,
                    };
                    self.reach(ask, &step);
                }
                continue;
            }
            let Some(passage) = Passage::of(ask, *arc) else {
                continue;
            };
            let Some(on_edge) = waiting.stage.over(passage.private) else {
                continue;
            };
            let doors = ask.doors.on_edge(arc.edge(), ask.pace);
            if !doors.is_empty() {
                let from = DoorLabel {
                    seconds,
                    beside: so_far,
                    unknown_m: unknown_so_far_m,
                    seed,
                    via: if arc.is_backward() { Via::To } else { Via::From },
                    stage: on_edge,
                    stage_before: waiting.stage,
                    private: passage.private,
                    edge: arc.edge(),
                    ..UNREACHED
                };
                self.gather(ask, *arc, &passage, doors, from);
            }
            if arc.flags & flag::CUT != 0 && passage.open && passage.enters {
                let extent_m = (ask.limit_s - seconds - passage.enter_s) / passage.seconds_a_metre;
                self.note_edge(ask, *arc, 0.0, extent_m);
            }
            if arc.flags & flag::TO_DEAD_END != 0 || !passage.is_through() {
                continue;
            }
            if let Some(stage) = passage.stage_after(waiting.stage) {
                let step = Step {
                    junction: arc.to,
                    stage,
                    seconds: seconds + passage.whole_s(arc.length_m),
                    beside: so_far + beside(ask, *arc, arc.length_m, true, true),
                    unknown_m: unknown_so_far_m + unknown_m(*arc, arc.length_m),
                    seed,
                };
                self.reach(ask, &step);
            }
        }
    }

    /// Takes the doors on the edge of an arc; `from` is the walk so far.
    fn gather(&mut self, ask: &Question<'_>, arc: Arc, passage: &Passage, doors: &[DoorFoot], from: DoorLabel) {
        for door in doors {
            let metres = if arc.is_backward() {
                (arc.length_m - door.along_m).max(0.0)
            } else {
                door.along_m
            };
            // A door at the junction itself needs no step along the edge.
            let label = if metres == 0.0 {
                from
            } else if passage.open && passage.enters {
                DoorLabel {
                    seconds: from.seconds + passage.enter_s + metres * passage.seconds_a_metre,
                    beside: from.beside + beside(ask, arc, metres, true, false),
                    unknown_m: from.unknown_m + unknown_m(arc, metres),
                    ..from
                }
            } else {
                continue;
            };
            self.reach_door(ask, *door, label);
        }
    }

    fn reach_door(&mut self, ask: &Question<'_>, door: DoorFoot, mut label: DoorLabel) {
        label.seconds += door.leg_m() * ask.pace.seconds_a_metre;
        if label.seconds > ask.horizon_s {
            return;
        }
        let known = &mut self.doors[door.door as usize];
        if known.generation == self.generation && known.seconds <= label.seconds {
            return;
        }
        if label.seconds > ask.limit_s {
            self.far.push(door.door);
        } else if known.generation != self.generation || known.seconds > ask.limit_s {
            self.reached.push(door.door);
        }
        *known = DoorLabel {
            generation: self.generation,
            snap_m: door.snap_m,
            across_m: door.across_m,
            along_m: door.along_m,
            ..label
        };
    }

    /// Notes whether a walk along a cut edge from `from_m` to `extent_m` leaves
    /// what the map covers: at its cut end, or where it crosses the bounds.
    fn note_edge(&mut self, ask: &Question<'_>, arc: Arc, from_m: f32, extent_m: f32) {
        if self.at_edge || extent_m < from_m {
            return;
        }
        let edge = &ask.view.edges[arc.edge() as usize];
        let [from, to] = [edge.from, edge.to].map(|end| ask.view.is_cut(end));
        let ends_cut = if arc.is_backward() { from } else { to };
        if extent_m >= arc.length_m && ends_cut {
            self.at_edge = true;
            return;
        }
        let corners = &ask.view.corners[ask.view.corner_range(arc.edge())];
        self.at_edge = if arc.is_backward() {
            leaves_covered(&ask.view, corners.iter().rev(), from_m, extent_m)
        } else {
            leaves_covered(&ask.view, corners.iter(), from_m, extent_m)
        };
    }

    /// What the last search found of a door.
    pub fn door(&self, door: u32) -> Option<&DoorLabel> {
        self.doors
            .get(door as usize)
            .filter(|label| label.generation == self.generation)
    }

    /// What the last search found of a junction.
    pub fn label(&self, junction: u32) -> Option<&Label> {
        self.labels
            .get(junction as usize)
            .filter(|label| label.generation == self.generation)
    }

    /// The last search's seconds at a junction in a stage, infinite where it did
    /// not come, and what was summed beside them.
    pub fn reached_at(&self, junction: u32, stage: Stage) -> (f32, f32) {
        self.label(junction).map_or((f32::INFINITY, 0.0), |label| {
            (label.seconds[stage as usize], label.beside[stage as usize])
        })
    }
}

/// Whether the line over `corners` is outside of what the map covers anywhere
/// between two distances along it. A box holds all between two points that it
/// holds, so that the ends and the corners tell.
fn leaves_covered<'a>(
    view: &View<'_>,
    corners: impl Iterator<Item = &'a Position>,
    from_m: f32,
    extent_m: f32,
) -> bool {
    let mut start_m = 0.0;
    let mut before: Option<Point> = None;
    for corner in corners.map(|corner| corner.point()) {
        if let Some(before) = before.replace(corner) {
            let step = LocalMetres::around(before).east_north(corner);
            let step_m = step[0].hypot(step[1]) as f32;
            let end_m = start_m + step_m;
            if from_m <= end_m && start_m <= extent_m {
                let walked = [from_m.max(start_m), extent_m.min(end_m)];
                let outside = walked.into_iter().any(|metres| {
                    let share = if step_m > 0.0 {
                        f64::from((metres - start_m) / step_m)
                    } else {
                        0.0
                    };
                    let at = Point::new(
                        before.lat + share * (corner.lat - before.lat),
                        before.lon + share * (corner.lon - before.lon),
                    );
                    !view.covers(Position::of(at))
                });
                if outside {
                    return true;
                }
            }
            start_m = end_m;
        }
    }
    false
}

/// A walk to a junction.
struct Step {
    junction: u32,
    stage: Stage,
    seconds: f32,
    beside: f32,
    unknown_m: f32,
    seed: u8,
}

#[inline]
fn unknown_m(arc: Arc, metres: f32) -> f32 {
    if arc.flags & flag::UNKNOWN != 0 { metres } else { 0.0 }
}
