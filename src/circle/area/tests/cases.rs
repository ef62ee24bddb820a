//! Rivers, walls, bridges, gates, by hand.

use super::super::discs;
use super::*;

#[test]
fn a_street_has_its_ground_on_both_sides() {
    // 400 m of street and 25 m around: 400 × 50 and two half discs, 21 963 m².
    let ground = Ground {
        reached: vec![reached(&[([0.0, 0.0], 0.0), ([400.0, 0.0], 283.0)])],
        ..Ground::default()
    };
    let area = one_band(&ground, 300.0);
    assert_eq!((area.len(), area[0].len()), (1, 1));
    let m2 = size_m2(&area);
    assert!((20_000.0..26_500.0).contains(&m2), "{m2}");
    assert!(holds_at(&area, [0.0, 0.0]) && holds_at(&area, [400.0, 0.0]) && holds_at(&area, [200.0, 20.0]));
    assert!(!holds_at(&area, [200.0, 34.0]) && !holds_at(&area, [434.0, 0.0]));
}

#[test]
fn a_band_ends_where_its_time_ends() {
    // A second a metre: at 100 s the street goes on, and belongs to nobody in the band.
    let ground = Ground {
        reached: vec![reached(&[([0.0, 0.0], 0.0), ([400.0, 0.0], 400.0)])],
        ..Ground::default()
    };
    let areas = bands(&ground, &[100.0, 300.0]);
    areas.iter().for_each(|area| is_sound(area).unwrap());
    contains(&areas[1], &areas[0]).unwrap();
    assert!(holds_at(&areas[0], [99.9, 0.0]) && !holds_at(&areas[0], [110.0, 0.0]));
    assert!(
        !holds_at(&areas[0], [112.0, 12.0]),
        "the ground beside it ends there, too"
    );
    assert!(holds_at(&areas[1], [110.0, 0.0]));
}

#[test]
fn ground_nearer_to_a_street_that_is_not_reached_stays_out() {
    let ground = Ground {
        reached: vec![reached(&[([0.0, 0.0], 0.0), ([300.0, 0.0], 100.0)])],
        unreached: vec![unreached(&[[0.0, 30.0], [300.0, 30.0]])],
        ..Ground::default()
    };
    let area = one_band(&ground, 300.0);
    assert!(holds_at(&area, [150.0, 10.0]) && !holds_at(&area, [150.0, 20.0]));
    assert!(holds_at(&area, [150.0, -22.0]));
}

#[test]
fn the_far_bank_of_a_river_stays_out() {
    let ground = Ground {
        reached: vec![reached(&[([0.0, 0.0], 0.0), ([300.0, 0.0], 100.0)])],
        barriers: barriers(&[[-100.0, 9.0], [120.0, 11.0], [500.0, 7.0]]),
        ..Ground::default()
    };
    let area = one_band(&ground, 300.0);
    for east in 0..60 {
        let east = f64::from(east) * 5.0;
        assert!(!holds_at(&area, [east, 12.0]), "{east}");
        assert!(holds_at(&area, [east, 5.0]), "{east}");
    }
}

#[test]
fn a_street_right_beside_a_wall_lies_inside_and_what_is_behind_stays_out() {
    for off_m in [0.05, 0.3, 1.0, 2.5] {
        let ground = Ground {
            reached: vec![reached(&[([0.0, 0.0], 0.0), ([200.0, 31.0], 100.0)])],
            unreached: vec![unreached(&[[0.0, 8.0 + off_m], [200.0, 39.0 + off_m]])],
            barriers: barriers(&[[-50.0, off_m - 7.75], [250.0, off_m + 38.75]]),
        };
        let area = one_band(&ground, 300.0);
        for share in 0..=100 {
            let share = f64::from(share) / 100.0;
            assert!(holds_at(&area, [share * 200.0, share * 31.0]), "{off_m}: {share}");
            assert!(
                !holds_at(&area, [share * 200.0, share * 31.0 + off_m + 6.0]),
                "{off_m}: {share}"
            );
        }
    }
}

#[test]
fn a_street_that_ends_in_a_wall_is_inside_to_its_end() {
    let ground = Ground {
        reached: vec![reached(&[([0.0, 0.0], 0.0), ([103.0, 1.0], 100.0)])],
        barriers: barriers(&[[103.0, -80.0], [103.0, 1.0], [103.0, 80.0]]),
        ..Ground::default()
    };
    let area = one_band(&ground, 300.0);
    assert!(holds_at(&area, [103.0, 1.0]));
    assert!(!holds_at(&area, [109.0, 1.0]) && !holds_at(&area, [104.0, 15.0]));
}

