//! `onegrid map build`, `onegrid map info`, and maps that `serve` refuses.

use std::fs;
use std::path::Path;

use crate::cli_world::{Ran, World, extract};

/// Two streets that cross, about 330 m each, and a path of its own to the north.
pub const CROSSING: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="by hand">
  <bounds minlat="31.198" minlon="112.598" maxlat="31.202" maxlon="112.602"/>
  <node id="1" lat="31.2000" lon="112.5985"/>
  <node id="2" lat="31.2000" lon="112.6000"/>
  <node id="3" lat="31.2000" lon="112.6015"/>
  <node id="4" lat="31.1985" lon="112.6000"/>
  <node id="5" lat="31.2015" lon="112.6000"/>
  <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/></way>
  <way id="11"><nd ref="4"/><nd ref="2"/><nd ref="5"/><tag k="highway" v="footway"/></way>
  <way id="12"><nd ref="4"/><nd ref="1"/><tag k="highway" v="motorway"/></way>
</osm>
"#;

/// Builds `out.map` of a file in the world's folder.
fn build(world: &World, input: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["map", "build", input.to_str().expect("a plain path"), "-o", "out.map"];
    arguments.extend(more);
    world.run(&arguments)
}

/// A line of `map info`.
fn figure(info: &str, name: &str) -> String {
    let line = info.lines().find(|line| line.starts_with(name)).expect(name);
    line[name.len()..].trim().to_owned()
}

fn info(world: &World) -> String {
    world.do_run(&["map", "info", "out.map"]).out
}

