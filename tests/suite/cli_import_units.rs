//! `onegrid import units`.

use crate::cli_world::{World, on_both, wait_for};

const HEADER: &str = "code,level,name,setting,parent_code,population,lat,lon\n";
const TREE: &str = "code,level,name,setting,parent_code,population,lat,lon\n\
    C,city,甲市,urban,,1000000,31.2,112.6\n\
    C1,county,乙县,rural,C,,,\n\
    C11,street,丙镇,rural,C1,200,31.3,112.7\n\
    C111,building,丁楼,rural,C11,,,\n";

fn import(world: &World, table: &str, more: &[&str]) -> crate::cli_world::Ran {
    let file = world.file("units.csv", table);
    let mut arguments = vec!["import", "units", file.to_str().expect("a plain path")];
    arguments.extend(more);
    world.run(&arguments)
}

/// That this table has exactly these faults and that nothing of it was taken.
#[track_caller]
fn refused(world: &World, table: &[u8], expected: &[&str]) {
    let before = world.row_counts();
    let file = world.file("refused.csv", table);
    let ran = world.run(&["import", "units", file.to_str().expect("a plain path")]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let faults = ran.faults();
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(expected), "{expected:?} in {faults:#?}");
    }
    assert!(ran.err.contains("nothing was taken"), "{ran:?}");
    assert_eq!(world.row_counts(), before);
}

#[test]
fn every_fault_of_a_units_file_is_named_by_line_and_column_and_nothing_is_taken() {
    for world in [World::sqlite(), World::postgres()] {
        import(&world, TREE, &[]);
        let with_faults = format!(
            "{HEADER}\
            D,county,好县,urban,C,,,\n\
            E,street,街,urban,NOWHERE,,,\n\
            F,street,上环,urban,G,,,\n\
            G,county,下环,urban,F,,,\n\
            H,city,高市,urban,D,,,\n\
            D,county,又一县,urban,C,,,\n\
            I,village,村,urban,C,,,\n\
            J,street,,suburban,C1,-5,91,x\n\
            ,street,无码,urban,C1,1.5,31.2,\n\
            K,street,自己,urban,K,,NaN,181\n"
        );
        refused(
            &world,
            with_faults.as_bytes(),
            &[
                "line 3, column parent_code: there is no unit NOWHERE",
                "line 4, column parent_code: F would be above itself",
                "line 5, column parent_code: G would be above itself",
                "line 6, column level: a city cannot be below the county D",
                "line 7, column code: D stands in the file twice",
                "line 8, column level: \"village\" is not a level",
                "line 9, column lat: 91 is not between -90 and 90",
                "line 9, column lon: \"x\" is not a number",
                "line 9, column name: is empty",
                "line 9, column population: is below 0",
                "line 9, column setting: \"suburban\" is not urban or rural",
                "line 10, column code: is empty",
                "line 10, column lon: is empty",
                "line 10, column population: \"1.5\" is not a whole number",
                "line 11, column lat: NaN is not between",
                "line 11, column lon: 181 is not between",
            ],
        );
    }
}

#[test]
fn a_header_that_lacks_or_invents_a_column_is_refused() {
    let world = World::sqlite();
    import(&world, TREE, &[]);
    refused(&world, b"code,level,name\nX,city,\xe7\x94\xb2\n", &["line 1"]);
    refused(
        &world,
        b"code,level,name,setting,colour\nX,city,A,urban,red\n",
        &["line 1: there is no column \"colour\""],
    );
    refused(&world, b"", &["line 1"]);
    refused(
        &world,
        b"code,code,level,name,setting\nX,X,city,A,urban\n",
        &["line 1: the column code stands twice"],
    );
}

#[test]
fn a_cell_that_is_not_utf8_is_named_by_line_and_column() {
    let world = World::sqlite();
    import(&world, TREE, &[]);
    refused(
        &world,
        b"code,level,name,setting\nX,city,A,urban\nY,city,\xbc\xd7,urban\n",
        &["line 3, column name: is not UTF-8"],
    );
}

