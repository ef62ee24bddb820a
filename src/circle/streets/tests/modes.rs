//! The search in all its modes (paces, towards the origin, by metres, with
//! ferries, at an hour, from several points) against the plain one.

use super::oracle::Oracle;
use super::random::{
    HOURLY_NODES, HOURLY_WAYS, LOPSIDED_WAYS, NIGHT, NOON, Random, SYMMETRIC_NODES, SYMMETRIC_WAYS, points,
    random_town, tied, when,
};
use super::town::pace;
use crate::circle::streets::{Arrival, Ask, Method, Pace, Reach, StreetMap, Walker, When};
use crate::coordinates::Point;
use proptest::prelude::*;

/// Arithmetic in 32 bits may put a door on the limit on either side.
const NEAR_S: f64 = 0.05;

#[derive(Debug, Clone, Copy)]
pub struct Mode {
    pace: &'static str,
    reverse: bool,
    metres: bool,
    ferry: bool,
    night: bool,
}

impl Mode {
    /// What the search makes least.
    pub fn counted(self, arrival: &Arrival) -> f64 {
        if self.metres { arrival.walk_m } else { arrival.seconds }
    }

    pub fn is_metres(self) -> bool {
        self.metres
    }
}

/// An adult from the origin, at no certain time.
pub fn plain(metres: bool) -> Mode {
    Mode {
        pace: "adult",
        reverse: false,
        metres,
        ferry: false,
        night: false,
    }
}

pub fn mode() -> impl Strategy<Value = Mode> {
    (
        proptest::sample::select(&["adult", "elder", "wheelchair"][..]),
        any::<(bool, bool, bool, bool)>(),
    )
        .prop_map(|(pace, (reverse, metres, ferry, night))| Mode {
            pace,
            reverse,
            metres,
            ferry,
            night,
        })
}