#[test]
fn a_gate_in_a_wall_opens_the_ground_behind_it() {
    let ground = Ground {
        reached: vec![reached(&[
            ([0.0, 0.0], 0.0),
            ([60.0, 0.0], 60.0),
            ([160.0, 0.0], 160.0),
        ])],
        barriers: barriers(&[[60.0, -90.0], [60.0, 0.0], [60.0, 90.0]]),
        ..Ground::default()
    };
    let areas = bands(&ground, &[40.0, 160.0]);
    areas.iter().for_each(|area| is_sound(area).unwrap());
    contains(&areas[1], &areas[0]).unwrap();
    assert!(!holds_at(&areas[0], [61.0, 3.0]));
    assert!(holds_at(&areas[1], [66.0, 15.0]) && holds_at(&areas[1], [54.0, 15.0]));
}

/// A river 40 m wide between y = 20 and y = 60, with streets on both banks.
fn river(bridge: bool) -> Ground {
    let mut ground = Ground {
        reached: vec![reached(&[
            ([-200.0, 0.0], 200.0),
            ([0.0, 0.0], 0.0),
            ([200.0, 0.0], 200.0),
        ])],
        barriers: [
            barriers(&[[-900.0, 20.0], [900.0, 20.0]]),
            barriers(&[[-900.0, 60.0], [900.0, 60.0]]),
        ]
        .concat(),
        ..Ground::default()
    };
    if bridge {
        ground.reached.push(ReachedStreet {
            narrow: true,
            ..reached(&[([0.0, 0.0], 0.0), ([0.0, 80.0], 80.0)])
        });
        ground.reached.push(reached(&[
            ([-100.0, 80.0], 180.0),
            ([0.0, 80.0], 80.0),
            ([100.0, 80.0], 180.0),
        ]));
    } else {
        ground.unreached.push(unreached(&[[-100.0, 80.0], [100.0, 80.0]]));
    }
    ground
}

#[test]
fn water_is_crossed_along_the_bridge_only() {
    let area = one_band(&river(true), 300.0);
    for north in 21..60 {
        let north = f64::from(north);
        assert!(holds_at(&area, [0.0, north]), "{north}");
        assert!(
            !holds_at(&area, [-9.5, north]) && !holds_at(&area, [9.5, north]),
            "{north}"
        );
    }
    assert!(holds_at(&area, [50.0, 70.0]) && holds_at(&area, [50.0, 15.0]));
    assert_eq!(area.len(), 1);
    let areas = bands(&river(true), &[40.0, 80.0, 120.0, 300.0]);
    for pair in areas.windows(2) {
        is_sound(&pair[0]).unwrap();
        contains(&pair[1], &pair[0]).unwrap();
    }
    assert!(holds_at(&areas[0], [0.0, 39.0]) && !holds_at(&areas[0], [0.0, 50.0]));
}

#[test]
fn without_a_bridge_there_is_no_far_bank() {
    let area = one_band(&river(false), 300.0);
    assert!(!holds_at(&area, [0.0, 20.5]) && !holds_at(&area, [0.0, 70.0]) && holds_at(&area, [0.0, 15.0]));
}

#[test]
fn ground_between_reached_streets_is_filled_unless_something_bars_or_is_not_reached() {
    let block = [
        ([0.0, 0.0], 0.0),
        ([150.0, 0.0], 150.0),
        ([150.0, 150.0], 300.0),
        ([0.0, 150.0], 150.0),
        ([0.0, 0.0], 0.0),
    ];
    let mut ground = Ground {
        reached: vec![reached(&block)],
        ..Ground::default()
    };
    assert!(holds_at(&one_band(&ground, 300.0), [75.0, 75.0]));
    assert!(
        !holds_at(&one_band(&ground, 250.0), [75.0, 75.0]),
        "not before all around is reached"
    );
    // A pond of 50 × 50 m stays a hole, the shore around it does not.
    let pond = [[50.0, 50.0], [100.0, 50.0], [100.0, 100.0], [50.0, 100.0], [50.0, 50.0]];
    ground.barriers = barriers(&pond);
    let area = one_band(&ground, 300.0);
    assert!(!holds_at(&area, [75.0, 75.0]) && holds_at(&area, [75.0, 40.0]));
    assert_eq!((area.len(), area[0].len()), (1, 2));
    ground.barriers.clear();
    ground.unreached.push(unreached(&[[60.0, 75.0], [90.0, 75.0]]));
    let area = one_band(&ground, 300.0);
    assert!(!holds_at(&area, [75.0, 75.0]) && !holds_at(&area, [60.0, 75.0]));
}

