//! On real streets: what is reached lies inside, what is not stays out, and the walk
//! to a door is what the reach says. The extracts are not ours to ship: where they
//! are missing the tests say so and prove nothing.

use super::super::ground::Reached;
use super::*;
use crate::circle::osm::{self, Tags, Wanted};
use crate::circle::streets::{
    Ask, BuildOptions, DoorIndex, DoorTie, Pace, Reach, Snapper, StreetMap, TimeModel, Walker, build, wanted,
};
use std::path::{Path, PathBuf};

const MINUTES: [f32; 3] = [5.0, 10.0, 15.0];

fn osm_folder() -> PathBuf {
    std::env::var_os("ONEGRID_OSM_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/osm"),
        PathBuf::from,
    )
}

fn pace(name: &str) -> &'static Pace {
    TimeModel::shipped().unwrap().pace(name).unwrap()
}

struct City {
    map: StreetMap,
    doors: DoorIndex,
    points: Vec<Point>,
}

fn city(name: &str) -> Option<City> {
    let path = osm_folder().join(format!("{name}.osm.pbf"));
    if !path.exists() {
        eprintln!("skipped: {} is not there", path.display());
        return None;
    }
    let data = osm::read(&path, &wanted(), &mut |_, _| {}).unwrap();
    let (bytes, _) = build(&data, &BuildOptions::default(), &mut |_, _| {}).unwrap();
    let map = StreetMap::from_bytes(&bytes.0).unwrap();
    let pois = Wanted {
        node: &|tags: &Tags| tags.get("amenity").is_some() || tags.get("shop").is_some(),
        way: &|_| false,
        relation: &|_| false,
    };
    let nodes = osm::read(&path, &pois, &mut |_, _| {}).unwrap().nodes;
    let points: Vec<Point> = nodes.iter().map(|node| node.point).filter(|p| p.is_valid()).collect();
    let mut snapper = Snapper::default();
    let tie = |point: &Point| DoorTie::new(&mut snapper, &map.view(), *point, pace("adult"), pace("wheelchair"));
    let ties: Vec<DoorTie> = points.iter().map(tie).collect();
    let doors = DoorIndex::build(&map, &ties);
    Some(City { map, doors, points })
}

/// Some of the points, always the same.
fn some(points: &[Point], count: usize) -> impl Iterator<Item = Point> {
    let step = (points.len() / count).max(1);
    points.iter().copied().step_by(step).take(count)
}

fn each_city(look: impl Fn(&City, &Ask<'_>)) {
    for name in ["baltimore", "monaco"] {
        let Some(city) = city(name) else { continue };
        for (nth, origin) in some(&city.points, 6).enumerate() {
            let origins = [origin];
            let ask = Ask {
                reverse: nth % 2 == 1,
                ..Ask::new(&origins, pace(["adult", "elder", "wheelchair"][nth % 3]), 900.0)
            };
            look(&city, &ask);
        }
    }
}

#[test]
fn in_real_towns_bands_hold_the_street_point_of_each_door_in_time_and_of_no_other() {
    each_city(|city, ask| {
        let (mut walker, mut reach) = (Walker::default(), Reach::default());
        walker.reach_into(&city.map, &city.doors, ask, &mut reach);
        let stretches = walker.streets(&city.map, &city.doors, ask, &reach);
        let reached = Reached::of(&city.map, ask.origins[0], ask, &reach, &stretches);
        let areas = bands(&reached.ground, &MINUTES.map(|minutes| minutes * 60.0 + 0.01));
        for pair in areas.windows(2) {
            contains(&pair[1], &pair[0]).unwrap();
        }
        for (area, minutes) in areas.iter().zip(MINUTES) {
            is_sound(area).unwrap();
            let sides = sides_of(&unit_rings(area));
            let is_in = |point: Point| place(&sides, units([point.lon, point.lat])) > 0;
            assert!(is_in(ask.origins[0]), "the origin");
            for arrival in reach
                .arrivals
                .iter()
                .filter(|arrival| arrival.seconds <= f64::from(minutes * 60.0))
            {
                let foot = arrival.foot.unwrap();
                let street = city.map.point_on(foot.edge, foot.along_m).unwrap();
                assert!(is_in(street), "{street:?} after {} s of {minutes} min", arrival.seconds);
            }
            // Points in the middle of streets that are not reached at all, far from any that are.
            let near = |point: Point| {
                let of_reached = reached.ground.reached.iter();
                of_reached
                    .flat_map(|street| dense(&street.line))
                    .any(|p| p.metres_to(point) < 14.0)
            };
            let wrong: Vec<Point> = reached
                .ground
                .unreached
                .iter()
                .filter_map(|street| Some(middle(street.line.first()?, street.line.get(1)?)))
                .filter(|point| is_in(*point) && !near(*point))
                .collect();
            assert!(wrong.is_empty(), "{minutes} min from {:?}: {wrong:?}", ask.origins[0]);
        }
    });
}

fn middle(a: &Point, b: &Point) -> Point {
    Point::new(f64::midpoint(a.lat, b.lat), f64::midpoint(a.lon, b.lon))
}

/// A line as points some metres apart.
fn dense(line: &[Point]) -> Vec<Point> {
    let mut points = Vec::new();
    for pair in line.windows(2) {
        let parts = (pair[0].metres_to(pair[1]) / 3.0).ceil().max(1.0);
        for part in 0..=parts as u32 {
            let share = f64::from(part) / parts;
            points.push(Point::new(
                pair[0].lat + share * (pair[1].lat - pair[0].lat),
                pair[0].lon + share * (pair[1].lon - pair[0].lon),
            ));
        }
    }
    points
}

#[test]
fn in_real_towns_the_walk_to_a_door_adds_up_to_what_the_reach_says() {
    each_city(|city, ask| {
        let (mut walker, mut reach) = (Walker::default(), Reach::default());
        walker.reach_into(&city.map, &city.doors, ask, &mut reach);
        for arrival in &reach.arrivals {
            let path = walker.path(&city.map, &city.doors, ask, &reach, arrival.door).unwrap();
            assert_eq!(path.arrival, *arrival);
            let walked = walker.walked(&city.map, &city.doors, ask, &path);
            assert_eq!(walked.len(), path.stretches.len());
            let foot = arrival.foot.unwrap();
            let legs_m = reach.feet[usize::from(foot.from_foot)].leg_m() + foot.snap_m + foot.across_m;
            let metres: f32 = walked.iter().map(|stretch| stretch.metres).sum::<f32>() + legs_m;
            let seconds: f32 =
                walked.iter().map(|stretch| stretch.seconds).sum::<f32>() + legs_m * ask.pace.seconds_a_metre;
            assert!((f64::from(metres) - arrival.walk_m).abs() < 0.1, "{metres} {arrival:?}");
            assert!(
                (f64::from(seconds) - arrival.seconds).abs() < 0.2,
                "{seconds} {arrival:?}"
            );
            let drawn: f64 = path.points.windows(2).map(|pair| pair[0].metres_to(pair[1])).sum();
            assert!(
                (drawn - arrival.walk_m).abs() < 1.0 + arrival.walk_m * 0.002,
                "{drawn} {arrival:?}"
            );
            for (stretch, next) in walked.iter().zip(walked.iter().skip(1)) {
                assert_eq!(stretch.last_point, next.first_point);
            }
        }
    });
}
