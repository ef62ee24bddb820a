//! What holds of any streets and walls.

use super::*;
use proptest::prelude::*;

/// Bands, in seconds.
const LIMITS: [f32; 3] = [100.0, 200.0, 300.0];

/// Two cells and what the ground goes beyond them: so near to a reached street the
/// lattice may not tell an unreached one from it.
const FEW_M: f64 = 10.0;

type Line = ([i32; 2], [i32; 2]);

fn a_line() -> impl Strategy<Value = Line> {
    let place = || [-150..150_i32, -150..150_i32];
    (place(), place())
}

fn ends((a, b): Line) -> [[f64; 2]; 2] {
    [a, b].map(|place| place.map(f64::from))
}

/// Metres from a point to a line.
fn metres_to(line: Line, p: [f64; 2]) -> f64 {
    let [a, b] = ends(line);
    let along = [b[0] - a[0], b[1] - a[1]];
    let squared = along[0] * along[0] + along[1] * along[1];
    let share = if squared > 0.0 {
        (((p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1]) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (a[0] + share * along[0] - p[0]).hypot(a[1] + share * along[1] - p[1])
}

fn point_on(line: Line, share: f64) -> [f64; 2] {
    let [a, b] = ends(line);
    [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("ONEGRID_TORTURE").is_some() { 2_000 } else { 48 },
        rng_seed: proptest::test_runner::RngSeed::Fixed(10),
        ..ProptestConfig::default()
    })]

    #[test]
    fn bands_are_sound_and_nested_and_hold_what_is_reached_and_nothing_else(
        streets in proptest::collection::vec((a_line(), 0..320_i32, 0..320_i32, any::<bool>()), 1..9),
        others in proptest::collection::vec(a_line(), 0..5),
        walls in proptest::collection::vec(a_line(), 0..9),
    ) {
        let ground = Ground {
            reached: streets.iter().map(|(line, from, to, narrow)| {
                let [a, b] = ends(*line);
                ReachedStreet { narrow: *narrow, ..reached(&[(a, *from as f32), (b, *to as f32)]) }
            }).collect(),
            unreached: others.iter().map(|line| unreached(&ends(*line))).collect(),
            barriers: walls.iter().flat_map(|line| barriers(&ends(*line))).collect(),
        };
        let areas = bands(&ground, &LIMITS);
        prop_assert_eq!(&areas, &bands(&ground, &LIMITS));
        for area in &areas {
            prop_assert_eq!(is_sound(area), Ok(()));
        }
        for pair in areas.windows(2) {
            prop_assert_eq!(contains(&pair[1], &pair[0]), Ok(()));
        }
        for (area, limit_s) in areas.iter().zip(LIMITS) {
            let sides = sides_of(&unit_rings(area));
            let is_inside = |metres: [f64; 2]| {
                let point = at(metres);
                place(&sides, units([point.lon, point.lat])) > 0
            };
            let in_time = |metres: [f64; 2]| streets.iter().any(|(line, from, to, _)| {
                (0..=60).any(|share| {
                    let share = f64::from(share) / 60.0;
                    let seconds = f64::from(*from) + share * f64::from(to - from);
                    let p = point_on(*line, share);
                    seconds <= f64::from(limit_s) + 8.0 && (p[0] - metres[0]).hypot(p[1] - metres[1]) < FEW_M + 4.0
                })
            });
            for (line, from, to, _) in &streets {
                for share in 0..=40 {
                    let share = f64::from(share) / 40.0;
                    let seconds = f64::from(*from) + share * f64::from(to - from);
                    let metres = point_on(*line, share);
                    if seconds <= f64::from(limit_s) - 0.01 {
                        prop_assert!(is_inside(metres), "{metres:?} at {seconds} s is not in {limit_s} s");
                    } else if !in_time(metres) {
                        prop_assert!(!is_inside(metres), "{metres:?} at {seconds} s is in {limit_s} s");
                    }
                }
            }
            for line in &others {
                for share in 0..=40 {
                    let metres = point_on(*line, f64::from(share) / 40.0);
                    let nearest = streets.iter().map(|(line, ..)| metres_to(*line, metres)).fold(f64::INFINITY, f64::min);
                    if nearest > FEW_M {
                        prop_assert!(!is_inside(metres), "{metres:?} is in {limit_s} s, {nearest} m from what is reached");
                    }
                }
            }
        }
    }
}
