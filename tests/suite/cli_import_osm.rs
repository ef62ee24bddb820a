//! `onegrid import osm-places`, and a circle on a real map with real places.

use crate::cli_world::{Ran, World, extract, on_both};

/// Four places: hours that can be read, hours that cannot, an outline with a
/// door, and a bench that is none.
const PLACES: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="by hand">
  <node id="1" lat="31.2000" lon="112.6000"><tag k="amenity" v="pharmacy"/><tag k="name" v="幸福药店"/>
    <tag k="opening_hours" v="Mo-Fr 08:00-20:00"/><tag k="phone" v="+86 999 5550123; +86 999 5550124"/></node>
  <node id="2" lat="31.2001" lon="112.6001"><tag k="amenity" v="pharmacy"/><tag k="name" v="糊涂药店"/>
    <tag k="opening_hours" v="mostly in the morning"/></node>
  <node id="3" lat="31.2002" lon="112.6002"><tag k="amenity" v="bench"/></node>
  <node id="11" lat="31.2010" lon="112.6010"/>
  <node id="12" lat="31.2010" lon="112.6012"><tag k="entrance" v="main"/></node>
  <node id="13" lat="31.2012" lon="112.6012"/>
  <node id="14" lat="31.2012" lon="112.6010"/>
  <way id="20"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="14"/><nd ref="11"/>
    <tag k="amenity" v="library"/></way>
</osm>
"#;

/// A library as a node and as the building around it.
const TWINS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="by hand">
  <node id="1" lat="31.2001" lon="112.6001"><tag k="amenity" v="library"/><tag k="name" v="东门图书馆"/>
    <tag k="phone" v="010 5550123"/></node>
  <node id="11" lat="31.2000" lon="112.6000"/>
  <node id="12" lat="31.2000" lon="112.6002"/>
  <node id="13" lat="31.2002" lon="112.6002"/>
  <node id="14" lat="31.2002" lon="112.6000"/>
  <way id="20"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="14"/><nd ref="11"/>
    <tag k="amenity" v="library"/><tag k="name" v="东门图书馆"/></way>
</osm>
"#;

/// A park of about a kilometre with one path in over its southern side, and a
/// school with a fence of its own 11 m around it, whose gate has a name.
const DOORS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="by hand">
  <node id="11" lat="31.2000" lon="112.6000"/>
  <node id="12" lat="31.2000" lon="112.6100"/>
  <node id="13" lat="31.2090" lon="112.6100"/>
  <node id="14" lat="31.2090" lon="112.6000"/>
  <node id="15" lat="31.1990" lon="112.6050"/>
  <node id="16" lat="31.2010" lon="112.6050"/>
  <way id="20"><nd ref="11"/><nd ref="12"/><nd ref="13"/><nd ref="14"/><nd ref="11"/>
    <tag k="leisure" v="park"/></way>
  <way id="21"><nd ref="15"/><nd ref="16"/><tag k="highway" v="footway"/><tag k="name" v="公园路"/></way>
  <node id="31" lat="31.2001" lon="112.6201"/>
  <node id="32" lat="31.2001" lon="112.6204"/>
  <node id="33" lat="31.2004" lon="112.6204"/>
  <node id="34" lat="31.2004" lon="112.6201"/>
  <way id="30"><nd ref="31"/><nd ref="32"/><nd ref="33"/><nd ref="34"/><nd ref="31"/>
    <tag k="amenity" v="school"/></way>
  <node id="41" lat="31.2000" lon="112.6200"/>
  <node id="42" lat="31.2000" lon="112.6201"><tag k="barrier" v="gate"/><tag k="name" v="东门"/></node>
  <node id="43" lat="31.2000" lon="112.6205"/>
  <node id="44" lat="31.2005" lon="112.6205"/>
  <node id="45" lat="31.2005" lon="112.6200"/>
  <way id="40"><nd ref="41"/><nd ref="42"/><nd ref="43"/><nd ref="44"/><nd ref="45"/><nd ref="41"/>
    <tag k="barrier" v="wall"/></way>
</osm>
"#;

fn import(world: &World, file: &str) -> Ran {
    world.do_run(&["import", "osm-places", file])
}

