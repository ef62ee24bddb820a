//! What a reach says beside its doors: the nearest beyond it, the streets within
//! it, and whether it touches the edge of the map.

use super::modes::{config, mode, with_reach};
use super::oracle::{Cost, Oracle, over};
use super::random::{LOPSIDED_WAYS, Random, SYMMETRIC_NODES, points, random_town, tied};
use crate::circle::streets::DoorIndex;
use crate::circle::streets::layout::Position;
use crate::circle::streets::tags::node_flag;
use crate::circle::streets::walk::ReachedStretch;
use crate::circle::streets::{Arrival, Ask, Far, Foot, Method, StreetMap};
use crate::clock::Timestamp;
use crate::coordinates::{LocalMetres, Point};
use proptest::prelude::*;

const NEAR: f64 = 0.05;
/// Every door counts in one of four categories, but for each fifth.
fn category(door: u32) -> Option<u8> {
    u8::try_from(door % 5).ok().filter(|number| *number < 4)
}

/// The counted at a place of a stretch, where it is on it.
fn at_place(stretch: &ReachedStretch, along_m: f32) -> Option<f64> {
    let (enters, leaves) = (f64::from(stretch.enters_m), f64::from(stretch.leaves_m));
    let along = f64::from(along_m);
    if along < enters.min(leaves) - 1e-2 || along > enters.max(leaves) + 1e-2 {
        return None;
    }
    let share = if enters == leaves {
        0.0
    } else {
        (along - enters) / (leaves - enters)
    };
    Some(f64::from(stretch.enters_s) + share * f64::from(stretch.leaves_s - stretch.enters_s))
}

/// Whether a plain walk of `limit` leaves the map: over a cut end, or out of
/// what is covered. `slack` makes the limit a little longer or shorter.
fn touches_edge(map: &StreetMap, ask: &Ask<'_>, feet: &[Foot], slack: f64) -> bool {
    // Towards the origin no walk is asked for here.
    assert!(!ask.reverse);
    let oracle = Oracle {
        view: map.view(),
        ask: *ask,
    };
    let view = &oracle.view;
    let limit = ask.limit_s + slack;
    let covers = |point: Option<Point>| point.is_none_or(|point| view.covers(Position::of(point)));
    // From `from_m` on towards an end, with `cost` spent already.
    let leaves = |number: usize, from_m: f64, end: usize, cost: Cost, enters: bool| {
        let edge = view.edges[number];
        let end_m = f64::from(edge.length_m) * end as f64;
        let spent = oracle.counted(cost);
        if spent > limit {
            return false;
        }
        let mut passes = [false; 2];
        passes[1 - end] = enters;
        let walked_to = |share: f64| {
            let to_m = from_m + (end_m - from_m) * share;
            let walked = if to_m == from_m {
                Some(Cost::default())
            } else {
                oracle.piece(number, from_m, to_m, passes)
            };
            let within = walked.is_some_and(|walked| spent + oracle.counted(walked) <= limit);
            within.then_some(to_m)
        };
        // As far as the limit goes.
        let mut shares = [0.0, 1.0];
        for _ in 0..40 {
            let middle = f64::midpoint(shares[0], shares[1]);
            shares[usize::from(walked_to(middle).is_none())] = middle;
        }
        let furthest = if walked_to(1.0).is_some() { 1.0 } else { shares[0] };
        // In a hundred steps: a town of some hundred metres has no finer corners.
        (0..=100).map(f64::from).any(|step| {
            walked_to(furthest * step / 100.0).is_some_and(|to_m| {
                let junction = [edge.from, edge.to][end] as usize;
                let cut = to_m == end_m && view.junctions[junction].flags & node_flag::CUT != 0;
                cut || !covers(map.point_on(number as u32, to_m as f32))
            })
        })
    };
    let from_feet = feet.iter().any(|foot| {
        let cost = Cost::leg(foot, ask.pace);
        [0, 1]
            .into_iter()
            .any(|end| leaves(foot.edge as usize, f64::from(foot.along_m), end, cost, false))
    });
    let labels = oracle.labels(feet);
    from_feet
        || view.edges.iter().enumerate().any(|(number, edge)| {
            [(edge.from, 1_usize), (edge.to, 0)].into_iter().any(|(start, end)| {
                (0..3_u8).any(|stage| {
                    let from_m = f64::from(edge.length_m) * (1 - end) as f64;
                    labels[start as usize][stage as usize].is_some_and(|label| {
                        over(stage, oracle.is_private(number)).is_some() && leaves(number, from_m, end, label, true)
                    })
                })
            })
        })
}

