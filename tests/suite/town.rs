//! The hand-made towns of `tests/town/`: each file through `map build`,
//! `import osm-places` and HTTP, on both back ends. What must come out stands in
//! the comment at the top of the file.

mod answers;
mod area;
mod grammar;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use onegrid::coordinates::{LocalMetres, Point};
use serde_json::Value;

use crate::harness::{Client, World};
use grammar::{Case, Endpoint, From, Metres, Printer, Question};

/// One module of two tests for each file, and the list of all.
macro_rules! towns {
    ($($name:ident)+) => {
        const FILES: &[&str] = &[$(stringify!($name)),+];

        $(mod $name {
            #[test]
            fn sqlite() {
                super::holds(stringify!($name), &$crate::harness::World::sqlite());
            }

            #[test]
            fn postgres() {
                super::holds(stringify!($name), &$crate::harness::World::postgres());
            }
        })+
    };
}

towns! {
    areas_of_paces basis_by_metres basis_gb50180 beyond bus_stops c01_river c01b_barriers
    c01c_no_barriers c01d_under_and_over_the_rails c03_stub c03b_island_sizes c04_island c05_motorway
    c05b_big_roads c06_tunnel c06b_over_and_through c07_bridge c07b_crossing_lines c09_ferry
    c09b_ferry_asked c10_residents_leave c10b_only_the_gate_says_so c11_never_through c11b_two_gates
    c11c_who_may_pass c12_private_end c12b_the_wall_is_a_wall c13_two_gates c13b_gates_without_walls
    c13c_no_leg_past_a_lock c15_bollard c16_kinds_of_way c16b_more_kinds c17_square c17b_rings_and_areas
    c17c_concave c18_square_relation c18b_holes_and_walls c20_place_on_the_square c21_park_gate
    c21b_gates_in_the_fence c21c_no_gate c22_hospital c22b_hospital_gates c22c_no_public_door c23_mall
    c24_one_long_street c24b_paces c25_same_edge c27_legs c28_no_street c29_escalator
    c29b_beside_an_escalator c30_stairs_or_ramp c30b_ramps c32_unknown c32b_surfaces c32c_kerbs
    c32d_inclines c34_hours c34b_a_gate_at_night c34c_holidays c34d_more_hours c35_pontoon c36_not_built
    c37_near_miss c37b_joined_and_far c39_not_for_the_public c40_two_banks c40b_no_hole c40c_routes
    c42_cut_by_a_box c42b_bounds_of_the_file c42c_an_end_is_no_edge c44_degenerate c44b_two_nodes
    c46_shifted_days c48_unreadable c48b_readable direction_to facilities lifts moving_walkway
    origin_place report_doors signals slopes twins
}

/// Files ahead of the product. Each must fail; one that passes leaves this list.
const NOT_YET: &[&str] = &[];

/// The frame of the towns.
fn frame() -> LocalMetres {
    LocalMetres::around(Point::new(30.0, 114.0))
}

/// Latitude and longitude of a point of the towns.
fn position((east, north): Metres) -> (f64, f64) {
    let point = frame().point([east, north]);
    (point.lat, point.lon)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/town")
}

#[test]
fn every_file_is_tried() {
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .expect("the folder of towns")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    let tried: BTreeSet<String> = FILES.iter().map(|name| format!("{name}.osm")).collect();
    assert_eq!(there, tried);
    for name in NOT_YET {
        assert!(FILES.contains(name), "{name} is no file");
    }
}

fn holds(name: &str, world: &World) {
    let path = folder().join(format!("{name}.osm"));
    let file = std::fs::read_to_string(&path).expect("the file of a town");
    let case = grammar::parse(&file).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let faults = faults(&case, &path, world);
    match (faults.is_empty(), NOT_YET.contains(&name)) {
        (true, false) | (false, true) => {}
        (true, true) => panic!("{name} passes: take it from NOT_YET"),
        (false, false) => panic!("{}:\n  {}", path.display(), faults.join("\n  ")),
    }
}