on_both! {
    fn a_place_with_hours_that_cannot_be_read_is_taken_without_them_and_counted(world) {
        world.file("places.osm", PLACES);
        let ran = import(world, "places.osm");
        assert!(ran.out.contains("3 added, 0 changed, 0 unchanged, 0 faults"), "{ran:?}");
        assert!(ran.out.contains("unreadable opening_hours, left out: 1"), "{ran:?}");
        assert!(ran.out.contains("with doors of their own: 1"), "{ran:?}");
        assert!(ran.out.contains("left out on purpose (benches, bins …): 1"), "{ran:?}");
        let mut sql = world.sql();
        let rows = "SELECT reference || ' ' || name || ' ' || kind || ' ' || coalesce(opening_hours, '?') || ' ' \
                    || coalesce(phone, '?') AS value FROM place ORDER BY reference";
        assert_eq!(sql.texts(rows), [
            "node/1 幸福药店 pharmacy Mo-Fr 08:00-20:00 +86 999 5550123",
            "node/2 糊涂药店 pharmacy ? ?",
            "way/20 图书馆 library ? ?",
        ]);
        let door = "SELECT kind || ' ' || lat || ' ' || lon AS value FROM place_door";
        assert_eq!(sql.texts(door), ["main 31.201 112.6012"]);
    }

    fn the_same_openstreetmap_data_twice_changes_nothing(world) {
        world.file("places.osm", PLACES);
        import(world, "places.osm");
        let counts = world.row_counts();
        let again = import(world, "places.osm");
        assert!(again.out.contains("0 added, 0 changed, 3 unchanged"), "{again:?}");
        assert_eq!(world.row_counts(), counts);

        world.file("places.osm", PLACES.replace("mostly in the morning", "08:00-12:00"));
        let mended = import(world, "places.osm");
        assert!(mended.out.contains("0 added, 1 changed, 2 unchanged"), "{mended:?}");
    }

    fn what_the_operator_mended_stays_when_the_extract_comes_again(world) {
        world.file("places.osm", PLACES);
        import(world, "places.osm");
        // As if it had been done over HTTP: a step of the operator's in the history.
        world.sql().execute(
            "UPDATE place SET phone = '0600-5550000' WHERE reference = (SELECT MIN(reference) FROM place); \
             INSERT INTO place_history (id, place_id, at, actor, from_state, to_state, version) \
             SELECT id, id, 0, 'operator', 'open', 'open', 2 FROM place \
             WHERE reference = (SELECT MIN(reference) FROM place);",
        );
        let again = import(world, "places.osm");
        assert!(again.out.contains("0 added, 0 changed, 3 unchanged"), "{again:?}");
    }

    fn twins_are_one_place_also_where_they_were_two_before(world) {
        // A library as a node, then as a node and the building around it, then as
        // the node alone again.
        let node = TWINS.replace("<way", "<!-- <way").replace("</way>", "</way> -->");
        world.file("node.osm", &node);
        world.file("both.osm", TWINS);
        let rows = "SELECT reference || ' ' || status || ' ' || coalesce(phone, '?') AS value FROM place ORDER BY reference";
        import(world, "node.osm");
        assert_eq!(world.sql().texts(rows), ["node/1 open 010 5550123"]);

        let both = import(world, "both.osm");
        assert!(both.out.contains("mapped twice, taken once: 1"), "{both:?}");
        assert!(both.out.contains("1 added, 1 changed, 0 unchanged"), "{both:?}");
        let merged = ["node/1 closed 010 5550123", "way/20 open 010 5550123"];
        assert_eq!(world.sql().texts(rows), merged);
        let again = import(world, "both.osm");
        assert!(again.out.contains("0 added, 0 changed, 1 unchanged"), "{again:?}");
        assert_eq!(world.sql().texts(rows), merged);

        let apart = import(world, "node.osm");
        assert!(apart.out.contains("0 added, 1 changed, 0 unchanged"), "{apart:?}");
        assert_eq!(world.sql().texts(rows), ["node/1 open 010 5550123", "way/20 open 010 5550123"]);
    }

    fn a_twin_that_the_operator_mended_stays_and_the_other_is_left_out(world) {
        world.file("node.osm", TWINS.replace("<way", "<!-- <way").replace("</way>", "</way> -->"));
        world.file("both.osm", TWINS);
        import(world, "node.osm");
        world.sql().execute(
            "UPDATE place SET phone = '0600-5550000'; \
             INSERT INTO place_history (id, place_id, at, actor, from_state, to_state, version) \
             SELECT id, id, 0, 'operator', 'open', 'open', 2 FROM place;",
        );
        for _ in 0..2 {
            let both = import(world, "both.osm");
            assert!(both.out.contains("0 added, 0 changed, 0 unchanged"), "{both:?}");
            let rows = "SELECT reference || ' ' || status || ' ' || phone AS value FROM place";
            assert_eq!(world.sql().texts(rows), ["node/1 open 0600-5550000"]);
        }
    }

    fn a_park_is_entered_where_the_path_comes_in_and_a_school_by_its_named_gate(world) {
        world.file("doors.osm", DOORS);
        let ran = import(world, "doors.osm");
        assert!(ran.out.contains("2 added"), "{ran:?}");
        assert!(ran.out.contains("with doors of their own: 1"), "{ran:?}");
        assert!(ran.out.contains("entered where the streets meet their outline: 1"), "{ran:?}");
        assert!(ran.out.contains("areas that no street comes to: 0"), "{ran:?}");
        let doors = "SELECT place.reference || ' ' || place_door.kind || ' ' || place_door.lat || ' ' || place_door.lon \
                     || ' ' || coalesce(place_door.name, '?') AS value FROM place_door \
                     JOIN place ON place.id = place_door.place_id ORDER BY place.reference";
        assert_eq!(world.sql().texts(doors), [
            "way/20 street 31.2 112.605 公园路",
            "way/30 gate 31.2 112.6201 东门",
        ]);
    }

    fn a_file_that_cannot_be_read_leaves_the_database_alone(world) {
        world.file("places.osm", PLACES);
        import(world, "places.osm");
        let counts = world.row_counts();
        for (name, content) in [("cut.osm", &PLACES[..PLACES.len() - 20]), ("empty.osm", ""), ("words.osm", "words")] {
            world.file(name, content);
            world.run(&["import", "osm-places", name]).failed_with(&[name]);
        }
        assert_eq!(world.row_counts(), counts);
    }
}

