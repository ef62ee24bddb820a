//! One circle: who stands where, walks how, and what is within reach.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use chrono::NaiveDate;

use super::facilities::{Facilities, tier_m};
use super::places::kinds::Category;
use super::places::{Catalogue, Entry, LiveHours, Snapshot};
use super::streets::{Arrival, ArrivalFoot, Ask, Far, Foot, Method, Pace, Reach, StreetMap, TimeModel, Walker, When};
use crate::calendar::{Calendar, HoursState};
use crate::clock::Timestamp;
use crate::coordinates::Point;

/// The nearest of a category is looked for as far as this.
pub const BEYOND_MINUTES: u32 = 30;

/// Where the minutes allow so many times the metres of the standard on the level,
/// stairs and lights on a walk of these metres do not use them up: an adult's ten
/// minutes are 850 m, against 500 m.
const LONG_FOR_METRES: f64 = 1.5;

const CATEGORIES: usize = Category::ALL.len();

thread_local! {
    /// The memory of searches, grown once a thread.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// The memory of lookups.
#[derive(Default)]
struct Scratch {
    walker: Walker,
    reach: Reach,
    seen: Seen,
}

/// Which place stands where in the list, by its number.
#[derive(Default)]
struct Seen {
    at: Vec<(u32, u32)>,
    list: u32,
}

impl Seen {
    fn begin(&mut self) {
        self.list = self.list.wrapping_add(1);
        if self.list == 0 {
            self.at.clear();
            self.list = 1;
        }
    }

    fn get(&self, number: usize) -> Option<usize> {
        let (list, at) = *self.at.get(number)?;
        (list == self.list).then_some(at as usize)
    }

    fn set(&mut self, number: usize, at: usize) {
        if self.at.len() <= number {
            self.at.resize(number + 1, (0, 0));
        }
        self.at[number] = (self.list, at as u32);
    }
}

/// Whether a mobile service is at a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// It stands there, as any other place does.
    Now,
    /// It comes there on that day.
    Later,
    /// It was there on that day.
    Over,
}

/// What circles are made of: the streets, the time model, the places, the calendar.
pub struct Circles {
    map: Arc<StreetMap>,
    model: &'static TimeModel,
    catalogue: Arc<Catalogue>,
    calendar: Arc<Calendar>,
    facilities: Facilities,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Seconds of the quickest walk.
    Time,
    /// Metres of the shortest, as GB 50180-2018 counts them for 5, 10 and 15
    /// minutes.
    Gb50180,
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What it is about: straight lines are measured from here.
    pub origin: Point,
    /// Where walks begin: the origin itself, or the doors of a house.
    pub starts: &'a [Point],
    /// How one walks.
    pub pace: &'a Pace,
    /// How long at the most.
    pub minutes: u32,
    /// What is counted.
    pub basis: Basis,
    /// From the places to the origin instead of from it.
    pub reverse: bool,
    /// Whether ferries are taken.
    pub ferry: bool,
    /// Whether the nearest beyond is asked for, of categories that are absent.
    pub beyond: bool,
    /// For which instant.
    pub at: Timestamp,
    /// Whether that instant is now.
    pub is_now: bool,
}

/// A place within reach.
pub struct Reached {
    /// The place.
    pub entry: Arc<Entry>,
    /// The door or stop that is reached first.
    pub point: Point,
    /// Its number in the index of doors.
    pub door: u32,
    /// Which of the points it is where the place is entered.
    pub nth: u16,
    /// Seconds of walking in all.
    pub walk_s: f64,
    /// Metres of walking in all.
    pub walk_m: f64,
    /// Metres along the streets and over squares, between the snapped points; none in
    /// straight lines.
    pub network_m: Option<f64>,
    /// Whether the walk ends on a private way.
    pub private_end: bool,
    /// Metres of which nothing is known that a wheelchair would have to know.
    pub unknown_m: f64,
    /// Where the door stands on the streets.
    pub foot: Option<ArrivalFoot>,
    /// What the hours say at the instant; none where they are unknown.
    pub hours: Option<HoursState>,
}

