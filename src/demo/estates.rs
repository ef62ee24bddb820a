//! Where people live in the seat: walled estates with gates, and old lanes.

use super::lots::{EstateDraft, Lot, Site};
use super::names::{Named, Names};
use super::random::Random;
use super::sketch::{LineId, Sketch, tags};
use super::terrain::{Quad, Xy};

/// How an estate is closed off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Several gates, everybody walks through.
    Old,
    /// Two gates and greener ways.
    Garden,
    /// One gate, and private ways behind it.
    Gated,
}

/// From the lot's edge (the middle of the street) to the wall, metres.
const SETBACK_M: f64 = 21.0;
/// From the wall to the way that runs round inside it, metres.
const INSIDE_M: f64 = 15.0;
/// From an inner way to the buildings it serves, metres.
const BUILDING_OFF_WAY_M: f64 = 14.0;
const MIN_BUILDINGS: usize = 8;
const MAX_BUILDINGS: usize = 20;

/// Metres as a whole count of steps of this size, at least `least`.
pub(super) fn steps_in(metres: f64, step: f64, least: usize) -> usize {
    let mut count = 0;
    let mut left = metres;
    while left >= step {
        count += 1;
        left -= step;
    }
    count.max(least)
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows and columns are small")]
pub(super) fn share(index: usize, of: usize) -> f64 {
    index as f64 / of.max(1) as f64
}

/// Tags as pairs.
type Pairs<'a> = &'a [(&'a str, &'a str)];

/// Draws a gate of `wall` near `at`: from the street through the wall to
/// the inner way. Returns the gate's node.
pub(super) fn draw_gate(
    sketch: &mut Sketch,
    (street, wall, inner): (LineId, LineId, LineId),
    at: Xy,
    (outside, inside): (Pairs<'_>, Pairs<'_>),
) -> usize {
    let gate = sketch.attach_near(wall, at);
    sketch.tag(gate, &[("barrier", "gate")]);
    let from = sketch.attach_near(street, at);
    let to = sketch.attach_near(inner, at);
    sketch.join(&[from, gate], tags(outside));
    sketch.join(&[gate, to], tags(inside));
    gate
}

/// Draws a walled estate of 8 to 20 buildings.
pub(super) fn draw_estate(
    sketch: &mut Sketch,
    lot: &Lot,
    name: Named,
    class: Class,
    random: &mut Random,
) -> EstateDraft {
    let walled = lot.quad.inset(SETBACK_M);
    let wall = sketch.ring(&walled.0, tags(&[("barrier", "wall")]));
    let inner = walled.inset(INSIDE_M);
    let way = match class {
        Class::Gated => vec![("highway", "service"), ("access", "private")],
        Class::Garden => vec![("highway", "footway")],
        Class::Old => vec![("highway", "living_street")],
    };
    let round = sketch.ring(&inner.0, tags(&way));
    let columns = steps_in(inner.width(), 44.0, 2).min(5);
    let mut rows = steps_in(inner.height(), 56.0, 2).min(6);
    while rows * columns > MAX_BUILDINGS {
        rows -= 1;
    }
    while rows * columns < MIN_BUILDINGS {
        rows += 1;
    }
    let path = match class {
        Class::Gated => [("highway", "footway"), ("access", "private")],
        _ => [("highway", "footway"), ("access", "")],
    };
    let mut middle = Vec::new();
    for row in 1..rows {
        let v = share(row, rows);
        let west = sketch.attach_near(round, inner.at(0.0, v));
        let east = sketch.attach_near(round, inner.at(1.0, v));
        let line = sketch.join(&[west, east], tags(&path));
        middle.push(sketch.attach(line, sketch.length(line) * 0.5));
    }
    if class == Class::Garden {
        // A garden path through the rows, from end to end.
        middle.insert(0, sketch.attach_near(round, inner.at(0.5, 0.0)));
        middle.push(sketch.attach_near(round, inner.at(0.5, 1.0)));
        sketch.join(&middle, tags(&path));
    }
    draw_gates(sketch, lot, (&walled, wall, round), class, &way, random);
    let (buildings, spots) = stand(&inner, rows, columns, random);
    EstateDraft {
        name,
        block: lot.block,
        walled: true,
        buildings,
        spots,
    }
}

fn draw_gates(
    sketch: &mut Sketch,
    lot: &Lot,
    (walled, wall, round): (&Quad, LineId, LineId),
    class: Class,
    way: &[(&str, &str)],
    random: &mut Random,
) {
    let mut sides = [0, 1, 2, 3];
    random.shuffle(&mut sides);
    let gates = match class {
        Class::Gated => 1,
        Class::Garden => 2,
        Class::Old => random.whole(3, 4),
    };
    for side in sides.into_iter().take(gates) {
        let at = walled.on_side(side, random.between(0.35, 0.65));
        let Some(street) = lot.streets.get(side) else {
            continue;
        };
        let drive = [("highway", "service")];
        let node = draw_gate(sketch, (*street, wall, round), at, (&drive, way));
        if class == Class::Old && random.chance(0.15) {
            // The back gate of an old estate is shut at night.
            sketch.tag(node, &[("opening_hours", "06:00-23:00")]);
        }
    }
}

/// Buildings north of each row's way, and free sites between them.
fn stand(inner: &Quad, rows: usize, columns: usize, random: &mut Random) -> (Vec<Xy>, Vec<Site>) {
    let off = |metres: f64| metres / inner.height().max(1.0);
    let mut buildings = Vec::new();
    let mut spots = Vec::new();
    for row in 0..rows {
        let v = share(row, rows);
        for column in 0..columns {
            let u = share(2 * column + 1, 2 * columns);
            buildings.push(inner.at(u, v + off(BUILDING_OFF_WAY_M)));
            let beside = share(column + 1, columns) - 0.04;
            spots.push(Site {
                point: inner.at(beside, v + off(9.0)),
                door: inner.at(beside, v + off(4.0)),
            });
        }
    }
    random.shuffle(&mut spots);
    (buildings, spots)
}

/// Draws a quarter of old lanes, open on all sides, with small houses.
pub(super) fn draw_lanes(sketch: &mut Sketch, lot: &Lot, names: &mut Names, random: &mut Random) -> EstateDraft {
    let quarter = names.lane("里", "Quarter");
    let across = steps_in(lot.quad.height(), 75.0, 2);
    let along = steps_in(lot.quad.width(), 95.0, 2);
    // The crossings of the lanes, crooked.
    let mut crossings = vec![vec![0; along + 1]; across + 1];
    for (row, nodes) in crossings.iter_mut().enumerate() {
        for (column, node) in nodes.iter_mut().enumerate() {
            let (u, v) = (share(column, along), share(row, across));
            let at = lot.quad.at(u, v);
            let rim = [
                (row == 0, 0),
                (column == along, 1),
                (row == across, 2),
                (column == 0, 3),
            ];
            let side = rim.iter().find(|rim| rim.0).and_then(|rim| lot.streets.get(rim.1));
            *node = match side {
                Some(street) => sketch.attach_near(*street, at),
                None => sketch.node(at.shifted(0.0, random.around(12.0), random.around(10.0))),
            };
        }
    }
    let mut homes = Vec::new();
    let mut spots = Vec::new();
    for row in crossings.iter().take(across).skip(1) {
        let name = names.lane("胡同", "Alley");
        let pairs = [
            ("highway", "residential"),
            ("name", name.zh.as_str()),
            ("name:en", name.en.as_str()),
        ];
        let lane = sketch.join(row, tags(&pairs));
        line_with_homes(sketch, lane, (24.0, 26.0), &mut homes, &mut spots, random);
    }
    for column in 1..along {
        let nodes: Vec<usize> = crossings.iter().filter_map(|row| row.get(column).copied()).collect();
        let lane = sketch.join(&nodes, tags(&[("highway", "living_street")]));
        homes.retain(|home| sketch.is_off(&[lane], *home, 9.5));
        spots.retain(|spot| sketch.is_off(&[lane], spot.point, 7.0));
    }
    random.shuffle(&mut spots);
    EstateDraft {
        name: quarter,
        block: lot.block,
        walled: false,
        buildings: homes,
        spots,
    }
}

/// Homes on both sides of a lane, `apart` metres from each other, none within
/// `room` metres of its ends; between some of them a free site.
pub(super) fn line_with_homes(
    sketch: &Sketch,
    lane: LineId,
    (apart, room): (f64, f64),
    homes: &mut Vec<Xy>,
    spots: &mut Vec<Site>,
    random: &mut Random,
) {
    let length = sketch.length(lane);
    let mut along = room;
    while along < length - room {
        let at = sketch.at(lane, along);
        let direction = at.direction(sketch.at(lane, along + 2.0));
        for side in [1.0, -1.0] {
            homes.push(at.shifted(direction, random.around(3.0), side * random.between(11.0, 15.0)));
        }
        let between = apart / 2.0;
        let side = if random.chance(0.5) { 1.0 } else { -1.0 };
        spots.push(Site {
            point: at.shifted(direction, between, side * 9.0),
            door: at.shifted(direction, between, side * 4.0),
        });
        along += apart;
    }
}
