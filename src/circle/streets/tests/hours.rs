//! Ways and gates that are open at some hours.

use super::random::{NIGHT, NOON, when};
use super::town::{Built, Town, adult, adult_s, assert_near, at, doors_in};
use crate::circle::streets::{Ask, Reach, Walker, When};

fn reach(built: &Built, origin: (f64, f64), doors: &[(f64, f64)], hour: Option<When<'_>>) -> Reach {
    let doors = built.doors(doors);
    let origins = [at(origin.0, origin.1)];
    let ask = Ask {
        when: hour,
        ..Ask::new(&origins, adult(), 3_000.0)
    };
    let mut reach = Reach::default();
    Walker::default().reach_into(&built.map, &doors, &ask, &mut reach);
    reach
}

fn seconds(built: &Built, origin: (f64, f64), door: (f64, f64), hour: Option<When<'_>>) -> Option<f64> {
    reach(built, origin, &[door], hour)
        .arrivals
        .first()
        .map(|one| one.seconds)
}

/// Two streets 300 m apart, joined by a way with a gate near each, and by a long
/// way round in the north.
fn compound(inner: &str, gate: &str) -> Built {
    Town::new()
        .nodes(&[(1, 0.0, -500.0), (2, 0.0, 0.0), (3, 0.0, 500.0)])
        .node(10, 5.0, 0.0, gate)
        .node(11, 295.0, 0.0, gate)
        .nodes(&[(20, 300.0, -500.0), (21, 300.0, 0.0), (22, 300.0, 500.0)])
        .way(&[1, 2, 3], "highway=residential")
        .way(&[20, 21, 22], "highway=residential")
        .way(&[2, 10], "highway=service")
        .way(&[10, 11], inner)
        .way(&[11, 21], "highway=service")
        .way(&[3, 22], "highway=residential")
        .map()
}

const WEST: (f64, f64) = (-50.0, 0.0);
const EAST: (f64, f64) = (350.0, 0.0);
const INSIDE: (f64, f64) = (100.0, 0.0);
const SOUTH: (f64, f64) = (0.0, -200.0);
const THROUGH_M: f64 = 50.0 + 300.0 + 50.0;
const AROUND_M: f64 = 50.0 + 500.0 + 300.0 + 500.0 + 50.0;

/// Through by day; by night around, while residents come and go.
#[track_caller]
fn open_by_day_private_by_night(town: &Built) {
    let through = seconds(town, WEST, EAST, Some(when(NOON))).unwrap();
    assert_near(through, adult_s(THROUGH_M), 0.1);
    let around = seconds(town, WEST, EAST, Some(when(NIGHT))).unwrap();
    assert_near(around, adult_s(AROUND_M), 0.1);
    for hour in [NOON, NIGHT] {
        // 100 m to the street, 200 m south.
        let out = reach(town, INSIDE, &[SOUTH], Some(when(hour)));
        assert_eq!(doors_in(&out), [0], "nobody gets out at {hour}");
        assert_near(out.arrivals[0].seconds, adult_s(300.0), 0.1);
        let home = reach(town, SOUTH, &[INSIDE], Some(when(hour)));
        assert_eq!(doors_in(&home), [0], "nobody gets in at {hour}");
        assert_near(home.arrivals[0].seconds, adult_s(300.0), 0.1);
        assert_eq!(home.arrivals[0].private_end, hour == NIGHT, "{hour}");
    }
}

#[test]
fn a_gate_that_is_private_by_night_lets_residents_pass() {
    open_by_day_private_by_night(&compound(
        "highway=service",
        "barrier=gate access:conditional=private@(22:00-06:00)",
    ));
}

#[test]
fn a_private_gate_that_is_open_by_day_lets_everybody_through_by_day() {
    open_by_day_private_by_night(&compound(
        "highway=service",
        "barrier=gate access=private access:conditional=yes@(06:00-22:00)",
    ));
}

#[test]
fn a_way_that_is_private_by_night_is_walked_at_the_ends_only() {
    open_by_day_private_by_night(&compound(
        "highway=service access:conditional=private@(22:00-06:00)",
        "",
    ));
    open_by_day_private_by_night(&compound(
        "highway=service access=private access:conditional=yes@(06:00-22:00)",
        "",
    ));
}