#[test]
fn a_circle_on_a_real_map_with_real_places_goes_along_real_streets() {
    let Some(monaco) = extract("monaco.osm.pbf") else {
        return;
    };
    let monaco = monaco.to_str().expect("a plain path");
    for mut world in [World::sqlite(), World::postgres()] {
        let ran = import(&world, monaco);
        let added: u32 = ran
            .out
            .split(" added")
            .next()
            .and_then(|text| text.rsplit(['\n', ' ']).next()?.parse().ok())
            .expect("a count");
        assert!(added > 100, "{ran:?}");
        let counts = world.row_counts();
        let again = import(&world, monaco);
        assert!(
            again.out.contains(&format!("0 added, 0 changed, {added} unchanged")),
            "{again:?}"
        );
        assert_eq!(world.row_counts(), counts);

        world.do_run(&["map", "build", monaco, "-o", "monaco.map"]);
        world.set("ONEGRID_MAP", "monaco.map");
        let server = world.serve();
        // The square before the casino.
        let answer = server.get("/v1/circle?lat=43.7393&lon=7.4277&minutes=10&limit=1000");
        assert_eq!(answer.status, 200, "{answer:?}");
        let circle = &answer.json;
        assert_eq!(circle["method"], "streets");
        assert_eq!(circle["map"]["source"], "monaco.osm.pbf");
        let attribution = circle["map"]["attribution"].as_str().expect("attribution");
        assert!(attribution.contains("OpenStreetMap"), "{attribution}");
        walks_are_along_streets(circle);
    }
}

/// Each walk is within the time, no shorter than the straight line, no faster
/// than one walks, and in order; and streets make some of them much longer.
fn walks_are_along_streets(circle: &serde_json::Value) {
    let places = circle["places"].as_array().expect("places");
    assert!(places.len() > 50, "{} places", places.len());
    let mut last = 0.0;
    let mut detours = 0;
    let first_foot_m = circle["origin"]["snapped"][0]["snap_m"].as_f64().expect("a foot");
    assert!(first_foot_m < 100.0, "{first_foot_m} m to the street");
    for place in places {
        let figure = |name: &str| place[name].as_f64().unwrap_or_else(|| panic!("{name} of {place}"));
        let (walk_s, walk_m) = (figure("walk_s"), figure("walk_m"));
        let (network_m, straight_m) = (figure("network_m"), figure("straight_m"));
        assert!(walk_s <= 600.0 && walk_s >= last, "{place}");
        assert!(
            walk_m + 1.0 >= straight_m,
            "no walk is shorter than the straight line: {place}"
        );
        assert!(network_m <= walk_m + 0.2, "{place}");
        assert!(
            walk_s + 1.0 >= walk_m / (5.1 / 3.6),
            "nobody walks faster than 5.1 km/h: {place}"
        );
        detours += usize::from(straight_m > 50.0 && walk_m > straight_m * 1.2);
        last = walk_s;
    }
    assert!(
        detours > places.len() / 5,
        "only {detours} of {} walks bend",
        places.len()
    );
    let counted: u64 = circle["summary"]
        .as_array()
        .expect("a summary")
        .iter()
        .filter_map(|category| category["count"].as_u64())
        .sum();
    assert_eq!(counted as usize, places.len());
}
