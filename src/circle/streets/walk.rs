//! What is within reach: snap the origins, search, list the doors.

use super::arrived::Arrived;
use super::conditions::{Met, When};
use super::doors::DoorIndex;
use super::file::StreetMap;
use super::layout::{Edge, Position};
use super::model::Pace;
use super::passage::{Passage, Question, Stage, arcs_of};
use super::path::{Stretch, drawn};
use super::records::View;
use super::rows::{Far, Rows};
use super::search::{CATEGORIES, Search};
use super::snap::{Foot, Snapper};
use super::tags::{Access, flag};
use super::together::Together;
use crate::clock::Timestamp;
use crate::coordinates::{LocalMetres, Point};

/// How a reach was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Method {
    /// Along the streets.
    Streets,
    /// No street is near the origin: straight lines times the detour factor.
    #[default]
    StraightLine,
}

/// A question to a [`Walker`].
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Where one starts: a point, or the doors of a house.
    pub origins: &'a [Point],
    /// How one walks.
    pub pace: &'a Pace,
    /// How far, in seconds, or in metres where `by_metres` says so.
    pub limit_s: f64,
    /// Up to where the nearest may be asked for that lies beyond the limit.
    pub horizon_s: f64,
    /// From the doors to the origin instead of from it.
    pub reverse: bool,
    /// Whether ferries are taken.
    pub ferry: bool,
    /// The same pace [in metres](Pace::in_metres), where the shortest walk is
    /// asked for and not the quickest.
    pub in_metres: Option<&'a Pace>,
    /// For which instant; without one, whatever is open at some time is open.
    pub when: Option<When<'a>>,
}

impl<'a> Ask<'a> {
    /// The quickest walks within `limit_s` seconds, at no certain time.
    #[must_use]
    pub fn new(origins: &'a [Point], pace: &'a Pace, limit_s: f64) -> Self {
        Self {
            origins,
            pace,
            limit_s,
            horizon_s: limit_s,
            reverse: false,
            ferry: false,
            in_metres: None,
            when: None,
        }
    }

    /// The pace whose sum is made least.
    fn counted(&self) -> &'a Pace {
        self.in_metres.unwrap_or(self.pace)
    }
}

/// A door within reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// The door's place among the ties of the index.
    pub door: u32,
    /// Seconds of walking in all.
    pub seconds: f64,
    /// Metres along the streets and over squares, between the feet.
    pub network_m: f64,
    /// Metres in all, both legs off the street included.
    pub walk_m: f64,
    /// Whether the walk ends on a private way.
    pub private_end: bool,
    /// Metres of which nothing is known that a wheelchair would have to know; 0
    /// for all others.
    pub unknown_m: f64,
    /// Where the door stands on the streets; none in straight lines.
    pub foot: Option<ArrivalFoot>,
}

/// Where a door stands on the streets, and from where it was reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArrivalFoot {
    /// Where one leaves the streets: the door itself where that is on a square.
    pub point: Position,
    /// The number of the edge.
    pub edge: u32,
    /// Metres along it.
    pub along_m: f32,
    /// Metres of the leg off the streets, at the door.
    pub snap_m: f32,
    /// Metres over the square that the door stands on, from that place on the edge
    /// to the door; 0 where it stands on none.
    pub across_m: f32,
    /// Which of the origin's feet the walk begins at.
    pub from_foot: u8,
}

/// All that is within reach.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reach {
    /// How it was found.
    pub method: Method,
    /// Where the origins stand on the streets, those of the first origin first.
    pub feet: Vec<Foot>,
    /// To which of the origins each foot belongs.
    pub foot_origins: Vec<u16>,
    /// Whether the first origin's nearest street hangs together with little else.
    pub island: bool,
    /// By what is counted, then by door.
    pub arrivals: Vec<Arrival>,
    /// Whether all that was walked lies inside what the map covers.
    pub complete: bool,
    /// When the first of the ways and gates with hours that were met opens or
    /// closes.
    pub streets_change_at: Option<Timestamp>,
}

/// A stretch of street within reach, in the direction of the walk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReachedStretch {
    /// The number of the edge.
    pub edge: u32,
    /// Metres along the edge where it is entered.
    pub enters_m: f32,
    /// Metres along the edge where the walk ends.
    pub leaves_m: f32,
    /// Seconds where it is entered (metres, where metres are counted).
    pub enters_s: f32,
    /// The same where the walk ends.
    pub leaves_s: f32,
}

