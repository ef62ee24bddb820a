//! What the tables refuse, and what their texts may hold.

use std::collections::BTreeSet;

use crate::cli_world::{World, a_place, on_both};

/// The tables whose rows are never changed nor removed.
const APPEND_ONLY: [&str; 1] = ["place_history"];

/// Every column that holds text or bytes, and whether it can name a person. One
/// that is new belongs here, and one that names a person needs an owner for
/// export and erasure first.
const TEXTS: &[(&str, bool)] = &[
    ("audit_entry.act", false),
    // Ids stay, whoever they name is erased elsewhere.
    ("audit_entry.actor", false),
    ("audit_entry.body_id", false),
    ("audit_entry.body_kind", false),
    ("audit_entry.id", false),
    ("audit_entry.person_id", false),
    ("audit_entry.role", false),
    ("audit_entry.unit_id", false),
    ("audit_reason.audit_id", false),
    // What somebody wrote: owned by grid, apart from the entry so that it can be blanked.
    ("audit_reason.reason", true),
    ("booking.agreement_id", false),
    ("booking.asked_id", false),
    ("booking.id", false),
    // Ids: `A for B`.
    ("booking.made_by", false),
    ("booking.objection", false),
    ("booking.party_id", false),
    ("booking.person_id", false),
    ("booking.replaces_id", false),
    ("booking.resource_id", false),
    ("booking.rules_id", false),
    ("booking.rules_version_id", false),
    ("booking.share_id", false),
    ("booking.state", false),
    // What somebody wrote: owned by booking.
    ("booking_reason.booking_id", false),
    ("booking_reason.reason", true),
    ("booking_rules.id", false),
    ("booking_rules.name", false),
    ("booking_rules.unit_id", false),
    ("booking_rules_version.actor", false),
    ("booking_rules_version.id", false),
    ("booking_rules_version.rules_id", false),
    ("booking_rules_version.terms", false),
    ("booking_step.act", false),
    ("booking_step.actor", false),
    ("booking_step.booking_id", false),
    ("booking_step.resource_id", false),
    ("booking_step.state", false),
    ("booking_try.subject", false),
    ("calendar_feed.hash", false),
    ("calendar_feed.id", false),
    ("calendar_feed.person_id", false),
    ("calendar_feed.resource_id", false),
    ("changes.items", false),
    ("channel.body", false),
    ("channel.id", false),
    ("channel.kind", false),
    ("channel_reading.channel_id", false),
    ("channel_reading.person_id", true),
    ("consent.id", false),
    ("consent.matter", false),
    ("consent.person_id", false),
    ("delegation.agent_id", false),
    ("delegation.countersigned_by", false),
    ("delegation.id", false),
    ("delegation.principal_id", false),
    ("delegation.proposed_by", false),
    ("delegation.scopes", false),
    ("delegation.unit_id", false),
    ("delegation.way", false),
    ("department.id", false),
    ("department.name", false),
    ("department.name_en", false),
    ("department.unit_id", false),
    ("deputed_act.agent_id", false),
    ("deputed_act.by_id", false),
    ("deputed_act.by_kind", false),
    ("deputed_act.id", false),
    ("deputed_act.principal_id", false),
    ("deputed_act.subject_id", false),
    ("deputed_act.what", false),
    ("desk_session.id", false),
    ("desk_session.person_id", false),
    ("desk_session.staff_id", false),
    ("desk_session.unit_id", false),
    // The public number or window of an office, never of a person.
    ("duty.contact", false),
    ("duty.deadline_in", false),
    ("duty.department_id", false),
    ("duty.id", false),
    ("duty.item", false),
    ("duty.legal_basis", false),
    // Ids, kinds and the names of units: what an inbox says, read by its owner alone.
    ("entry.id", false),
    ("entry.kind", false),
    ("entry.payload", false),
    ("entry.stream_id", false),
    ("erasure.id", false),
    ("erasure.person_id", false),
    ("estate.id", false),
    ("estate.name", false),
    ("estate.unit_id", false),
    ("estate_building.building_id", false),
    ("estate_building.estate_id", false),
    ("export.file_id", false),
    ("export.id", false),
    ("export.person_id", false),
    ("file.id", false),
    ("file.kind", false),
    ("file.media", false),
    // What its person called it, sealed with their key: owned by files.
    ("file.name", true),
    ("file.person_id", false),
    ("file_reference.file_id", false),
    ("file_reference.kind", false),
    ("file_reference.owner", false),
    ("household.id", false),
    // A keyed hash of a code, good for a day.
    ("household.invitation", false),
    ("household.unit_id", false),
    ("household_member.household_id", false),
    ("household_member.id", false),
    ("household_member.person_id", false),
    // Where an answer shows a person, the id of what was made.
    ("idempotency.body", false),
    ("idempotency.caller", false),
    ("idempotency.headers", false),
    ("idempotency.key", false),
    ("idempotency.request_hash", false),
    ("idempotency.route", false),
    ("inbox.person_id", false),
    // In words of the program's own, that name nobody.
    ("job.failure", false),
    ("job.id", false),
    ("job.key", false),
    ("job.kind", false),
    ("job.lease", false),
    // Ids only, by the rule of jobs.
    ("job.payload", false),
    // A keyed hash of the look-up key itself.
    ("key_mark.mark", false),
    ("key_mark.name", false),
    ("membership.body_id", false),
    ("membership.body_kind", false),
    ("membership.ended_by", false),
    ("membership.granted_by", false),
    ("membership.id", false),
    ("membership.person_id", false),
    // What somebody wrote: owned by grid.
    ("membership.reason", true),
    ("membership.role", false),
    ("membership.state", false),
    // What an office is called: 书记.
    ("membership.title", false),
    ("message.author", true),
    ("message.channel_id", false),
    ("message.client_id", true),
    // Of what was said, by a key.
    ("message.digest", true),
    ("message.id", false),
    ("message.text", true),
    ("organisation.estate_id", false),
    ("organisation.id", false),
    ("organisation.kind", false),
    ("organisation.name", false),
    ("organisation.name_en", false),
    ("organisation.unit_id", false),
    ("person.id", false),
    ("person.language", false),
    // Sealed with the person's key, or a keyed hash of it: owned by identity.
    ("person.birth_year", true),
    ("person.card", true),
    ("person.card_hash", true),
    ("person.name", true),
    ("person.phone", true),
    ("person.phone_hash", true),
    ("person.wechat", true),
    ("person.wechat_hash", true),
    ("person_key.bytes", false),
    ("person_key.master", false),
    ("person_key.person_id", false),
    ("place.category", false),
    ("place.id", false),
    ("place.kind", false),
    ("place.name", false),
    ("place.name_en", false),
    ("place.opening_hours", false),
    // The public number of a service, never of a person.
    ("place.phone", false),
    ("place.reference", false),
    ("place.source", false),
    ("place.status", false),
    ("place.unit_id", false),
    ("place.wheelchair", false),
    ("place_door.kind", false),
    // What is written at a door: 东门.
    ("place_door.name", false),
    ("place_door.place_id", false),
    // The id of a person, or `import`.
    ("place_history.actor", false),
    ("place_history.from_state", false),
    ("place_history.id", false),
    ("place_history.place_id", false),
    ("place_history.to_state", false),
    ("place_stop.opening_hours", false),
    ("place_stop.place_id", false),
    ("refresh_token.hash", false),
    ("refresh_token.session_id", false),
    ("resource.department_id", false),
    ("resource.id", false),
    ("resource.kind", false),
    ("resource.name", false),
    ("resource.name_en", false),
    ("resource.open_to", false),
    ("resource.opening_hours", false),
    ("resource.part_of", false),
    ("resource.place_id", false),
    ("resource.root_id", false),
    ("resource.rules_id", false),
    ("resource.rules_version_id", false),
    ("resource.status", false),
    ("resource.unit_id", false),
    ("resource_closure.actor", false),
    ("resource_closure.hours", false),
    ("resource_closure.id", false),
    // For everybody to read: what is closed, never who.
    ("resource_closure.reason", false),
    ("resource_closure.resource_id", false),
    ("resource_day.cells", false),
    ("resource_day.resource_id", false),
    ("reveal.asked_by", false),
    ("reveal.decided_by", false),
    ("reveal.id", false),
    // What one of the staff wrote: owned by grid.
    ("reveal.reason", true),
    ("reveal.state", false),
    ("reveal.unit_id", false),
    ("reveal_member.membership_id", false),
    ("reveal_member.reveal_id", false),
    ("search_entry.subject", false),
    ("search_entry.subject_id", false),
    ("search_entry.tokens", false),
    // What the app calls the device, sealed with the person's key: owned by identity.
    ("session.device", true),
    ("session.ended_by", false),
    ("session.id", false),
    ("session.method", false),
    ("session.person_id", false),
    ("sharing_agreement.actor", false),
    ("sharing_agreement.hours", false),
    ("sharing_agreement.id", false),
    ("sharing_agreement.mode", false),
    ("sharing_agreement.name", false),
    ("sharing_agreement.resource_id", false),
    ("sharing_party.agreement_id", false),
    ("sharing_party.duties", false),
    ("sharing_party.name", false),
    ("sharing_party.unit_id", false),
    ("sign_in_code.code_hash", false),
    // Gone within minutes.
    ("sign_in_code.phone_hash", true),
    ("stream.entry_id", false),
    ("stream.id", false),
    ("stream.kind", false),
    ("stream.owner", false),
    ("tally.day", false),
    // Keyed hashes of phones, devices and addresses, gone the next day.
    ("tally.subject", true),
    ("tally.what", false),
    ("waiting.booking_id", false),
    ("waiting.id", false),
    ("waiting.person_id", false),
    ("waiting.resource_id", false),
    ("waiting.state", false),
    ("withheld_share.actor", false),
    ("withheld_share.holder", false),
    ("withheld_share.hours", false),
    ("withheld_share.id", false),
    ("withheld_share.reason", false),
    ("withheld_share.resource_id", false),
    ("withheld_share.unit_id", false),
    ("unit.code", false),
    ("unit.id", false),
    ("unit.level", false),
    ("unit.merged_into", false),
    ("unit.name", false),
    ("unit.name_en", false),
    ("unit.parent_id", false),
    ("unit.setting", false),
    ("unit_history.actor", false),
    ("unit_history.code", false),
    ("unit_history.id", false),
    ("unit_history.level", false),
    ("unit_history.name", false),
    ("unit_history.name_en", false),
    ("unit_history.parent_id", false),
    ("unit_history.unit_id", false),
    ("unit_door.kind", false),
    ("unit_door.name", false),
    ("unit_door.unit_id", false),
];