#[test]
fn an_origin_on_an_island_has_the_islands_ground() {
    let mut ground = Ground {
        reached: vec![reached(&[([0.0, 0.0], 0.0), ([60.0, 0.0], 60.0)])],
        barriers: barriers(&[
            [-15.0, -15.0],
            [75.0, -15.0],
            [75.0, 15.0],
            [-15.0, 15.0],
            [-15.0, -15.0],
        ]),
        ..Ground::default()
    };
    ground.unreached.push(unreached(&[[-50.0, 30.0], [100.0, 30.0]]));
    let area = one_band(&ground, 600.0);
    assert!(holds_at(&area, [0.0, 0.0]) && !holds_at(&area, [0.0, 16.5]) && !holds_at(&area, [77.0, 0.0]));
    // 90 × 30 m of island.
    assert!((2_400.0..2_710.0).contains(&size_m2(&area)), "{}", size_m2(&area));
}

#[test]
fn where_nothing_is_reached_there_is_nothing() {
    assert_eq!(
        bands(&Ground::default(), &[300.0, 600.0]),
        vec![MultiPolygon::new(), MultiPolygon::new()]
    );
    let ground = Ground {
        reached: vec![reached(&[([0.0, 0.0], 700.0), ([60.0, 0.0], 760.0)])],
        ..Ground::default()
    };
    assert_eq!(bands(&ground, &[600.0]), vec![MultiPolygon::new()]);
}

#[test]
fn an_origin_with_a_leg_of_no_length_is_inside() {
    let ground = Ground {
        reached: vec![reached(&[([0.0, 0.0], 0.0), ([0.0, 0.0], 0.0)])],
        ..Ground::default()
    };
    assert!(holds_at(&one_band(&ground, 60.0), [0.0, 0.0]));
}

#[test]
fn a_disc_has_its_size_and_contains_the_smaller() {
    let disc = |point, radius_m| discs(&[point], radius_m);
    let (small, large) = (disc(MIDDLE, 300.0), disc(MIDDLE, 600.0));
    is_sound(&small).unwrap();
    is_sound(&large).unwrap();
    contains(&large, &small).unwrap();
    // π r² less what 72 corners cut off, a part in 800.
    let m2 = std::f64::consts::PI * 300.0 * 300.0;
    assert!((size_m2(&small) / m2 - 1.0).abs() < 0.002);
    assert!(holds(&small, MIDDLE) && disc(MIDDLE, 0.0).is_empty());
    for pole in [Point::new(90.0, 0.0), Point::new(-89.99, 179.999)] {
        disc(pole, 1000.0).iter().flatten().flatten().for_each(|[lon, lat]| {
            assert!(Point::new(*lat, *lon).is_valid());
        });
    }
}

#[test]
fn discs_around_two_doors_are_one_area() {
    let doors = [at([0.0, 0.0]), at([80.0, 0.0])];
    let (small, large) = (discs(&doors, 100.0), discs(&doors, 200.0));
    is_sound(&small).unwrap();
    contains(&large, &small).unwrap();
    // Two half discs of 100 m and 80 × 200 m between them: 47 416 m².
    assert_eq!(small.len(), 1);
    assert!((size_m2(&small) - 47_416.0).abs() < 150.0, "{}", size_m2(&small));
}

#[test]
fn a_map_that_reaches_around_the_earth_makes_no_larger_lattice() {
    let far = |lat, lon| Point::new(lat, lon);
    let ground = Ground {
        reached: vec![
            ReachedStreet {
                line: vec![far(-89.0, -179.0), far(89.0, 179.0)],
                seconds: vec![0.0, 10.0],
                narrow: false,
            },
            ReachedStreet {
                line: vec![far(f64::NAN, 0.0), far(f64::INFINITY, 1.0)],
                seconds: vec![0.0],
                narrow: false,
            },
        ],
        unreached: vec![UnreachedStreet {
            line: vec![far(90.0, 0.0), far(-90.0, 0.0)],
            narrow: false,
        }],
        barriers: vec![
            [far(-90.0, -180.0), far(90.0, 180.0)],
            [far(f64::NAN, f64::NAN), far(0.0, 0.0)],
        ],
    };
    let area = bands(&ground, &[5.0, 60.0]);
    contains(&area[1], &area[0]).unwrap();
}
