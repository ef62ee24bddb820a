//! Putting a point on the streets.
//!
//! The nearest edges within 250 m get a foot each, at most four, where the
//! straight leg to it crosses no barrier. Tunnels, bridges and ferries get none,
//! nor does what the pace cannot use. Edges in a component of at least 200 m come
//! first; only where there is none do the islands count.
//!
//! A further edge gets a foot where it is as near as the nearest one (at a
//! corner), or where nothing on the map leads to it from a nearer one. Were every
//! further edge taken, the leg to it would be a short cut over blocks, past
//! closed gates and red lights: in real towns it wins half of all walks.
//!
//! A point on a square gets more: one foot at each place where the square is left
//! or walked round a corner, as far as the point sees it.

use super::conditions::Rule;
use super::layout::{BarrierSegment, Box2, Edge, Position, SEGMENTS_A_RUN, UNITS_A_DEGREE};
use super::model::Pace;
use super::records::View;
use super::squares;
use super::tags::flag;
use crate::coordinates::{EARTH_RADIUS_M, Point};

/// No foot is further from the point than this.
pub const SNAP_AT_MOST_M: f64 = 250.0;
/// A component shorter than this is an island that is left for a longer one.
pub const ISLAND_M: f64 = 200.0;
/// A component other than the longest is called an island up to this length.
pub const ISLAND_AT_MOST_M: f64 = 5_000.0;
/// A leg at most so much longer than the nearest one's is as near.
pub const AS_NEAR_M: f64 = 0.25;
/// How many feet a point has at most.
pub const FEET: usize = 4;

/// The windows that are searched one after the other, in metres around.
const WINDOWS_M: [f64; 3] = [40.0, 110.0, SNAP_AT_MOST_M];
/// A leg may begin and end on a barrier: a door in a wall, a gate in a fence.
const TOUCH_M: f64 = 0.1;
/// This near to its end, a foot on a private way is on what the way leaves.
const TIP_M: f32 = 0.5;

/// Where a point stands on an edge.
///
/// Who stands on a square stands on the streets already: the foot is the point
/// itself, and from there one walks over the square to the edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Foot {
    /// The number of the edge.
    pub edge: u32,
    /// Metres from the edge's start, along it.
    pub along_m: f32,
    /// Where the foot is.
    pub point: Point,
    /// Metres of the straight leg off the streets, between the point asked for and
    /// the foot.
    pub snap_m: f32,
    /// Metres over a square, straight on from the foot to the edge; 0 where the
    /// foot is on the edge.
    pub across_m: f32,
}

impl Foot {
    /// Metres between the point asked for and the edge.
    #[must_use]
    pub fn leg_m(&self) -> f32 {
        self.snap_m + self.across_m
    }
}

/// One foot at each place where one stands, nearest first: who stands on a square has
/// many ways over it, all from the same place.
#[must_use]
pub fn feet_apart(feet: &[Foot]) -> Vec<Foot> {
    let mut apart: Vec<Foot> = Vec::with_capacity(feet.len());
    for foot in feet {
        if foot.across_m == 0.0 || apart.iter().all(|other| other.point != foot.point) {
            apart.push(*foot);
        }
    }
    apart.sort_by(|a, b| a.snap_m.total_cmp(&b.snap_m));
    apart
}

/// The feet of a point, nearest first; then those that it has because it stands
/// on a square.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Snap {
    feet: [Option<Foot>; FEET],
    on_squares: Option<Box<[Foot]>>,
    /// Whether the nearest foot is on a component that does not hang together
    /// with the rest of the network.
    pub island: bool,
}

impl Snap {
    /// The feet, nearest first, then those on squares; none where no street is
    /// near.
    pub fn feet(&self) -> impl Iterator<Item = &Foot> {
        self.feet.iter().flatten().chain(self.on_squares.iter().flatten())
    }

    /// The nearest foot.
    #[must_use]
    pub fn nearest(&self) -> Option<&Foot> {
        self.feet.first().and_then(Option::as_ref)
    }