/// Whatever is not as the file says, a sentence each.
fn faults(case: &Case, path: &Path, world: &World) -> Vec<String> {
    let (osm, map) = (
        path.display().to_string(),
        world.path("streets.map").display().to_string(),
    );
    let bbox = case.bbox.map(|[west, south, east, north]| {
        let ((min_lat, min_lon), (max_lat, max_lon)) = (position((west, south)), position((east, north)));
        format!("--bbox={min_lon:.7},{min_lat:.7},{max_lon:.7},{max_lat:.7}")
    });
    let mut build = vec!["map", "build", &osm, "-o", &map];
    build.extend(bbox.as_deref());
    let mut printed = Vec::new();
    for (printer, command) in [
        (Printer::Build, build.as_slice()),
        (Printer::Import, &["import", "osm-places", &osm]),
        (Printer::Info, &["map", "info", &map]),
    ] {
        let ran = world.run(command);
        if ran.code != Some(0) {
            return vec![format!("{command:?}: {ran:?}")];
        }
        let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        printed.extend(ran.out.lines().map(|text| (printer, line(text))));
    }
    let mut faults = Vec::new();
    let of = |who: &Printer| -> Vec<&str> {
        let lines = printed.iter().filter(|(printer, _)| printer == who);
        lines.map(|(_, line)| line.as_str()).collect()
    };
    for (who, expected) in &case.printed {
        if !of(who).contains(&expected.as_str()) {
            faults.push(format!("{who:?} does not print {expected:?} but {:#?}", of(who)));
        }
    }
    for (who, beginning) in &case.not_printed {
        if let Some(line) = of(who).iter().find(|line| line.starts_with(beginning)) {
            faults.push(format!("{who:?} prints {line:?}"));
        }
    }
    if !case.questions.is_empty() {
        let server = world.serve();
        let client = server.anonymous();
        for question in &case.questions {
            let at_line = |fault: String| format!("line {}: {fault}", question.line);
            faults.extend(ask(&client, question).into_iter().map(at_line));
        }
    }
    faults
}

/// Asks and compares.
fn ask(client: &Client, question: &Question) -> Vec<String> {
    let place = |name: &str| place_id(client, name).ok_or_else(|| vec![format!("there is no place {name}")]);
    let query = || -> Result<Vec<(String, String)>, Vec<String>> {
        let mut query = match &question.from {
            From::Point(at) => {
                let (lat, lon) = position(*at);
                vec![
                    ("lat".to_owned(), format!("{lat:.7}")),
                    ("lon".to_owned(), format!("{lon:.7}")),
                ]
            }
            From::Place(name) => vec![("place".to_owned(), place(name)?)],
        };
        if let Some(name) = &question.route_to {
            query.push(("to".to_owned(), place(name)?));
        }
        query.extend(question.query.iter().cloned());
        Ok(query)
    };
    let query = match query() {
        Ok(query) => query,
        Err(faults) => return faults,
    };
    let query: Vec<(&str, &str)> = query
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    let path = match question.to {
        Endpoint::Circle => "/v1/circle",
        Endpoint::Area => "/v1/circle/area",
        Endpoint::Route => "/v1/circle/route",
    };
    let answer = client.ask(path, &query);
    let mut faults = answers::faults(question, &answer);
    if question.to == Endpoint::Route && answer.status == 200 {
        faults.extend(differs_from_circle(client, question, &query, &answer.json));
    }
    faults
}

fn place_id(client: &Client, name: &str) -> Option<String> {
    let list = client.get("/v1/places?limit=500").ok();
    let item = list["items"].as_array()?.iter().find(|item| item["name"] == name)?;
    item["id"].as_str().map(str::to_owned)
}

/// A route takes as long as the circle says.
fn differs_from_circle(client: &Client, question: &Question, query: &[(&str, &str)], route: &Value) -> Option<String> {
    let name = question.route_to.as_deref()?;
    let mut query: Vec<(&str, &str)> = query.iter().copied().filter(|(key, _)| *key != "to").collect();
    query.push(("minutes", "30"));
    let circle = client.ask("/v1/circle", &query).json;
    let listed = circle["places"].as_array()?.iter().find(|place| place["name"] == name);
    let circle_s = listed.map_or(Value::Null, |place| place["walk_s"].clone());
    let route_s = &route["properties"]["walk_s"];
    (*route_s != circle_s).then(|| format!("the route takes {route_s} s, in the circle it is {circle_s}"))
}