impl Reached {
    /// Whether it is open; none where that is not known.
    pub fn open(&self) -> Option<bool> {
        self.hours.as_ref().and_then(|state| state.open)
    }

    /// Its category.
    pub fn category(&self) -> Category {
        self.entry.place.facts.kind.category
    }
}

/// The nearest place of a category that the circle lacks.
pub struct Beyond {
    /// The place.
    pub entry: Arc<Entry>,
    /// Seconds of walking in all.
    pub walk_s: f64,
    /// Metres of walking in all.
    pub walk_m: f64,
}

/// Whether the circle has a category by either basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Met {
    /// Within the minutes.
    pub time: bool,
    /// Within the metres of the standard; none where it has none for the minutes.
    pub gb50180: Option<bool>,
}

/// The answer.
pub struct Circle {
    /// How it was found.
    pub method: Method,
    /// Where the starts stand on the streets: start by start, the nearest first.
    pub feet: Vec<Foot>,
    /// Whether these streets hang together with little else.
    pub island: bool,
    /// Whether all of it lies inside what the map covers.
    pub complete: bool,
    /// When the first of the ways and gates with hours that were met opens or
    /// closes.
    pub streets_change_at: Option<Timestamp>,
    /// By time (or metres), then by id.
    pub reached: Vec<Reached>,
    /// Of categories that are absent, in the order of categories.
    pub beyond: [Option<Beyond>; CATEGORIES],
    /// In the order of categories.
    pub met: [Met; CATEGORIES],
}

impl Circle {
    /// What must be shown with its places, those beyond it among them.
    pub fn attribution(&self) -> Option<&'static str> {
        let entries = self.reached.iter().map(|reached| &reached.entry);
        let beyond = self.beyond.iter().flatten().map(|beyond| &beyond.entry);
        entries.chain(beyond).find_map(|entry| entry.place.attribution())
    }
}

impl Circles {
    /// From these parts.
    pub fn new(
        map: Arc<StreetMap>,
        model: &'static TimeModel,
        catalogue: Arc<Catalogue>,
        calendar: Arc<Calendar>,
    ) -> Self {
        Self {
            map,
            model,
            catalogue,
            calendar,
            facilities: Facilities::default(),
        }
    }

    /// The same with a table of facilities; without one nothing is asked for.
    pub fn with_facilities(self, facilities: Facilities) -> Self {
        Self { facilities, ..self }
    }

    /// The table of facilities in force.
    pub fn facilities(&self) -> &Facilities {
        &self.facilities
    }

    /// The streets.
    pub fn map(&self) -> &StreetMap {
        &self.map
    }