    /// Whether there is no foot at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nearest().is_none()
    }

    pub(super) fn push(&mut self, foot: Foot) -> bool {
        match self.feet.iter_mut().find(|slot| slot.is_none()) {
            Some(slot) => {
                *slot = Some(foot);
                true
            }
            None => false,
        }
    }

    fn is_full(&self) -> bool {
        self.feet.iter().all(Option::is_some)
    }
}

/// Whether this pace may use an edge at all.
#[must_use]
pub fn is_usable(view: &View<'_>, edge: &Edge, pace: &Pace) -> bool {
    let closed = if pace.is_step_free() { flag::NO_WHEELCHAIR } else { 0 };
    let is_steep = || pace.is_too_steep(view.particulars_of(edge).incline);
    edge.flags & closed == 0 && (edge.flags & flag::SLOPE == 0 || !is_steep())
}

/// Fixed-point positions as metres around a point.
#[derive(Debug, Clone, Copy)]
struct Frame {
    lat_units: f64,
    lon_units: f64,
    metres_a_unit_north: f64,
    metres_a_unit_east: f64,
}

impl Frame {
    fn around(centre: Point) -> Self {
        let metres_a_unit_north = EARTH_RADIUS_M.to_radians() / UNITS_A_DEGREE;
        Self {
            lat_units: centre.lat * UNITS_A_DEGREE,
            lon_units: centre.lon * UNITS_A_DEGREE,
            metres_a_unit_north,
            // At the very poles a degree of longitude has no width; a unit of a
            // millimetre keeps divisions finite.
            metres_a_unit_east: metres_a_unit_north * centre.lat.to_radians().cos().max(1e-3),
        }
    }

    fn metres(&self, position: Position) -> [f64; 2] {
        [
            (f64::from(position.lon) - self.lon_units) * self.metres_a_unit_east,
            (f64::from(position.lat) - self.lat_units) * self.metres_a_unit_north,
        ]
    }

    fn point(&self, metres: [f64; 2]) -> Point {
        Point::new(
            (self.lat_units + metres[1] / self.metres_a_unit_north) / UNITS_A_DEGREE,
            (self.lon_units + metres[0] / self.metres_a_unit_east) / UNITS_A_DEGREE,
        )
    }

    /// The box of all within `radius_m`.
    fn window(&self, radius_m: f64) -> Box2 {
        let (north, east) = (radius_m / self.metres_a_unit_north, radius_m / self.metres_a_unit_east);
        // Casts saturate at the ends of the earth.
        Box2 {
            min: Position {
                lat: (self.lat_units - north).floor() as i32,
                lon: (self.lon_units - east).floor() as i32,
            },
            max: Position {
                lat: (self.lat_units + north).ceil() as i32,
                lon: (self.lon_units + east).ceil() as i32,
            },
        }
    }
}

