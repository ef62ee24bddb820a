//! The walk to one place: its line, its figures, and its steps in words.
//!
//! The door is the one that the circle names, and so are its seconds and metres.

pub mod routes;
#[cfg(test)]
mod tests;
mod view;
pub mod words;

use super::lookup::{Asked, Circles, Reached};
use super::places::PlaceId;
use super::streets::{Arrival, Method, Reach, StretchKind, WalkedStretch};
use crate::coordinates::{LocalMetres, Point};
use crate::language::Language;
use words::{Piece, Way};

/// A place further than this is out of reach.
pub const MINUTES: u32 = 30;
/// A heading is taken over so many metres, past the small turns at a corner.
const HEADING_M: f64 = 12.0;
/// Where one stretch of street turns by more, in degrees, it is told as two.
const CORNER: f64 = 60.0;

/// A walk to a place, or from it to the origin.
pub struct Route {
    /// The place, as the circle has it.
    pub reached: Reached,
    /// The figures of its door.
    pub arrival: Arrival,
    /// The line, in the direction of the walk, with at least two points.
    pub line: Vec<Point>,
    /// Its stretches, in that direction.
    pub pieces: Vec<Piece>,
}

/// The walk to a place within the minutes asked for, `None` where there is none.
/// What else the search found goes to `also`.
pub fn route<R>(
    circles: &Circles,
    asked: &Asked<'_>,
    to: PlaceId,
    language: Language,
    also: impl FnOnce(&Reach) -> R,
) -> Option<(Route, R)> {
    let ask = circles.ask(asked, None);
    circles.search(&ask, |places, walker, reach| {
        let is_its_door = |door: u32| {
            let target = places.targets().get(door as usize);
            target
                .and_then(|target| places.entry(target.entry))
                .is_some_and(|entry| entry.place.id == to)
        };
        reach.arrivals.retain(|arrival| is_its_door(arrival.door));
        let reached = circles.reached(places, reach, asked).pop()?;
        let arrival = reach.arrivals.iter().find(|arrival| arrival.door == reached.door)?;
        let (line, pieces) = if reach.method == Method::StraightLine {
            straight(asked, arrival, reached.point)
        } else {
            let path = walker.path(circles.map(), places.doors(), &ask, reach, arrival.door)?;
            let walked = walker.walked(circles.map(), places.doors(), &ask, &path);
            let pieces = pieces(&path.points, &walked, asked, &Legs::of(arrival, reach), language);
            (at_least_two(path.points), pieces)
        };
        let route = Route {
            arrival: *arrival,
            reached,
            line,
            pieces,
        };
        Some((route, also(reach)))
    })
}

/// A straight line from the nearest origin.
fn straight(asked: &Asked<'_>, arrival: &Arrival, door: Point) -> (Vec<Point>, Vec<Piece>) {
    let origins = asked.starts.iter().copied();
    let nearest = origins.min_by(|a, b| a.metres_to(door).total_cmp(&b.metres_to(door)));
    let mut line = vec![nearest.unwrap_or(asked.origin), door];
    if asked.reverse {
        line.reverse();
    }
    let piece = Piece {
        name: None,
        way: Way::Straight,
        metres: arrival.walk_m,
        seconds: arrival.seconds,
        enters: heading(&line, true),
        leaves: heading(&line, false),
        first_point: 0,
    };
    (line, vec![piece])
}

/// A line has two points, also where one is there already.
fn at_least_two(mut line: Vec<Point>) -> Vec<Point> {
    if let [only] = line.as_slice() {
        line.push(*only);
    }
    line
}

/// Between the origin and its edge, and between the edge and the door.
#[derive(Debug, Clone, Copy, Default)]
struct Legs {
    origin: Leg,
    door: Leg,
}

impl Legs {
    fn of(arrival: &Arrival, reach: &Reach) -> Self {
        let Some(door) = arrival.foot else {
            return Self::default();
        };
        let origin = reach.feet.get(usize::from(door.from_foot));
        Self {
            origin: origin.map_or(Leg::default(), |foot| Leg::of(foot.snap_m, foot.across_m)),
            door: Leg::of(door.snap_m, door.across_m),
        }
    }
}

/// A straight line that no street is: off the streets, or over a square.
#[derive(Debug, Clone, Copy, Default)]
struct Leg {
    metres: f64,
    is_on_square: bool,
}

impl Leg {
    fn of(snap_m: f32, across_m: f32) -> Self {
        Self {
            metres: f64::from(snap_m) + f64::from(across_m),
            is_on_square: across_m > 0.0,
        }
    }
}