    /// The time model.
    pub fn model(&self) -> &'static TimeModel {
        self.model
    }

    /// The calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The places as they are now.
    pub(super) fn places(&self) -> Arc<Snapshot> {
        self.catalogue.now()
    }

    /// What is within reach. Takes microseconds to a few milliseconds, so it may
    /// run on an async worker.
    pub fn around(&self, asked: &Asked<'_>) -> Circle {
        let snapshot = self.catalogue.now();
        let day = OnceCell::new();
        let far = Far {
            wanted: there_are(&snapshot),
            category: &|door| self.category_of(&snapshot, door, || *day.get_or_init(|| self.day_of(asked))),
            good_until: &|| self.calendar.day_ends(asked.at.to_utc()).into(),
        };
        SCRATCH.with_borrow_mut(|scratch| {
            let metres = (asked.basis == Basis::Gb50180).then(|| asked.pace.in_metres());
            let ask = self.ask(asked, metres.as_ref());
            let Scratch {
                walker, reach, seen, ..
            } = scratch;
            walker.reach_remembered(&self.map, snapshot.doors(), snapshot.rows(), &ask, &far, reach);
            let reached = self.list(&snapshot, reach, asked, seen);
            let mut circle = Circle {
                method: reach.method,
                feet: reach.feet.clone(),
                island: reach.island,
                complete: reach.complete,
                streets_change_at: None,
                reached,
                beyond: Default::default(),
                met: [Met::default(); CATEGORIES],
            };
            let absent = far.wanted & !categories(circle.reached.iter());
            if asked.beyond && absent != 0 {
                let nearest = walker.beyond(&self.map, snapshot.doors(), &ask, reach, absent, &far);
                circle.beyond = beyond(&snapshot, &nearest);
            }
            let streets_change_at = walker.streets_change_at();
            let (met, change) = self.met(&snapshot, scratch, asked, &circle.reached, &far);
            circle.met = met;
            circle.streets_change_at = [streets_change_at, change].into_iter().flatten().min();
            circle
        })
    }

    /// The category that a door counts for: a stop does where the service comes there on
    /// that day.
    fn category_of(&self, snapshot: &Snapshot, door: u32, day: impl Fn() -> NaiveDate) -> Option<u8> {
        let target = snapshot.targets().get(door as usize)?;
        let entry = snapshot.entry(target.entry)?;
        let counts = target.stop().is_none_or(|stop| self.serves(entry, stop, day()));
        counts.then_some(entry.place.facts.kind.category as u8)
    }

    fn day_of(&self, asked: &Asked<'_>) -> NaiveDate {
        self.calendar.date_of(asked.at.to_utc())
    }

    /// Asks the streets and the places as they are now, and lends what was found and
    /// the memory of the search to `work`.
    pub(super) fn search<R>(&self, ask: &Ask<'_>, work: impl FnOnce(&Snapshot, &Walker, &mut Reach) -> R) -> R {
        let snapshot = self.catalogue.now();
        SCRATCH.with_borrow_mut(|Scratch { walker, reach, .. }| {
            walker.reach_into(&self.map, snapshot.doors(), ask, reach);
            work(&snapshot, walker, reach)
        })
    }

    /// The places behind the doors of a reach, each by the door that counts.
    pub(super) fn reached(&self, snapshot: &Snapshot, reach: &Reach, asked: &Asked<'_>) -> Vec<Reached> {
        self.list(snapshot, reach, asked, &mut Seen::default())
    }

    /// The places within so many metres of the shortest walk, whatever the minutes.
    pub(super) fn within_metres(&self, asked: &Asked<'_>, metres: f64) -> Vec<Reached> {
        let pace = asked.pace.in_metres();
        let asked = Asked {
            basis: Basis::Gb50180,
            beyond: false,
            ..*asked
        };
        let ask = Ask {
            limit_s: metres,
            horizon_s: metres,
            ..self.ask(&asked, Some(&pace))
        };
        self.search(&ask, |places, _, reach| self.reached(places, reach, &asked))
    }

    /// Where walks to or from a place begin at an instant: where it is entered, or the
    /// stops at which a mobile service stands on that day.
    pub(super) fn access_points(&self, entry: &Entry, at: Timestamp) -> Vec<Point> {
        let day = self.calendar.date_of(at.to_utc());
        let is_mobile = !entry.place.facts.stops.is_empty();
        (0..)
            .zip(entry.access_points())
            .filter(|(stop, _)| !is_mobile || self.serves(entry, *stop, day))
            .map(|(_, point)| point)
            .collect()
    }

    /// The question to the streets; `metres` is the pace counted in metres, where
    /// that is the basis.
    pub(super) fn ask<'a>(&'a self, asked: &Asked<'a>, metres: Option<&'a Pace>) -> Ask<'a> {
        let limit_s = match metres {
            Some(_) => tier_m(asked.minutes).unwrap_or_default(),
            None => f64::from(asked.minutes) * 60.0,
        };
        let beyond_s = f64::from(BEYOND_MINUTES) * 60.0;
        let horizon_s = match metres {
            Some(_) => beyond_s / f64::from(asked.pace.seconds_a_metre),
            None => beyond_s,
        };
        Ask {
            origins: asked.starts,
            pace: asked.pace,
            limit_s,
            horizon_s: if asked.beyond { horizon_s } else { limit_s },
            reverse: asked.reverse,
            ferry: asked.ferry,
            in_metres: metres,
            when: Some(When {
                calendar: &self.calendar,
                at: asked.at,
                is_now: asked.is_now,
            }),
        }
    }

    /// Whether a stop stands open, is still to come on its day, or is over.
    fn standing(&self, hours: Option<&HoursState>, day: NaiveDate) -> Standing {
        match hours {
            Some(state) if state.open == Some(true) => Standing::Now,
            Some(state) if state.next_change.is_some_and(|next| self.calendar.date_of(next) == day) => Standing::Later,
            _ => Standing::Over,
        }
    }

    /// Whether a mobile service comes to its stop on that day.
    fn serves(&self, entry: &Entry, stop: usize, day: NaiveDate) -> bool {
        let hours = entry.stop_hours.get(stop).and_then(Option::as_ref);
        hours.is_some_and(|hours| self.calendar.serves_on(hours.hours(), day))
    }

    /// The places behind the doors, each by the door that is reached first.
    fn list(&self, snapshot: &Snapshot, reach: &Reach, asked: &Asked<'_>, seen: &mut Seen) -> Vec<Reached> {
        // Only mobile services ask for the day.
        let day = OnceCell::new();
        let day = || *day.get_or_init(|| self.day_of(asked));
        let mut reached: Vec<Reached> = Vec::with_capacity(reach.arrivals.len());
        // Where each mobile service among them stands.
        let mut standings: Vec<(usize, Standing)> = Vec::new();
        seen.begin();
        for arrival in &reach.arrivals {
            let Some(target) = snapshot.targets().get(arrival.door as usize) else {
                continue;
            };
            let (number, stop) = (target.entry as usize, target.stop());
            let known = seen.get(number);
            // Arrivals come in order, so the first door of a place is the one to take;
            // of a mobile service's stops one that stands open counts before one that
            // is still to come, and that before one that is over.
            if known.is_some() && stop.is_none() {
                continue;
            }
            let (Some(entry), Some(point)) = (
                snapshot.entry(target.entry),
                snapshot.doors().points().get(arrival.door as usize),
            ) else {
                continue;
            };
            let hours = match stop {
                None => entry.hours.as_ref(),
                Some(nth) if !self.serves(entry, nth, day()) => continue,
                Some(nth) => entry.stop_hours.get(nth).and_then(Option::as_ref),
            };
            let hours = hours.map(|hours: &Arc<LiveHours>| hours.state(&self.calendar, asked.at, asked.is_now));
            let at = known.unwrap_or(reached.len());
            if stop.is_some() {
                let standing = self.standing(hours.as_ref(), day());
                match standings.iter_mut().find(|(known, _)| *known == at) {
                    Some((_, known)) if *known <= standing => continue,
                    Some((_, known)) => *known = standing,
                    None => standings.push((at, standing)),
                }
            }
            let found = place(entry, (*point, target.nth), arrival, reach.method, hours);
            match reached.get_mut(at) {
                Some(known) => *known = found,
                None => {
                    seen.set(number, at);
                    reached.push(found);
                }
            }
        }
        let counted = |reached: &Reached| match asked.basis {
            Basis::Time => reached.walk_s,
            Basis::Gb50180 => reached.walk_m,
        };
        reached.sort_by(|a, b| {
            counted(a)
                .total_cmp(&counted(b))
                .then(a.entry.place.id.cmp(&b.entry.place.id))
        });
        reached
    }

    /// Which categories the circle has by either basis. What the one basis found
    /// often answers for the other; only where it does not a second search is made, and it
    /// is told when the streets that it met change.
    fn met(
        &self,
        snapshot: &Snapshot,
        scratch: &mut Scratch,
        asked: &Asked<'_>,
        reached: &[Reached],
        far: &Far<'_>,
    ) -> ([Met; CATEGORIES], Option<Timestamp>) {
        let own = categories(reached.iter());
        let Some(metres) = tier_m(asked.minutes) else {
            let met = |category| Met {
                time: own >> category & 1 == 1,
                gb50180: None,
            };
            return (std::array::from_fn(met), None);
        };
        let seconds = f64::from(asked.minutes) * 60.0;
        let is_in_other = |reached: &&Reached| match asked.basis {
            Basis::Time => reached.walk_m <= metres,
            Basis::Gb50180 => reached.walk_s <= seconds,
        };
        let mut other = categories(reached.iter().filter(is_in_other));
        let lacking = there_are(snapshot) & !other;
        let mut change = None;
        if lacking != 0 && self.may_differ(asked, metres, lacking, reached) {
            let basis = match asked.basis {
                Basis::Time => Basis::Gb50180,
                Basis::Gb50180 => Basis::Time,
            };
            let asked = Asked {
                basis,
                beyond: false,
                ..*asked
            };
            let metres = (basis == Basis::Gb50180).then(|| asked.pace.in_metres());
            let ask = self.ask(&asked, metres.as_ref());
            // What the first search found is taken already.
            let Scratch { walker, reach, .. } = scratch;
            let streets = (&*self.map, snapshot.doors());
            let found = walker.categories_within(streets, snapshot.rows(), &ask, reach, far);
            other |= found.0;
            change = found.1;
        }
        let (time, gb50180) = match asked.basis {
            Basis::Time => (own, other),
            Basis::Gb50180 => (other, own),
        };
        let met = |category| Met {
            time: time >> category & 1 == 1,
            gb50180: Some(gb50180 >> category & 1 == 1),
        };
        (std::array::from_fn(met), change)
    }
}