/// Metres from (0, 0) to the segment from `a` to `b`, and how far along the
/// segment the nearest point is, 0 to 1.
#[must_use]
pub fn nearest_on_segment(a: [f64; 2], b: [f64; 2]) -> (f64, f64) {
    let along = [b[0] - a[0], b[1] - a[1]];
    let length_squared = along[0] * along[0] + along[1] * along[1];
    let share = if length_squared > 0.0 {
        (-(a[0] * along[0] + a[1] * along[1]) / length_squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let nearest = [a[0] + share * along[0], a[1] + share * along[1]];
    (length(nearest), share)
}

/// Metres of a few hundred: nothing overflows, and this is far quicker than hypot.
fn length(step: [f64; 2]) -> f64 {
    (step[0] * step[0] + step[1] * step[1]).sqrt()
}

/// The nearest place on a run of an edge.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    distance_m: f64,
    edge: u32,
    /// The corner where the nearest segment starts, in the list of all.
    corner: u32,
    share: f64,
}

/// Snaps points; keeps its memory from one to the next.
#[derive(Debug, Default)]
pub struct Snapper {
    candidates: Vec<Candidate>,
}

impl Snapper {
    /// The feet of `point` for `pace`, whatever the hour.
    pub fn snap(&mut self, view: &View<'_>, point: Point, pace: &Pace) -> Snap {
        self.snap_on(view, point, pace, &|_| true)
    }

    /// The feet of `point` for `pace` on edges that are open now.
    pub(super) fn snap_on(
        &mut self,
        view: &View<'_>,
        point: Point,
        pace: &Pace,
        is_open: &dyn Fn(&Edge) -> bool,
    ) -> Snap {
        let mut snap = Snap::default();
        if view.edges.is_empty() || !point.is_valid() {
            return snap;
        }
        let frame = Frame::around(point);
        for radius_m in WINDOWS_M {
            self.gather(view, &frame, [radius_m, radius_m], pace, is_open);
            snap = self.choose(view, &frame, pace, is_open, |metres| metres >= ISLAND_M);
            let Some(nearest) = snap.nearest() else {
                continue;
            };
            if f64::from(nearest.snap_m) + AS_NEAR_M > radius_m && radius_m < SNAP_AT_MOST_M {
                continue;
            }
            if let Some(radii_m) = wider(view, nearest.edge, radius_m)
                && !snap.is_full()
            {
                self.gather(view, &frame, radii_m, pace, is_open);
                snap = self.choose(view, &frame, pace, is_open, |metres| metres >= ISLAND_M);
            }
            break;
        }
        if snap.is_empty() {
            snap = self.choose(view, &frame, pace, is_open, |_| true);
        }
        snap.on_squares = self.feet_on_squares(view, (point, &frame), pace, is_open, &snap);
        snap.island = snap.nearest().is_some_and(|foot| is_on_island(view, foot.edge, pace));
        snap
    }

    /// Who stands on a square walks straight to where it is left, if that hangs
    /// together with as much as the nearest foot.
    fn feet_on_squares(
        &self,
        view: &View<'_>,
        (point, frame): (Point, &Frame),
        pace: &Pace,
        is_open: &dyn Fn(&Edge) -> bool,
        snap: &Snap,
    ) -> Option<Box<[Foot]>> {
        let nearest_m = component_metres(view, snap.nearest()?.edge, pace);
        squares::feet(view, point, &mut |edge, foot, there| {
            edge.flags & flag::NO_FOOT == 0
                && is_usable(view, edge, pace)
                && is_open(edge)
                && component_metres(view, foot.edge, pace) >= nearest_m.min(ISLAND_M)
                && !is_barred(view, frame, frame.metres(there))
        })
    }

    /// Collects the runs of the main and the minor index within the radius of
    /// each, nearest first.
    fn gather(
        &mut self,
        view: &View<'_>,
        frame: &Frame,
        radii_m: [f64; 2],
        pace: &Pace,
        is_open: &dyn Fn(&Edge) -> bool,
    ) {
        self.candidates.clear();
        let candidates = &mut self.candidates;
        for (index, radius_m) in [view.main_runs, view.minor_runs].iter().zip(radii_m) {
            index.tree.each_in(&frame.window(radius_m), |leaf| {
                let run = index.runs[leaf];
                let edge = &view.edges[run.edge as usize];
                let is_plain = edge.flags & (flag::PARTICULAR | flag::NO_FOOT) == 0;
                if is_plain || (edge.flags & flag::NO_FOOT == 0 && is_usable(view, edge, pace) && is_open(edge)) {
                    let candidate = nearest_of_run(view, frame, run);
                    if candidate.distance_m <= radius_m {
                        candidates.push(candidate);
                    }
                }
                true
            });
        }
        candidates.sort_unstable_by(|a, b| {
            a.distance_m
                .total_cmp(&b.distance_m)
                .then(a.edge.cmp(&b.edge))
                .then(a.corner.cmp(&b.corner))
        });
    }

    /// The first feet among the candidates whose component is long enough and
    /// whose leg is free.
    fn choose(
        &self,
        view: &View<'_>,
        frame: &Frame,
        pace: &Pace,
        is_open: &dyn Fn(&Edge) -> bool,
        long_enough: impl Fn(f64) -> bool,
    ) -> Snap {
        let is_walked = |edge: &Edge| is_usable(view, edge, pace) && is_open(edge);
        let mut snap = Snap::default();
        for (at, candidate) in self.candidates.iter().enumerate() {
            let seen = self.candidates[..at].iter().any(|nearer| nearer.edge == candidate.edge);
            if seen || !long_enough(component_metres(view, candidate.edge, pace)) {
                continue;
            }
            let corner = candidate.corner as usize;
            let [a, b] = [view.corners[corner], view.corners[corner + 1]].map(|c| frame.metres(c));
            let foot = [
                a[0] + candidate.share * (b[0] - a[0]),
                a[1] + candidate.share * (b[1] - a[1]),
            ];
            let along_m = along_m(view, frame, candidate);
            if is_barred(view, frame, foot) || is_private_tip(view, candidate.edge, along_m, &is_walked) {
                continue;
            }
            if !is_further_choice(view, &snap, candidate) {
                continue;
            }
            snap.push(Foot {
                edge: candidate.edge,
                along_m,
                point: frame.point(foot),
                snap_m: candidate.distance_m as f32,
                across_m: 0.0,
            });
            if snap.is_full() {
                break;
            }
        }
        snap
    }
}

fn component_metres(view: &View<'_>, edge: u32, pace: &Pace) -> f64 {
    let cohesion = view.cohesion_of(&view.edges[edge as usize]);
    f64::from(if pace.is_step_free() {
        view.step_free_components[cohesion.step_free_component as usize]
    } else {
        view.components[cohesion.component as usize]
    })
}

fn is_on_island(view: &View<'_>, edge: u32, pace: &Pace) -> bool {
    let cohesion = view.cohesion_of(&view.edges[edge as usize]);
    let is_main = if pace.is_step_free() {
        cohesion.step_free_component == view.step_free_main_component
    } else {
        cohesion.component == view.main_component
    };
    !is_main && component_metres(view, edge, pace) <= ISLAND_AT_MOST_M
}

/// Whether a candidate may get a foot after those chosen: as near as the nearest,
/// or in a region of its own.
fn is_further_choice(view: &View<'_>, chosen: &Snap, candidate: &Candidate) -> bool {
    let region = |edge: u32| view.cohesion_of(&view.edges[edge as usize]).region;
    let own = region(candidate.edge);
    chosen.nearest().is_none_or(|nearest| {
        candidate.distance_m <= f64::from(nearest.snap_m) + AS_NEAR_M
            || chosen.feet().all(|foot| region(foot.edge) != own)
    })
}

/// How far to look for streets of other regions once the nearest edge is found
/// within `radius_m`: in the main and the minor index. `None` where there are
/// none, or where they have been seen.
fn wider(view: &View<'_>, nearest: u32, radius_m: f64) -> Option<[f64; 2]> {
    let edge = view.edges[nearest as usize];
    if edge.flags & flag::REGIONS_MEET == 0 || radius_m >= SNAP_AT_MOST_M {
        return None;
    }
    let region = |edge: &Edge| view.cohesion_of(edge).region;
    let main = view.main_runs.runs.first();
    let is_main = main.is_some_and(|run| region(&view.edges[run.edge as usize]) == region(&edge));
    Some(if is_main {
        [radius_m, SNAP_AT_MOST_M]
    } else {
        [SNAP_AT_MOST_M; 2]
    })
}

/// Whether the foot is where a private way leaves a public one that may be walked:
/// who stands there stands on the public one. What is private at some hours only
/// counts as private here.
fn is_private_tip(view: &View<'_>, edge: u32, along_m: f32, is_walked: &dyn Fn(&Edge) -> bool) -> bool {
    let is_private = |edge: &Edge| edge.flags & flag::PRIVATE != 0 || is_private_at_times(view, edge);
    let edge = view.edges[edge as usize];
    let tip = if along_m < TIP_M {
        edge.from
    } else if edge.length_m - along_m < TIP_M {
        edge.to
    } else {
        return false;
    };
    is_private(&edge)
        && view.arcs_at(tip).iter().any(|arc| {
            let other = &view.edges[arc.edge() as usize];
            other.flags & flag::NO_FOOT == 0 && !is_private(other) && is_walked(other)
        })
}

fn is_private_at_times(view: &View<'_>, edge: &Edge) -> bool {
    let rule = || (view.particulars_of(edge).rules[0] as usize).checked_sub(1);
    let is_private = || {
        rule()
            .and_then(|rule| view.rules.get(rule))
            .is_some_and(Rule::is_private_at_times)
    };
    edge.flags & flag::CONDITIONAL != 0 && is_private()
}

fn nearest_of_run(view: &View<'_>, frame: &Frame, run: super::layout::Run) -> Candidate {
    let first = run.first_corner as usize;
    let end = view.corner_range(run.edge).end;
    let corners = &view.corners[first..end.min(first + SEGMENTS_A_RUN + 1)];
    let mut best = Candidate {
        distance_m: f64::INFINITY,
        edge: run.edge,
        corner: run.first_corner,
        share: 0.0,
    };
    let mut start = frame.metres(corners[0]);
    for (corner, number) in corners[1..].iter().zip(run.first_corner..) {
        let end = frame.metres(*corner);
        let (distance_m, share) = nearest_on_segment(start, end);
        if distance_m < best.distance_m {
            best = Candidate {
                distance_m,
                edge: run.edge,
                corner: number,
                share,
            };
        }
        start = end;
    }
    best
}

/// Metres along the edge to the candidate, on the scale of the edge's length.
fn along_m(view: &View<'_>, frame: &Frame, candidate: &Candidate) -> f32 {
    let edge: &Edge = &view.edges[candidate.edge as usize];
    let corners = view.corner_range(candidate.edge);
    let (mut before, mut total) = (0.0, 0.0);
    let mut start = frame.metres(view.corners[corners.start]);
    for number in corners.start..corners.end - 1 {
        let end = frame.metres(view.corners[number + 1]);
        let length = length([end[0] - start[0], end[1] - start[1]]);
        if number == candidate.corner as usize {
            before = total + candidate.share * length;
        }
        total += length;
        start = end;
    }
    if total > 0.0 {
        ((before / total) as f32 * edge.length_m).clamp(0.0, edge.length_m)
    } else {
        0.0
    }
}

/// Whether the straight leg from (0, 0) to `foot` crosses a barrier.
fn is_barred(view: &View<'_>, frame: &Frame, foot: [f64; 2]) -> bool {
    let length_m = length(foot);
    if view.barriers.is_empty() || length_m <= 2.0 * TOUCH_M {
        return false;
    }
    let near = TOUCH_M / length_m;
    let start = [foot[0] * near, foot[1] * near];
    let end = [foot[0] * (1.0 - near), foot[1] * (1.0 - near)];
    let position = |metres: [f64; 2]| Position::of(frame.point(metres));
    let window = Box2::EMPTY.with(position([0.0, 0.0])).with(position(foot));
    let mut barred = false;
    view.barrier_tree.each_in(&window, |leaf| {
        let BarrierSegment { a, b } = view.barriers[leaf];
        barred = segments_meet(start, end, frame.metres(a), frame.metres(b));
        !barred
    });
    barred
}

/// Whether two segments share a point. Lines on top of each other do not count:
/// who walks along a wall does not cross it.
fn segments_meet(p: [f64; 2], q: [f64; 2], a: [f64; 2], b: [f64; 2]) -> bool {
    let side = |u: [f64; 2], v: [f64; 2], w: [f64; 2]| (v[0] - u[0]) * (w[1] - u[1]) - (v[1] - u[1]) * (w[0] - u[0]);
    let (side_a, side_b) = (side(p, q, a), side(p, q, b));
    if side_a == 0.0 && side_b == 0.0 {
        return false;
    }
    side_a * side_b <= 0.0 && side(a, b, p) * side(a, b, q) <= 0.0
}
