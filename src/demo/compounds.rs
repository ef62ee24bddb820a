//! Grounds that are one place as a whole: parks, squares, walled compounds.

use super::estates::draw_gate;
use super::lots::{Lot, Venue};
use super::names::Named;
use super::random::Random;
use super::sketch::{Sketch, tags};
use super::terrain::{Quad, Xy};

/// Draws a fenced park with a gate on each side, paths and a pond.
pub(super) fn draw_park(sketch: &mut Sketch, lot: &Lot, name: Named, random: &mut Random) -> Venue {
    let ground = lot.quad.inset(17.0);
    let outline = [
        ("leisure", "park"),
        ("barrier", "fence"),
        ("name", name.zh.as_str()),
        ("name:en", name.en.as_str()),
    ];
    let fence = sketch.ring(&ground.0, tags(&outline));
    // The park is closed at night; its gates are reached from the street.
    let outside = [("highway", "footway")];
    let footway = [("highway", "footway"), ("opening_hours", "06:00-22:00")];
    let round = sketch.ring(&ground.inset(18.0).0, tags(&footway));
    let mut doors = Vec::new();
    for (side, street) in lot.streets.iter().enumerate() {
        let at = ground.on_side(side, random.between(0.3, 0.7));
        let gate = draw_gate(sketch, (*street, fence, round), at, (&outside, &footway));
        doors.push(sketch.position(gate));
    }
    // A round path about the pond, tied to the outer one.
    let lake = oval(&ground, 0.19);
    let shore = sketch.ring(&oval(&ground, 0.26), tags(&footway));
    sketch.ring(&lake, tags(&[("natural", "water"), ("water", "pond")]));
    for (side, turn) in [(0, 0.3), (1, 0.7), (2, 0.6), (3, 0.4)] {
        let outer = sketch.attach_near(round, ground.on_side(side, turn));
        let inner = sketch.attach_near(shore, sketch.position(outer));
        let bend = sketch.position(outer).toward(sketch.position(inner), 0.5).shifted(
            0.0,
            random.around(9.0),
            random.around(9.0),
        );
        let bend = sketch.node(bend);
        sketch.join(&[outer, bend, inner], tags(&footway));
    }
    Venue {
        kind: "park",
        name,
        block: lot.block,
        point: ground.centre(),
        doors,
    }
}

/// Twelve points about the middle, `reach` as a share of the ground's sides.
fn oval(ground: &Quad, reach: f64) -> Vec<Xy> {
    (0_u8..12)
        .map(|index| {
            let (sin, cos) = (f64::from(index) * std::f64::consts::TAU / 12.0).sin_cos();
            ground.at(0.5 + reach * cos, 0.5 + reach * sin)
        })
        .collect()
}

/// Draws a square that may be walked across, with a fountain in it, open to
/// the streets around.
pub(super) fn draw_square(sketch: &mut Sketch, lot: &Lot, name: Named) -> Venue {
    let ground = lot.quad.inset(16.0).part((0.0, 1.0), (0.2, 0.8));
    let outer = sketch.ring(&ground.0, tags(&[]));
    let hole = sketch.ring(
        &oval(&ground, 0.11),
        tags(&[("natural", "water"), ("water", "fountain")]),
    );
    let pairs = [
        ("type", "multipolygon"),
        ("highway", "pedestrian"),
        ("area", "yes"),
        ("place", "square"),
        ("name", name.zh.as_str()),
        ("name:en", name.en.as_str()),
    ];
    sketch.multipolygon(outer, hole, tags(&pairs));
    let mut doors = Vec::new();
    for (side, street) in lot.streets.iter().enumerate() {
        let rim = sketch.attach_near(outer, ground.on_side(side, 0.5));
        let at = sketch.position(rim);
        let from = sketch.attach_near(*street, at);
        sketch.join(&[from, rim], tags(&[("highway", "pedestrian")]));
        doors.push(at);
    }
    Venue {
        kind: "square",
        name,
        block: lot.block,
        point: ground.at(0.5, 0.25),
        doors,
    }
}

/// Draws a walled compound with gates on these sides only.
pub(super) fn draw_compound(sketch: &mut Sketch, lot: &Lot, kind: &'static str, name: Named, gates: &[usize]) -> Venue {
    let ground = lot.quad.inset(21.0);
    let wall = sketch.ring(&ground.0, tags(&[("barrier", "wall")]));
    let private = matches!(kind, "primary_school" | "middle_school" | "government_office");
    let access = if private { "private" } else { "" };
    let inside = match kind {
        "market" => [("highway", "pedestrian"), ("access", "")],
        _ => [("highway", "service"), ("access", access)],
    };
    let round = sketch.ring(&ground.inset(30.0).0, tags(&inside));
    let mut doors = Vec::new();
    for side in gates {
        let at = ground.on_side(*side, 0.5);
        if let Some(street) = lot.streets.get(*side) {
            let drive = [("highway", "service")];
            let gate = draw_gate(sketch, (*street, wall, round), at, (&drive, &inside));
            doors.push(sketch.position(gate));
        }
    }
    if matches!(kind, "primary_school" | "hospital") {
        cross_at_gate(sketch, lot, &doors);
    }
    Venue {
        kind,
        name,
        block: lot.block,
        point: ground.centre(),
        doors,
    }
}

/// A crossing with lights on the street before the first gate.
fn cross_at_gate(sketch: &mut Sketch, lot: &Lot, doors: &[Xy]) {
    let Some(door) = doors.first() else { return };
    let near = lot
        .streets
        .iter()
        .map(|street| (*street, sketch.nearest(*street, *door)))
        .min_by(|a, b| a.1.1.total_cmp(&b.1.1));
    if let Some((street, (along, _))) = near {
        let node = sketch.attach(street, along);
        let lights = [("highway", "crossing"), ("crossing", "traffic_signals")];
        sketch.tag(node, &lights);
    }
}
