use super::*;
use proptest::prelude::*;

fn finds(typed: &str, name: &str) -> bool {
    finds_either(typed, name, None)
}

/// Found by the index and confirmed; where confirmed, the index must agree.
fn finds_either(typed: &str, name: &str, name_en: Option<&str>) -> bool {
    let query = Query::parse(typed).unwrap_or_else(|| panic!("{typed:?} is no query"));
    let name = SearchName::new(name, name_en);
    let confirmed = query.matches(&name);
    assert!(
        !confirmed || index_finds(&query.fts5(), &name.tokens()),
        "{typed:?}: the index misses it"
    );
    confirmed
}

/// What FTS5 does with our expressions: `("a"* OR "b"*) AND "c"`.
fn index_finds(expression: &str, tokens: &str) -> bool {
    expression.split(" AND ").all(|term| {
        let ways = term.trim_start_matches('(').trim_end_matches(')');
        ways.split(" OR ").any(|way| {
            let is_prefix = way.ends_with('*');
            let wanted = way.trim_end_matches('*').trim_matches('"');
            tokens.split(' ').any(|token| {
                if is_prefix {
                    token.starts_with(wanted)
                } else {
                    token == wanted
                }
            })
        })
    })
}

#[test]
fn a_community_is_found_by_characters_pinyin_and_initials() {
    for typed in [
        "幸福社区",
        "幸福社區",
        "幸福",
        "福社",
        "福",
        "社区",
        "xingfu",
        "XingFuSheQu",
        "xing fu",
        "fushequ",
        "shequ",
        "qu",
        "xfsq",
        "fsq",
        "x",
        "xf",
        "Ｘｉｎｇｆｕ",
        "ＸＦ",
        " 幸福　社区 ",
        "幸福-社区",
        "xīngfú",
        "福 幸",
    ] {
        assert!(finds(typed, "幸福社区"), "{typed}");
        assert!(finds(typed, "幸福社區"), "{typed} in traditional");
        assert!(finds(typed, "幸 福·社区"), "{typed} with separators");
    }
    for typed in [
        "ingfu",
        "福幸",
        "幸社",
        "ingfushequ",
        "fsqx",
        "幸福里",
        "xingfushequx",
        "hequ",
        "幸福 x里",
    ] {
        assert!(!finds(typed, "幸福社区"), "{typed}");
    }
}

#[test]
fn english_names_are_found_by_the_beginning_of_a_word() {
    let found = |typed| finds_either(typed, "幸福社区", Some("Xingfu Community (Café No. 3)"));
    for typed in [
        "xingfu community",
        "COMM",
        "community xingfu",
        "cafe",
        "café",
        "3",
        "幸福 comm",
    ] {
        assert!(found(typed), "{typed}");
    }
    for typed in ["ingfu", "munity", "communityx", "afe", "xingfucommunity"] {
        assert!(!found(typed), "{typed}");
    }
}

#[test]
fn polyphonic_characters_are_found_by_each_reading() {
    for typed in ["chongqing", "zhongqing", "cq", "zq", "qinglu", "重庆", "重慶"] {
        assert!(finds(typed, "重庆路"), "{typed}");
    }
    for typed in ["changjiang", "zhangjiang", "cj", "zj", "长江", "長江"] {
        assert!(finds(typed, "长江"), "{typed}");
    }
    for typed in ["lvyuan", "luyuan", "ly", "綠園", "lüyuan"] {
        assert!(finds(typed, "绿园"), "{typed}");
    }
    assert!(finds("xian", "西安") && finds("xi'an", "西安"));
}

#[test]
fn numbers_stand_as_whole_words_before_characters() {
    assert!(finds("3号楼", "幸福社区3号楼"));
    assert!(finds("３號樓", "幸福社区3号楼"));
    assert!(finds("sq3hl", "幸福社区3号楼"));
    assert!(finds("3haolou", "幸福社区3号楼"));
    assert!(!finds("3号楼", "幸福社区13号楼"));
    assert!(finds("kfckdj", "KFC肯德基") && finds("kendeji", "KFC 肯德基") && finds("kfc肯", "KFC 肯德基"));
    assert!(finds("a-1座", "A-1座") && finds("A 1", "A-1座"));
}

#[test]
fn other_scripts_are_found_by_word() {
    assert!(finds("мос", "Москва 5") && !finds("оскв", "Москва 5"));
    assert!(finds("カフェ", "カフェ幸福") && finds("ｶﾌｪ", "カフェ幸福"));
    assert!(finds("𠀋", "𠀋丈") && finds("〇", "二〇二六"));
}

#[test]
fn folding_is_by_character_and_settles() {
    assert_eq!(fold("臺灣ＡＢＣ é ①㎡"), "台湾abc e 1m2");
    assert_eq!(fold("乾坤"), format!("{}{}", fold("乾"), fold("坤")));
    assert_eq!(fold("ガ"), "ガ");
    let every = ('\u{80}'..='\u{2ffff}').filter(|c| c.is_alphanumeric());
    for c in every {
        let once = fold(&c.to_string());
        assert_eq!(fold(&once), once, "{c}");
    }
}