/// Answers what is within reach; keeps its memory from one question to the next,
/// so that a question allocates nothing once the memory has grown. One for each
/// thread.
#[derive(Debug, Default)]
pub struct Walker {
    pub(super) snapper: Snapper,
    pub(super) search: Search,
    pub(super) met: Met,
    together: Together,
    /// What searches for rows meet, which is not what the circle meets.
    met_by_rows: Met,
}

/// The longest walk that is searched for, in seconds; a longer limit counts as
/// this.
pub const LIMIT_AT_MOST_S: f64 = 7_200.0;
/// Most feet of all origins together.
const FEET_AT_MOST: usize = 250;

impl Walker {
    /// The doors within `limit_s` seconds of `origin` at `pace`.
    pub fn reach(&mut self, map: &StreetMap, doors: &DoorIndex, origin: Point, pace: &Pace, limit_s: f64) -> Reach {
        let mut reach = Reach::default();
        self.reach_into(map, doors, &Ask::new(&[origin], pace, limit_s), &mut reach);
        reach
    }

    /// What an ask finds, into memory that the caller keeps.
    pub fn reach_into(&mut self, map: &StreetMap, doors: &DoorIndex, ask: &Ask<'_>, reach: &mut Reach) {
        if self.set_out(map, ask, reach) {
            self.search_on(map, doors, ask, reach);
        }
    }

    /// The same, put together from rows that are remembered where that can be done. There
    /// is no [`Walker::path`] and there are no [`Walker::streets`] after it.
    pub fn reach_remembered(
        &mut self,
        map: &StreetMap,
        doors: &DoorIndex,
        rows: &Rows,
        ask: &Ask<'_>,
        far: &Far<'_>,
        reach: &mut Reach,
    ) {
        if !self.set_out(map, ask, reach) {
            return;
        }
        let question = question(map, doors, ask, &self.met);
        self.together
            .collect(rows, &question, &reach.feet, (&mut self.search, &self.met_by_rows), far);
        if !self.together.is_there() {
            self.search_on(map, doors, ask, reach);
            return;
        }
        reach.method = Method::Streets;
        reach.complete &= self.together.edge_s > question.limit_s && snaps_are_covered(&question.view, ask, reach);
        let (feet, arrivals) = (&reach.feet, &mut reach.arrivals);
        self.together.each_within(&question, |(arrived, seed)| {
            arrivals.push(arrival(ask, feet, &arrived, seed));
        });
        self.finish(ask, reach);
    }

    /// Puts the origins on the streets; `false` where the question makes no sense.
    fn set_out(&mut self, map: &StreetMap, ask: &Ask<'_>, reach: &mut Reach) -> bool {
        self.together.clear();
        reach.arrivals.clear();
        reach.feet.clear();
        reach.foot_origins.clear();
        reach.method = Method::StraightLine;
        reach.island = false;
        reach.complete = true;
        reach.streets_change_at = None;
        let is_good = ask.limit_s.is_finite() && ask.limit_s >= 0.0;
        if !is_good || ask.origins.is_empty() || !ask.origins.iter().all(|origin| origin.is_valid()) {
            return false;
        }
        let view = map.view();
        reach.complete = ask.origins.iter().all(|origin| view.covers(Position::of(*origin)));
        self.snap(&view, ask, reach);
        true
    }

    /// Searches from where the origins stand.
    fn search_on(&mut self, map: &StreetMap, doors: &DoorIndex, ask: &Ask<'_>, reach: &mut Reach) {
        if reach.feet.is_empty() {
            straight_lines(doors, ask, &mut reach.arrivals);
            reach.complete &= disc_is_covered(map, ask);
        } else {
            let question = question(map, doors, ask, &self.met);
            self.search.run(&question, reach.feet.iter());
            reach.method = Method::Streets;
            reach.complete &= self.search.edge_s > question.limit_s && snaps_are_covered(&question.view, ask, reach);
            self.list(ask, &reach.feet, &mut reach.arrivals);
        }
        self.finish(ask, reach);
    }

    fn finish(&self, ask: &Ask<'_>, reach: &mut Reach) {
        reach.streets_change_at = self.met.change();
        reach
            .arrivals
            .sort_unstable_by(|a, b| counted(ask, a).total_cmp(&counted(ask, b)).then(a.door.cmp(&b.door)));
    }

