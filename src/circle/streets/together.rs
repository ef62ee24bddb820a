//! A circle put together from the [`rows`](super::rows) at the ends of the edges that
//! its origin stands on.

use std::sync::Arc;

use super::arrived::{Arrived, direct_doors};
use super::brink::edge_from_foot;
use super::conditions::Met;
use super::passage::{Question, SeedEnd, beside, seed_ends};
use super::rows::{Far, Row, Rows};
use super::search::{CATEGORIES, Search};
use super::snap::Foot;

/// A circle of more parts than this is searched for: that is as quick then.
const PARTS: usize = 16;

/// A row with the walk to where it begins.
#[derive(Debug)]
struct Part {
    row: Arc<Row>,
    seconds: f32,
    beside: f32,
    seed: u8,
    /// The next of its doors, and how far it is.
    at: usize,
    next: u64,
}

/// A walk's place in the order of walking, by what is counted and then by what is summed
/// beside; floats that are not negative are in the order of their bits.
fn order_of(arrived: &Arrived) -> u64 {
    u64::from(arrived.seconds.to_bits()) << 32 | u64::from(arrived.beside.to_bits())
}

/// Behind all walks.
const NO_MORE: u64 = u64::MAX;

impl Part {
    /// One of its arrivals as a walk from the origin.
    fn walk(&self, arrived: Arrived) -> Arrived {
        Arrived {
            seconds: self.seconds + arrived.seconds,
            beside: self.beside + arrived.beside,
            ..arrived
        }
    }

    fn at(&mut self, at: usize) {
        let next = self.row.doors.get(at).map(|arrived| self.walk(*arrived));
        (self.at, self.next) = (at, next.map_or(NO_MORE, |walk| order_of(&walk)));
    }
}

/// A walk to a door and the number of the foot that it begins at.
pub(super) type FromFoot = (Arrived, u8);

/// The memory of circles put together.
#[derive(Debug, Default)]
pub(super) struct Together {
    parts: Vec<Part>,
    /// The doors on the origin's own edges, as those of a row.
    direct: Vec<FromFoot>,
    /// How far the edge of what the map covers is.
    pub edge_s: f32,
    /// In which turn a door was met.
    seen: Vec<u32>,
    turn: u32,
}

impl Together {
    /// Forgets the last circle.
    pub fn clear(&mut self) {
        self.parts.clear();
        self.direct.clear();
    }

    /// Whether there is a circle put together.
    pub fn is_there(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Collects the rows at all ends of the feet's edges. Where one is missing, or
    /// cannot tell all, there is none put together.
    pub fn collect(
        &mut self,
        rows: &Rows,
        question: &Question<'_>,
        feet: &[Foot],
        (search, met): (&mut Search, &Met),
        far: &Far<'_>,
    ) {
        self.clear();
        // An edge has two ends.
        let Some(manner) = rows.manner(question).filter(|_| 2 * feet.len() <= PARTS) else {
            return;
        };
        self.edge_s = f32::INFINITY;
        let mut is_whole = true;
        for (foot, seed) in feet.iter().zip(0_u8..=u8::MAX) {
            for SeedEnd {
                arc,
                stage,
                seconds,
                metres,
                ..
            } in seed_ends(question, foot)
            {
                if seconds > question.horizon_s {
                    continue;
                }
                let make = |question: &Question<'_>| {
                    met.begin(question.view.rules.len());
                    Row::search(search, &Question { met, ..*question }, arc.to, stage, far)
                };
                // Once one is missing it is searched for anyway.
                let row = rows.get((arc.to, stage, manner), question, is_whole.then_some(make));
                let Some(row) = row else {
                    is_whole = false;
                    continue;
                };
                self.edge_s = self.edge_s.min(seconds + row.edge_s);
                self.parts.push(Part {
                    row,
                    seconds,
                    beside: beside(question, arc, metres, false, metres > 0.0),
                    seed,
                    at: 0,
                    next: NO_MORE,
                });
            }
            self.edge_s = self.edge_s.min(edge_from_foot(question, foot));
            direct_doors(question, foot, seed, |door, label| {
                self.direct.push((label.arrived(door), seed));
            });
        }
        if !is_whole {
            self.clear();
        }
        self.direct.sort_unstable_by(|(a, _), (b, _)| a.order(b));
    }