#[test]
fn every_column_with_text_or_bytes_says_whether_it_names_a_person() {
    let world = World::postgres();
    world.do_run(&["migrate"]);
    let found: BTreeSet<String> = world
        .sql()
        .texts(
            "SELECT table_name || '.' || column_name AS value FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' \
             AND data_type IN ('text', 'bytea', 'character varying', 'character', 'json', 'jsonb', 'xml')",
        )
        .into_iter()
        .collect();
    let known: BTreeSet<String> = TEXTS.iter().map(|(column, _)| (*column).to_owned()).collect();
    assert_eq!(
        found.difference(&known).collect::<Vec<_>>(),
        [""; 0],
        "new columns: list them, and say what they hold"
    );
    assert_eq!(
        known.difference(&found).collect::<Vec<_>>(),
        [""; 0],
        "columns that are gone"
    );
    let holdings = onegrid::server::holdings();
    let claimed: BTreeSet<&str> = holdings
        .iter()
        .flat_map(|holding| holding.columns.iter().copied())
        .collect();
    // Whatever names a person, be it by an id.
    const BY_ID: [&str; 15] = [
        "made_by",
        "person_id",
        "principal_id",
        "agent_id",
        "staff_id",
        "proposed_by",
        "countersigned_by",
        "asked_by",
        "decided_by",
        "actor",
        "owner",
        "caller",
        "granted_by",
        "ended_by",
        "payload",
    ];
    for (column, names_a_person) in TEXTS {
        let name = column.split_once('.').map_or(*column, |(_, name)| name);
        // Why a session ended, not who ended it.
        let by_id = BY_ID.contains(&name) && *column != "session.ended_by";
        if *names_a_person || by_id {
            assert!(
                claimed.contains(column),
                "{column} names a person and no room claims it"
            );
        }
    }
    for column in claimed {
        assert!(known.contains(column), "{column} is claimed and is no column");
    }
}

