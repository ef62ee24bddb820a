//! The circle in few words, to be read and to be spoken.

use crate::circle_lookup::{ask, circle, names};
use crate::harness::{Client, Fixture, World, at, both_databases};

/// The summary and the sentence, which hold what every profile promises.
#[track_caller]
fn words(client: &Client, query: &[(&str, &str)]) -> (String, String) {
    let circle = circle(client, query);
    let summary = circle["summary_text"].as_str().expect("a summary").to_owned();
    let say = circle["say"].as_str().expect("a sentence").to_owned();
    let length = summary.chars().count();
    assert!((1..=40).contains(&length), "{length} characters: {summary}");
    let is_digit = |letter: char| letter.is_numeric() && !"一二三四五六七八九十百千零两〇".contains(letter);
    assert!(!say.contains(is_digit), "{say}");
    assert!(!say.is_empty());
    (summary, say)
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|letter| ('\u{4e00}'..'\u{a000}').contains(&letter))
}

both_databases! {
    fn a_profile_adds_a_short_summary_and_a_sentence_without_digits(world: &World) {
        let long = "全国重点文物保护单位澄河县长乐街道幸福社区第一百二十三号老年人日间照料服务中心二〇二六分部";
        world.import_places(
            &Fixture::places()
                .open("7天24小时便利店", "convenience_store", 100.0, 0.0, "24/7")
                .open("澄河药店", "pharmacy", 300.0, 0.0, "08:00-21:35")
                .place(long, "elder_day_care", 500.0, 0.0),
        );
        let server = world.serve();
        let at = ("at", "2026-03-03T13:05:00+08:00");
        for profile in ["elder", "plain", "screen_reader"] {
            for (tag, chinese) in [("zh-CN", true), ("en", false), ("en-GB,zh;q=0.5", false), ("fr", true)] {
                let client = server.anonymous().with("accept-language", tag);
                for query in [
                    vec![("profile", profile), at],
                    vec![("profile", profile), at, ("minutes", "30")],
                    vec![("profile", profile), at, ("minutes", "1")],
                    vec![("profile", profile), at, ("minutes", "2"), ("category", "medical")],
                    vec![("profile", profile), at, ("category", "elder_care")],
                    vec![("profile", profile), at, ("pace", "elder")],
                    vec![("profile", profile)],
                ] {
                    let (summary, say) = words(&client, &query);
                    let without_names = say.replace("七天二十四小时便利店", "").replace(long, "");
                    if chinese {
                        assert!(is_chinese(&without_names) && is_chinese(&summary), "{tag}: {summary} / {say}");
                    } else {
                        assert!(say.starts_with(|letter: char| letter.is_ascii_uppercase()), "{tag}: {say}");
                    }
                }
            }
        }
    }

    fn a_summary_fits_whatever_the_nearest_place_is_called(world: &World) {
        let lengths = [1, 8, 12, 15, 18, 21, 24, 27, 30, 50, 80];
        let spots: Vec<(f64, usize)> = lengths.into_iter().enumerate().map(|(number, length)| (number as f64 * 190.0 - 950.0, length)).collect();
        let places = spots.iter().fold(Fixture::places(), |places, (east_m, length)| {
            places.place(&"长".repeat(*length), "shop", *east_m, 0.0)
        });
        world.import_places(&places);
        let server = world.serve();
        for tag in ["zh-CN", "en"] {
            let client = server.anonymous().with("accept-language", tag);
            for (east_m, length) in &spots {
                let (lat, lon) = at(*east_m, 0.0);
                let query = [("lat", lat.to_string()), ("lon", lon.to_string()), ("minutes", "10".into()), ("profile", "plain".into())];
                let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
                let circle = client.ask("/v1/circle", &query).ok();
                assert_eq!(circle["places"][0]["name"], "长".repeat(*length));
                let summary = circle["summary_text"].as_str().expect("a summary");
                assert!((1..=40).contains(&summary.chars().count()), "{tag}: {summary}");
            }
        }
    }

    fn the_words_of_an_answer_are_about_the_places_that_it_lists(world: &World) {
        world.import_places(
            &Fixture::places()
                .place("便利店", "convenience_store", 100.0, 0.0)
                .place("澄河药店", "pharmacy", 300.0, 0.0),
        );
        let server = world.serve();
        let client = server.anonymous();
        let (_, say) = words(&client, &[("profile", "plain")]);
        assert!(say.contains("便利店") && say.contains('两'), "two places, the nearest is the shop: {say}");
        let (summary, say) = words(&client, &[("profile", "plain"), ("category", "medical")]);
        assert!(say.contains("澄河药店") && !say.contains("便利店"), "only the pharmacy was asked for: {say}");
        assert!(!summary.contains("便利店"), "only the pharmacy was asked for: {summary}");
    }

    fn a_circle_without_places_is_said_as_well(world: &World) {
        let server = world.serve();
        for tag in ["zh-CN", "en"] {
            words(&server.anonymous().with("accept-language", tag), &[("profile", "elder")]);
        }
    }

    fn without_a_profile_there_are_no_words_and_a_profile_does_not_change_how_one_walks(world: &World) {
        world.import_places(&Fixture::places().place("近", "shop", 100.0, 0.0).place("远", "shop", 800.0, 0.0));
        let server = world.serve();
        let client = server.anonymous();
        let plain = circle(&client, &[("at", "2026-03-03T13:05:00+08:00")]);
        assert!(plain.get("summary_text").is_none() && plain.get("say").is_none());
        let mut elder = circle(&client, &[("at", "2026-03-03T13:05:00+08:00"), ("profile", "elder")]);
        assert_eq!(names(&elder), ["近", "远"]);
        let told = elder.as_object_mut().expect("an object");
        told.remove("summary_text");
        told.remove("say");
        assert_eq!(elder, plain, "pace alone decides how one walks");
        let geojson = ask(&client.with("accept", "application/geo+json"), &[("profile", "elder")]).ok();
        assert!(geojson["summary_text"].is_string() && geojson["say"].is_string());
    }

    fn the_sentence_tells_times_in_words(world: &World) {
        world.import_places(&Fixture::places().open("澄河药店", "pharmacy", 300.0, 0.0, "08:00-21:35"));
        let server = world.serve();
        let query = [("profile", "screen_reader"), ("at", "2026-03-03T13:05:00+08:00")];
        let (_, zh) = words(&server.anonymous(), &query);
        assert!(zh.contains("澄河药店") && zh.contains("分钟"), "{zh}");
        let (_, en) = words(&server.anonymous().with("accept-language", "en"), &query);
        assert!(en.starts_with("Within ten minutes of walking "), "{en}");
    }
}
