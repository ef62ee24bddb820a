//! `onegrid import places`, from tables and from GeoJSON.

use crate::cli_world::{Ran, World, on_both, wait_for};
use serde_json::json;

const UNITS: &str = "code,level,name,setting\nC,city,甲市,urban\n";
const HEADER: &str = "reference,name,kind,lat,lon,unit_code,opening_hours,phone,wheelchair,crs,doors,stops\n";
const PLACES: &str = "reference,name,kind,lat,lon,unit_code,opening_hours,phone,wheelchair,crs,doors,stops\n\
    a,幸福药店,pharmacy,31.2,112.6,C,Mo-Fr 08:00-20:00,0999-5550123,yes,,gate 31.2001 112.6001; 31.2002 112.6002,\n\
    b,流动诊所,clinic,31.21,112.61,C,,,,,,31.21 112.61 Tu 09:00-11:00 | 31.22 112.62 We 09:00-11:00\n\
    c,坐标店,pharmacy,31.2,112.6,,,,,gcj02,,\n";

fn world_with_units(world: &World) {
    let file = world.file("units.csv", UNITS);
    world.do_run(&["import", "units", file.to_str().expect("a plain path")]);
}

fn import(world: &World, name: &str, content: impl AsRef<[u8]>, more: &[&str]) -> Ran {
    let file = world.file(name, content);
    let mut arguments = vec!["import", "places", file.to_str().expect("a plain path")];
    arguments.extend(more);
    world.run(&arguments)
}

/// That a file has exactly these faults and that nothing of it was taken.
#[track_caller]
fn refused(world: &World, name: &str, content: impl AsRef<[u8]>, expected: &[&str]) {
    let before = world.row_counts();
    let ran = import(world, name, content, &[]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let faults = ran.faults();
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{expected:?} in {faults:#?}");
    }
    assert_eq!(world.row_counts(), before);
}

on_both! {
    fn every_fault_of_a_places_table_is_named_by_line_and_column_and_nothing_is_taken(world) {
        world_with_units(world);
        let table = format!(
            "{HEADER}\
            good,好店,pharmacy,31.2,112.6,,,,,,,\n\
            k,店,farmacy,31.2,112.6,,,,,,,\n\
            u,店,pharmacy,31.2,112.6,NOWHERE,,,,,,\n\
            h,店,pharmacy,31.2,112.6,,Mo-Fx 8-20,,,,,\n\
            l,店,pharmacy,,112.6,,,,,,,\n\
            m,店,pharmacy,112.6,31.2,,,,,,,\n\
            d,店,pharmacy,31.2,112.6,,,,,,window 31.2 112.6,\n\
            s,店,pharmacy,31.2,112.6,,,,,,,31.2 112.6 sometimes\n\
            w,店,pharmacy,31.2,112.6,,,,perhaps,mercator,,\n\
            good,店,pharmacy,31.2,112.6,,,,,,,\n\
            ,,pharmacy,31.2,112.6,,,,,,,\n"
        );
        refused(world, "places.csv", table, &[
            "line 3, column kind: there is no kind \"farmacy\"",
            "line 4, column unit_code: there is no unit NOWHERE",
            "line 5, column opening_hours: opening hours cannot be read",
            "line 6, column lat: is empty",
            "line 7, column lat: 112.6 is not between -90 and 90",
            "line 8, column doors: \"window 31.2 112.6\" is not a door",
            "line 9, column stops: \"31.2 112.6 sometimes\" is not a stop",
            "line 10, column crs: \"mercator\" is not",
            "line 10, column wheelchair: \"perhaps\" is not",
            "line 11, column reference: good stands in the file twice",
            "line 12, column name: is empty",
            "line 12, column reference: is empty",
        ]);
    }

    fn the_same_places_twice_change_nothing_and_ring_nobody(world) {
        world_with_units(world);
        let first = import(world, "places.csv", PLACES, &[]);
        assert_eq!(first.code, Some(0), "{first:?}");
        assert!(first.out.contains("3 added"), "{first:?}");
        let counts = world.row_counts();
        assert_eq!((counts["place"], counts["place_door"], counts["place_stop"]), (3, 2, 2));
        assert_eq!((counts["place_history"], counts["changes"]), (3, 2));

        let second = import(world, "places.csv", PLACES, &[]);
        assert!(second.out.contains("0 added, 0 changed, 3 unchanged, 0 faults"), "{second:?}");
        assert_eq!(world.row_counts(), counts);

        let changed = import(world, "places.csv", PLACES.replace("gate 31.2001", "gate 31.2003"), &[]);
        assert!(changed.out.contains("0 added, 1 changed, 2 unchanged"), "{changed:?}");
        let counts = world.row_counts();
        assert_eq!((counts["place"], counts["place_door"], counts["place_history"]), (3, 2, 4));
    }

    fn keep_going_takes_the_good_places_and_still_fails(world) {
        world_with_units(world);
        let ran = import(
            world,
            "places.csv",
            format!("{HEADER}a,店,pharmacy,31.2,112.6,,,,,,,\nb,店,farmacy,31.2,112.6,,,,,,,\n"),
            &["--keep-going"],
        );
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.out.contains("1 added, 0 changed, 0 unchanged, 1 faults"), "{ran:?}");
        assert_eq!(world.sql().texts("SELECT reference AS value FROM place"), ["a"]);
    }

    fn geojson_is_read_longitude_first_and_twice_is_once(world) {
        world_with_units(world);
        let collection = json!({ "type": "FeatureCollection", "features": [{
            "type": "Feature",
            "geometry": { "type": "Point", "coordinates": [112.6, 31.2, 48.0] },
            "properties": { "reference": "g", "name": "图书馆", "kind": "library", "unit_code": "C",
                            "opening_hours": "Mo-Su 09:00-17:00", "phone": null },
        }]});
        let text = serde_json::to_string_pretty(&collection).expect("writes");
        let first = import(world, "places.geojson", &text, &[]);
        assert_eq!(first.code, Some(0), "{first:?}");
        let at = world.sql().texts("SELECT lat || ' ' || lon AS value FROM place");
        assert_eq!(at, ["31.2 112.6"]);
        let counts = world.row_counts();
        let second = import(world, "places.geojson", &text, &[]);
        assert!(second.out.contains("1 unchanged"), "{second:?}");
        assert_eq!(world.row_counts(), counts);
    }

    fn imported_places_come_into_the_circle_of_a_server_that_runs(world) {
        world_with_units(world);
        let server = world.serve();
        import(world, "places.csv", PLACES, &[]);
        wait_for("the pharmacy in the circle", || {
            server.names_around(31.2, 112.6).iter().any(|name| name == "幸福药店").then_some(())
        });
    }
}