#[test]
fn a_small_map_is_built_of_the_ways_that_one_may_walk() {
    let world = World::sqlite();
    let ran = build(&world, &world.file("crossing.osm", CROSSING), &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let info = info(&world);
    assert_eq!(figure(&info, "edges"), "4", "{info}");
    assert_eq!(figure(&info, "junctions"), "5", "{info}");
    assert_eq!(figure(&info, "components"), "1", "{info}");
    assert_eq!(figure(&info, "source"), "crossing.osm");
    assert!(figure(&info, "attribution").contains("OpenStreetMap"), "{info}");
    let kilometres: f64 = figure(&info, "streets")
        .trim_end_matches(" km")
        .parse()
        .expect("a number");
    assert!((0.5..=0.7).contains(&kilometres), "{info}");
}

#[test]
fn the_same_data_makes_the_same_map() {
    let world = World::sqlite();
    let input = world.file("crossing.osm", CROSSING);
    build(&world, &input, &[]);
    let first = fs::read(world.path("out.map")).expect("a map");
    build(&world, &input, &[]);
    assert_eq!(fs::read(world.path("out.map")).expect("a map"), first);
}

#[test]
fn progress_is_plain_lines_where_there_is_no_terminal() {
    let world = World::sqlite();
    let ran = build(&world, &world.file("crossing.osm", CROSSING), &[]);
    assert!(ran.err.lines().any(|line| line.starts_with("reading")), "{ran:?}");
    assert!(ran.err.lines().any(|line| line.starts_with("building")), "{ran:?}");
    assert!(!ran.err.contains(['\x1b', '\r']), "{ran:?}");
    assert!(ran.err.lines().count() < 20, "{ran:?}");
}

#[test]
fn a_box_keeps_what_is_inside() {
    let world = World::sqlite();
    let input = world.file("crossing.osm", CROSSING);
    let ran = build(&world, &input, &["--bbox", "112.5999,31.1980,112.6020,31.2020"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("ways cut at the box: 1"), "{ran:?}");
    assert_eq!(figure(&info(&world), "edges"), "3");
}

#[test]
fn a_wrong_box_is_refused_with_what_it_takes() {
    let world = World::sqlite();
    let input = world.file("crossing.osm", CROSSING);
    for wrong in [
        "",
        "1,2,3",
        "1,2,3,4,5",
        "112.602,31.198,112.598,31.202",
        "112.598,31.198,112.602,95",
        "a,b,c,d",
        "nan,0,1,1",
    ] {
        let ran = build(&world, &input, &[&format!("--bbox={wrong}")]);
        assert_eq!(ran.code, Some(2), "{wrong:?}: {ran:?}");
        assert!(
            ran.err.contains("MIN_LON,MIN_LAT,MAX_LON,MAX_LAT"),
            "{wrong:?}: {ran:?}"
        );
    }
    assert!(!world.path("out.map").exists());
}

#[test]
fn a_box_without_any_street_does_not_replace_a_map() {
    let world = World::sqlite();
    let input = world.file("crossing.osm", CROSSING);
    build(&world, &input, &[]);
    let before = fs::read(world.path("out.map")).expect("a map");
    build(&world, &input, &["--bbox", "10,10,11,11"]).failed_with(&["box"]);
    assert_eq!(fs::read(world.path("out.map")).expect("a map"), before);
}

#[test]
fn what_is_no_openstreetmap_data_is_refused_and_the_old_map_stays() {
    let world = World::sqlite();
    build(&world, &world.file("crossing.osm", CROSSING), &[]);
    let before = fs::read(world.path("out.map")).expect("a map");
    let cut = CROSSING.replace("</osm>", "");
    let broken = CROSSING.replace("<nd ref=\"1\"/>", "<nd ref=\"1\">");
    for (name, content, word) in [
        ("empty.osm.pbf", "", "empty"),
        ("words.osm", "hello\n", "neither OSM XML nor OSM PBF"),
        ("page.osm", "<html><body/></html>", "<osm>"),
        ("cut.osm", &cut, "cut short"),
        ("broken.osm", &broken, "line"),
        ("packed.osm.gz", "\u{1f}\u{8b}", "neither OSM XML nor OSM PBF"),
    ] {
        let ran = build(&world, &world.file(name, content), &[]);
        ran.failed_with(&[name, word]);
        assert_eq!(fs::read(world.path("out.map")).expect("a map"), before, "{name}");
    }
    build(&world, &world.path("nowhere.osm"), &[]).failed_with(&["nowhere.osm", "No such file"]);
    assert_eq!(leftovers(&world), [""; 0]);
}

fn leftovers(world: &World) -> Vec<String> {
    let names = fs::read_dir(world.folder.path()).expect("a folder");
    names
        .map(|entry| entry.expect("read").file_name().to_string_lossy().into_owned())
        .filter(|name| name.contains(".part"))
        .collect()
}

/// A park that no way comes near, a walled estate with a street and no gate, the
/// same with a gate, and a library by the street; and a path of its own.
const FINDINGS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="by hand">
  <node id="1" lat="31.2000" lon="112.5900"/>
  <node id="2" lat="31.2000" lon="112.6100"/>
  <way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="surface" v="asphalt"/></way>
  <node id="11" lat="31.2100" lon="112.6000"/>
  <node id="12" lat="31.2100" lon="112.6010"/>
  <node id="13" lat="31.2110" lon="112.6010"/>
  <way id="20"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="11"/><tag k="leisure" v="park"/></way>
  <node id="21" lat="31.2001" lon="112.6000"/>
  <node id="22" lat="31.2001" lon="112.6003"/>
  <node id="23" lat="31.2003" lon="112.6003"/>
  <way id="30"><nd ref="21"/><nd ref="22"/><nd ref="23"/><nd ref="21"/><tag k="amenity" v="library"/></way>
  <node id="31" lat="31.2200" lon="112.6000"/>
  <node id="32" lat="31.2200" lon="112.6020"/>
  <node id="33" lat="31.2220" lon="112.6020"/>
  <node id="34" lat="31.2220" lon="112.6000"/>
  <way id="40"><nd ref="31"/><nd ref="32"/><nd ref="33"/><nd ref="34"/><nd ref="31"/><tag k="barrier" v="wall"/></way>
  <node id="35" lat="31.2190" lon="112.6010"/>
  <node id="36" lat="31.2215" lon="112.6010"/>
  <way id="41"><nd ref="35"/><nd ref="36"/><tag k="highway" v="service"/></way>
  <node id="41" lat="31.2300" lon="112.6000"/>
  <node id="42" lat="31.2300" lon="112.6020"/>
  <node id="43" lat="31.2320" lon="112.6020"/>
  <node id="44" lat="31.2320" lon="112.6000"/>
  <node id="45" lat="31.2300" lon="112.6010"><tag k="barrier" v="gate"/></node>
  <way id="50"><nd ref="41"/><nd ref="45"/><nd ref="42"/><nd ref="43"/><nd ref="44"/><nd ref="41"/>
    <tag k="landuse" v="residential"/><tag k="access" v="private"/></way>
  <node id="46" lat="31.2290" lon="112.6010"/>
  <node id="47" lat="31.2315" lon="112.6010"/>
  <way id="51"><nd ref="46"/><nd ref="45"/><nd ref="47"/><tag k="highway" v="steps"/><tag k="step_count" v="9"/></way>
  <node id="51" lat="31.2000" lon="112.6200"/>
  <node id="52" lat="31.2000" lon="112.6205"/>
  <way id="60"><nd ref="51"/><nd ref="52"/><tag k="highway" v="footway"/></way>
</osm>
"#;

#[test]
fn what_a_mapper_should_look_at_is_told_and_written_as_geojson() {
    let world = World::sqlite();
    let input = world.file("findings.osm", FINDINGS);
    let ran = build(&world, &input, &["--report", "findings.geojson"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    for line in [
        "islands under 200 m: 1",
        "areas without a door: 1",
        "private areas without a gate: 1",
        "  way/20 at 31.210333,112.600667",
        "  way/40 at 31.221000,112.601000",
        "wrote findings.geojson",
    ] {
        assert!(ran.out.lines().any(|told| told == line), "{line}: {ran:?}");
    }
    let text = fs::read_to_string(world.path("findings.geojson")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(report["type"], "FeatureCollection");
    assert_eq!(report["counts"]["near_miss"], 0);
    let features = report["features"].as_array().expect("features");
    let told: Vec<String> = features
        .iter()
        .map(|feature| {
            assert_eq!(feature["geometry"]["type"], "Point", "{feature}");
            let words = &feature["properties"];
            format!(
                "{} {}",
                words["finding"].as_str().unwrap_or("?"),
                words["osm"].as_str().unwrap_or("?")
            )
        })
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(told[0].starts_with("island node/5"), "{told:?}");
    assert_eq!(
        told[1..],
        ["area_without_door way/20", "private_area_without_gate way/40"]
    );
    // The middle of the walled square, longitude first.
    let position = &features[2]["geometry"]["coordinates"];
    assert!(
        (position[0].as_f64().expect("a number") - 112.601).abs() < 1e-9,
        "{position}"
    );
    assert!(
        (position[1].as_f64().expect("a number") - 31.221).abs() < 1e-9,
        "{position}"
    );

    // Without the option nothing is written; outside of the box nothing is told.
    fs::remove_file(world.path("findings.geojson")).expect("removed");
    let ran = build(&world, &input, &["--bbox", "112.58,31.19,112.63,31.205"]);
    assert!(!ran.out.contains("without a door"), "{ran:?}");
    assert!(!world.path("findings.geojson").exists());
    build(&world, &input, &["--report", "nowhere/f.geojson"]).failed_with(&["nowhere/f.geojson"]);
}

#[test]
fn a_map_tells_how_much_of_each_tag_it_has() {
    let world = World::sqlite();
    build(&world, &world.file("findings.osm", FINDINGS), &[]);
    let words = info(&world);
    let line = |of: &str, tag: &str| {
        let lines = words.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let mut found = lines.filter(|words| words.starts_with(&[of, tag]));
        found.next().unwrap_or_else(|| panic!("{of} {tag}: {words}")).join(" ")
    };
    // Along the parallel 0.02 degrees are 1902.2 m, 0.0005 are 47.6 m; along the
    // meridian twice 0.0025 degrees are 556.0 m.
    assert_eq!(line("streets", "surface"), "streets surface 75.9 % 1.9 of 2.5 km");
    assert_eq!(line("streets", "lit"), "streets lit 0.0 % 0.0 of 2.5 km");
    assert_eq!(line("stairs", "step_count"), "stairs step_count 100.0 % 1 of 1");
    assert_eq!(line("gates", "access"), "gates access 0.0 % 0 of 1");
    assert_eq!(line("kerbs", "kerb"), "kerbs kerb none there 0 of 0");

    let json: serde_json::Value =
        serde_json::from_str(&world.do_run(&["map", "info", "out.map", "--json"]).out).expect("JSON");
    assert_eq!(json["source"], "findings.osm");
    let tags = json["tags"].as_array().expect("tags");
    let surface = tags
        .iter()
        .find(|share| share["of"] == "streets" && share["tag"] == "surface");
    let told = surface.and_then(|share| share["told"].as_f64()).expect("metres");
    assert!((told - 1902.2).abs() < 0.2, "{told}");
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let world = World::sqlite();
    let input = world.file("crossing.osm", CROSSING);
    let ran = world.run(&["map", "build", input.to_str().expect("plain"), "-o", "nowhere/out.map"]);
    ran.failed_with(&["nowhere/out.map"]);
}

#[test]
fn a_reader_that_stops_listening_makes_no_panic() {
    use std::process::Stdio;
    let world = World::sqlite();
    build(&world, &world.file("crossing.osm", CROSSING), &[]);
    let mut child = world
        .command(&["map", "info", "out.map"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(!err.contains("panicked"), "{err}");
}

#[test]
fn a_real_extract_becomes_a_map_and_a_cut_one_is_refused() {
    let Some(monaco) = extract("monaco.osm.pbf") else {
        return;
    };
    let world = World::sqlite();
    let ran = build(&world, &monaco, &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let whole = info(&world);
    let edges: u32 = figure(&whole, "edges").parse().expect("a number");
    assert!(edges > 1000, "{whole}");
    let before = fs::read(world.path("out.map")).expect("a map");

    let bytes = fs::read(&monaco).expect("reads");
    for kept in [10, 100, bytes.len() / 3, bytes.len() / 2, bytes.len() - 1] {
        let ran = build(&world, &world.file("cut.osm.pbf", &bytes[..kept]), &[]);
        ran.failed_with(&["cut.osm.pbf"]);
    }
    let mut damaged = bytes.clone();
    for byte in &mut damaged[100_000..100_064] {
        *byte ^= 0xa5;
    }
    build(&world, &world.file("damaged.osm.pbf", &damaged), &[]).failed_with(&["damaged.osm.pbf"]);
    assert_eq!(fs::read(world.path("out.map")).expect("a map"), before);

    let ran = build(&world, &monaco, &["--bbox", "7.42,43.73,7.43,43.74"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let part: u32 = figure(&info(&world), "edges").parse().expect("a number");
    assert!(part > 100 && part < edges, "{part} of {edges}");
}

/// A way to spoil a map, and what a start then says.
type Spoilt = (&'static str, fn(&mut Vec<u8>), &'static str);

#[test]
fn a_map_that_is_cut_damaged_foreign_or_of_another_version_stops_the_start() {
    const SPOILT: [Spoilt; 7] = [
        ("cut", |bytes| bytes.truncate(bytes.len() - 1), "cut short"),
        ("header only", |bytes| bytes.truncate(64), "ONEGRID_MAP"),
        ("nothing", Vec::clear, "no street map"),
        ("longer", |bytes| bytes.push(0), "ONEGRID_MAP"),
        (
            "a bit",
            |bytes| {
                let last = bytes.len() - 1;
                bytes[last] ^= 1
            },
            "checksum",
        ),
        ("version", |bytes| bytes[8] = bytes[8].wrapping_add(1), "version"),
        (
            "foreign",
            |bytes| bytes[..8].copy_from_slice(b"SQLite f"),
            "no street map",
        ),
    ];
    let world = World::sqlite();
    build(&world, &world.file("crossing.osm", CROSSING), &[]);
    let good = fs::read(world.path("out.map")).expect("a map");
    for (name, spoil, word) in SPOILT {
        let mut bytes = good.clone();
        spoil(&mut bytes);
        world.file("spoilt.map", &bytes);
        world.run(&["map", "info", "spoilt.map"]).failed_with(&["spoilt.map"]);
        let ran = world.run_with(&["serve"], &[("ONEGRID_MAP", "spoilt.map")]);
        ran.failed_with(&["ONEGRID_MAP", "spoilt.map", word]);
        assert!(ran.err.lines().count() < 20, "{name}: {ran:?}");
    }
    let ran = world.run_with(&["serve"], &[("ONEGRID_MAP", "nowhere.map")]);
    ran.failed_with(&["ONEGRID_MAP", "nowhere.map", "No such file"]);
}