pub fn config(cases: u32) -> ProptestConfig {
    let torture = std::env::var_os("ONEGRID_TORTURE").is_some();
    ProptestConfig {
        cases: if torture { cases * 10 } else { cases },
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Asks with `mode` from `origins`, and hands on what the quick search found.
pub fn with_reach<T>(
    town: &Random,
    map: &StreetMap,
    mode: Mode,
    origins: &[Point],
    limit: f64,
    hour: Option<When<'_>>,
    and: impl FnOnce(&mut Walker, &Ask<'_>, &Reach) -> T,
) -> T {
    let (_, doors) = tied(map, &points(&town.doors));
    let own: &Pace = pace(mode.pace);
    let in_metres = own.in_metres();
    let ask = Ask {
        reverse: mode.reverse,
        ferry: mode.ferry,
        in_metres: mode.metres.then_some(&in_metres),
        when: hour,
        ..Ask::new(origins, own, limit)
    };
    let (mut walker, mut reach) = (Walker::default(), Reach::default());
    walker.reach_into(map, &doors, &ask, &mut reach);
    and(&mut walker, &ask, &reach)
}

/// The quick search finds what the plain one finds, and each walk drawn takes
/// what its arrival says.
fn agrees(town: &Random, map: &StreetMap, mode: Mode, hour: Option<When<'_>>) -> Result<(), TestCaseError> {
    let (ties, doors) = tied(map, &points(&town.doors));
    let origins = points(&town.origins);
    let limit = 650.0;
    with_reach(town, map, mode, &origins, limit, hour, |walker, ask, reach| {
        if reach.method == Method::StraightLine {
            return Ok(());
        }
        let oracle = Oracle {
            view: map.view(),
            ask: *ask,
        };
        let expected = oracle.doors(&reach.feet, &ties);
        for (door, expected) in (0_u32..).zip(&expected) {
            let found = reach.arrivals.iter().find(|arrival| arrival.door == door);
            let expected = expected.map(|cost| oracle.counted(cost));
            match (found, expected) {
                (Some(found), Some(expected)) => {
                    let found = mode.counted(found);
                    prop_assert!(
                        (found - expected).abs() < NEAR_S,
                        "door {door}: {found}, plainly {expected}"
                    );
                }
                (None, Some(expected)) => {
                    prop_assert!(expected > limit - NEAR_S, "door {door} is missing at {expected}");
                }
                (Some(found), None) => prop_assert!(false, "door {door} cannot be reached: {found:?}"),
                (None, None) => {}
            }
        }
        for arrival in &reach.arrivals {
            let path = walker.path(map, &doors, ask, reach, arrival.door);
            prop_assert!(path.is_some(), "no path to {arrival:?}");
            let path = path.unwrap();
            prop_assert_eq!(path.arrival, *arrival);
            let cost = oracle.stretches(&path.stretches);
            prop_assert!(cost.is_some(), "{:?} cannot be walked", path.stretches);
            let foot = arrival.foot.unwrap();
            let own = &reach.feet[usize::from(foot.from_foot)];
            let across_m = f64::from(own.across_m) + f64::from(foot.across_m);
            let legs_m = f64::from(own.snap_m) + f64::from(foot.snap_m) + across_m;
            let cost = cost.unwrap();
            let seconds = cost.seconds + legs_m * f64::from(ask.pace.seconds_a_metre);
            prop_assert!(
                (seconds - arrival.seconds).abs() < NEAR_S,
                "{seconds} s along {:?}, not {arrival:?}",
                path.stretches
            );
            prop_assert!(
                (cost.metres + across_m - arrival.network_m).abs() < NEAR_S,
                "{cost:?} {arrival:?}"
            );
            prop_assert!(
                (cost.metres + legs_m - arrival.walk_m).abs() < NEAR_S,
                "{cost:?} {arrival:?}"
            );
            prop_assert!(
                (cost.unknown_m - arrival.unknown_m).abs() < NEAR_S,
                "{cost:?} {arrival:?}"
            );
            let drawn: f64 = path.points.windows(2).map(|p| p[0].metres_to(p[1])).sum();
            prop_assert!(
                (drawn - arrival.walk_m).abs() < 0.5 + 0.001 * drawn,
                "{drawn} {arrival:?}"
            );
            let ends = [path.points.first().copied(), path.points.last().copied()];
            let [origin, door] = if mode.reverse { [ends[1], ends[0]] } else { ends };
            let owner = reach.foot_origins[usize::from(foot.from_foot)];
            prop_assert_eq!(origin, Some(origins[usize::from(owner)]));
            prop_assert_eq!(door, Some(points(&town.doors)[arrival.door as usize]));
        }
        Ok(())
    })
}

/// Seconds (or metres) from one point to one door, with the roles as they are.
fn one(town: &Random, map: &StreetMap, mode: Mode, origin: (i32, i32), door: (i32, i32)) -> Option<f64> {
    let mut single = town.clone();
    single.doors = vec![door];
    let hour = mode.night.then(|| when(NIGHT));
    with_reach(&single, map, mode, &points(&[origin]), 3_000.0, hour, |_, _, reach| {
        let streets = reach.method == Method::Streets;
        reach
            .arrivals
            .first()
            .filter(|_| streets)
            .map(|arrival| mode.counted(arrival))
    })
}

fn same(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() < NEAR_S,
        (None, None) => true,
        _ => false,
    }
}

proptest! {
    #![proptest_config(config(250))]

    #[test]
    fn the_search_equals_a_plain_one_on_even_towns(
        town in random_town(SYMMETRIC_WAYS, SYMMETRIC_NODES),
        mode in mode(),
    ) {
        agrees(&town, &town.map(), mode, None)?;
    }

    #[test]
    fn the_search_equals_a_plain_one_on_lopsided_towns(
        town in random_town(LOPSIDED_WAYS, SYMMETRIC_NODES),
        mode in mode(),
    ) {
        agrees(&town, &town.map(), mode, None)?;
    }

    #[test]
    fn the_search_equals_a_plain_one_at_any_hour(
        town in random_town(HOURLY_WAYS, HOURLY_NODES),
        mode in mode(),
    ) {
        let map = town.map();
        agrees(&town, &map, mode, Some(when(if mode.night { NIGHT } else { NOON })))?;
        agrees(&town, &map, mode, None)?;
    }

    #[test]
    fn there_and_back_takes_the_same_where_ways_are_even(
        town in random_town(SYMMETRIC_WAYS, SYMMETRIC_NODES),
        mode in mode(),
    ) {
        let map = town.map();
        let mode = Mode { night: false, ..mode };
        for door in &town.doors {
            let there = one(&town, &map, mode, town.origins[0], *door);
            let back = one(&town, &map, mode, *door, town.origins[0]);
            prop_assert!(same(there, back), "{there:?} there, {back:?} back");
        }
    }

    #[test]
    fn towards_the_origin_is_from_it_with_the_ends_exchanged(
        town in random_town(LOPSIDED_WAYS, SYMMETRIC_NODES),
        mode in mode(),
    ) {
        let map = town.map();
        let [to, from] = [true, false].map(|reverse| Mode { reverse, night: false, ..mode });
        for door in &town.doors {
            let there = one(&town, &map, to, town.origins[0], *door);
            let back = one(&town, &map, from, *door, town.origins[0]);
            prop_assert!(same(there, back), "{there:?} towards, {back:?} from");
        }
    }

    #[test]
    fn several_origins_are_the_nearest_of_them(
        town in random_town(LOPSIDED_WAYS, SYMMETRIC_NODES),
        mode in mode(),
    ) {
        let map = town.map();
        let origins = points(&town.origins);
        let list = |origins: &[Point]| {
            with_reach(&town, &map, mode, origins, 600.0, None, |_, _, reach| {
                (reach.method == Method::Streets).then(|| {
                    let list = reach.arrivals.iter();
                    list.map(|arrival| (arrival.door, mode.counted(arrival))).collect::<Vec<_>>()
                })
            })
        };
        let Some(together) = list(&origins) else { return Ok(()) };
        let apart: Vec<_> = origins.iter().filter_map(|origin| list(std::slice::from_ref(origin))).collect();
        for door in 0..town.doors.len() as u32 {
            let of = |list: &Vec<(u32, f64)>| list.iter().find(|(other, _)| *other == door).map(|(_, cost)| *cost);
            let least = apart.iter().filter_map(of).min_by(f64::total_cmp);
            prop_assert_eq!(of(&together), least);
        }
    }
}
