//! The time model by hand: lifts, escalators, ferries, slopes, kerbs, several
//! origins. An adult walks 5.1 km/h, a lift takes 30 s, an escalator 0.5 m/s.

use super::town::{Built, Town, adult, adult_s, assert_near, at, pace, wheelchair};
use crate::circle::streets::{Ask, Pace, Reach, Walker};
use crate::coordinates::Point;
use std::sync::LazyLock;

static IN_METRES: LazyLock<Pace> = LazyLock::new(|| adult().in_metres());
/// A wheelchair that takes 12 %.
static STRONG: LazyLock<Pace> = LazyLock::new(|| wheelchair().with_max_incline(0.12));

/// Asks of `built` from `origins`, and the reach of the `doors`.
fn reach(built: &Built, origins: &[(f64, f64)], doors: &[(f64, f64)], change: impl Fn(&mut Ask<'_>)) -> Reach {
    let doors = built.doors(doors);
    let origins: Vec<Point> = origins.iter().map(|(east, north)| at(*east, *north)).collect();
    let mut ask = Ask::new(&origins, adult(), 3_000.0);
    change(&mut ask);
    let mut reach = Reach::default();
    Walker::default().reach_into(&built.map, &doors, &ask, &mut reach);
    reach
}

/// Footways of 300 m on either side of 0 and of `gap` metres east, and between
/// them what `middle` says.
fn with_middle(gap: f64, middle: &str) -> Built {
    Town::new()
        .nodes(&[(1, -300.0, 0.0), (2, 0.0, 0.0), (3, gap, 0.0), (4, gap + 300.0, 0.0)])
        .way(&[1, 2], "highway=footway")
        .way(&[2, 3], middle)
        .way(&[3, 4], "highway=footway")
        .map()
}

/// Seconds from the west end to the east end, and back.
fn there_and_back(built: &Built, gap: f64, change: impl Fn(&mut Ask<'_>)) -> [Option<f64>; 2] {
    let (west, east) = ((-300.0, 0.0), (gap + 300.0, 0.0));
    [(west, east), (east, west)].map(|(from, to)| {
        let reach = reach(built, &[from], &[to], &change);
        reach.arrivals.first().map(|arrival| arrival.seconds)
    })
}

#[track_caller]
fn both(built: &Built, gap: f64, expected: f64, change: impl Fn(&mut Ask<'_>)) {
    for seconds in there_and_back(built, gap, change) {
        assert_near(seconds.unwrap(), expected, 0.1);
    }
}

#[test]
fn a_lift_takes_its_ride_once_as_a_way_and_as_a_node() {
    both(
        &with_middle(10.0, "highway=elevator"),
        10.0,
        adult_s(610.0) + 30.0,
        |_| {},
    );
    // A minute as told, walking included.
    let told = with_middle(10.0, "highway=elevator duration=00:01");
    both(&told, 10.0, adult_s(600.0) + 60.0, |_| {});
    let node = Town::new()
        .nodes(&[(1, -300.0, 0.0), (3, 300.0, 0.0)])
        .node(2, 0.0, 0.0, "highway=elevator")
        .way(&[1, 2, 3], "highway=corridor")
        .map();
    both(&node, 0.0, adult_s(600.0) + 30.0, |_| {});
    both(&node, 0.0, 600.0 * 3.6 / 2.9 + 30.0, |ask| ask.pace = wheelchair());
    // A lift of two pieces, a way joining in the middle, is one ride.
    let pieces = Town::new()
        .nodes(&[(1, -300.0, 0.0), (2, 0.0, 0.0), (3, 5.0, 0.0), (4, 10.0, 0.0)])
        .nodes(&[(5, 310.0, 0.0), (6, 5.0, 200.0)])
        .way(&[1, 2], "highway=corridor")
        .way(&[2, 3, 4], "highway=elevator")
        .way(&[4, 5], "highway=corridor")
        .way(&[3, 6], "highway=corridor")
        .map();
    both(&pieces, 10.0, adult_s(610.0) + 30.0, |_| {});
}

#[test]
fn an_escalator_carries_its_way_at_its_speed_for_those_who_stand() {
    // 20 m at 0.5 m/s are 40 s, however many steps it has.
    let up = with_middle(20.0, "highway=steps conveying=forward step_count=30");
    for name in ["adult", "elder"] {
        let own = pace(name);
        let [there, back] = there_and_back(&up, 20.0, |ask| ask.pace = own);
        assert_near(there.unwrap(), 600.0 * f64::from(own.seconds_a_metre) + 40.0, 0.1);
        assert_eq!(back, None);
    }
    assert_eq!(there_and_back(&up, 20.0, |ask| ask.pace = wheelchair()), [None, None]);
    // Who comes to the west end comes down, and there is no way down.
    let [to_west, to_east] = there_and_back(&up, 20.0, |ask| ask.reverse = true);
    assert_eq!(to_west, None);
    assert_near(to_east.unwrap(), adult_s(600.0) + 40.0, 0.1);
}

#[test]
fn a_ferry_is_waited_for_half_its_interval() {
    let over = |tags: &str, expected: f64| {
        let built = with_middle(300.0, tags);
        assert_eq!(there_and_back(&built, 300.0, |_| {}), [None, None]);
        both(&built, 300.0, adult_s(600.0) + expected, |ask| ask.ferry = true);
        // By metres it is as long as it is.
        let reach = reach(&built, &[(-300.0, 0.0)], &[(600.0, 0.0)], |ask| {
            ask.ferry = true;
            ask.in_metres = Some(&IN_METRES);
        });
        assert_near(reach.arrivals[0].walk_m, 900.0, 0.1);
        assert_near(reach.arrivals[0].seconds, adult_s(600.0) + expected, 0.1);
    };
    // 300 m at 10 km/h are 108 s; ten minutes of waiting where nothing is told.
    over("route=ferry", 708.0);
    over("route=ferry duration=00:05", 900.0);
    over("route=ferry interval=00:20", 708.0);
    over("route=ferry duration=00:05 interval=00:30", 300.0 + 900.0);
}

#[test]
fn a_slope_costs_uphill_and_stops_wheels() {
    // Up 10 %: exp(3.5 · 0.1) = 1.41907; down 10 % is as the level.
    let slope = with_middle(200.0, "highway=footway incline=10%");
    let [up, down] = there_and_back(&slope, 200.0, |_| {});
    assert_near(up.unwrap(), adult_s(600.0 + 200.0 * 1.419_07), 0.1);
    assert_near(down.unwrap(), adult_s(800.0), 0.1);
    // Towards the west end one walks down.
    let [towards, _] = there_and_back(&slope, 200.0, |ask| ask.reverse = true);
    assert_near(towards.unwrap(), adult_s(800.0), 0.1);
    assert_eq!(
        there_and_back(&slope, 200.0, |ask| ask.pace = wheelchair()),
        [None, None]
    );
    let [up, _] = there_and_back(&slope, 200.0, |ask| ask.pace = &STRONG);
    assert_near(up.unwrap(), (600.0 + 200.0 * 1.419_07) * 3.6 / 2.9, 0.1);
    // The way drawn against the slope says so with a minus.
    let drawn_down = Town::new()
        .nodes(&[(1, -300.0, 0.0), (2, 0.0, 0.0), (3, 200.0, 0.0), (4, 500.0, 0.0)])
        .way(&[1, 2], "highway=footway")
        .way(&[3, 2], "highway=footway incline=-10%")
        .way(&[3, 4], "highway=footway")
        .map();
    let [up, down] = there_and_back(&drawn_down, 200.0, |_| {});
    assert_near(up.unwrap(), adult_s(600.0 + 200.0 * 1.419_07), 0.1);
    assert_near(down.unwrap(), adult_s(800.0), 0.1);
}

#[test]
fn a_raised_kerb_stops_wheels_that_cross_and_not_those_that_pass() {
    // Two pavements 10 m apart, a crossing between them at 0 with a raised kerb
    // at its north end, and another at 300 m with lowered ones.
    let town = Town::new()
        .nodes(&[(1, -200.0, 0.0), (2, 0.0, 0.0), (3, 300.0, 0.0), (4, 400.0, 0.0)])
        .nodes(&[(5, -200.0, 10.0), (8, 400.0, 10.0)])
        .node(6, 0.0, 10.0, "barrier=kerb kerb=raised")
        .node(7, 300.0, 10.0, "barrier=kerb kerb=lowered")
        .way(&[1, 2, 3, 4], "highway=footway footway=sidewalk")
        .way(&[5, 6, 7, 8], "highway=footway footway=sidewalk")
        .way(&[2, 6], "highway=footway footway=crossing")
        .way(&[3, 7], "highway=footway footway=crossing")
        .map();
    let seconds = |own: &'static Pace, from: (f64, f64), to: (f64, f64)| {
        let reach = reach(&town, &[from], &[to], |ask| ask.pace = own);
        reach.arrivals.first().unwrap().seconds / f64::from(own.seconds_a_metre)
    };
    let (south, north) = ((-150.0, 0.0), (-150.0, 10.0));
    for (from, to) in [(south, north), (north, south)] {
        assert_near(seconds(adult(), from, to), 150.0 + 10.0 + 150.0, 0.1);
        assert_near(seconds(wheelchair(), from, to), 450.0 + 10.0 + 450.0, 0.1);
    }
    assert_near(seconds(wheelchair(), north, (350.0, 10.0)), 500.0, 0.1);
}

#[test]
fn metres_of_which_nothing_is_known_are_counted_for_wheels_only() {
    let town = Town::new()
        .nodes(&[(1, -200.0, 0.0), (2, 0.0, 0.0), (3, 200.0, 0.0)])
        .way(&[1, 2], "highway=footway surface=asphalt")
        .way(&[2, 3], "highway=footway")
        .map();
    let unknown = |own: &'static Pace, from: f64, to: f64| {
        let reach = reach(&town, &[(from, 0.0)], &[(to, 0.0)], |ask| ask.pace = own);
        reach.arrivals[0].unknown_m
    };
    assert_near(unknown(wheelchair(), -150.0, 120.0), 120.0, 0.1);
    assert_near(unknown(wheelchair(), 120.0, -150.0), 120.0, 0.1);
    assert_near(unknown(wheelchair(), 20.0, 120.0), 100.0, 0.1);
    assert_near(unknown(wheelchair(), -20.0, -120.0), 0.0, 0.1);
    assert_near(unknown(adult(), 20.0, 120.0), 0.0, 0.0);
}

#[test]
fn a_house_with_two_doors_starts_at_the_better_one() {
    let town = Town::new()
        .nodes(&[(1, -400.0, 0.0), (2, 400.0, 0.0)])
        .way(&[1, 2], "highway=residential")
        .map();
    let reach = reach(
        &town,
        &[(0.0, 10.0), (100.0, 20.0)],
        &[(-50.0, 0.0), (200.0, 0.0)],
        |_| {},
    );
    let found: Vec<_> = reach
        .arrivals
        .iter()
        .map(|arrival| {
            (
                arrival.door,
                reach.foot_origins[usize::from(arrival.foot.unwrap().from_foot)],
            )
        })
        .collect();
    // 50 + 10 m from the first; 100 + 20 m from the second.
    assert_eq!(found, [(0, 0), (1, 1)]);
    assert_near(reach.arrivals[0].walk_m, 60.0, 0.1);
    assert_near(reach.arrivals[1].walk_m, 120.0, 0.1);
    assert_eq!(reach.feet.len(), 2);
}