#[test]
fn tokens_are_the_documented_ones() {
    assert_eq!(
        tokens("社福区 A1"),
        "u793e u798f u533a u793eu798f u798fu533a wa1 \
         pshefuqua1 pshefuoua1 isfqa isfoa pfuqua1 pfuoua1 ifqa1 ifoa1 pqua1 poua1 iqa1 ioa1 pa1 ia1"
    );
    assert_eq!(tokens("Old Town"), "wold wtown");
    assert_eq!(tokens("…"), "");
}

#[test]
fn queries_are_written_for_both_databases() {
    let query = Query::parse("幸福社 xing 1e5").unwrap();
    assert_eq!(
        query.fts5(),
        "\"u5e78u798f\" AND \"u798fu793e\" AND (\"wxing\"* OR \"pxing\"* OR \"ixing\"*) \
         AND (\"w1e5\"* OR \"p1e5\"* OR \"i1e5\"*)"
    );
    assert_eq!(
        query.tsquery(),
        "u5e78u798f & u798fu793e & (wxing:* | pxing:* | ixing:*) & (w1e5:* | p1e5:* | i1e5:*)"
    );
    assert_eq!(Query::parse("福").unwrap().tsquery(), "u798f");
}

#[test]
fn what_says_nothing_or_too_much_is_no_query() {
    for typed in [
        "",
        "  ",
        "\"*",
        "&|!:()",
        "…",
        "\u{0}",
        "'; DROP TABLE units; --'".split_at(2).0,
    ] {
        assert_eq!(Query::parse(typed), None, "{typed:?}");
    }
    assert!(Query::parse(&"福".repeat(64)).is_some());
    assert_eq!(Query::parse(&"福".repeat(65)), None);
    // One character that folds into eighteen.
    assert_eq!(Query::parse(&"\u{fdfa}".repeat(4)), None);
}

#[test]
fn a_name_of_polyphonic_characters_has_few_tokens() {
    let hostile = "重长行和大乐单重长行和大乐单".repeat(20);
    let tokens = tokens(&hostile);
    assert!(tokens.len() < 64 * 1024, "{} bytes", tokens.len());
    assert!(Query::parse(&"chang".repeat(12)).is_some_and(|query| !query.matches(&SearchName::new(&hostile, None))));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_260_628),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_is_typed_is_only_our_grammar(typed in r#"[\PC\x00-\x1f"'*():&|!<>\\^{}+-]{0,64}"#) {
        if let Some(query) = Query::parse(&typed) {
            let token = |token: &str| {
                token.starts_with(|c: char| c.is_ascii_lowercase())
                    && token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            };
            for term in query.fts5().split(" AND ") {
                let bare = term.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
                for way in bare.unwrap_or(term).split(" OR ") {
                    let quoted = way.strip_suffix('*').unwrap_or(way);
                    let inner = quoted.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
                    prop_assert!(inner.is_some_and(token), "{}", term);
                }
            }
            for term in query.tsquery().split(" & ") {
                let bare = term.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
                for way in bare.unwrap_or(term).split(" | ") {
                    prop_assert!(token(way.strip_suffix(":*").unwrap_or(way)), "{}", term);
                }
            }
        }
    }

    #[test]
    fn stored_tokens_are_letters_and_digits(name in "\\PC{0,40}") {
        for token in tokens(&name).split_whitespace() {
            prop_assert!(token.starts_with(|c: char| c.is_ascii_lowercase()));
            prop_assert!(token.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{}", token);
            prop_assert!(token.len() <= 33);
        }
    }

    #[test]
    fn every_part_of_a_name_finds_it(name in "[幸福社区重庆长江绿园医院a-c1-3 ]{1,12}", from in 0..12usize, count in 1..12usize) {
        let part: String = name.chars().skip(from).take(count).collect();
        let cuts_a_word = name.chars().nth(from.wrapping_sub(1)).is_some_and(|c| c.is_ascii_alphanumeric())
            && part.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !cuts_a_word && Query::parse(&part).is_some() {
            prop_assert!(finds(&part, &name), "{:?} in {:?}", part, name);
        }
    }

    #[test]
    fn pinyin_from_any_character_finds_a_name(name in "[幸福社区重庆长江绿园医院]{1,10}", from in 0..10usize, typed_letters in 1..30usize) {
        let units = pinyin::units(&name);
        let units = units.get(from..).unwrap_or_default();
        for style in [Style::Full, Style::Initials] {
            let most = if style == Style::Full { PINYIN_LETTERS } else { INITIALS_LETTERS };
            prop_assume!(pinyin::beginnings(units, style, usize::MAX, most).len() <= MAX_SPELLINGS);
            for spelling in pinyin::beginnings(units, style, 4, 64) {
                let typed: String = spelling.chars().take(typed_letters).collect();
                if !typed.is_empty() {
                    prop_assert!(finds(&typed, &name), "{} in {}", typed, name);
                }
            }
        }
    }
}
