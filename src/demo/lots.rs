//! What stands between the main streets: each block is cut into lots, and each
//! lot drawn as an estate, old lanes, a park, a square or a walled compound.

use super::compounds::{draw_compound, draw_park, draw_square};
use super::estates::{Class, draw_estate, draw_lanes};
use super::names::{Named, Names};
use super::plan::{PLAN, Use};
use super::random::Random;
use super::seat::{Block, Seat};
use super::sketch::{LineId, Sketch, tags};
use super::terrain::{Quad, Xy};

/// A named group of buildings with what lies inside it.
pub(super) struct EstateDraft {
    pub(super) name: Named,
    /// Index of its block.
    pub(super) block: usize,
    /// Whether it is a walled estate; old lanes are none.
    pub(super) walled: bool,
    pub(super) buildings: Vec<Xy>,
    /// Free sites along the inner ways.
    pub(super) spots: Vec<Site>,
}

/// Where something may stand, and its door.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site {
    pub(super) point: Xy,
    pub(super) door: Xy,
}

/// A piece of ground that is one place as a whole.
pub(super) struct Venue {
    pub(super) kind: &'static str,
    pub(super) name: Named,
    pub(super) block: usize,
    pub(super) point: Xy,
    pub(super) doors: Vec<Xy>,
}

/// A side of a street that shops may line: the line and a point on their side.
pub(super) struct Front {
    pub(super) block: usize,
    pub(super) street: LineId,
    pub(super) toward: Xy,
}

/// All that was drawn in the blocks.
#[derive(Default)]
pub(super) struct Fabric {
    pub(super) estates: Vec<EstateDraft>,
    pub(super) venues: Vec<Venue>,
    pub(super) fronts: Vec<Front>,
}

/// A piece of a block, with the streets on its sides.
pub(super) struct Lot {
    pub(super) quad: Quad,
    pub(super) streets: [LineId; 4],
    pub(super) block: usize,
}

/// Fills every block.
pub(super) fn fill(sketch: &mut Sketch, seat: &Seat, names: &mut Names, random: &mut Random) -> Fabric {
    let mut fabric = Fabric::default();
    for (index, block) in seat.blocks.iter().enumerate() {
        for street in block.streets {
            fabric.fronts.push(Front {
                block: index,
                street,
                toward: block.quad.centre(),
            });
        }
        let planned = PLAN
            .iter()
            .find(|plan| (plan.0, plan.1, plan.2) == (block.north, block.column, block.row));
        let (first, second) = match planned {
            Some(plan) => (plan.3, plan.4),
            None if random.chance(0.12 + 0.2 * block.centrality) => (Use::Lanes, Some(Use::Estate)),
            None => (Use::Estate, Some(Use::Estate)),
        };
        let Some(second) = second else {
            let lot = Lot {
                quad: block.quad,
                streets: block.streets,
                block: index,
            };
            build(sketch, &lot, first, block, &mut fabric, names, random);
            continue;
        };
        let (mut west, mut east) = cut(sketch, block, index, names, random);
        for lot in [&west, &east] {
            // The side street is lined from both sides.
            fabric.fronts.push(Front {
                block: index,
                street: west.streets[1],
                toward: lot.quad.centre(),
            });
        }
        if planned.is_none() && random.chance(0.5) {
            std::mem::swap(&mut west, &mut east);
        }
        build(sketch, &west, first, block, &mut fabric, names, random);
        build(sketch, &east, second, block, &mut fabric, names, random);
    }
    fabric
}

/// Cuts a block in a western and an eastern lot by a side street.
fn cut(sketch: &mut Sketch, block: &Block, index: usize, names: &mut Names, random: &mut Random) -> (Lot, Lot) {
    let [south, east, north, west] = block.streets;
    let (low, high) = (random.between(0.44, 0.56), random.between(0.44, 0.56));
    let from = sketch.attach(south, sketch.length(south) * low);
    let to = sketch.attach(north, sketch.length(north) * high);
    let (from_at, to_at) = (sketch.position(from), sketch.position(to));
    let bend = sketch.node(
        from_at
            .toward(to_at, random.between(0.35, 0.65))
            .shifted(0.0, random.around(7.0), 0.0),
    );
    let name = names.lane("巷", "Lane");
    let class = if random.chance(0.6) {
        "residential"
    } else {
        "living_street"
    };
    let pairs = [
        ("highway", class),
        ("name", name.zh.as_str()),
        ("name:en", name.en.as_str()),
    ];
    let middle = sketch.join(&[from, bend, to], tags(&pairs));
    let [sw, se, ne, nw] = block.quad.0;
    let western = Lot {
        quad: Quad([sw, from_at, to_at, nw]),
        streets: [south, middle, north, west],
        block: index,
    };
    let eastern = Lot {
        quad: Quad([from_at, se, ne, to_at]),
        streets: [south, east, north, middle],
        block: index,
    };
    (western, eastern)
}

fn build(
    sketch: &mut Sketch,
    lot: &Lot,
    usage: Use,
    block: &Block,
    fabric: &mut Fabric,
    names: &mut Names,
    random: &mut Random,
) {
    match usage {
        Use::Estate => {
            let name = names.estate(random);
            let modern = if block.is_east() { 0.9 } else { 0.45 };
            let class = match (random.chance(modern), random.chance(0.4)) {
                (true, true) => Class::Gated,
                (true, false) => Class::Garden,
                (false, _) => Class::Old,
            };
            fabric.estates.push(draw_estate(sketch, lot, name, class, random));
        }
        Use::Lanes => fabric.estates.push(draw_lanes(sketch, lot, names, random)),
        Use::Park(zh, en) => {
            fabric.venues.push(draw_park(sketch, lot, Named::new(zh, en), random));
        }
        Use::Square(zh, en) => {
            fabric.venues.push(draw_square(sketch, lot, Named::new(zh, en)));
        }
        Use::Compound(kind, zh, en, gates) => {
            fabric
                .venues
                .push(draw_compound(sketch, lot, kind, Named::new(zh, en), gates));
        }
    }
}