/// No label, no score, no creed and no descent of anybody is kept, under no name.
#[test]
fn no_column_judges_people_or_tells_their_creed_or_descent() {
    const NEVER: [&str; 14] = [
        "label",
        "tag",
        "score",
        "rating",
        "credit",
        "grade",
        "religio",
        "belief",
        "faith",
        "ethnic",
        "nationality",
        "race",
        "risk",
        "suspect",
    ];
    let world = World::postgres();
    world.do_run(&["migrate"]);
    let columns = world.sql().texts(
        "SELECT table_name || '.' || column_name AS value FROM information_schema.columns WHERE table_schema = 'public'",
    );
    assert!(columns.len() > 100);
    for column in columns {
        let words: Vec<&str> = column.split(['.', '_']).collect();
        let found = NEVER
            .iter()
            .find(|never| words.iter().any(|word| word.starts_with(**never)));
        assert_eq!(found, None, "{column}");
    }
}

on_both! {
    fn an_append_only_table_refuses_every_way_to_change_or_remove_a_row(world) {
        let server = world.serve();
        server.create(&a_place("店", 31.2, 112.6));
        drop(server);
        let mut sql = world.sql();
        for table in APPEND_ONLY {
            assert_eq!(sql.count(table), 1);
            let mut ways = vec![
                format!("UPDATE {table} SET actor = 'nobody'"),
                format!("UPDATE {table} SET version = version"),
                format!("DELETE FROM {table}"),
                format!("DELETE FROM {table} WHERE version = 1"),
            ];
            if world.is_sqlite() {
                ways.push(format!("INSERT OR REPLACE INTO {table} SELECT * FROM {table}"));
                ways.push(format!("REPLACE INTO {table} SELECT * FROM {table}"));
                ways.push(format!("UPDATE OR REPLACE {table} SET actor = 'nobody'"));
            } else {
                ways.push(format!("TRUNCATE {table}"));
                let all = "place, place_door, place_stop, resource, resource_closure, resource_day, sharing_agreement, sharing_party, withheld_share, booking, calendar_feed, waiting";
                ways.push(format!("TRUNCATE {table}, {all}"));
                ways.push("TRUNCATE place CASCADE".to_owned());
                ways.push(format!(
                    "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET actor = 'nobody'"
                ));
            }
            for way in ways {
                let why = sql.try_execute(&way).expect_err(&way).to_string();
                assert!(why.contains("append-only") || why.contains("never removed"), "{way}: {why}");
            }
            assert_eq!(sql.count(table), 1);
        }
    }

    fn the_audit_is_append_only_and_a_membership_is_closed_and_never_removed(world) {
        let server = world.serve();
        server.create(&a_place("店", 31.2, 112.6));
        drop(server);
        let mut sql = world.sql();
        let mut ways = vec![
            "UPDATE audit_entry SET actor = 'nobody'",
            "UPDATE audit_entry SET at = at",
            "DELETE FROM audit_entry",
            "DELETE FROM membership",
            "DELETE FROM membership WHERE state = 'active'",
        ];
        if world.is_sqlite() {
            ways.push("INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry");
            ways.push("INSERT OR REPLACE INTO membership SELECT * FROM membership");
        } else {
            ways.push("TRUNCATE audit_entry, audit_reason");
            ways.push("TRUNCATE audit_entry CASCADE");
            ways.push("TRUNCATE membership CASCADE");
            ways.push("TRUNCATE person CASCADE");
        }
        let before = (sql.count("audit_entry"), sql.count("membership"));
        assert!(before.0 > 0 && before.1 > 0);
        for way in ways {
            let why = sql.try_execute(way).expect_err(way).to_string();
            assert!(why.contains("append-only") || why.contains("never removed"), "{way}: {why}");
        }
        assert_eq!((sql.count("audit_entry"), sql.count("membership")), before);
    }

    fn what_units_were_is_append_only(world) {
        let import = |name: &str| {
            let file = world.file("units.csv", format!("code,level,name,setting\nC,city,{name},urban\n"));
            world.do_run(&["import", "units", file.to_str().expect("a plain path")]);
        };
        import("甲市");
        import("乙市");
        let mut sql = world.sql();
        assert_eq!(sql.texts("SELECT name AS value FROM unit_history"), ["甲市"]);
        let mut ways = vec!["UPDATE unit_history SET name = '丙市'", "DELETE FROM unit_history"];
        ways.push(match world.is_sqlite() {
            true => "INSERT OR REPLACE INTO unit_history SELECT * FROM unit_history",
            false => "TRUNCATE unit_history",
        });
        for way in ways {
            let why = sql.try_execute(way).expect_err(way).to_string();
            assert!(why.contains("append-only"), "{way}: {why}");
        }
        assert_eq!(sql.count("unit_history"), 1);
    }

    fn a_place_with_history_cannot_be_removed_under_it(world) {
        let server = world.serve();
        server.create(&a_place("店", 31.2, 112.6));
        drop(server);
        let mut sql = world.sql();
        sql.try_execute("DELETE FROM place").expect_err("its history hangs on it");
        assert_eq!(sql.count("place"), 1);
    }

    fn the_tables_refuse_what_the_rules_forbid(world) {
        world.do_run(&["migrate"]);
        let mut sql = world.sql();
        let id = if world.is_sqlite() { "x'01'" } else { "'\\x01'" };
        let unit = |level: &str, setting: &str| {
            format!("INSERT INTO unit (id, level, code, name, setting, updated_at) VALUES ({id}, '{level}', 'A', '甲', '{setting}', 0)")
        };
        sql.try_execute(&unit("village", "urban")).expect_err("no such level");
        sql.try_execute(&unit("city", "suburban")).expect_err("no such setting");
        sql.try_execute("INSERT INTO change_head (one, number) VALUES (2, 0)").expect_err("there is one head");
        sql.try_execute(&format!(
            "INSERT INTO place_door (place_id, number, kind, lat, lon) VALUES ({id}, 0, 'main', 0, 0)"
        ))
        .expect_err("a door without a place");
        sql.execute(&unit("city", "urban"));
    }
}