    fn snap(&mut self, view: &View<'_>, ask: &Ask<'_>, reach: &mut Reach) {
        self.met.begin(view.rules.len());
        let (met, when) = (&self.met, ask.when.as_ref());
        let is_open = |edge: &Edge| {
            edge.flags & flag::CONDITIONAL == 0 || {
                let rule = view.particulars_of(edge).rules[0];
                met.access(view.rules, rule, when) != Some(Access::Nobody)
            }
        };
        // Of many origins each has its nearest feet.
        let feet_each = (FEET_AT_MOST / ask.origins.len().max(1)).max(1);
        for (origin, number) in ask.origins.iter().zip(0_u16..) {
            let snap = self.snapper.snap_on(view, *origin, ask.pace, &is_open);
            if number == 0 {
                reach.island = snap.island;
            }
            for foot in snap.feet().take(feet_each.min(FEET_AT_MOST - reach.feet.len())) {
                reach.feet.push(*foot);
                reach.foot_origins.push(number);
            }
        }
    }

    /// After a reach: the nearest door beyond its limit, up to its horizon, of
    /// each category of `wanted` (a bit each), of which the reach has no door.
    pub fn beyond(
        &mut self,
        map: &StreetMap,
        doors: &DoorIndex,
        ask: &Ask<'_>,
        reach: &Reach,
        wanted: u32,
        far: &Far<'_>,
    ) -> [Option<Arrival>; CATEGORIES] {
        if reach.method == Method::StraightLine {
            return nearest_in_line(doors, ask, wanted, far.category);
        }
        let question = question(map, doors, ask, &self.met);
        if self.together.is_there() {
            let found = self.together.nearest(&question, wanted, far);
            return found.map(|walk| walk.map(|(arrived, seed)| arrival(ask, &reach.feet, &arrived, seed)));
        }
        let found = self.search.run_on(&question, wanted, far.category);
        found.map(|door| self.arrival(ask, &reach.feet, door?))
    }

    /// After a reach: of which categories (a bit each) there is a door within the limit
    /// of another question about the same walker, who starts at the same feet; and when
    /// the first of the ways and gates with hours that were met opens or closes.
    pub fn categories_within(
        &mut self,
        (map, doors): (&StreetMap, &DoorIndex),
        rows: &Rows,
        ask: &Ask<'_>,
        reach: &Reach,
        far: &Far<'_>,
    ) -> (u32, Option<Timestamp>) {
        let bit = |door: u32| (far.category)(door).map_or(0, |number| 1_u32.checked_shl(number.into()).unwrap_or(0));
        if reach.method == Method::StraightLine {
            let mut all = Vec::new();
            straight_lines(doors, ask, &mut all);
            return (all.iter().fold(0, |found, arrival| found | bit(arrival.door)), None);
        }
        self.met.begin(map.view().rules.len());
        let question = question(map, doors, ask, &self.met);
        self.together
            .collect(rows, &question, &reach.feet, (&mut self.search, &self.met_by_rows), far);
        let found = if self.together.is_there() {
            self.together.categories_within(&question, bit)
        } else {
            self.search.run(&question, reach.feet.iter());
            let within = |door: &&u32| {
                let label = self.search.door(**door);
                label.is_some_and(|label| label.seconds <= question.limit_s)
            };
            let doors = self.search.reached.iter().filter(within);
            doors.fold(0, |found, door| found | bit(*door))
        };
        (found, self.met.change())
    }

    /// When the first of the ways and gates with hours that were met so far opens or
    /// closes.
    #[must_use]
    pub fn streets_change_at(&self) -> Option<Timestamp> {
        self.met.change()
    }

