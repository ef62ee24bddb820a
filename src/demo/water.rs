//! The river with its promenades, steps and footbridge, and the railway.

use super::random::Random;
use super::seat::Seat;
use super::sketch::{LineId, Sketch, tags};
use super::terrain::{COUNTY_HALF_HEIGHT_M, COUNTY_HALF_WIDTH_M, Xy, rail_x, river_half_width, river_y, xy};

/// From the water to the promenade, metres.
const PROMENADE_OFF_WATER_M: f64 = 9.0;
/// Between two points of a drawn bank, metres.
const BANK_STEP_M: f64 = 170.0;

/// The multiples of `step` from `low`, and `high` at the end.
fn ticks(low: f64, high: f64, step: f64) -> Vec<f64> {
    let mut all = Vec::new();
    let mut at = low;
    while at < high - step / 2.0 {
        all.push(at);
        at += step;
    }
    all.push(high);
    all
}

fn bank(x: f64, north: bool, off_water_m: f64) -> Xy {
    let away = river_half_width(x) + off_water_m;
    xy(x, river_y(x) + if north { away } else { -away })
}

/// Draws the river and what goes along, down to and over it.
pub(super) fn draw_river(sketch: &mut Sketch, seat: &Seat, random: &mut Random) {
    let xs = ticks(-COUNTY_HALF_WIDTH_M, COUNTY_HALF_WIDTH_M, BANK_STEP_M);
    let middle: Vec<Xy> = xs.iter().map(|x| xy(*x, river_y(*x))).collect();
    let name = [("name", "澄河"), ("name:en", "Cheng River")];
    let mut river = vec![("waterway", "river")];
    river.extend(name);
    sketch.path(&middle, tags(&river));
    let mut shore: Vec<Xy> = xs.iter().map(|x| bank(*x, false, 0.0)).collect();
    shore.extend(xs.iter().rev().map(|x| bank(*x, true, 0.0)));
    let mut water = vec![("natural", "water"), ("water", "river")];
    water.extend(name);
    sketch.ring(&shore, tags(&water));

    for north in [true, false] {
        draw_promenade(sketch, seat, random, north);
    }
    draw_footbridge(sketch, seat);
}

/// The street along the bank in this column.
fn bank_street(seat: &Seat, north: bool, column: usize) -> Option<LineId> {
    seat.blocks
        .iter()
        .find(|block| block.north == north && block.column == column && block.row == 0)
        .and_then(|block| block.streets.get(if north { 0 } else { 2 }).copied())
}

fn draw_promenade(sketch: &mut Sketch, seat: &Seat, random: &mut Random, north: bool) {
    let points: Vec<Xy> = ticks(-1_800.0, 900.0, 90.0)
        .into_iter()
        .map(|x| bank(x, north, PROMENADE_OFF_WATER_M))
        .collect();
    let name = if north {
        ("北岸步道", "North Bank Walk")
    } else {
        ("南岸步道", "South Bank Walk")
    };
    let promenade = sketch.path(
        &points,
        tags(&[("highway", "footway"), ("name", name.0), ("name:en", name.1)]),
    );
    for column in 0..7 {
        let Some(street) = bank_street(seat, north, column) else {
            continue;
        };
        let upper = sketch.attach(street, sketch.length(street) * random.between(0.35, 0.65));
        let upper_at = sketch.position(upper);
        let lower = sketch.attach_near(promenade, upper_at);
        let lower_at = sketch.position(lower);
        if column % 3 == 1 {
            // A ramp beside the flights of steps, for wheels.
            let ramp = [("highway", "footway"), ("incline", "6%"), ("wheelchair", "yes")];
            sketch.join(&[lower, upper], tags(&ramp));
            continue;
        }
        let steps = random.whole(18, 40);
        let landing = sketch.node(lower_at.toward(upper_at, 0.5));
        let count = steps.to_string();
        let flight = [("highway", "steps"), ("step_count", count.as_str()), ("incline", "up")];
        sketch.join(&[lower, landing], tags(&flight));
        sketch.join(&[landing, upper], tags(&[("highway", "footway")]));
    }
}

fn draw_footbridge(sketch: &mut Sketch, seat: &Seat) {
    let (Some(south), Some(north)) = (bank_street(seat, false, 3), bank_street(seat, true, 3)) else {
        return;
    };
    let from = sketch.attach(south, sketch.length(south) * 0.8);
    let to = sketch.attach_near(north, sketch.position(from));
    let bridge = [
        ("highway", "footway"),
        ("bridge", "yes"),
        ("layer", "1"),
        ("name", "望月桥"),
        ("name:en", "Wangyue Footbridge"),
    ];
    sketch.join(&[from, to], tags(&bridge));
}

/// Draws the railway; only the two underpasses and its own bridge cross it.
pub(super) fn draw_railway(sketch: &mut Sketch) {
    let rail = |more: &[(&str, &str)]| {
        let mut pairs = vec![
            ("railway", "rail"),
            ("name", "澄北铁路"),
            ("name:en", "Chengbei Railway"),
        ];
        pairs.extend_from_slice(more);
        tags(&pairs)
    };
    let middle = river_y(rail_x(0.0));
    let stations =
        |low: f64, high: f64| -> Vec<Xy> { ticks(low, high, 250.0).into_iter().map(|y| xy(rail_x(y), y)).collect() };
    let south: Vec<usize> = stations(-COUNTY_HALF_HEIGHT_M, middle - 75.0)
        .into_iter()
        .map(|at| sketch.node(at))
        .collect();
    let north: Vec<usize> = stations(middle + 75.0, COUNTY_HALF_HEIGHT_M)
        .into_iter()
        .map(|at| sketch.node(at))
        .collect();
    sketch.join(&south, rail(&[]));
    sketch.join(&north, rail(&[]));
    if let (Some(&from), Some(&to)) = (south.last(), north.first()) {
        sketch.join(&[from, to], rail(&[("bridge", "yes"), ("layer", "1")]));
    }
}