#[test]
fn a_byte_order_mark_and_quoted_line_ends_are_read_and_lines_still_counted() {
    let world = World::sqlite();
    let table = "\u{feff}code,level,name,setting,parent_code\n\
        X,city,\"第一行\n第二行\",urban,\n\
        Y,county,乙,urbn,X\n";
    refused(
        world_with_tables(&world),
        table.as_bytes(),
        &["line 4, column setting: \"urbn\""],
    );
    let ran = import(&world, &table.replace("urbn", "urban"), &[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(
        world.sql().texts("SELECT name AS value FROM unit WHERE code = 'X'"),
        ["第一行 第二行"]
    );
}

fn world_with_tables(world: &World) -> &World {
    world.do_run(&["migrate"]);
    world
}

#[test]
fn lines_are_counted_right_with_windows_line_ends_and_blank_lines() {
    let world = World::sqlite();
    world_with_tables(&world);
    refused(
        &world,
        b"code,level,name,setting,parent_code\r\nX,city,A,urban,\r\nY,county,B,urbn,X\r\nZ,county,C,urbn,X\r\n",
        &["line 3, column setting", "line 4, column setting"],
    );
    refused(
        &world,
        b"code,level,name,setting,parent_code\nX,city,A,urban,\n\n\nY,county,B,urbn,X\n",
        &["line 5, column setting"],
    );
}

on_both! {
    fn the_same_units_twice_change_nothing_and_ring_nobody(world) {
        let first = import(world, TREE, &[]);
        assert_eq!(first.code, Some(0), "{first:?}");
        assert!(first.out.contains("4 added, 0 changed, 0 unchanged, 0 faults"), "{first:?}");
        let after_first = world.row_counts();
        assert_eq!(after_first["changes"], 1, "one number a transaction");
        assert_eq!((after_first["unit"], after_first["search_entry"]), (4, 4));
        let versions = "SELECT updated_at AS value FROM unit ORDER BY code";
        let updated_at = world.sql().numbers(versions);

        let second = import(world, TREE, &[]);
        assert!(second.out.contains("0 added, 0 changed, 4 unchanged, 0 faults"), "{second:?}");
        assert_eq!(world.row_counts(), after_first);
        assert_eq!(world.sql().numbers(versions), updated_at);

        let renamed = import(world, &TREE.replace("丙镇", "新镇"), &[]);
        assert!(renamed.out.contains("0 added, 1 changed, 3 unchanged"), "{renamed:?}");
        assert_eq!(world.row_counts()["changes"], 2);
    }

    fn keep_going_takes_the_rest_but_no_row_whose_parent_fell(world) {
        let table = format!(
            "{HEADER}\
            C,city,甲市,urban,,,,\n\
            C1,county,乙县,urban,C,,,\n\
            BAD,county,坏县,urban,NOWHERE,,,\n\
            BAD1,street,坏街,urban,BAD,,,\n\
            BAD11,building,坏楼,urban,BAD1,,,\n"
        );
        let ran = import(world, &table, &["--keep-going"]);
        assert_eq!(ran.code, Some(1), "faults are told by the exit code too: {ran:?}");
        let faults = ran.faults();
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults.iter().zip(4..).all(|(fault, line)| {
            fault.starts_with(&format!("line {line}, column parent_code"))
        }), "{faults:?}");
        assert!(ran.out.contains("2 added"), "{ran:?}");
        let codes = world.sql().texts("SELECT code AS value FROM unit ORDER BY code");
        assert_eq!(codes, ["C", "C1"]);
    }

    fn a_level_that_would_not_fit_what_hangs_below_in_the_database_is_refused(world) {
        import(world, TREE, &[]);
        let lowered = format!("{HEADER}C11,building,丙镇,rural,C1,200,31.3,112.7\n");
        refused(world, lowered.as_bytes(), &["line 2, column level: the building C111 is below it"]);
        let moved_under_its_child = format!("{HEADER}C1,county,乙县,rural,C11,,,\n");
        refused(world, moved_under_its_child.as_bytes(), &["line 2, column parent_code: C1 would be above itself"]);
        // Lowered together with what hangs on it, it fits.
        let both = format!("{HEADER}C11,grid,丙镇,rural,C1,200,31.3,112.7\nC111,building,丁楼,rural,C11,,,\n");
        let ran = import(world, &both, &[]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }

    fn a_server_that_runs_shows_what_was_imported_beside_it(world) {
        let server = world.serve();
        let ran = import(world, TREE, &[]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        wait_for("the units in the server's tree", || {
            let answer = server.get("/v1/units?q=%E4%B8%99%E9%95%87");
            let items = answer.json["items"].as_array()?.clone();
            (items.len() == 1 && items[0]["code"] == "C11").then_some(())
        });
    }
}

#[test]
fn a_file_that_is_not_there_is_said_so() {
    let world = World::sqlite();
    world
        .run(&["import", "units", "nowhere.csv"])
        .failed_with(&["nowhere.csv", "No such file"]);
    assert!(!world.path("onegrid.db").exists(), "nothing was begun");
}
