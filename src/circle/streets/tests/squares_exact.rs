//! Walks across random squares against the plainest reckoning of the shortest
//! line: every corner to every corner, tried step by step.

use super::town::{Town, adult};
use proptest::prelude::*;

type Spot = [f64; 2];

/// Corners at growing angles, as shares of the way round, and their distances.
fn star(radii: &[f64], turn: f64) -> Vec<Spot> {
    let count = radii.len() as f64;
    (radii.iter().zip(0..))
        .map(|(radius, number)| {
            let angle = std::f64::consts::TAU * (f64::from(number) + turn) / count;
            [radius * angle.cos(), radius * angle.sin()]
        })
        .collect()
}

fn metres(a: Spot, b: Spot) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Metres from a spot to the line from `a` to `b`.
fn beside(spot: Spot, a: Spot, b: Spot) -> f64 {
    let along = [b[0] - a[0], b[1] - a[1]];
    let share = ((spot[0] - a[0]) * along[0] + (spot[1] - a[1]) * along[1]) / metres(a, b).powi(2);
    let share = share.clamp(0.0, 1.0);
    metres(spot, [a[0] + share * along[0], a[1] + share * along[1]])
}

fn lines(rings: &[Vec<Spot>]) -> impl Iterator<Item = (Spot, Spot)> {
    rings
        .iter()
        .flat_map(|ring| ring.iter().copied().zip(ring.iter().copied().cycle().skip(1)))
}

/// Whether a spot is on the ground between the rings, up to three centimetres.
fn is_ground(spot: Spot, rings: &[Vec<Spot>]) -> bool {
    let met = lines(rings).filter(|(a, b)| {
        (a[1] > spot[1]) != (b[1] > spot[1]) && {
            let share = (spot[1] - a[1]) / (b[1] - a[1]);
            a[0] + share * (b[0] - a[0]) > spot[0]
        }
    });
    met.count() % 2 == 1 || lines(rings).any(|(a, b)| beside(spot, a, b) < 0.03)
}

/// The shortest metres from each corner of the first ring to each.
fn shortest(rings: &[Vec<Spot>]) -> Vec<Vec<f64>> {
    let corners: Vec<Spot> = rings.iter().flatten().copied().collect();
    let sees = |a: Spot, b: Spot| {
        (1..400).all(|step| {
            let share = f64::from(step) / 400.0;
            is_ground([a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])], rings)
        })
    };
    let mut best: Vec<Vec<f64>> = (corners.iter())
        .map(|a| {
            let to = |b: &Spot| if sees(*a, *b) { metres(*a, *b) } else { f64::INFINITY };
            corners.iter().map(to).collect()
        })
        .collect();
    for over in 0..corners.len() {
        for from in 0..corners.len() {
            for to in 0..corners.len() {
                best[from][to] = best[from][to].min(best[from][over] + best[over][to]);
            }
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn walks_across_are_as_short_as_the_ground_allows(
        outer in proptest::collection::vec(70.0..200.0_f64, 5..12),
        hole in proptest::collection::vec(10.0..45.0_f64, 3..7),
        turn in 0.0..1.0_f64,
        entrances in proptest::collection::btree_set(0..5_usize, 2..4),
        as_wall in proptest::bool::ANY,
    ) {
        let rings = [star(&outer, 0.0), star(&hole, turn)];
        // The nodes of the outer ring from 1, of the hole from 101, the far ends of
        // the streets that lead outward from 201.
        let mut town = Town::new();
        for (ring, first) in rings.iter().zip([1, 101]) {
            for (spot, id) in ring.iter().zip(first..) {
                town = town.nodes(&[(id, spot[0], spot[1])]);
            }
        }
        let far = |entrance: usize| rings[0][entrance].map(|metres| metres * 2.0);
        for entrance in &entrances {
            let (id, [east, north]) = (*entrance as i64, far(*entrance));
            town = town.nodes(&[(id + 201, east, north)]).way(&[id + 1, id + 201], "highway=footway");
        }
        let closed = |first: i64, count: usize| (first..first + count as i64).chain([first]).collect::<Vec<_>>();
        let streets = entrances.len() as i64;
        // A basin in the way is as good as a hole.
        let town = if as_wall {
            town.way(&closed(1, outer.len()), "highway=pedestrian area=yes")
                .way(&closed(101, hole.len()), "natural=water")
        } else {
            town.way(&closed(1, outer.len()), "")
                .way(&closed(101, hole.len()), "")
                .relation(&[("outer", streets + 1), ("inner", streets + 2)], "highway=pedestrian")
        };
        let town = town.map();
        let best = shortest(&rings);
        for from in &entrances {
            for to in entrances.iter().filter(|to| *to > from) {
                let [a, b] = [far(*from), far(*to)];
                let seconds = town.seconds(adult(), (a[0], a[1]), (b[0], b[1])).unwrap();
                let across = seconds * (5.1 / 3.6) - outer[*from] - outer[*to];
                prop_assert!((across - best[*from][*to]).abs() < 0.25, "{} is not {}", across, best[*from][*to]);
            }
        }
    }
}
