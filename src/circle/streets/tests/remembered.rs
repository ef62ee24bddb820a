//! An answer put together from remembered rows is the answer of a search.

use super::modes::{config, mode, with_reach};
use super::random::{
    HOURLY_NODES, HOURLY_WAYS, LOPSIDED_WAYS, NIGHT, NOON, Random, SYMMETRIC_NODES, points, random_town, tied, when,
};
use crate::circle::streets::{Arrival, Ask, DoorIndex, Far, Reach, Rows, StreetMap, Walker, When};
use crate::clock::Timestamp;
use proptest::prelude::*;

/// Every door counts in one of four categories, but for each fifth.
fn category(door: u32) -> Option<u8> {
    u8::try_from(door % 5).ok().filter(|number| *number < 4)
}

const FAR: Far<'static> = Far {
    wanted: 0b1111,
    category: &category,
    good_until: &|| Timestamp::from_micros(i64::MAX),
};

/// What both must agree in: which of two ways as good is taken may differ.
fn figures(arrivals: &[Arrival]) -> Vec<(u32, f64, f64)> {
    let figures = |arrival: &Arrival| (arrival.door, arrival.seconds, arrival.walk_m);
    arrivals.iter().map(figures).collect()
}

fn agrees(town: &Random, map: &StreetMap, mode: super::modes::Mode, hour: &'static str) -> Result<(), TestCaseError> {
    let (ties, _) = tied(map, &points(&town.doors));
    let doors = DoorIndex::build_of(map, &ties, |door| category(door).unwrap_or(u8::MAX));
    let hour = When {
        is_now: true,
        ..when(hour)
    };
    let rows = Rows::new(1 << 20);
    // In turns, so that some rows are there and some are not, with a limit that grows, and
    // at the end no further than the limit.
    for (limit, horizon) in [
        (200.0, 600.0),
        (200.0, 600.0),
        (150.0, 600.0),
        (320.0, 600.0),
        (320.0, 600.0),
        (90.0, 90.0),
        (230.0, 230.0),
    ] {
        for origin in points(&town.origins) {
            with_reach(town, map, mode, &[origin], limit, Some(hour), |walker, ask, _| {
                let ask = Ask {
                    horizon_s: horizon,
                    ..*ask
                };
                let (mut searched, mut remembered) = (Reach::default(), Reach::default());
                walker.reach_into(map, &doors, &ask, &mut searched);
                let present = searched.arrivals.iter().filter_map(|arrival| category(arrival.door));
                let wanted = 0b1011 & !present.fold(0, |all, number| all | 1 << number);
                let searched_beyond = walker.beyond(map, &doors, &ask, &searched, wanted, &FAR);
                let searched_change = walker.streets_change_at();
                let mut other = Walker::default();
                other.reach_remembered(map, &doors, &rows, &ask, &FAR, &mut remembered);
                let remembered_beyond = other.beyond(map, &doors, &ask, &remembered, wanted, &FAR);
                prop_assert_eq!(figures(&searched.arrivals), figures(&remembered.arrivals));
                let [searched_beyond, remembered_beyond] = [searched_beyond, remembered_beyond]
                    .map(|found| figures(&found.into_iter().flatten().collect::<Vec<_>>()));
                prop_assert_eq!(searched_beyond, remembered_beyond);
                prop_assert_eq!(searched_change, other.streets_change_at());
                let told = |reach: &Reach| {
                    (
                        reach.complete,
                        reach.method,
                        reach.streets_change_at,
                        reach.feet.clone(),
                    )
                };
                prop_assert_eq!(told(&searched), told(&remembered));
                Ok(())
            })?;
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn rows_answer_as_a_search_does(
        town in random_town(LOPSIDED_WAYS, SYMMETRIC_NODES),
        mode in mode(),
    ) {
        agrees(&town, &town.map(), mode, NOON)?;
        agrees(&town, &town.cut_map(), mode, NOON)?;
        agrees(&town, &town.bounded_map(), mode, NOON)?;
    }

    #[test]
    fn rows_answer_as_a_search_does_where_ways_have_hours(
        town in random_town(HOURLY_WAYS, HOURLY_NODES),
        mode in mode(),
    ) {
        agrees(&town, &town.map(), mode, NOON)?;
        agrees(&town, &town.map(), mode, NIGHT)?;
    }

    #[test]
    fn the_memory_of_rows_is_bounded(
        town in random_town(LOPSIDED_WAYS, SYMMETRIC_NODES),
        mode in mode(),
    ) {
        let map = town.map();
        let (_, doors) = tied(&map, &points(&town.doors));
        let bytes = 40_000;
        let rows = Rows::new(bytes);
        let hour = When { is_now: true, ..when(NOON) };
        for origin in points(&town.doors).into_iter().chain(points(&town.origins)).cycle().take(60) {
            with_reach(&town, &map, mode, &[origin], 300.0, Some(hour), |walker, ask, _| {
                walker.reach_remembered(&map, &doors, &rows, ask, &FAR, &mut Reach::default());
            });
            prop_assert!(rows.bytes_kept() <= bytes + 16 * 4_096, "{}", rows.bytes_kept());
        }
    }
}
