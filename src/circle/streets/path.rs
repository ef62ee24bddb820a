//! The walk to one door: its line on the map.

use super::arrived::{DoorLabel, Via};
use super::doors::DoorIndex;
use super::file::StreetMap;
use super::layout::Position;
use super::passage::{Passage, Question, Stage, beside, seed_ends};
use super::records::View;
use super::search::Search;
use super::snap::Foot;
use super::walk::{Arrival, Ask, Reach, Walker, question};
use crate::coordinates::{LocalMetres, Point};

/// A stretch of a walk along one edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// The number of the edge.
    pub edge: u32,
    /// Metres along the edge where it is entered.
    pub enters_m: f32,
    /// Metres along the edge where it is left.
    pub leaves_m: f32,
}

/// The walk to a door, both legs included.
#[derive(Debug, Clone, PartialEq)]
pub struct WalkPath {
    /// From the origin to the door; the other way round where the walk goes to
    /// the origin.
    pub points: Vec<Point>,
    /// The edges walked, in order.
    pub stretches: Vec<Stretch>,
    /// Which of the points each stretch starts at, and the one where the last ends.
    pub starts: Vec<usize>,
    /// The same figures as the reach gives for this door.
    pub arrival: Arrival,
}

impl Walker {
    /// After a reach: the walk to one of its doors, `None` where it is not within
    /// reach over the streets.
    pub fn path(
        &self,
        map: &StreetMap,
        doors: &DoorIndex,
        ask: &Ask<'_>,
        reach: &Reach,
        door: u32,
    ) -> Option<WalkPath> {
        let question = question(map, doors, ask, &self.met);
        let view = &question.view;
        let label = self.search.door(door)?;
        let arrival = self.arrival(ask, &reach.feet, door)?;
        let mut stretches = stretches(&self.search, &question, &reach.feet, label)?;
        let origin = reach.foot_origins.get(usize::from(label.seed))?;
        let mut points = vec![*ask.origins.get(usize::from(*origin))?];
        let mut starts = Vec::with_capacity(stretches.len() + 1);
        for stretch in &stretches {
            for (nth, (point, _)) in drawn(view, *stretch).into_iter().enumerate() {
                if points.last() != Some(&point) {
                    points.push(point);
                }
                if nth == 0 {
                    starts.push(points.len() - 1);
                }
            }
        }
        starts.push(points.len() - 1);
        let door = *doors.points().get(door as usize)?;
        if points.last() != Some(&door) {
            points.push(door);
        }
        if ask.reverse {
            points.reverse();
            stretches.reverse();
            for stretch in &mut stretches {
                (stretch.enters_m, stretch.leaves_m) = (stretch.leaves_m, stretch.enters_m);
            }
            starts.reverse();
            for start in &mut starts {
                *start = points.len() - 1 - *start;
            }
        }
        Some(WalkPath {
            points,
            stretches,
            starts,
            arrival,
        })
    }
}

/// Follows a door's label back to the origin's foot: at each junction to the
/// neighbour whose time plus the arc between is exactly this one's. Times grow
/// along every arc, so this ends.
fn stretches(search: &Search, ask: &Question<'_>, feet: &[Foot], door: &DoorLabel) -> Option<Vec<Stretch>> {
    let seed = feet.get(usize::from(door.seed))?;
    let edge = ask.view.edges.get(door.edge as usize)?;
    let (enters_m, mut junction) = match door.via {
        Via::Direct => {
            return Some(vec![Stretch {
                edge: door.edge,
                enters_m: seed.along_m,
                leaves_m: door.along_m,
            }]);
        }
        Via::From => (0.0, edge.from),
        Via::To => (edge.length_m, edge.to),
    };
    let mut backwards = vec![Stretch {
        edge: door.edge,
        enters_m,
        leaves_m: door.along_m,
    }];
    let mut stage = door.stage_before;
    loop {
        if let Some(first) = from_seed(search, ask, feet, junction, stage) {
            backwards.push(first);
            break;
        }
        let before = predecessor(search, ask, junction, stage)?;
        let length_m = ask.view.edges[before.edge as usize].length_m;
        let (enters_m, leaves_m) = if before.backward {
            (length_m, 0.0)
        } else {
            (0.0, length_m)
        };
        backwards.push(Stretch {
            edge: before.edge,
            enters_m,
            leaves_m,
        });
        (junction, stage) = (before.junction, before.stage);
    }
    backwards.reverse();
    Some(backwards)
}

