//! What is within reach: snap the origin, search, list the doors.

use super::doors::DoorIndex;
use super::file::StreetMap;
use super::model::Pace;
use super::search::{Question, Search, Stage};
use super::snap::{Foot, Snap, Snapper};
use super::tags::flag;
use crate::coordinates::Point;

/// How a reach was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Along the streets.
    Streets,
    /// No street is near the origin: straight lines times the detour factor.
    #[default]
    StraightLine,
}

/// A door within reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// The door's place among the ties of the index.
    pub door: u32,
    /// Seconds of walking in all.
    pub seconds: f64,
    /// Metres along the streets, between the feet.
    pub network_m: f64,
    /// Metres in all, both legs off the street included.
    pub walk_m: f64,
    /// Whether the walk ends on a private way.
    pub private_end: bool,
}

/// All that is within reach.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reach {
    /// How it was found.
    pub method: Method,
    /// Where the origin stands on the streets.
    pub snap: Snap,
    /// By seconds, then by door.
    pub arrivals: Vec<Arrival>,
}

impl Reach {
    /// Whether the origin's nearest street hangs together with little else.
    #[must_use]
    pub fn island(&self) -> bool {
        self.snap.island
    }
}

/// Answers what is within reach; keeps its memory from one question to the next,
/// so that a question allocates nothing once the memory has grown. One for each
/// thread.
#[derive(Debug, Default)]
pub struct Walker {
    pub(super) snapper: Snapper,
    pub(super) search: Search,
}

/// The longest walk that is searched for, in seconds; a longer limit counts as
/// this.
pub const LIMIT_AT_MOST_S: f64 = 7_200.0;

impl Walker {
    /// The doors within `limit_s` seconds of `origin` at `pace`.
    pub fn reach(&mut self, map: &StreetMap, doors: &DoorIndex, origin: Point, pace: &Pace, limit_s: f64) -> Reach {
        let mut reach = Reach::default();
        self.reach_into(map, doors, origin, pace, limit_s, &mut reach);
        reach
    }

    /// As [`Walker::reach`], into memory that the caller keeps.
    pub fn reach_into(
        &mut self,
        map: &StreetMap,
        doors: &DoorIndex,
        origin: Point,
        pace: &Pace,
        limit_s: f64,
        reach: &mut Reach,
    ) {
        reach.arrivals.clear();
        reach.snap = Snap::default();
        reach.method = Method::StraightLine;
        if !origin.is_valid() || !limit_s.is_finite() || limit_s < 0.0 {
            return;
        }
        let limit_s = limit_s.min(LIMIT_AT_MOST_S);
        reach.snap = self.search_from(map, doors, origin, pace, limit_s);
        if reach.snap.is_empty() {
            straight_lines(doors, origin, pace, limit_s, &mut reach.arrivals);
        } else {
            reach.method = Method::Streets;
            self.list(map, &reach.snap, &mut reach.arrivals);
        }
        reach
            .arrivals
            .sort_unstable_by(|a, b| a.seconds.total_cmp(&b.seconds).then(a.door.cmp(&b.door)));
    }

    /// Snaps and searches; the search holds what was found.
    pub(super) fn search_from(
        &mut self,
        map: &StreetMap,
        doors: &DoorIndex,
        origin: Point,
        pace: &Pace,
        limit_s: f64,
    ) -> Snap {
        let view = map.view();
        let snap = self.snapper.snap(&view, origin, pace);
        let ask = Question {
            view,
            doors,
            pace,
            limit_s: limit_s as f32,
        };
        self.search.run(&ask, snap.feet());
        snap
    }

    fn list(&self, map: &StreetMap, snap: &Snap, arrivals: &mut Vec<Arrival>) {
        let view = map.view();
        for door in &self.search.reached {
            let Some(label) = self.search.door(*door) else {
                continue;
            };
            let origin_leg_m = snap
                .feet()
                .nth(usize::from(label.seed))
                .map_or(0.0, |foot: &Foot| f64::from(foot.snap_m));
            let network_m = f64::from(label.network_m);
            arrivals.push(Arrival {
                door: *door,
                seconds: f64::from(label.seconds),
                network_m,
                walk_m: network_m + origin_leg_m + f64::from(label.snap_m),
                private_end: label.stage == Stage::Arriving
                    || view.edges[label.edge as usize].flags & flag::PRIVATE != 0,
            });
        }
    }
}

/// All doors within the limit as the crow flies, times the detour factor. This
/// is where doors without a street near are found, too.
fn straight_lines(doors: &DoorIndex, origin: Point, pace: &Pace, limit_s: f64, arrivals: &mut Vec<Arrival>) {
    let seconds_a_metre = f64::from(pace.seconds_a_metre) * pace.detour_factor;
    // A degree of latitude is more than 110 km everywhere.
    let degrees = limit_s / seconds_a_metre / 110_000.0;
    for (point, door) in doors.points().iter().zip(0_u32..) {
        if (point.lat - origin.lat).abs() > degrees {
            continue;
        }
        let walk_m = origin.metres_to(*point) * pace.detour_factor;
        let seconds = walk_m * f64::from(pace.seconds_a_metre);
        if seconds <= limit_s {
            arrivals.push(Arrival {
                door,
                seconds,
                network_m: 0.0,
                walk_m,
                private_end: false,
            });
        }
    }
}