    /// Tells each door within the limit once, in the order of walking.
    pub fn each_within(&mut self, question: &Question<'_>, mut each: impl FnMut(FromFoot)) {
        self.seen.resize(question.doors.len(), 0);
        self.turn = match self.turn.checked_add(1) {
            Some(turn) => turn,
            None => {
                self.seen.fill(0);
                1
            }
        };
        self.note_changes(question, question.limit_s);
        self.parts.iter_mut().for_each(|part| part.at(0));
        let mut direct = self.direct.iter().copied().peekable();
        loop {
            // The first of the heads.
            let next_direct = direct.peek().map_or(NO_MORE, |(arrived, _)| order_of(arrived));
            let part = self.parts.iter_mut().min_by_key(|part| part.next);
            let walk = match part.filter(|part| part.next < next_direct) {
                Some(part) => {
                    let walk = part
                        .row
                        .doors
                        .get(part.at)
                        .map(|arrived| (part.walk(*arrived), part.seed));
                    part.at(part.at + 1);
                    walk
                }
                None => direct.next(),
            };
            let Some(walk) = walk.filter(|(arrived, _)| arrived.seconds <= question.limit_s) else {
                return;
            };
            if let Some(seen) = self.seen.get_mut(walk.0.door as usize)
                && *seen != self.turn
            {
                *seen = self.turn;
                each(walk);
            }
        }
    }

    /// The nearest door of each wanted category (a bit each) beyond the limit and
    /// within the horizon.
    pub fn nearest(&self, question: &Question<'_>, wanted: u32, far: &Far<'_>) -> [Option<FromFoot>; CATEGORIES] {
        let mut best: [Option<FromFoot>; CATEGORIES] = [None; CATEGORIES];
        let mut take = |number: u8, walk: FromFoot| {
            let is_far = walk.0.seconds > question.limit_s && walk.0.seconds <= question.horizon_s;
            if let Some(slot) = best.get_mut(usize::from(number))
                && wanted >> number & 1 == 1
                && is_far
            {
                let key = |(arrived, _): &FromFoot| (arrived.seconds, arrived.door, arrived.beside);
                if slot.is_none_or(|known| key(&walk) < key(&known)) {
                    *slot = Some(walk);
                }
            }
        };
        for part in &self.parts {
            for (number, arrived) in &part.row.nearest {
                take(*number, (part.walk(*arrived), part.seed));
            }
        }
        for walk in &self.direct {
            if let Some(number) = (far.category)(walk.0.door) {
                take(number, *walk);
            }
        }
        let all_found = (0_u32..)
            .zip(&best)
            .all(|(number, best)| wanted >> number & 1 == 0 || best.is_some());
        let furthest_s = best
            .iter()
            .flatten()
            .map(|(arrived, _)| arrived.seconds)
            .fold(0.0, f32::max);
        self.note_changes(question, if all_found { furthest_s } else { question.horizon_s });
        best
    }

    /// Of which categories there is a door within the limit; `bit` tells a door's.
    pub fn categories_within(&self, question: &Question<'_>, bit: impl Fn(u32) -> u32) -> u32 {
        self.note_changes(question, question.limit_s);
        let mut found = 0;
        for part in &self.parts {
            for (number, arrived) in &part.row.nearest {
                if part.seconds + arrived.seconds <= question.limit_s {
                    found |= 1_u32.checked_shl(u32::from(*number)).unwrap_or(0);
                }
            }
        }
        let within = |walk: &&FromFoot| walk.0.seconds <= question.limit_s;
        let direct = self.direct.iter().filter(within);
        direct.fold(found, |found, (arrived, _)| found | bit(arrived.door))
    }

    /// Tells what hours a search as far as this would have met: it looks at all that is
    /// as far by whole seconds.
    fn note_changes(&self, question: &Question<'_>, as_far_as_s: f32) {
        for part in &self.parts {
            for (seconds, change) in &part.row.changes {
                let met_s = part.seconds + seconds;
                if met_s <= question.horizon_s && met_s.floor() <= as_far_as_s.floor() {
                    question.met.note(*change);
                }
            }
        }
    }
}