/// The stretch from a foot of the origin to `junction`, where that is how it was
/// reached.
fn from_seed(search: &Search, ask: &Question<'_>, feet: &[Foot], junction: u32, stage: Stage) -> Option<Stretch> {
    let (seconds, summed) = search.reached_at(junction, stage);
    let reaching = |alike: bool| {
        feet.iter().find_map(|foot: &Foot| {
            seed_ends(ask, foot)
                .find(|end| {
                    let is_way = end.arc.to == junction && end.stage == stage && end.seconds == seconds;
                    is_way && (!alike || beside(ask, end.arc, end.metres, false, end.metres > 0.0) == summed)
                })
                .map(|end| Stretch {
                    edge: foot.edge,
                    enters_m: foot.along_m,
                    leaves_m: end.leaves_m,
                })
        })
    };
    // Of two that are as quick, the one that the label is of.
    reaching(true).or_else(|| {
        let is_on_the_way = predecessor(search, ask, junction, stage).is_some_and(|before| before.alike);
        if is_on_the_way { None } else { reaching(false) }
    })
}

/// How a junction was come to.
struct Before {
    edge: u32,
    backward: bool,
    junction: u32,
    stage: Stage,
    /// Whether what is summed beside is that of the label, too.
    alike: bool,
}

/// The edge and the junction before; of two that are as quick, the one that the
/// label is of.
fn predecessor(search: &Search, ask: &Question<'_>, junction: u32, stage: Stage) -> Option<Before> {
    let (seconds, summed) = search.reached_at(junction, stage);
    let mut found = None;
    for away in ask.view.arcs_at(junction) {
        // The same edge as walked towards here.
        let towards = ask
            .view
            .arcs_at(away.to)
            .iter()
            .find(|arc| arc.edge_and_way == away.edge_and_way ^ 1)?;
        let Some(passage) = Passage::of(ask, *towards).filter(Passage::is_through) else {
            continue;
        };
        let arc_s = passage.whole_s(towards.length_m);
        for stage_before in Stage::ALL {
            let (seconds_before, summed_before) = search.reached_at(away.to, stage_before);
            if passage.stage_after(stage_before) != Some(stage) || seconds_before + arc_s != seconds {
                continue;
            }
            let alike = summed_before + beside(ask, *towards, towards.length_m, true, true) == summed;
            if alike || found.is_none() {
                found = Some(Before {
                    edge: towards.edge(),
                    backward: towards.is_backward(),
                    junction: away.to,
                    stage: stage_before,
                    alike,
                });
            }
            if alike {
                return found;
            }
        }
    }
    found
}

/// The corners of a stretch, its ends included, each with its metres along the edge.
pub(super) fn drawn(view: &View<'_>, stretch: Stretch) -> Vec<(Point, f32)> {
    let length_m = f64::from(view.edges[stretch.edge as usize].length_m);
    let corners: Vec<Point> = view.corners[view.corner_range(stretch.edge)]
        .iter()
        .map(|corner: &Position| corner.point())
        .collect();
    let mut along = vec![0.0];
    for pair in corners.windows(2) {
        let end = LocalMetres::around(pair[0]).east_north(pair[1]);
        let before = along.last().copied().unwrap_or_default();
        along.push(before + end[0].hypot(end[1]));
    }
    let total = along.last().copied().unwrap_or_default();
    let scale = if length_m > 0.0 { total / length_m } else { 0.0 };
    let (enters, leaves) = (f64::from(stretch.enters_m) * scale, f64::from(stretch.leaves_m) * scale);
    let (low, high) = (enters.min(leaves), enters.max(leaves));
    let on_edge = |metres: f64| if scale > 0.0 { (metres / scale) as f32 } else { 0.0 };
    let mut drawn = vec![(point_at(&corners, &along, low), on_edge(low))];
    drawn.extend(
        corners
            .iter()
            .zip(&along)
            .filter(|(_, at)| **at > low && **at < high)
            .map(|(corner, at)| (*corner, on_edge(*at))),
    );
    drawn.push((point_at(&corners, &along, high), on_edge(high)));
    if enters > leaves {
        drawn.reverse();
    }
    drawn
}

fn point_at(corners: &[Point], along: &[f64], metres: f64) -> Point {
    for (pair, at) in corners.windows(2).zip(along.windows(2)) {
        if metres <= at[1] && at[1] > at[0] {
            // At the corner itself, where the next stretch begins.
            if at[1] - metres < 1e-6 {
                return pair[1];
            }
            let share = ((metres - at[0]) / (at[1] - at[0])).clamp(0.0, 1.0);
            return Point::new(
                pair[0].lat + share * (pair[1].lat - pair[0].lat),
                pair[0].lon + share * (pair[1].lon - pair[0].lon),
            );
        }
    }
    corners.last().copied().unwrap_or(Point::new(0.0, 0.0))
}