fn completeness(town: &Random, map: &StreetMap, metres: bool, limit: f64) -> Result<(), TestCaseError> {
    let origins = points(&town.origins[..1]);
    let mode = super::modes::plain(metres);
    with_reach(town, map, mode, &origins, limit, None, |_, ask, reach| {
        if reach.method == Method::StraightLine {
            return Ok(());
        }
        let inside = map.view().covers(Position::of(origins[0]));
        // Nearer than the nearest street found there may be one outside of the map.
        let frame = LocalMetres::around(origins[0]);
        let snap_m = reach
            .feet
            .iter()
            .map(|foot| f64::from(foot.snap_m))
            .fold(f64::INFINITY, f64::min);
        let inside = inside
            && [[snap_m, 0.0], [-snap_m, 0.0], [0.0, snap_m], [0.0, -snap_m]]
                .into_iter()
                .all(|step| map.view().covers(Position::of(frame.point(step))));
        let [sure, possible] = [-0.1, 0.1].map(|slack| touches_edge(map, ask, &reach.feet, slack));
        if !inside || sure {
            prop_assert!(!reach.complete, "it ends at the edge and says it is complete");
        } else if !possible {
            prop_assert!(reach.complete, "it is complete and says it is not");
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(config(250))]

    #[test]
    fn the_nearest_beyond_is_that_of_one_wide_search(
        town in random_town(LOPSIDED_WAYS, SYMMETRIC_NODES),
        mode in mode(),
        wanted in 0..16_u32,
    ) {
        let map = town.map();
        let (ties, _) = tied(&map, &points(&town.doors));
        let doors = DoorIndex::build_of(&map, &ties, |door| category(door).unwrap_or(u8::MAX));
        let origins = points(&town.origins);
        let (limit, horizon) = (200.0, 600.0);
        with_reach(&town, &map, mode, &origins, horizon, None, |walker, ask, wide| {
            if wide.method == Method::StraightLine {
                return Ok(());
            }
            let wide = wide.clone();
            let ask = Ask { limit_s: limit, horizon_s: horizon, ..*ask };
            let mut reach = crate::circle::streets::Reach::default();
            walker.reach_into(&map, &doors, &ask, &mut reach);
            let far = Far { wanted, category: &category, good_until: &|| Timestamp::from_micros(0) };
            let found = walker.beyond(&map, &doors, &ask, &reach, wanted, &far);
            let inside: Vec<&Arrival> = wide.arrivals.iter().filter(|one| mode.counted(one) <= limit).collect();
            prop_assert_eq!(inside, reach.arrivals.iter().collect::<Vec<_>>());
            for number in 0..16_u8 {
                let is_of = |one: &&Arrival| category(one.door) == Some(number) && mode.counted(one) > limit;
                let nearest = wide.arrivals.iter().find(is_of).filter(|_| wanted >> number & 1 == 1);
                let found = found[usize::from(number)];
                prop_assert_eq!(
                    found.map(|one| mode.counted(&one)),
                    nearest.map(|one| mode.counted(one)),
                    "category {}: {:?} {:?}", number, found, nearest
                );
                // The walk there can be drawn, too.
                if let Some(found) = found {
                    let path = walker.path(&map, &doors, &ask, &reach, found.door);
                    prop_assert!(path.is_some());
                    prop_assert_eq!(path.unwrap().arrival, found);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn every_reached_door_stands_on_a_reached_street(
        town in random_town(LOPSIDED_WAYS, SYMMETRIC_NODES),
        mode in mode(),
        limit in 60.0..600.0_f64,
    ) {
        let map = town.map();
        let (ties, doors) = tied(&map, &points(&town.doors));
        let origins = points(&town.origins);
        with_reach(&town, &map, mode, &origins, limit, None, |walker, ask, reach| {
            let streets = walker.streets(&map, &doors, ask, reach);
            if reach.method == Method::StraightLine {
                prop_assert!(streets.is_empty());
                return Ok(());
            }
            let view = map.view();
            let a_metre = if mode.is_metres() { 1.0 } else { f64::from(ask.pace.seconds_a_metre) };
            for stretch in &streets {
                let length = view.edges[stretch.edge as usize].length_m;
                prop_assert!((0.0..=length).contains(&stretch.enters_m), "{stretch:?}");
                prop_assert!((0.0..=length).contains(&stretch.leaves_m), "{stretch:?}");
                prop_assert!(stretch.enters_s >= 0.0 && stretch.enters_s <= stretch.leaves_s, "{stretch:?}");
                prop_assert!(f64::from(stretch.leaves_s) <= limit + NEAR, "{stretch:?}");
            }
            for arrival in &reach.arrivals {
                let foot = arrival.foot.unwrap();
                let expected = mode.counted(arrival) - f64::from(foot.snap_m + foot.across_m) * a_metre;
                let on_edge = streets.iter().filter(|stretch| stretch.edge == foot.edge);
                let least = on_edge.filter_map(|stretch| at_place(stretch, foot.along_m)).min_by(f64::total_cmp);
                // At a junction the door may stand on the end of another street.
                let edge = view.edges[foot.edge as usize];
                let tip = match foot.along_m {
                    0.0 => Some(edge.from),
                    along if along == edge.length_m => Some(edge.to),
                    _ => None,
                };
                let at_tip = tip.is_some_and(|tip| streets.iter().any(|stretch| {
                    let other = view.edges[stretch.edge as usize];
                    let end = |metres: f32| match metres {
                        0.0 => Some(other.from),
                        along if along == other.length_m => Some(other.to),
                        _ => None,
                    };
                    end(stretch.enters_m) == Some(tip) || end(stretch.leaves_m) == Some(tip)
                }) || reach.feet.iter().any(|own| own.edge == foot.edge && own.along_m == foot.along_m));
                match least {
                    Some(least) => prop_assert!(
                        at_tip || (least - expected).abs() < NEAR,
                        "{arrival:?}: {least} on the street, not {expected}"
                    ),
                    None => prop_assert!(at_tip, "{arrival:?} stands on no street: {streets:?}"),
                }
            }
            // And no door that is not reached stands well within.
            for (tie, door) in ties.iter().zip(0_u32..) {
                if reach.arrivals.iter().any(|arrival| arrival.door == door) {
                    continue;
                }
                let snap = if ask.pace.is_step_free() { &tie.step_free } else { &tie.walked };
                for foot in snap.feet() {
                    // At its very ends arithmetic may put it on either side.
                    let is_inside = |stretch: &&ReachedStretch| {
                        let ends = [stretch.enters_m, stretch.leaves_m];
                        stretch.edge == foot.edge && ends.iter().all(|end| (end - foot.along_m).abs() > 0.05)
                    };
                    let on_edge = streets.iter().filter(is_inside);
                    for seconds in on_edge.filter_map(|stretch| at_place(stretch, foot.along_m)) {
                        let all = seconds + f64::from(foot.leg_m()) * a_metre;
                        prop_assert!(all > limit - NEAR, "door {door} is within reach at {all}");
                    }
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_reach_is_complete_unless_it_comes_to_the_edge_of_the_map(
        town in random_town(LOPSIDED_WAYS, SYMMETRIC_NODES),
        metres in any::<bool>(),
        limit in 30.0..300.0_f64,
    ) {
        completeness(&town, &town.cut_map(), metres, limit)?;
        completeness(&town, &town.bounded_map(), metres, limit)?;
        let whole = town.map();
        let origins = points(&town.origins);
        let mode = super::modes::plain(metres);
        let complete = with_reach(&town, &whole, mode, &origins, limit, None, |_, _, reach| reach.complete);
        prop_assert!(complete);
    }
}
