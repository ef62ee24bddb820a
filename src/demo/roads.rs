//! Country roads: every village is joined to the seat within its part of the
//! county, since river and railway are crossed in the seat only.

use super::names::Named;
use super::random::Random;
use super::seat::Seat;
use super::sketch::{LineId, Sketch, tags};
use super::terrain::{Xy, keeps_clear, part};
use super::villages::Village;

/// Candidates that are tried for a road before the nearest is taken anyway.
const CANDIDATES: usize = 40;
const BENDS_TRIED: usize = 6;
/// A second road between neighbours, at most this long, metres.
const LINK_M: f64 = 4_600.0;

/// A possible road.
#[derive(Clone, Copy)]
struct Join {
    village: usize,
    from: usize,
    to: usize,
    /// The village at the other end, where it is none of the seat's junctions.
    other: Option<usize>,
    length_m: f64,
}

/// Draws the country roads.
pub(super) fn draw(sketch: &mut Sketch, seat: &Seat, villages: &[Village], random: &mut Random) {
    let mut roads = seat.streets.clone();
    roads.extend(villages.iter().flat_map(|village| village.lines.iter().copied()));
    let mut joined: Vec<usize> = Vec::new();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    while joined.len() < villages.len() {
        let joins = possible(sketch, seat, villages, &joined);
        let drawable = joins
            .iter()
            .take(CANDIDATES)
            .find_map(|join| route(sketch, &roads, join, random).map(|route| (*join, route)));
        let (join, points) = match (drawable, joins.first()) {
            (Some(found), _) => found,
            (None, Some(nearest)) => (*nearest, Vec::new()),
            (None, None) => break,
        };
        roads.push(draw_road(sketch, villages, join, &points));
        joined.push(join.village);
        pairs.extend(join.other.map(|other| (join.village, other)));
    }
    draw_links(sketch, villages, &mut roads, &mut pairs, random);
}

/// The roads that would join one more village, shortest first.
fn possible(sketch: &Sketch, seat: &Seat, villages: &[Village], joined: &[usize]) -> Vec<Join> {
    let mut joins = Vec::new();
    for (index, village) in villages.iter().enumerate() {
        if joined.contains(&index) {
            continue;
        }
        for from in village.ends {
            let start = sketch.position(from);
            let mut offer = |to: usize, other: Option<usize>| {
                let end = sketch.position(to);
                if part(start) == part(end) {
                    joins.push(Join {
                        village: index,
                        from,
                        to,
                        other,
                        length_m: start.distance(end),
                    });
                }
            };
            for hub in &seat.hubs {
                offer(*hub, None);
            }
            for other in joined {
                for end in villages.get(*other).map_or([0, 0], |village| village.ends) {
                    offer(end, Some(*other));
                }
            }
        }
    }
    joins.sort_by(|a, b| a.length_m.total_cmp(&b.length_m));
    joins
}

/// The bends of a road that crosses no other, if there is one.
fn route(sketch: &Sketch, roads: &[LineId], join: &Join, random: &mut Random) -> Option<Vec<Xy>> {
    let (start, end) = (sketch.position(join.from), sketch.position(join.to));
    let turn = start.direction(end);
    (0..BENDS_TRIED).find_map(|_| {
        let sway = join.length_m * 0.07;
        let bends: Vec<Xy> = [0.2, 0.4, 0.6, 0.8]
            .into_iter()
            .map(|part| start.toward(end, part).shifted(turn, 0.0, random.around(sway)))
            .collect();
        let mut points = vec![start];
        points.extend(&bends);
        points.push(end);
        let good = points.windows(2).all(|pair| match *pair {
            [a, b] => keeps_clear(a, b) && !sketch.crossed(roads, a, b),
            _ => true,
        });
        good.then_some(bends)
    })
}

fn draw_road(sketch: &mut Sketch, villages: &[Village], join: Join, bends: &[Xy]) -> LineId {
    let mut nodes = vec![join.from];
    nodes.extend(bends.iter().map(|at| sketch.node(*at)));
    nodes.push(join.to);
    let blank = Named::new("", "");
    let village = villages.get(join.village);
    let name = village.map_or(blank, |village| village.name.with("路", "Road"));
    let class = if village.is_some_and(|village| village.is_town_seat) {
        "tertiary"
    } else {
        "unclassified"
    };
    let pairs = [
        ("highway", class),
        ("name", name.zh.as_str()),
        ("name:en", name.en.as_str()),
    ];
    sketch.join(&nodes, tags(&pairs))
}

/// Second roads between neighbours, so that the county is no mere tree.
fn draw_links(
    sketch: &mut Sketch,
    villages: &[Village],
    roads: &mut Vec<LineId>,
    pairs: &mut Vec<(usize, usize)>,
    random: &mut Random,
) {
    for (index, village) in villages.iter().enumerate() {
        for (other, neighbour) in villages.iter().enumerate().skip(index + 1) {
            let known = pairs.contains(&(index, other)) || pairs.contains(&(other, index));
            if known || village.centre.distance(neighbour.centre) > LINK_M || random.chance(0.15) {
                continue;
            }
            let shortest = village
                .ends
                .iter()
                .flat_map(|from| neighbour.ends.iter().map(move |to| (*from, *to)))
                .map(|(from, to)| Join {
                    village: index,
                    from,
                    to,
                    other: Some(other),
                    length_m: sketch.position(from).distance(sketch.position(to)),
                })
                .min_by(|a, b| a.length_m.total_cmp(&b.length_m));
            let Some(join) = shortest else { continue };
            if part(village.centre) == part(neighbour.centre)
                && let Some(bends) = route(sketch, roads, &join, random)
            {
                roads.push(draw_road(sketch, villages, join, &bends));
                pairs.push((index, other));
            }
        }
    }
}