/// The stretches of a walk with both legs.
fn pieces(
    line: &[Point],
    walked: &[WalkedStretch<'_>],
    asked: &Asked<'_>,
    legs: &Legs,
    language: Language,
) -> Vec<Piece> {
    let spans: Vec<(Way, Option<String>, f64, f64, usize, usize)> = {
        let leg = |off_street: Way, leg: Leg, first: usize, last: usize| {
            let way = if leg.is_on_square { Way::Square } else { off_street };
            let seconds = leg.metres * f64::from(asked.pace.seconds_a_metre);
            (way, None, leg.metres, seconds, first, last)
        };
        let (first_leg, last_leg) = if asked.reverse {
            (legs.door, legs.origin)
        } else {
            (legs.origin, legs.door)
        };
        let begins = walked.first().map_or(0, |stretch| stretch.first_point);
        let ends = walked.last().map_or(begins, |stretch| stretch.last_point);
        let before = leg(Way::ToStreet, first_leg, 0, begins);
        let after = leg(Way::ToDoor, last_leg, ends, line.len().saturating_sub(1));
        let along = walked.iter().map(|stretch| {
            let name = stretch.name.map(|name| match language {
                Language::Zh => name.local.to_owned(),
                Language::En => name.english.unwrap_or(name.local).to_owned(),
            });
            let (metres, seconds) = (f64::from(stretch.metres), f64::from(stretch.seconds));
            let way = way(stretch.kind);
            (way, name, metres, seconds, stretch.first_point, stretch.last_point)
        });
        std::iter::once(before)
            .chain(along)
            .chain(std::iter::once(after))
            .collect()
    };
    let mut pieces: Vec<Piece> = Vec::with_capacity(spans.len());
    for (way, name, metres, seconds, first, last) in spans {
        if metres <= 0.0 && seconds <= 0.0 {
            continue;
        }
        let span = line.get(first..=last).unwrap_or_default();
        let length_m = metres_of(span);
        let mut cuts = vec![0];
        if way.is_plain() {
            cuts.extend(corners(span));
        }
        cuts.push(span.len().saturating_sub(1));
        for cut in cuts.windows(2) {
            let part = span.get(cut[0]..=cut[1]).unwrap_or_default();
            let share = if length_m > 0.0 {
                metres_of(part) / length_m
            } else {
                1.0
            };
            // What has no extent points where the piece before it did.
            let before = pieces.last().map_or(0.0, |piece| piece.leaves);
            let of = |at_start| {
                if part.len() < 2 {
                    before
                } else {
                    heading(part, at_start)
                }
            };
            pieces.push(Piece {
                enters: of(true),
                leaves: of(false),
                name: name.clone(),
                way,
                metres: metres * share,
                seconds: seconds * share,
                first_point: first + cut[0],
            });
        }
    }
    pieces
}

fn metres_of(line: &[Point]) -> f64 {
    line.windows(2).map(|pair| pair[0].metres_to(pair[1])).sum()
}

/// The points at which a line turns a corner, some metres from its ends and from
/// each other.
fn corners(line: &[Point]) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let (mut since, mut left) = (0.0, metres_of(line));
    for at in 1..line.len().saturating_sub(1) {
        let step = line[at - 1].metres_to(line[at]);
        since += step;
        left -= step;
        let start = found.last().copied().unwrap_or_default();
        let turn = words::bend(heading(&line[start..=at], false), heading(&line[at..], true));
        if since >= HEADING_M && left >= HEADING_M && turn.abs() >= CORNER {
            found.push(at);
            since = 0.0;
        }
    }
    found
}

fn way(kind: StretchKind) -> Way {
    match kind {
        StretchKind::Street => Way::Street,
        StretchKind::Path => Way::Path,
        StretchKind::Square => Way::Square,
        StretchKind::Passage => Way::Passage,
        StretchKind::Tunnel => Way::Tunnel,
        StretchKind::Bridge => Way::Bridge,
        StretchKind::Private => Way::Private,
        StretchKind::Steps { count } => Way::Steps { count, up: None },
        StretchKind::Escalator => Way::Escalator,
        StretchKind::Crossing { signals } => Way::Crossing { signals },
        StretchKind::Lift => Way::Lift,
        StretchKind::Ferry => Way::Ferry,
    }
}

/// The heading at one end of a line, in degrees clockwise from north.
fn heading(line: &[Point], at_start: bool) -> f64 {
    let (Some(first), Some(last)) = (line.first(), line.last()) else {
        return 0.0;
    };
    let end = if at_start { first } else { last };
    let frame = LocalMetres::around(*end);
    let mut others: Vec<[f64; 2]> = line.iter().map(|point| frame.east_north(*point)).collect();
    if !at_start {
        others.reverse();
    }
    let far = others
        .iter()
        .skip(1)
        .find(|[east, north]| east.hypot(*north) >= HEADING_M);
    let [east, north] = far.or(others.last()).copied().unwrap_or_default();
    let away = east.atan2(north).to_degrees();
    if at_start { away } else { away + 180.0 }.rem_euclid(360.0)
}
