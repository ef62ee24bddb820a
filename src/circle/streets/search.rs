//! The bounded search: shortest times from a few places on edges to all
//! junctions within a limit, and to the doors on the edges walked.
//!
//! A label is kept per junction and stage: private ways are walked on the way
//! out of where one starts ([`Stage::Leaving`]) and into where one goes
//! ([`Stage::Arriving`]), never in between. An earlier stage allows all that a
//! later one does, so a label is dropped where an earlier stage is as good. Of two
//! walks as quick the one with less beside is the better, whichever was found first.
//! Junctions wait in buckets of a second each; within a bucket a junction may be
//! corrected, so that the order inside it does not matter. All memory is kept
//! from search to search and told apart by a generation.
//!
//! A search may be continued beyond its limit, up to a horizon, until the
//! nearest door of each category that is asked for is found.

use super::arrived::{Arrived, DoorLabel, UNREACHED, Via, direct_doors, unknown_m};
use super::brink::{edge_from_foot, metres_to_edge};
use super::doors::DoorFoot;
use super::layout::Arc;
use super::passage::{LEAST_S, Passage, Question, Stage, beside, grain, seed_ends};
use super::snap::Foot;
use super::tags::flag;

const STAGES: usize = Stage::ALL.len();
/// Seconds that share a bucket.
const BUCKET_S: f32 = 1.0;
/// What makes an arc more than its metres.
const NOT_PLAIN: u32 = flag::PARTICULAR | flag::PRIVATE | flag::TO_GATE | flag::CUT;
/// Doors of all categories.
const ALL_DOORS: u32 = u32::MAX;
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

impl Label {
    /// Whether a walk in one of the stages up to this one is as good as that.
    #[inline]
    fn is_as_good(&self, stages: usize, seconds: f32, beside: f32) -> bool {
        let known = self.seconds.iter().zip(&self.beside).take(stages);
        known
            .into_iter()
            .any(|(known_s, known_beside)| *known_s < seconds || (*known_s == seconds && *known_beside <= beside))
    }
}

