//! Walks remembered. Neighbours start at the same corners, so what a search found from
//! a junction is kept as a row: its doors in the order of walking, the nearest of each
//! category, and when the ways with hours met there change. A circle is then put
//! together from the rows at the ends of the edges that its origin stands on.
//!
//! A row is made by the same search as any answer, and sums are exact (see
//! [`grain`](super::passage::grain)): an answer from rows is the answer of a search.
//! What a row cannot tell is searched for: wheelchairs, whose walks carry more figures,
//! and houses with many doors.
//!
//! Rows hang on the doors as they were: who lists others begins with none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::arrived::Arrived;
use super::model::Pace;
use super::passage::{Question, Stage};
use super::search::{CATEGORIES, Search};
use crate::clock::Timestamp;

/// How many parts the store has, each with a lock of its own.
const SHARDS: usize = 16;
/// Ways of walking that are told apart; more than there are paces, twice over for
/// seconds and metres, for there and back.
const MANNERS: usize = 64;
/// What a junction takes that was asked for once.
const ASKED_ONCE_BYTES: usize = 48;

/// What is asked of doors that lie beyond the circle.
#[derive(Clone, Copy)]
pub struct Far<'a> {
    /// The categories that there are, a bit each.
    pub wanted: u32,
    /// The category of a door; `None` where it does not count.
    pub category: &'a dyn Fn(u32) -> Option<u8>,
    /// Until when that stays so.
    pub good_until: &'a dyn Fn() -> Timestamp,
}

/// What a search from a junction found.
#[derive(Debug)]
pub(super) struct Row {
    /// How far it looked for all doors, and for the nearest.
    limit_s: f32,
    horizon_s: f32,
    /// By what is counted, then by what is summed beside, then by number.
    pub doors: Box<[Arrived]>,
    /// The nearest of each category that there is within the horizon.
    pub nearest: Box<[(u8, Arrived)]>,
    /// How far away each change of a way's hours was met, and when it comes.
    pub changes: Box<[(f32, Timestamp)]>,
    /// From when until when it holds.
    from: Timestamp,
    until: Timestamp,
    /// How far the edge of what the map covers is.
    pub edge_s: f32,
}

impl Row {
    /// Searches from a junction.
    pub fn search(search: &mut Search, question: &Question<'_>, junction: u32, stage: Stage, far: &Far<'_>) -> Self {
        search.run_from(question, junction, stage);
        let mut doors: Vec<Arrived> = search.reached.iter().filter_map(|door| search.arrived(*door)).collect();
        doors.retain(|arrived| arrived.seconds <= question.limit_s);
        doors.sort_unstable_by(Arrived::order);
        let mut nearest: [Option<Arrived>; CATEGORIES] = [None; CATEGORIES];
        for arrived in &doors {
            if let Some(number) = (far.category)(arrived.door)
                && let Some(slot) = nearest.get_mut(usize::from(number))
                && slot.is_none_or(|known| (arrived.seconds, arrived.door) < (known.seconds, known.door))
            {
                *slot = Some(*arrived);
            }
        }
        if question.horizon_s > question.limit_s {
            let lacking = |(number, found): (usize, &Option<Arrived>)| u32::from(found.is_none()) << number;
            let wanted = far.wanted & nearest.iter().enumerate().map(lacking).sum::<u32>();
            let found = search.run_on(question, wanted, far.category);
            for (slot, door) in nearest.iter_mut().zip(found) {
                *slot = slot.or_else(|| search.arrived(door?));
            }
        }
        let numbered = (0_u8..)
            .zip(nearest)
            .filter_map(|(number, found)| Some((number, found?)));
        let nearest = numbered.collect();
        let from = question.when.map_or(Timestamp::from_micros(0), |when| when.at);
        let changes = changes(search, question);
        let first_change = changes.iter().map(|(_, change)| *change).min();
        Self {
            limit_s: question.limit_s,
            horizon_s: question.horizon_s,
            doors: doors.into(),
            nearest,
            from,
            until: first_change.into_iter().fold((far.good_until)(), Timestamp::min),
            changes,
            edge_s: search.edge_s,
        }
    }

    /// Whether it answers a question.
    fn answers(&self, question: &Question<'_>) -> bool {
        let holds = question
            .when
            .is_some_and(|when| self.from <= when.at && when.at < self.until);
        holds && question.limit_s <= self.limit_s && question.horizon_s <= self.horizon_s.max(question.limit_s)
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(&*self.doors)
            + size_of_val(&*self.nearest)
            + size_of_val(&*self.changes)
            + ASKED_ONCE_BYTES
    }
}

fn bytes_of(known: Option<&Row>) -> usize {
    known.map_or(ASKED_ONCE_BYTES, Row::bytes)
}