impl Circles {
    /// Whether a search by the other basis may find one of the `lacking` categories.
    /// Where the minutes are long for the metres, whatever the shortest walk reaches
    /// the quickest does too, and only a place that is near enough as the crow flies
    /// may have a shorter walk than its quickest.
    fn may_differ(&self, asked: &Asked<'_>, metres: f64, lacking: u32, reached: &[Reached]) -> bool {
        let seconds = f64::from(asked.minutes) * 60.0;
        let is_long = seconds >= LONG_FOR_METRES * metres * f64::from(asked.pace.seconds_a_metre);
        if asked.basis != Basis::Time || !is_long {
            return true;
        }
        let may_be_nearer = |reached: &Reached| {
            let is_near = |point: Point| asked.starts.iter().any(|start| start.metres_to(point) <= metres);
            lacking >> reached.category() as u32 & 1 == 1 && reached.entry.access_points().any(is_near)
        };
        reached.iter().any(may_be_nearer)
    }
}

fn place(
    entry: &Arc<Entry>,
    (point, nth): (Point, u16),
    arrival: &Arrival,
    method: Method,
    hours: Option<HoursState>,
) -> Reached {
    Reached {
        entry: Arc::clone(entry),
        point,
        door: arrival.door,
        nth,
        walk_s: arrival.seconds,
        walk_m: arrival.walk_m,
        network_m: (method == Method::Streets).then_some(arrival.network_m),
        private_end: arrival.private_end,
        unknown_m: arrival.unknown_m,
        foot: arrival.foot,
        hours,
    }
}

/// The places behind the nearest doors. By metres as well it is the minutes that bound
/// them.
fn beyond(snapshot: &Snapshot, nearest: &[Option<Arrival>]) -> [Option<Beyond>; CATEGORIES] {
    std::array::from_fn(|category| {
        let is_near = |arrival: &&Arrival| arrival.seconds <= f64::from(BEYOND_MINUTES) * 60.0;
        let arrival = nearest.get(category)?.as_ref().filter(is_near)?;
        let target = snapshot.targets().get(arrival.door as usize)?;
        Some(Beyond {
            entry: Arc::clone(snapshot.entry(target.entry)?),
            walk_s: arrival.seconds,
            walk_m: arrival.walk_m,
        })
    })
}

/// The categories of places, a bit each.
fn categories<'a>(reached: impl Iterator<Item = &'a Reached>) -> u32 {
    reached.fold(0, |all, reached| all | 1 << reached.category() as u32)
}

/// The categories that any place has, a bit each.
fn there_are(snapshot: &Snapshot) -> u32 {
    Category::ALL
        .into_iter()
        .filter(|category| snapshot.doors().count_of(*category as u8) > 0)
        .fold(0, |all, category| all | 1 << category as u32)
}