    /// After a reach: the streets within it. A stretch may come twice, once from
    /// either end.
    pub fn streets(&self, map: &StreetMap, doors: &DoorIndex, ask: &Ask<'_>, reach: &Reach) -> Vec<ReachedStretch> {
        let view = map.view();
        let question = question(map, doors, ask, &self.met);
        let limit_s = ask.limit_s as f32;
        let mut found = Vec::new();
        let mut take = |edge: u32, enters_m: f32, towards_m: f32, enters_s: f32, passage: &Passage| {
            let room_m = (limit_s - enters_s) / passage.seconds_a_metre;
            if room_m < 0.0 {
                return;
            }
            let whole_m = (towards_m - enters_m).abs();
            let walked_m = room_m.min(whole_m);
            let leaves_m = if room_m >= whole_m {
                towards_m
            } else if towards_m >= enters_m {
                enters_m + walked_m
            } else {
                enters_m - walked_m
            };
            found.push(ReachedStretch {
                edge,
                enters_m,
                leaves_m,
                enters_s,
                leaves_s: enters_s + walked_m * passage.seconds_a_metre,
            });
        };
        for foot in &reach.feet {
            for arc in arcs_of(&view, foot.edge) {
                let Some(passage) = Passage::of(&question, arc).filter(|passage| passage.open) else {
                    continue;
                };
                let towards_m = if arc.is_backward() { 0.0 } else { arc.length_m };
                let leg_s = foot.leg_m() * question.pace.seconds_a_metre;
                take(foot.edge, foot.along_m, towards_m, leg_s, &passage);
            }
        }
        for junction in &self.search.touched {
            let Some(label) = self.search.label(*junction) else {
                continue;
            };
            for arc in view.arcs_at(*junction) {
                let Some(passage) = Passage::of(&question, *arc).filter(|passage| passage.open && passage.enters)
                else {
                    continue;
                };
                let seconds = Stage::ALL
                    .iter()
                    .filter(|stage| stage.over(passage.private).is_some())
                    .map(|stage| label.seconds[*stage as usize])
                    .fold(f32::INFINITY, f32::min);
                let (enters_m, towards_m) = if arc.is_backward() {
                    (arc.length_m, 0.0)
                } else {
                    (0.0, arc.length_m)
                };
                if seconds + passage.enter_s <= limit_s {
                    take(arc.edge(), enters_m, towards_m, seconds + passage.enter_s, &passage);
                }
            }
        }
        found
    }

    fn list(&self, ask: &Ask<'_>, feet: &[Foot], arrivals: &mut Vec<Arrival>) {
        let limit_s = ask.limit_s as f32;
        for door in &self.search.reached {
            if self.search.door(*door).is_some_and(|label| label.seconds <= limit_s) {
                arrivals.extend(self.arrival(ask, feet, *door));
            }
        }
    }

    pub(super) fn arrival(&self, ask: &Ask<'_>, feet: &[Foot], door: u32) -> Option<Arrival> {
        let label = self.search.door(door)?;
        let mut arrival = arrival(ask, feet, &label.arrived(door), label.seed);
        if ask.pace.is_step_free() {
            arrival.unknown_m = f64::from(label.unknown_m);
        }
        Some(arrival)
    }
}

/// A walk from a foot to a door, in full.
fn arrival(ask: &Ask<'_>, feet: &[Foot], arrived: &Arrived, seed: u8) -> Arrival {
    let [snap_m, across_m] = feet
        .get(usize::from(seed))
        .map_or([0.0; 2], |foot| [foot.snap_m, foot.across_m].map(f64::from));
    let off_m = snap_m + f64::from(arrived.snap_m);
    let across_m = across_m + f64::from(arrived.across_m);
    let (seconds, network_m) = if ask.in_metres.is_some() {
        let legs_s = (off_m + across_m) * f64::from(ask.pace.seconds_a_metre);
        (f64::from(arrived.beside) + legs_s, f64::from(arrived.seconds) - off_m)
    } else {
        (f64::from(arrived.seconds), f64::from(arrived.beside) + across_m)
    };
    Arrival {
        door: arrived.door,
        seconds,
        network_m: network_m.max(0.0),
        walk_m: network_m.max(0.0) + off_m,
        private_end: arrived.private_end,
        unknown_m: 0.0,
        foot: Some(ArrivalFoot {
            point: arrived.point,
            edge: arrived.edge,
            along_m: arrived.along_m,
            snap_m: arrived.snap_m,
            across_m: arrived.across_m,
            from_foot: seed,
        }),
    }
}

/// By what arrivals are put in order.
fn counted(ask: &Ask<'_>, arrival: &Arrival) -> f64 {
    if ask.in_metres.is_some() {
        arrival.walk_m
    } else {
        arrival.seconds
    }
}

pub(super) fn question<'a>(map: &'a StreetMap, doors: &'a DoorIndex, ask: &'a Ask<'a>, met: &'a Met) -> Question<'a> {
    let limit_s = ask.limit_s.min(LIMIT_AT_MOST_S) as f32;
    Question {
        view: map.view(),
        doors,
        pace: ask.counted(),
        timed: ask.in_metres.map(|_| ask.pace),
        limit_s,
        horizon_s: limit_s.max(ask.horizon_s.min(LIMIT_AT_MOST_S) as f32),
        reverse: ask.reverse,
        ferry: ask.ferry,
        when: ask.when.as_ref(),
        met,
    }
}

