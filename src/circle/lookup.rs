//! One circle: who stands where, walks how, and what is within reach.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;

use super::places::{Catalogue, Entry, LiveHours, Snapshot, Target};
use super::streets::{Ask, Foot, Method, Pace, Reach, StreetMap, TimeModel, Walker, When};
use crate::calendar::{Calendar, HoursState};
use crate::clock::Timestamp;
use crate::coordinates::Point;

thread_local! {
    /// The memory of searches, grown once a thread.
    static SCRATCH: RefCell<(Walker, Reach)> = RefCell::default();
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
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// From where.
    pub origin: Point,
    /// How one walks.
    pub pace: &'a Pace,
    /// How long at the most, in seconds.
    pub limit_s: f64,
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
    /// Seconds of walking in all.
    pub walk_s: f64,
    /// Metres of walking in all.
    pub walk_m: f64,
    /// Metres along the streets, between the snapped points; none in straight lines.
    pub network_m: Option<f64>,
    /// Metres as the crow flies.
    pub straight_m: f64,
    /// What the hours say at the instant; none where they are unknown.
    pub hours: Option<HoursState>,
}

impl Reached {
    /// Whether it is open; none where that is not known.
    pub fn open(&self) -> Option<bool> {
        self.hours.as_ref().and_then(|state| state.open)
    }
}

/// The answer.
pub struct Circle {
    /// How it was found.
    pub method: Method,
    /// Where the origin stands on the streets, the nearest first.
    pub feet: Vec<Foot>,
    /// Whether these streets hang together with little else.
    pub island: bool,
    /// By time, then by id.
    pub reached: Vec<Reached>,
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
        }
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

    /// What is within reach. Takes microseconds to a few milliseconds, so it may
    /// run on an async worker.
    pub fn around(&self, asked: &Asked<'_>) -> Circle {
        let snapshot = self.catalogue.now();
        SCRATCH.with_borrow_mut(|(walker, reach)| {
            let origins = [asked.origin];
            let ask = Ask {
                when: Some(When {
                    calendar: &self.calendar,
                    at: asked.at,
                    is_now: asked.is_now,
                }),
                ..Ask::new(&origins, asked.pace, asked.limit_s)
            };
            walker.reach_into(&self.map, snapshot.doors(), &ask, reach);
            Circle {
                method: reach.method,
                feet: reach.feet.clone(),
                island: reach.island,
                reached: self.reached(&snapshot, reach, asked),
            }
        })
    }

    /// Whether a stop stands open, is still to come on its day, or is over.
    fn standing(&self, hours: Option<&HoursState>, day: NaiveDate) -> Standing {
        match hours {
            Some(state) if state.open == Some(true) => Standing::Now,
            Some(state) if state.next_change.is_some_and(|next| self.calendar.date_of(next) == day) => Standing::Later,
            _ => Standing::Over,
        }
    }

    /// The places behind the doors, each by the door that is reached first.
    fn reached(&self, snapshot: &Snapshot, reach: &Reach, asked: &Asked<'_>) -> Vec<Reached> {
        let day = self.calendar.date_of(asked.at.to_utc());
        let mut reached: HashMap<usize, (Standing, Reached)> = HashMap::new();
        for arrival in &reach.arrivals {
            let Some(Target { entry: number, stop }) = snapshot.targets().get(arrival.door as usize).copied() else {
                continue;
            };
            let (Some(entry), Some(point)) = (
                snapshot.entries().get(number),
                snapshot.doors().points().get(arrival.door as usize),
            ) else {
                continue;
            };
            let hours = match stop {
                None => entry.hours.as_ref(),
                Some(nth) => entry.stop_hours.get(nth).and_then(Option::as_ref),
            };
            if stop.is_some() && !hours.is_some_and(|hours| self.calendar.serves_on(hours.hours(), day)) {
                continue;
            }
            // Arrivals come by time, so the first door of a place is the one to take;
            // of a mobile service's stops one that stands open counts before one that
            // is still to come, and that before one that is over.
            if stop.is_none() && reached.contains_key(&number) {
                continue;
            }
            let hours = hours.map(|hours: &Arc<LiveHours>| hours.state(&self.calendar, asked.at, asked.is_now));
            let standing = match stop {
                None => Standing::Now,
                Some(_) => self.standing(hours.as_ref(), day),
            };
            if reached.get(&number).is_some_and(|(known, _)| *known <= standing) {
                continue;
            }
            let found = Reached {
                entry: Arc::clone(entry),
                point: *point,
                walk_s: arrival.seconds,
                walk_m: arrival.walk_m,
                network_m: (reach.method == Method::Streets).then_some(arrival.network_m),
                straight_m: asked.origin.metres_to(*point),
                hours,
            };
            reached.insert(number, (standing, found));
        }
        let mut reached: Vec<Reached> = reached.into_values().map(|(_, found)| found).collect();
        reached.sort_by(|a, b| {
            a.walk_s
                .total_cmp(&b.walk_s)
                .then(a.entry.place.id.cmp(&b.entry.place.id))
        });
        reached
    }
}