fn changes(search: &Search, question: &Question<'_>) -> Box<[(f32, Timestamp)]> {
    let mut changes = Vec::new();
    for (junction, stage, edge) in &search.hours_met {
        let (seconds, _) = search.reached_at(*junction, *stage);
        let edge = &question.view.edges[*edge as usize];
        for rule in question.view.particulars_of(edge).rules {
            if let Some(change) = question.met.change_of(question.view.rules, rule, question.when) {
                changes.push((seconds, change));
            }
        }
    }
    // Of a change the nearest meeting is enough.
    changes.sort_by(|a, b| a.1.cmp(&b.1).then(a.0.total_cmp(&b.0)));
    changes.dedup_by_key(|(_, change)| *change);
    changes.into()
}

/// From where, and how one walks on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Start {
    pub junction: u32,
    pub stage: Stage,
    manner: u8,
}

/// How one walks.
#[derive(Debug, PartialEq)]
struct Manner {
    pace: Pace,
    timed: Option<Pace>,
    reverse: bool,
    ferry: bool,
}

/// What is known of a start: its row, or that it was asked for once.
type Known = Option<Arc<Row>>;

#[derive(Debug, Default)]
struct Shard {
    young: HashMap<Start, Known>,
    old: HashMap<Start, Known>,
    young_bytes: usize,
}

/// The rows that are kept, within so many bytes: when the young ones take half of
/// these, the old ones go and the young become the old. Who is asked for stays young.
#[derive(Debug)]
pub struct Rows {
    shards: [Mutex<Shard>; SHARDS],
    manners: RwLock<Vec<Arc<Manner>>>,
    bytes: usize,
}

impl Rows {
    /// None yet, and never more than about so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            manners: RwLock::default(),
            bytes,
        }
    }

    /// The number of a question's way of walking; `None` where it is not remembered.
    pub(super) fn manner(&self, question: &Question<'_>) -> Option<u8> {
        if self.bytes == 0 || question.pace.is_step_free() || question.when.is_none() {
            return None;
        }
        let is_its = |manner: &Arc<Manner>| {
            manner.reverse == question.reverse
                && manner.ferry == question.ferry
                && manner.pace == *question.pace
                && manner.timed.as_ref() == question.timed
        };
        let known = self
            .manners
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .position(is_its);
        let number = known.or_else(|| {
            let mut manners = self.manners.write().unwrap_or_else(PoisonError::into_inner);
            let known = manners.iter().position(is_its);
            known.or_else(|| {
                let manner = Manner {
                    pace: question.pace.clone(),
                    timed: question.timed.cloned(),
                    reverse: question.reverse,
                    ferry: question.ferry,
                };
                (manners.len() < MANNERS).then(|| manners.push(Arc::new(manner)))?;
                Some(manners.len() - 1)
            })
        })?;
        u8::try_from(number).ok()
    }

    /// The row of a start, made by `make` where it was asked for before; `None` on
    /// the first time: who is asked for once only is not worth a row.
    pub(super) fn get(
        &self,
        (junction, stage, manner): (u32, Stage, u8),
        question: &Question<'_>,
        make: Option<impl FnOnce(&Question<'_>) -> Row>,
    ) -> Known {
        let start = Start {
            junction,
            stage,
            manner,
        };
        let known = self.shard(start).find(&start, self.bytes / SHARDS / 2);
        match (known, make) {
            (Some(Some(row)), _) if row.answers(question) => Some(row),
            // What is asked for another time than now is not worth one either.
            (Some(known), Some(make)) if question.when.is_some_and(|when| when.is_now) => {
                // Who asks less far in turn with it is answered too.
                let [limit_s, horizon_s] = known.map_or([0.0; 2], |row| [row.limit_s, row.horizon_s]);
                let row = Arc::new(make(&Question {
                    limit_s: question.limit_s.max(limit_s),
                    horizon_s: question.horizon_s.max(horizon_s),
                    ..*question
                }));
                self.put(start, Some(Arc::clone(&row)));
                Some(row)
            }
            (Some(_), _) => None,
            (None, _) => {
                self.put(start, None);
                None
            }
        }
    }

    /// How much memory the rows take.
    #[must_use]
    pub fn bytes_kept(&self) -> usize {
        let shards = self.shards.iter();
        let bytes = shards.map(|shard| {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let old = shard.old.values().map(|known| bytes_of(known.as_deref()));
            shard.young_bytes + old.sum::<usize>()
        });
        bytes.sum()
    }

    fn put(&self, start: Start, known: Known) {
        self.shard(start).put(start, known, self.bytes / SHARDS / 2);
    }

    fn shard(&self, start: Start) -> std::sync::MutexGuard<'_, Shard> {
        // Neighbours are numbered alike, and go to different parts.
        let shard = &self.shards[start.junction as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn find(&mut self, start: &Start, most_bytes: usize) -> Option<Known> {
        if let Some(known) = self.young.get(start) {
            return Some(known.clone());
        }
        let known = self.old.remove(start)?;
        self.put(*start, known.clone(), most_bytes);
        Some(known)
    }

    fn put(&mut self, start: Start, known: Known, most_bytes: usize) {
        let bytes = bytes_of(known.as_deref());
        if self.young_bytes + bytes > most_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
        if let Some(before) = self.young.insert(start, known) {
            self.young_bytes -= bytes_of(before.as_deref());
        }
    }
}
