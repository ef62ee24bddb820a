//! The master key takes the place of another; wrong keys stop a start.

use crate::cli_world::Sql;
use crate::harness::people::{MASTER_KEY, Messages, phone};
use crate::harness::{Server, World, both_databases};

const NEW_MASTER: &str = "9a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071829";
const THIRD: &str = "18293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f607";

both_databases! {
    fn the_master_key_is_rotated_beside_running_servers(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let mei = messages.sign_in(&server, &phone(600));
        mei.on(&server).with("if-match", "*").send("PATCH", "/v1/me", Some(r#"{"name":"王梅"}"#)).with_status(200);
        drop(server);
        let both = [("ONEGRID_MASTER_KEY", NEW_MASTER), ("ONEGRID_MASTER_KEY_PREVIOUS", MASTER_KEY)];
        let server = messages.serve_with(world, &both);
        let li = messages.sign_in(&server, &phone(601));
        let named = |server: &Server| mei.on(server).get("/v1/me").ok()["name"].clone();
        assert_eq!(named(&server), "王梅");
        let masters = || Sql::connect(world.database_url()).texts("SELECT DISTINCT master AS value FROM person_key");
        assert_eq!(masters().len(), 2, "new people are under the new key");
        let ran = world.run_with(&["keys", "rotate"], &both);
        ran.succeeded();
        assert!(ran.out.contains("the keys of 1 people"), "{ran:?}");
        assert_eq!(masters().len(), 1);
        assert_eq!(named(&server), "王梅");
        drop(server);
        let server = messages.serve_with(world, &[("ONEGRID_MASTER_KEY", NEW_MASTER)]);
        assert_eq!(named(&server), "王梅");
        assert_eq!(li.on(&server).get("/v1/me").ok()["phone"], "199****0601");
        let again = world.run_with(&["keys", "rotate"], &[("ONEGRID_MASTER_KEY", NEW_MASTER)]);
        assert!(again.succeeded().out.contains("the keys of 0 people"), "{again:?}");
        for secret in [MASTER_KEY, NEW_MASTER] {
            assert!(!format!("{ran:?}{}", server.log().join("")).contains(secret));
        }
    }

    fn a_start_with_other_keys_than_those_of_the_database_is_refused(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        messages.sign_in(&server, &phone(610));
        drop(server);
        for (settings, words) in [
            ([("ONEGRID_MASTER_KEY", NEW_MASTER), ("ONEGRID_MASTER_KEY_PREVIOUS", "")], "ONEGRID_MASTER_KEY is not the key"),
            ([("ONEGRID_MASTER_KEY", NEW_MASTER), ("ONEGRID_MASTER_KEY_PREVIOUS", THIRD)], "ONEGRID_MASTER_KEY is not the key"),
            ([("ONEGRID_LOOKUP_KEY", THIRD), ("ONEGRID_MASTER_KEY_PREVIOUS", "")], "ONEGRID_LOOKUP_KEY is not the key"),
        ] {
            let number = phone(611);
            let granting = ["roles", "grant", "--phone", &number, "--role", "grid_leader", "--unit", "4299"];
            let issuing = ["token", "issue", "--phone", &number];
            for command in [&["serve"][..], &["keys", "rotate"], &granting, &issuing, &["roles", "list", "--unit", "4299"]] {
                let ran = world.run_with(command, &settings);
                assert_ne!(ran.code, Some(0), "{settings:?}");
                assert!(ran.err.contains(words), "{ran:?}");
                assert!(!ran.err.contains(NEW_MASTER) && !ran.err.contains(THIRD), "{ran:?}");
            }
        }
        assert_eq!(Sql::connect(world.database_url()).count("person"), 1, "nobody was made whom the service could not read");
    }

    fn what_is_sealed_opens_for_its_own_person_and_column_only(world: &World) {
        let messages = Messages::start();
        let server = messages.serve(world);
        let mei = messages.sign_in(&server, &phone(620));
        let li = messages.sign_in(&server, &phone(621));
        let mut sql = Sql::connect(world.database_url());
        // Somebody with the database in hand puts one's fields under the other's name, to
        // read them as that one.
        sql.execute(
            "UPDATE person SET phone = (SELECT phone FROM person p WHERE p.phone_hash <> person.phone_hash) \
             WHERE phone_hash = (SELECT phone_hash FROM person ORDER BY phone_hash LIMIT 1)",
        );
        let mut statuses = [&mei, &li].map(|holder| holder.on(&server).get("/v1/me").status);
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 500]);
        assert!(!server.log().concat().contains("****"), "nor is any of it logged");
    }
}

#[test]
fn with_postgres_missing_keys_stop_the_start_and_with_sqlite_they_are_made() {
    let world = World::postgres();
    for name in ["ONEGRID_MASTER_KEY", "ONEGRID_LOOKUP_KEY", "ONEGRID_JWT_KEYS"] {
        let ran = world.run_with(&["serve"], &[(name, "")]);
        assert_ne!(ran.code, Some(0), "{name}");
        assert!(
            ran.err.contains(&format!("{name} takes 64 hexadecimal digits")),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("bin/secrets"), "{}", ran.err);
    }
    let world = World::sqlite();
    let messages = Messages::start();
    let without = [
        ("ONEGRID_MASTER_KEY", ""),
        ("ONEGRID_LOOKUP_KEY", ""),
        ("ONEGRID_JWT_KEYS", ""),
    ];
    let server = messages.serve_with(&world, &without);
    let mei = messages.sign_in(&server, &phone(630));
    drop(server);
    let server = messages.serve_with(&world, &without);
    assert_eq!(
        mei.on(&server).get("/v1/me").ok()["phone"],
        "199****0630",
        "the token and the sealed phone are still good"
    );
    let kept = std::fs::read_to_string(world.path("onegrid.secrets.toml")).expect("beside the database");
    for name in ["master_key", "lookup_key", "jwt_key"] {
        assert!(kept.contains(&format!("{name} = ")), "{name}");
    }
    // Without the file nobody could be read again, so no other is made in its place.
    drop(server);
    std::fs::remove_file(world.path("onegrid.secrets.toml")).expect("it is there");
    for command in [
        &["serve"][..],
        &["roles", "list", "--unit", "4299"],
        &["keys", "rotate"],
    ] {
        let ran = world.run_with(command, &without);
        assert_ne!(ran.code, Some(0), "{command:?}");
        assert!(
            ran.err.contains("was begun with keys that do not stand here"),
            "{ran:?}"
        );
    }
    assert!(!world.path("onegrid.secrets.toml").exists());
}
