//! What the operator does on the server itself, beside servers that run.

use crate::harness::people::phone;
use crate::harness::{World, both_databases, unit_id, until};

const GRID: &str = "429901001001001";

both_databases! {
    fn a_role_that_the_command_line_ends_is_over_on_every_server_with_or_without_redis(world: &World) {
        world.import_units();
        let servers = [world.serve(), world.serve_with(&[("REDIS_URL", "")])];
        let path = format!("/v1/units/{}/members", unit_id(&servers[0].anonymous(), GRID));
        let leader = servers[0].holding(1, "grid_leader", GRID);
        let token = crate::harness::roles::issue(servers[1].program(), 1, None);
        let elsewhere = crate::harness::people::bearing(&servers[1], &token);
        until("the other server knows", || (elsewhere.get(&path).status == 200).then_some(()));
        let phone = phone(1);
        let role = ["--phone", &phone, "--role", "grid_leader", "--unit", GRID];
        let ended = world.run(&[&["roles", "end"][..], &role, &["--reason", "调任"]].concat());
        assert_eq!(ended.succeeded().out, "ended\n");
        for client in [&leader, &elsewhere] {
            until("the role is over while the token lives", || (client.get(&path).status == 404).then_some(()));
            client.get("/v1/me").with_status(200);
        }
        let again = world.run(&[&["roles", "end"][..], &role].concat());
        assert_eq!(again.code, Some(1), "{again:?}");

        assert_eq!(world.run(&[&["roles", "grant"][..], &role].concat()).succeeded().out, "granted\n");
        assert_eq!(world.run(&[&["roles", "grant"][..], &role].concat()).succeeded().out, "was granted already\n");
        for client in [&leader, &elsewhere] {
            until("the role is there again", || (client.get(&path).status == 200).then_some(()));
        }
        let listed = world.run(&["roles", "list", "--unit", "4299", "--below"]);
        let line = listed.succeeded().out.lines().find(|line| line.starts_with(GRID)).map(str::to_owned);
        let line = line.expect("the leader is listed");
        assert!(line.contains("grid_leader") && line.contains("199****0001"), "{line}");
        assert!(!listed.out.contains(&phone), "no whole number is printed");
        // Each step stands in the audit, which those above read.
        let audit = servers[0].staff().get(&format!("/v1/units/{}/audit", unit_id(&leader, GRID))).ok();
        let acts: Vec<&str> = audit["items"].as_array().expect("entries").iter().map(|entry| entry["act"].as_str().expect("an act")).collect();
        assert_eq!(acts, ["role_granted", "role_ended", "token_issued", "role_granted"]);
        assert!(audit["items"].as_array().expect("entries").iter().all(|entry| entry["actor"] == "operator"));
        assert_eq!(audit["items"][1]["reason"], "调任");
    }

    fn the_command_line_says_what_is_wrong(world: &World) {
        world.import_units();
        let failed = |arguments: &[&str], words: &str| {
            let ran = world.run(arguments);
            assert_eq!(ran.code, Some(1), "{ran:?}");
            assert!(ran.err.contains(words), "{words}: {ran:?}");
            assert!(!ran.err.contains("1990000"), "{ran:?}");
        };
        let phone = phone(1);
        failed(&["token", "issue", "--phone", "12"], "--phone");
        failed(&["token", "issue", "--phone", &phone, "--role", "mayor", "--unit", GRID], "there is no role mayor");
        failed(&["token", "issue", "--phone", &phone, "--role", "grid_leader", "--unit", "nowhere"], "there is no unit nowhere");
        failed(&["roles", "grant", "--phone", &phone, "--role", "city_staff", "--unit", GRID], "a city_staff is held at a city");
        failed(&["roles", "grant", "--phone", &phone, "--role", "expert", "--unit", GRID], "no role at a unit");
        let over = ["--phone", &phone, "--role", "resident", "--unit", "429901001001001A1", "--from", "2020-01-01", "--to", "2021-01-01"];
        failed(&[&["roles", "grant"][..], &over].concat(), "--to is over already");
        failed(&["roles", "list", "--unit", "nowhere"], "there is no unit nowhere");
        assert_eq!(world.run(&["roles", "list", "--unit", "4299", "--below"]).succeeded().out, "");
    }

    fn many_people_imported_at_once_have_their_roles_on_a_running_server(world: &World) {
        world.import_units();
        let server = world.serve();
        let rows: Vec<String> = (1..=600).map(|number| format!("{},grid_leader,{GRID}", phone(number))).collect();
        let file = world.file("many.csv", &format!("phone,role,unit_code\n{}\n", rows.join("\n")));
        assert_eq!(world.run(&["import", "people", &file]).succeeded().out, "600 added, 0 changed, 0 unchanged, 0 faults\n");
        let path = format!("/v1/units/{}/members?limit=500", unit_id(&server.anonymous(), GRID));
        for number in [1, 300, 600] {
            let token = crate::harness::roles::issue(server.program(), number, None);
            let leader = crate::harness::people::bearing(&server, &token);
            until("the role is known", || (leader.get(&path).status == 200).then_some(()));
        }
        // Nobody's name is in the log that all follow: they were told to read the roles anew.
        let noted = crate::cli_world::Sql::connect(world.database_url()).texts("SELECT items AS value FROM changes ORDER BY number DESC LIMIT 1");
        assert!(!noted[0].contains("\"key\""), "{noted:?}");
    }

    fn people_are_imported_once_and_a_fault_names_its_line_and_no_number(world: &World) {
        world.import_units();
        let (one, two) = (phone(1), phone(2));
        let table = format!(
            "phone,name,role,unit_code,to\n{one},张三,resident,429901001001001A1,\n{one},,building_head,429901001001001A1,2199-12-31\n{two},李四,grid_leader,{GRID},\n"
        );
        let file = world.file("people.csv", &table);
        assert_eq!(world.run(&["import", "people", &file]).succeeded().out, "3 added, 0 changed, 0 unchanged, 0 faults\n");
        assert_eq!(world.run(&["import", "people", &file]).succeeded().out, "0 added, 0 changed, 3 unchanged, 0 faults\n");
        let listed = world.run(&["roles", "list", "--unit", "4299", "--below"]);
        assert_eq!(listed.succeeded().out.lines().count(), 3);
        assert!(listed.out.contains("张三"));

        let two_homes = format!("phone,role,unit_code\n{two},resident,429901001001001A1\n{two},resident,429901001001001A2\n");
        let ran = world.run(&["import", "people", &world.file("two.csv", &two_homes)]);
        ran.failed_with(&["line 3, column unit_code: is a second home of the person of line 2"]);

        let wrong = format!(
            "phone,role,unit_code,from,to\n{one}0,resident,429901001001001A1,,\n{two},resident,4299,,\n{two},mayor,nowhere,2026-02-02,2026-01-01\n"
        );
        let file = world.file("wrong.csv", &wrong);
        let ran = world.run(&["import", "people", &file]);
        assert_eq!(ran.code, Some(1));
        for words in ["line 2, column phone: is not a phone number", "line 3, column role: a resident is not held at a city",
            "line 4, column role: is not a role", "line 4, column unit_code: there is no unit nowhere", "line 4, column to: is before from"] {
            assert!(ran.err.contains(words), "{words}: {ran:?}");
        }
        assert!(!ran.err.contains(&one), "{ran:?}");
        assert_eq!(world.run(&["roles", "list", "--unit", "4299", "--below"]).succeeded().out.lines().count(), 3);
    }
}