#[test]
fn streets_behind_a_way_that_is_private_by_night_are_its_residents() {
    // Driveways with hours at either end, the street between has none.
    for driveway in [
        "highway=service access:conditional=private@(22:00-06:00)",
        "highway=service access=private access:conditional=yes@(06:00-22:00)",
    ] {
        let town = Town::new()
            .nodes(&[(1, 0.0, -500.0), (2, 0.0, 0.0), (3, 0.0, 500.0)])
            .nodes(&[(10, 50.0, 0.0), (11, 250.0, 0.0)])
            .nodes(&[(20, 300.0, -500.0), (21, 300.0, 0.0), (22, 300.0, 500.0)])
            .way(&[1, 2, 3], "highway=residential")
            .way(&[20, 21, 22], "highway=residential")
            .way(&[2, 10], driveway)
            .way(&[10, 11], "highway=service")
            .way(&[11, 21], driveway)
            .way(&[3, 22], "highway=residential")
            .map();
        open_by_day_private_by_night(&town);
    }
}

#[test]
fn hours_of_a_way_inside_a_compound_do_not_make_it_public() {
    let town = compound(
        "highway=service foot:conditional=no@(02:00-03:00)",
        "barrier=gate access=private",
    );
    for hour in [None, Some(when(NOON)), Some(when(NIGHT))] {
        assert_near(seconds(&town, WEST, EAST, hour).unwrap(), adult_s(AROUND_M), 0.1);
        assert_near(seconds(&town, INSIDE, SOUTH, hour).unwrap(), adult_s(300.0), 0.1);
        assert_near(seconds(&town, SOUTH, INSIDE, hour).unwrap(), adult_s(300.0), 0.1);
    }
    let asleep = Some(when("2026-03-05T02:30:00+08:00"));
    assert_near(seconds(&town, WEST, EAST, asleep).unwrap(), adult_s(AROUND_M), 0.1);
    assert_eq!(seconds(&town, SOUTH, INSIDE, asleep), None);
}

#[test]
fn a_closed_way_and_a_closed_gate_are_as_good_as_none() {
    let none = Town::new()
        .nodes(&[(1, 0.0, -500.0), (2, 0.0, 0.0), (3, 0.0, 500.0)])
        .nodes(&[(20, 300.0, -500.0), (21, 300.0, 0.0), (22, 300.0, 500.0)])
        .way(&[1, 2, 3], "highway=residential")
        .way(&[20, 21, 22], "highway=residential")
        .way(&[3, 22], "highway=residential")
        .map();
    let park = compound("highway=footway opening_hours=06:00-22:00", "");
    let gate = compound("highway=footway", "barrier=gate opening_hours=06:00-22:00");
    let barred = compound("highway=footway", "barrier=gate locked=yes");
    let around = adult_s(AROUND_M);
    assert_near(seconds(&none, WEST, EAST, None).unwrap(), around, 0.1);
    assert_near(seconds(&barred, WEST, EAST, None).unwrap(), around, 0.1);
    for town in [&park, &gate] {
        assert_near(seconds(town, WEST, EAST, Some(when(NIGHT))).unwrap(), around, 0.1);
        assert_near(
            seconds(town, WEST, EAST, Some(when(NOON))).unwrap(),
            adult_s(THROUGH_M),
            0.1,
        );
        // What is open at some time is open where no time is asked for.
        assert_near(seconds(town, WEST, EAST, None).unwrap(), adult_s(THROUGH_M), 0.1);
    }
    // Whoever stands inside at night is not put on the closed way.
    let inside = reach(&park, (100.0, 1.0), &[SOUTH], Some(when(NIGHT)));
    assert_near(f64::from(inside.feet[0].snap_m), 95.0, 0.1);
}

#[test]
fn the_streets_change_when_the_first_of_those_met_does() {
    let park = compound("highway=footway opening_hours=06:00-22:00", "");
    let change = |town: &Built, at: &str| {
        let reach = reach(town, WEST, &[], Some(when(at)));
        reach.streets_change_at.map(|at| at.to_utc().to_rfc3339())
    };
    assert_eq!(change(&park, NOON).as_deref(), Some("2026-03-05T14:00:00+00:00"));
    assert_eq!(change(&park, NIGHT).as_deref(), Some("2026-03-05T22:00:00+00:00"));
    let two = compound(
        "highway=footway opening_hours=06:00-22:00",
        "barrier=gate opening_hours=05:00-21:30",
    );
    assert_eq!(change(&two, NOON).as_deref(), Some("2026-03-05T13:30:00+00:00"));
    // Closed, the gate hides the park behind it: its own hour is the first.
    assert_eq!(change(&two, NIGHT).as_deref(), Some("2026-03-05T21:00:00+00:00"));
    assert_eq!(change(&compound("highway=footway", ""), NOON), None);
    // A way that is never reached says nothing.
    let far = Town::new()
        .nodes(&[(1, 0.0, 0.0), (2, 6_000.0, 0.0), (3, 6_100.0, 0.0)])
        .way(&[1, 2], "highway=residential")
        .way(&[2, 3], "highway=footway opening_hours=06:00-22:00")
        .map();
    assert_eq!(change(&far, NOON), None);
}
