use super::*;

fn kind(tags: &[(&str, &str)]) -> Option<&'static str> {
    Kinds::table().match_osm(&tags_of(tags)).map(|kind| kind.code.as_str())
}

fn tags_of(tags: &[(&str, &str)]) -> Tags {
    Tags(tags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
}

#[test]
fn the_table_of_the_program_is_valid_and_names_the_ten_characters() {
    let table = Kinds::parse(include_str!("../../../../data/osm-categories.toml")).unwrap();
    let zh: String = Category::ALL.into_iter().map(Category::zh).collect();
    assert_eq!(zh, "党政居医养教文体娱商");
    for category in Category::ALL {
        assert_eq!(Category::from_code(category.code()), Some(category));
        let json = serde_json::to_string(&category).unwrap();
        assert_eq!(json, format!("\"{}\"", category.code()));
        assert!(!category.zh_word().is_empty() && !category.en().is_empty());
        assert!(table.all().iter().any(|kind| kind.category == category));
    }
}

#[test]
fn every_value_leads_to_its_own_kind_and_no_rule_is_shadowed() {
    // A rule of one condition with named values: each value alone must give its kind.
    for kind in Kinds::table().all() {
        for rule in kind.osm.iter().filter(|r| !r.contains(" + ") && !r.ends_with('*')) {
            let (key, values) = rule.split_once('=').unwrap();
            for value in values.split('|') {
                let tags = tags_of(&[(key, value)]);
                let found = Kinds::table().match_osm(&tags).unwrap();
                assert_eq!(found.code, kind.code, "{key}={value} is in two kinds");
            }
        }
    }
}

#[test]
fn the_kinds_that_other_parts_name_are_there() {
    for (code, category) in [
        ("party_service_centre", Category::Party),
        ("village_convenience_room", Category::Government),
        ("village_health_room", Category::Medical),
        ("left_behind_children_room", Category::Education),
        ("village_culture_room", Category::Culture),
        ("bus_stop", Category::Household),
        ("pharmacy", Category::Medical),
        ("elder_canteen", Category::ElderCare),
        ("sports_pitch", Category::Sports),
        ("park", Category::Leisure),
        ("supermarket", Category::Commerce),
    ] {
        assert_eq!(Kinds::table().get(code).unwrap().category, category, "{code}");
    }
    assert!(Kinds::table().get("spaceport").is_none());
}

#[test]
fn the_more_specific_rule_wins_then_the_first_value() {
    assert_eq!(kind(&[("amenity", "school")]), Some("school"));
    assert_eq!(
        kind(&[("amenity", "school"), ("isced:level", "1")]),
        Some("primary_school")
    );
    assert_eq!(
        kind(&[("amenity", "school"), ("name", "第二中学附属小学")]),
        Some("primary_school")
    );
    assert_eq!(kind(&[("amenity", "cafe;bar")]), Some("cafe"));
    assert_eq!(kind(&[("amenity", "bar;cafe")]), Some("bar"));
    assert_eq!(kind(&[("amenity", "bench;cafe")]), Some("cafe"));
    assert_eq!(kind(&[("shop", "never_heard_of")]), Some("shop"));
    assert_eq!(kind(&[("shop", "yes"), ("amenity", "pharmacy")]), Some("pharmacy"));
    assert_eq!(kind(&[("tourism", "attraction"), ("shop", "gift")]), Some("shop"));
    assert_eq!(
        kind(&[("public_transport", "platform"), ("highway", "bus_stop")]),
        Some("bus_stop")
    );
}

#[test]
fn parties_are_offices_and_party_services_are_found_by_name() {
    assert_eq!(
        kind(&[("office", "political_party"), ("name", "Some Party")]),
        Some("office")
    );
    assert_eq!(
        kind(&[("amenity", "community_centre"), ("name", "东门社区党群服务中心")]),
        Some("party_service_centre")
    );
    assert_eq!(
        kind(&[("amenity", "community_centre"), ("name", "文化站")]),
        Some("culture_station")
    );
    assert_eq!(kind(&[("amenity", "community_centre")]), Some("community_centre"));
}

#[test]
fn a_name_refines_only_the_values_that_its_rule_lists() {
    assert_eq!(kind(&[("amenity", "parking"), ("name", "党群服务中心停车场")]), None);
    assert_eq!(
        kind(&[("amenity", "toilets"), ("name", "党群服务中心公厕")]),
        Some("public_toilet")
    );
    assert_eq!(
        kind(&[("amenity", "clinic"), ("name:zh", "东门社区卫生服务中心")]),
        Some("community_health_centre")
    );
    assert_eq!(
        kind(&[
            ("amenity", "pharmacy"),
            ("healthcare", "pharmacy"),
            ("name", "卫生院药房")
        ]),
        Some("pharmacy")
    );
    assert_eq!(
        kind(&[("amenity", "restaurant"), ("name", "社区食堂")]),
        Some("elder_canteen")
    );
}

#[test]
fn what_is_closed_gone_or_not_for_the_public_is_no_place() {
    // Cases 36 and 39 of the failure list.
    for tags in [
        &[("disused:amenity", "pub")][..],
        &[("amenity", "pub"), ("disused", "yes")],
        &[("shop", "vacant")],
        &[("shop", "no")],
        &[("amenity", "construction")],
        &[("amenity", "school"), ("building", "construction")],
        &[("leisure", "swimming_pool"), ("access", "private")],
        &[("leisure", "pitch"), ("access", "private")],
        &[("leisure", "playground"), ("access", "residents")],
        &[("amenity", "toilets"), ("access", "customers")],
        &[("amenity", "toilets"), ("access", "private")],
        &[("amenity", "toilets"), ("access", "no")],
        &[("leisure", "garden"), ("garden:type", "residential")],
        &[("razed:amenity", "cinema")],
        &[("abandoned:shop", "books")],
        &[("construction:amenity", "school")],
        &[("proposed:leisure", "park")],
        &[("demolished:amenity", "bank"), ("removed:shop", "yes")],
        &[("shop", "books"), ("vacant", "yes")],
        &[("amenity", "cafe"), ("opening_hours", "closed")],
        &[("leisure", "park"), ("landuse", "construction")],
        &[("amenity", "clinic"), ("operational_status", "closed")],
        &[("amenity", "canteen"), ("access", "employees")],
        &[("leisure", "fitness_station"), ("access", "residents")],
        &[("leisure", "sports_centre"), ("access", "members")],
        &[("leisure", "swimming_pool"), ("access", "customers")],
        &[("amenity", "parcel_locker"), ("access", "residents")],
        &[("amenity", "library"), ("access", "private")],
        &[("shop", "supermarket"), ("access", "no")],
        &[("amenity", "bench")],
        &[("amenity", "parking"), ("name", "P1")],
        &[("highway", "residential")],
    ] {
        assert_eq!(kind(tags), None, "{tags:?}");
    }
    assert_eq!(kind(&[("amenity", "toilets")]), Some("public_toilet"));
    assert_eq!(
        kind(&[("leisure", "swimming_pool"), ("access", "yes")]),
        Some("swimming_pool")
    );
    // Customers of a shop, a gym or a restaurant are the public.
    for (key, value, code) in [
        ("shop", "supermarket", "supermarket"),
        ("amenity", "restaurant", "restaurant"),
        ("leisure", "fitness_centre", "fitness_centre"),
    ] {
        assert_eq!(kind(&[(key, value), ("access", "customers")]), Some(code));
    }
    let closed_on_holidays = [("amenity", "cafe"), ("opening_hours", "Mo-Fr 08:00-18:00; PH off")];
    assert_eq!(kind(&closed_on_holidays), Some("cafe"));
    assert_eq!(
        kind(&[("amenity", "school"), ("access", "private")]),
        Some("school"),
        "its grounds are private, it is no less a school"
    );
    // A shop that is gone does not take the cash machine with it.
    assert_eq!(kind(&[("shop", "vacant"), ("amenity", "atm")]), Some("atm"));
}

#[test]
fn a_reading_tells_why_something_is_no_place() {
    let table = Kinds::table();
    let private = tags_of(&[("leisure", "pitch"), ("access", "private")]);
    assert!(matches!(table.read(&private), Reading::NotForPublic(k) if k.code == "sports_pitch"));
    assert_eq!(table.read(&tags_of(&[("amenity", "bench")])), Reading::LeftOut);
    assert_eq!(
        table.read(&tags_of(&[("amenity", "teleporter")])),
        Reading::Unknown {
            key: "amenity",
            value: "teleporter"
        }
    );
    assert_eq!(table.read(&tags_of(&[("shop", "vacant")])), Reading::Nothing);
    assert_eq!(table.read(&tags_of(&[("highway", "steps")])), Reading::Nothing);
}

#[test]
fn a_broken_table_is_refused_with_its_reason() {
    let table = include_str!("../../../../data/osm-categories.toml");
    let twice = table.replace("code = \"dentist\"", "code = \"clinic\"");
    assert!(matches!(Kinds::parse(&twice), Err(KindsError::Twice(code)) if code == "clinic"));
    let rule = table.replace("\"amenity=taxi\"", "\"amenity taxi\"");
    assert!(matches!(Kinds::parse(&rule), Err(KindsError::Rule(_))));
    let order = table.replace("code = \"sports\"", "code = \"culture\"");
    assert!(matches!(Kinds::parse(&order), Err(KindsError::Categories)));
    assert!(matches!(Kinds::parse("category = 3"), Err(KindsError::Toml(_))));
}

#[test]
fn the_documented_table_is_the_one_in_force() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/categories.md");
    let made = Kinds::table().markdown();
    if std::env::var_os("ONEGRID_WRITE_DOCS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == made,
        "docs/categories.md is not what the table says; run the test with ONEGRID_WRITE_DOCS=1"
    );
}