impl StreetMap {
    /// The point so many metres along an edge.
    #[must_use]
    pub fn point_on(&self, edge: u32, along_m: f32) -> Option<Point> {
        let view = self.view();
        view.edges.get(edge as usize)?;
        let there = Stretch {
            edge,
            enters_m: along_m,
            leaves_m: along_m,
        };
        drawn(&view, there).first().map(|(point, _)| *point)
    }
}

/// Metres as the crow flies that the limit allows.
fn straight_limit_m(ask: &Ask<'_>) -> f64 {
    ask.limit_s / (f64::from(ask.counted().seconds_a_metre) * ask.pace.detour_factor)
}

/// Whether no street nearer than those found may lie outside of what the map covers.
fn snaps_are_covered(view: &View<'_>, ask: &Ask<'_>, reach: &Reach) -> bool {
    (0_u16..).zip(ask.origins).all(|(number, origin)| {
        let own = reach
            .feet
            .iter()
            .zip(&reach.foot_origins)
            .filter(|(_, of)| **of == number);
        let nearest_m = own.map(|(foot, _)| f64::from(foot.snap_m)).reduce(f64::min);
        nearest_m.is_none_or(|metres| is_covered(view, *origin, metres))
    })
}

/// Whether the map covers all within so many metres.
fn is_covered(view: &View<'_>, origin: Point, metres: f64) -> bool {
    let frame = LocalMetres::around(origin);
    [[metres, 0.0], [-metres, 0.0], [0.0, metres], [0.0, -metres]]
        .into_iter()
        .all(|step| view.covers(Position::of(frame.point(step))))
}

/// The nearest door of each wanted category beyond the limit, as the crow flies.
fn nearest_in_line(
    doors: &DoorIndex,
    ask: &Ask<'_>,
    wanted: u32,
    category: &dyn Fn(u32) -> Option<u8>,
) -> [Option<Arrival>; CATEGORIES] {
    let mut nearest = [None; CATEGORIES];
    let mut all = Vec::new();
    let ask = Ask {
        limit_s: ask.horizon_s,
        ..*ask
    };
    straight_lines(doors, &ask, &mut all);
    all.sort_unstable_by(|a: &Arrival, b| counted(&ask, a).total_cmp(&counted(&ask, b)).then(a.door.cmp(&b.door)));
    for arrival in all {
        let Some(number) = category(arrival.door)
            .filter(|number| wanted.checked_shr(u32::from(*number)).is_some_and(|bits| bits & 1 == 1))
        else {
            continue;
        };
        if let Some(slot) = nearest.get_mut(usize::from(number)) {
            slot.get_or_insert(arrival);
        }
    }
    nearest
}

/// Whether all that straight lines come to lies inside what the map covers.
fn disc_is_covered(map: &StreetMap, ask: &Ask<'_>) -> bool {
    let (metres, view) = (straight_limit_m(ask), map.view());
    ask.origins.iter().all(|origin| is_covered(&view, *origin, metres))
}

/// All doors within the limit as the crow flies, times the detour factor. This
/// is where doors without a street near are found, too.
fn straight_lines(doors: &DoorIndex, ask: &Ask<'_>, arrivals: &mut Vec<Arrival>) {
    let limit_m = straight_limit_m(ask);
    // A degree of latitude is more than 110 km everywhere.
    let degrees = limit_m / 110_000.0;
    for (point, door) in doors.points().iter().zip(0_u32..) {
        let straight_m = |origin: &Point| {
            let is_near = (point.lat - origin.lat).abs() <= degrees;
            is_near
                .then(|| origin.metres_to(*point))
                .filter(|metres| *metres <= limit_m)
        };
        let nearest_m = ask.origins.iter().filter_map(straight_m).fold(f64::INFINITY, f64::min);
        if nearest_m.is_finite() {
            let walk_m = nearest_m * ask.pace.detour_factor;
            arrivals.push(Arrival {
                door,
                seconds: walk_m * f64::from(ask.pace.seconds_a_metre),
                network_m: 0.0,
                walk_m,
                private_end: false,
                unknown_m: 0.0,
                foot: None,
            });
        }
    }
}
