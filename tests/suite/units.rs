//! Units over HTTP: one, those above, those below, and by name.

use crate::harness::{Client, World, both_databases, unit_id};

fn world_with_units(world: &World) -> (crate::harness::Server, Client) {
    world.import_units();
    let server = world.serve();
    let client = server.anonymous();
    (server, client)
}

/// The names that a search finds.
#[track_caller]
fn found(client: &Client, query: &[(&str, &str)]) -> Vec<String> {
    client.ask("/v1/units", query).with_status(200).listed("name")
}

/// The names of everything in a list, page by page.
#[track_caller]
pub fn all_pages(client: &Client, path: &str, query: &[(&str, &str)], limit: usize) -> Vec<String> {
    let text = limit.to_string();
    let mut names = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..1000 {
        let mut query = query.to_vec();
        query.push(("limit", &text));
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let page = client.ask(path, &query).with_status(200);
        let listed = page.listed("name");
        assert!(listed.len() <= limit, "{} at once", listed.len());
        names.extend(listed);
        match page.json["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return names,
        }
    }
    panic!("the pages do not end");
}

both_databases! {
    fn a_unit_knows_its_path_its_children_and_its_facts(world: &World) {
        let (_server, client) = world_with_units(world);
        let id = unit_id(&client, "429901001001");
        let unit = client.get(&format!("/v1/units/{id}")).ok();
        assert!(id.starts_with("unt_"), "{id}");
        assert_eq!(unit["id"], id);
        assert_eq!(unit["level"], "community");
        assert_eq!(unit["code"], "429901001001");
        assert_eq!(unit["name"], "幸福社区");
        assert_eq!(unit["name_en"], "Happiness Community");
        assert_eq!(unit["setting"], "urban");
        assert_eq!(unit["population"], 5200);
        assert_eq!(unit["child_count"], 1);
        assert_eq!(unit["location"]["lat"], 31.2);
        let path: Vec<_> = unit["path"].as_array().expect("a path").iter().map(|above| &above["name"]).collect();
        assert_eq!(path, ["X市", "澄河县", "长乐街道"]);
        assert_eq!(unit["path"][2]["id"], unit["parent_id"]);
        assert_eq!(unit["path"][2]["level"], "street");
        let root = client.get("/v1/units").ok();
        assert_eq!(root["items"][0]["parent_id"], serde_json::Value::Null);
        assert_eq!(root["items"][0]["child_count"], 2);
        assert_eq!(root["items"].as_array().map(Vec::len), Some(1), "without a name the roots are listed");
    }

    fn a_unit_that_the_client_has_is_not_sent_again(world: &World) {
        let (_server, client) = world_with_units(world);
        let path = format!("/v1/units/{}", unit_id(&client, "429901"));
        let tag = client.get(&path).with_status(200).needed_header("etag");
        let again = client.with("if-none-match", &tag).get(&path).with_status(304);
        assert_eq!(again.text, "");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        client.with("if-none-match", &format!("\"other\", W/{tag}")).get(&path).with_status(304);
        client.with("if-none-match", "\"other\"").get(&path).with_status(200);
    }

    fn what_the_etag_of_a_unit_vouches_for_is_all_that_is_shown(world: &World) {
        let (_server, client) = world_with_units(world);
        let path = format!("/v1/units/{}", unit_id(&client, "429901100"));
        let before = client.get(&path).with_status(200);
        let tag = before.needed_header("etag");
        assert_eq!(before.json["child_count"], 1);
        // A further child, and another name above.
        let file = world.file("more.csv", "code,parent_code,level,name,setting\n\
            4299,,city,Y市,urban\n429901100202,429901100,community,新村,rural\n");
        world.run(&["import", "units", &file]).succeeded();
        let after = crate::harness::until("the new child and the new name", || {
            let after = client.get(&path).with_status(200);
            (after.json["child_count"] == 2 && after.json["path"][0]["name"] == "Y市").then_some(after)
        });
        assert_ne!(after.needed_header("etag"), tag, "the body is another, the tag is not");
        client.with("if-none-match", &tag).get(&path).with_status(200);
    }

    fn a_unit_is_shown_in_the_system_of_coordinates_that_is_asked_for(world: &World) {
        let (_server, client) = world_with_units(world);
        let path = format!("/v1/units/{}", unit_id(&client, "429901001001"));
        let location = |crs: &str| {
            let unit = client.get(&format!("{path}?crs={crs}")).ok();
            let number = |name: &str| unit["location"][name].as_f64().expect("a number");
            (number("lat"), number("lon"))
        };
        assert_eq!(location("wgs84"), (31.2, 112.6));
        assert_eq!(location("cgcs2000"), (31.2, 112.6));
        for crs in ["gcj02", "bd09"] {
            let off = crate::harness::metres_between(location(crs), (31.2, 112.6));
            assert!((100.0..2000.0).contains(&off), "{crs} is {off} m off");
        }
        let list = client.get("/v1/units?level=community&crs=gcj02").ok();
        assert_eq!(list["items"][0]["location"]["lat"], location("gcj02").0);
        client.get(&format!("{path}?crs=mars")).is_invalid_at(&[("query", "/crs", "enum")]);
        client.get(&format!("{path}?crs=WGS84")).is_invalid_at(&[("query", "/crs", "enum")]);
    }

    fn children_come_in_pages_without_loss_or_double(world: &World) {
        let rows: String = (0..47)
            .map(|number| format!("A{number:03},A,county,县{number},rural\n"))
            .collect();
        let file = world.file("many.csv", &format!("code,parent_code,level,name,setting\nA,,city,大市,urban\n{rows}"));
        world.run(&["import", "units", &file]).succeeded();
        let server = world.serve();
        let client = server.anonymous();
        let path = format!("/v1/units/{}/children", unit_id(&client, "A"));
        let expected: Vec<String> = (0..47).map(|number| format!("县{number}")).collect();
        for limit in [1, 2, 7, 46, 47, 48, 500] {
            assert_eq!(all_pages(&client, &path, &[], limit), expected, "{limit} at a time");
        }
        assert_eq!(client.get(&path).listed("name").len(), 47, "100 unless told");
        for limit in ["0", "501", "-1", "x", "1.5", ""] {
            let code = match limit {
                "0" | "-1" => "minimum",
                "501" => "maximum",
                _ => "type",
            };
            client.ask(&path, &[("limit", limit)]).is_invalid_at(&[("query", "/limit", code)]);
        }
        for cursor in ["x", "zz", "7b7d", "名", ""] {
            client.ask(&path, &[("cursor", cursor)]).is_invalid_at(&[("query", "/cursor", "cursor")]);
        }
    }

    fn a_search_comes_in_pages_without_loss_or_double(world: &World) {
        let rows: String = (0..31)
            .map(|number| format!("B{number:03},A,county,和平{number}县,rural\nC{number:03},B{number:03},street,和平{number}镇,rural\n"))
            .collect();
        let file = world.file("many.csv", &format!("code,parent_code,level,name,setting\nA,,city,大市,urban\n{rows}"));
        world.run(&["import", "units", &file]).succeeded();
        let server = world.serve();
        let client = server.anonymous();
        for limit in [1, 10, 61, 62, 63] {
            let mut names = all_pages(&client, "/v1/units", &[("q", "和平")], limit);
            assert_eq!(names.len(), 62, "{limit} at a time");
            assert!(names[..31].iter().all(|name| name.ends_with('县')), "the highest levels first");
            names.sort();
            names.dedup();
            assert_eq!(names.len(), 62, "one came twice");
        }
    }

    fn ancestors_come_from_the_root_down(world: &World) {
        let (_server, client) = world_with_units(world);
        let id = unit_id(&client, "429901001001001A1");
        let above = client.get(&format!("/v1/units/{id}/ancestors")).with_status(200);
        let expected = ["X市", "澄河县", "长乐街道", "幸福社区", "幸福社区第一网格", "第一小组"];
        assert_eq!(above.listed("name"), expected);
        let root = unit_id(&client, "4299");
        assert!(client.get(&format!("/v1/units/{root}/ancestors")).listed("name").is_empty());
    }

    fn a_name_is_found_in_characters_pinyin_initials_and_english(world: &World) {
        let (_server, client) = world_with_units(world);
        for (query, expected) in [
            ("龙门村", vec!["龙门村"]),
            // Two characters, simplified and traditional.
            ("龙门", vec!["龙门镇", "龙门村"]),
            ("龍門", vec!["龙门镇", "龙门村"]),
            ("龍門鎮", vec!["龙门镇"]),
            ("长乐", vec!["长乐街道"]),
            ("長樂", vec!["长乐街道"]),
            // One character.
            ("乐", vec!["长乐街道"]),
            // Pinyin, also of characters with two readings.
            ("longmen", vec!["龙门镇", "龙门村"]),
            ("changle", vec!["长乐街道"]),
            ("chongqing", vec!["重庆路街道"]),
            ("chongshan", vec!["重山县"]),
            ("xingfu", vec!["幸福社区", "幸福社区第一网格", "幸福里1号楼", "幸福里2号楼"]),
            ("LongMen", vec!["龙门镇", "龙门村"]),
            // Initials.
            ("lmc", vec!["龙门村"]),
            ("cljd", vec!["长乐街道"]),
            ("cqljd", vec!["重庆路街道"]),
            // English, also its beginning; full width.
            ("Happiness", vec!["幸福社区"]),
            ("happi", vec!["幸福社区"]),
            ("Ｌｏｎｇｍｅｎ Village", vec!["龙门村"]),
            // Nothing.
            ("门龙", vec![]),
            ("不存在", vec![]),
            ("zzzz", vec![]),
        ] {
            assert_eq!(found(&client, &[("q", query)]), expected, "{query}");
        }
    }

    fn what_is_no_word_is_no_search(world: &World) {
        let (_server, client) = world_with_units(world);
        for words in ["。", "  ", "!?"] {
            client.ask("/v1/units", &[("q", words)]).is_invalid_at(&[("query", "/q", "format")]);
        }
        let nothing = client.ask("/v1/units", &[("q", "")]);
        nothing.is_problem(422, "invalid-input");
        assert!(nothing.faults().iter().all(|fault| fault.1 == "/q"), "{nothing:?}");
        client.ask("/v1/units", &[("q", &"长".repeat(65))]).is_invalid_at(&[("query", "/q", "max_length")]);
        // Signs of the query languages are signs.
        for words in ["\" OR 1=1 --", "a* & !b", "') ; DROP TABLE unit;--", "NEAR(龙 门)", "龙:*"] {
            let status = client.ask("/v1/units", &[("q", words)]).status;
            assert_eq!(status, 200, "{words}");
        }
        assert_eq!(found(&client, &[("level", "city")]), ["X市"]);
    }

    fn a_search_is_narrowed_by_level_and_by_what_it_lies_within(world: &World) {
        let (_server, client) = world_with_units(world);
        assert_eq!(found(&client, &[("q", "龙门"), ("level", "community")]), ["龙门村"]);
        assert_eq!(found(&client, &[("level", "county")]), ["澄河县", "重山县"]);
        let street = unit_id(&client, "429901001");
        assert_eq!(found(&client, &[("q", "社区"), ("within", &street), ("level", "community")]), ["幸福社区", "平安社区"]);
        assert!(found(&client, &[("q", "龙门"), ("within", &street)]).is_empty());
        let all = found(&client, &[("within", &street)]);
        assert_eq!(all.first().map(String::as_str), Some("长乐街道"), "the unit itself is within");
        assert_eq!(all.len(), 7);
        client.ask("/v1/units", &[("level", "planet")]).is_invalid_at(&[("query", "/level", "enum")]);
        let unknown = "unt_01h455vb4pex5vsknk084sn02q";
        assert!(found(&client, &[("within", unknown)]).is_empty() , "nothing lies within what is not there");
    }

    fn an_id_that_names_nothing_is_404(world: &World) {
        let (_server, client) = world_with_units(world);
        let id = unit_id(&client, "4299");
        let suffix = id.strip_prefix("unt_").expect("a prefix");
        for wrong in [
            "unt_01h455vb4pex5vsknk084sn02q".to_owned(),
            format!("plc_{suffix}"),
            suffix.to_owned(),
            format!("{id}0"),
            format!("UNT_{suffix}"),
            "unt_".to_owned(),
            "x".to_owned(),
            "%00".to_owned(),
            "%E5%90%8D".to_owned(),
            "..%2F..%2Fetc".to_owned(),
        ] {
            for path in ["", "/children", "/ancestors"] {
                client.get(&format!("/v1/units/{wrong}{path}")).is_problem(404, "not-found");
            }
        }
    }

    fn an_import_beside_a_running_server_is_seen(world: &World) {
        let server = world.serve();
        let client = server.anonymous();
        assert!(client.get("/v1/units").listed("name").is_empty());
        world.import_units();
        crate::harness::until("the units", || (client.get("/v1/units").listed("name") == ["X市"]).then_some(()));
        assert_eq!(found(&client, &[("q", "longmen")]), ["龙门镇", "龙门村"]);
    }
}