const UNKNOWN: Label = Label {
    seconds: [f32::INFINITY; STAGES],
    beside: [0.0; STAGES],
    seed: [0; STAGES],
    generation: 0,
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
        self.nothing_before_s(until_s)?;
        let head = self.heads.get_mut(self.at)?;
        let entry = self.entries.get(*head as usize)?;
        *head = entry.next;
        Some(*entry)
    }

    /// The second before which nothing waits; none where nothing does until `until_s`.
    fn nothing_before_s(&mut self, until_s: f32) -> Option<f32> {
        let last = (until_s / BUCKET_S) as usize;
        while self.at <= last {
            if *self.heads.get(self.at)? != NOBODY {
                return Some(self.at as f32 * BUCKET_S);
            }
            self.at += 1;
        }
        None
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
    /// The edges with hours that were met, each with the junction and stage there.
    pub hours_met: Vec<(u32, Stage, u32)>,
    buckets: Buckets,
    generation: u32,
    /// How far the edge of what the map covers is, infinite where nothing comes to it.
    pub edge_s: f32,
    /// The categories whose doors are gathered, a bit each; the last bit stands for
    /// all others.
    wanted: u32,
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

    /// Searches from a junction, come to in this stage.
    pub fn run_from(&mut self, ask: &Question<'_>, junction: u32, stage: Stage) {
        self.prepare(ask);
        let here = Step {
            junction,
            stage,
            seconds: 0.0,
            beside: 0.0,
            unknown_m: 0.0,
            seed: 0,
        };
        self.reach(ask, &here);
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
        let mut looked_at = 0;
        // What nothing that is still to come can better.
        let mut seen_to_s = -1.0;
        self.wanted = wanted;
        loop {
            while let Some(door) = self.far.get(looked_at).copied() {
                looked_at += 1;
                let number = category(door).map_or(CATEGORIES, usize::from);
                if let (Some(best), Some(label)) = (best.get_mut(number), self.door(door))
                    && wanted >> number & 1 == 1
                    && nearer((label.seconds, door), *best)
                    // A nearer way to it may have been found since.
                    && label.seconds > ask.limit_s
                {
                    *best = (label.seconds, Some(door));
                }
            }
            let Some(from_s) = self.buckets.nothing_before_s(ask.horizon_s) else {
                break;
            };
            if from_s > seen_to_s {
                seen_to_s = from_s;
                let is_done =
                    |(number, best): (usize, &(f32, Option<u32>))| wanted >> number & 1 == 0 || best.0 < from_s;
                if best.iter().enumerate().all(is_done) {
                    break;
                }
            }
            match self.buckets.pop(ask.horizon_s) {
                Some(waiting) => self.settle(ask, waiting),
                None => break,
            }
        }
        self.wanted = ALL_DOORS;
        best.map(|(_, door)| door)
    }

    fn prepare(&mut self, ask: &Question<'_>) {
        self.wanted = ALL_DOORS;
        self.labels.resize(ask.view.junctions.len(), UNKNOWN);
        if ask.pace.is_step_free() {
            self.unknown_m.resize(ask.view.junctions.len(), [0.0; STAGES]);
        }
        self.doors.resize(ask.doors.len(), UNREACHED);
        self.reached.clear();
        self.far.clear();
        self.touched.clear();
        self.hours_met.clear();
        self.edge_s = f32::INFINITY;
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
        direct_doors(ask, foot, seed, |door, label| self.reach_door(ask, door, label));
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
        self.edge_s = self.edge_s.min(edge_from_foot(ask, foot));
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
        if label.is_as_good(stage + 1, step.seconds, step.beside) {
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
        let so_far = label.beside[stage_number];
        if label.seconds[stage_number] < seconds || label.is_as_good(stage_number, seconds, so_far) {
            return;
        }
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
                        seconds: seconds + grain((arc.length_m * ask.pace.seconds_a_metre).max(LEAST_S)),
                        beside: so_far + grain(arc.length_m),
                        unknown_m: 0.0,
                        seed,
                    };
                    self.reach(ask, &step);
                }
                continue;
            }
            if arc.flags & flag::CONDITIONAL != 0 && (ask.ferry || arc.flags & flag::FERRY == 0) {
                self.hours_met.push((waiting.junction, waiting.stage, arc.edge()));
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
            if arc.flags & flag::CUT != 0
                && passage.open
                && passage.enters
                && seconds < self.edge_s
                && let Some(metres) = metres_to_edge(&ask.view, *arc, 0.0)
            {
                let on_it_s = grain(passage.enter_s + metres * passage.seconds_a_metre);
                self.edge_s = self.edge_s.min(seconds + on_it_s);
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
            if self.wanted != ALL_DOORS && self.wanted >> ask.doors.category(door.door).min(31) & 1 == 0 {
                continue;
            }
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
                    seconds: from.seconds + grain(passage.enter_s + metres * passage.seconds_a_metre),
                    beside: from.beside + beside(ask, arc, metres, true, false),
                    unknown_m: from.unknown_m + unknown_m(arc, metres),
                    ..from
                }
            } else {
                continue;
            };
            self.reach_door(ask, door.door, label.at(ask, *door));
        }
    }

    fn reach_door(&mut self, ask: &Question<'_>, door: u32, label: DoorLabel) {
        if label.seconds > ask.horizon_s {
            return;
        }
        let known = &mut self.doors[door as usize];
        let is_as_good =
            known.seconds < label.seconds || (known.seconds == label.seconds && known.beside <= label.beside);
        if known.generation == self.generation && is_as_good {
            return;
        }
        if label.seconds > ask.limit_s {
            self.far.push(door);
        } else if known.generation != self.generation || known.seconds > ask.limit_s {
            self.reached.push(door);
        }
        *known = DoorLabel {
            generation: self.generation,
            ..label
        };
    }

    /// What the last search found of a door.
    pub fn door(&self, door: u32) -> Option<&DoorLabel> {
        self.doors
            .get(door as usize)
            .filter(|label| label.generation == self.generation)
    }

    /// The same as a walk that comes there.
    pub fn arrived(&self, door: u32) -> Option<Arrived> {
        self.door(door).map(|label| label.arrived(door))
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

/// Whether a door is the nearer one: of two as near that with the lower number.
fn nearer(door: (f32, u32), best: (f32, Option<u32>)) -> bool {
    door.0 < best.0 || (door.0 == best.0 && best.1.is_none_or(|best| door.1 < best))
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