#[test]
fn one_row_with_several_faults_names_all_of_them_at_once() {
    let world = World::sqlite();
    world_with_units(&world);
    let table = format!("{HEADER}x,店,farmacy,91,112.6,,never ever,,perhaps,,window,tomorrow\n");
    refused(
        &world,
        "places.csv",
        table,
        &[
            "line 2, column doors",
            "line 2, column kind",
            "line 2, column lat",
            "line 2, column opening_hours",
            "line 2, column stops",
            "line 2, column wheelchair",
        ],
    );
}

#[test]
fn a_phone_that_the_api_would_refuse_is_refused_in_a_file_too() {
    let world = World::sqlite();
    world_with_units(&world);
    let table = format!("{HEADER}x,店,pharmacy,31.2,112.6,,,ring at the door,,,,\n");
    refused(&world, "places.csv", table, &["line 2, column phone"]);
}

#[test]
fn a_fault_in_geojson_names_the_line_of_its_feature() {
    let world = World::sqlite();
    world_with_units(&world);
    let text = r#"{ "type": "FeatureCollection", "features": [
  { "type": "Feature", "geometry": { "type": "Point", "coordinates": [112.6, 31.2] },
    "properties": { "reference": "a", "name": "好", "kind": "pharmacy" } },
  { "type": "Feature", "geometry": { "type": "Point", "coordinates": [31.2, 112.6] },
    "properties": { "reference": "b", "name": "反", "kind": "pharmacy" } },
  { "type": "Feature", "geometry": { "type": "Point", "coordinates": [112.6, 31.2] },
    "properties": { "reference": "c", "name": "色", "kind": "pharmacy", "colour": "red" } },
  { "type": "Feature", "geometry": { "type": "Point", "coordinates": [112.6, 31.2] },
    "properties": { "reference": "d", "name": "店", "kind": "farmacy", "opening_hours": "whenever" } },
  { "type": "Feature", "geometry": { "type": "Point", "coordinates": [112.6] },
    "properties": { "reference": "e", "name": "店", "kind": "pharmacy" } }
] }"#;
    refused(
        &world,
        "places.geojson",
        text,
        &[
            "line 4, column lat: 112.6 is not between -90 and 90",
            "line 6, column colour",
            "line 8, column kind",
            "line 8, column opening_hours",
            "line 10, column geometry",
        ],
    );
}

#[test]
fn a_feature_that_is_no_point_is_refused_as_such() {
    let world = World::sqlite();
    world_with_units(&world);
    let text = r#"{ "type": "FeatureCollection", "features": [
  { "type": "Feature", "geometry": { "type": "Polygon", "coordinates": [[[1, 2], [3, 4], [5, 6], [1, 2]]] },
    "properties": { "reference": "a", "name": "甲", "kind": "pharmacy" } },
  { "type": "Feature", "geometry": null,
    "properties": { "reference": "b", "name": "乙", "kind": "pharmacy" } }
] }"#;
    refused(
        &world,
        "places.geojson",
        text,
        &["line 2, column geometry", "line 4, column geometry"],
    );
}

#[test]
fn what_is_no_collection_of_features_is_refused_with_its_line() {
    let world = World::sqlite();
    world_with_units(&world);
    refused(
        &world,
        "places.geojson",
        "{\n\"type\": \"FeatureCollection\",\n\"features\": [}",
        &["line 3"],
    );
    refused(
        &world,
        "places.geojson",
        r#"{"type": "Feature", "features": []}"#,
        &["line 1: is a Feature"],
    );
    refused(&world, "places.geojson", "", &["line 1"]);
    import(&world, "places.txt", "x", &[]).failed_with(&["places.txt", ".csv", ".geojson"]);
}
