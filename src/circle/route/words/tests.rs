//! Walks as one would tell them.

use super::*;

const NORTH: f64 = 0.0;
const EAST: f64 = 90.0;
const SOUTH: f64 = 180.0;
const WEST: f64 = 270.0;

fn on(way: Way, metres: f64, heading: f64) -> Piece {
    Piece {
        name: None,
        way,
        metres,
        seconds: metres,
        enters: heading,
        leaves: heading,
        first_point: 0,
    }
}

fn street(name: &str, metres: f64, heading: f64) -> Piece {
    Piece {
        name: Some(name.to_owned()),
        ..on(Way::Street, metres, heading)
    }
}

fn texts(pieces: &[Piece], language: Language) -> Vec<String> {
    let end = End {
        place: "社区卫生服务站",
        door: Some("东门"),
        last_point: 9,
    };
    steps(pieces, &end, language)
        .into_iter()
        .map(|step| step.text)
        .collect()
}

#[test]
fn a_walk_through_a_town_is_told_in_both_languages() {
    let walk = [
        on(Way::ToStreet, 22.0, NORTH),
        street("人民路", 70.0, EAST),
        street("人民路", 48.0, 95.0),
        on(Way::Crossing { signals: true }, 14.0, EAST),
        street("人民路", 31.0, EAST),
        street("中山路", 83.0, NORTH),
        on(
            Way::Steps {
                count: Some(40),
                up: Some(true),
            },
            18.0,
            NORTH,
        ),
        on(Way::Square, 60.0, 40.0),
        on(Way::Lift, 1.0, 40.0),
        on(Way::Private, 45.0, WEST),
        on(Way::ToDoor, 12.0, SOUTH),
    ];
    assert_eq!(
        texts(&walk, Language::Zh),
        [
            "向北走 20 米到路边",
            "右转进入人民路，走 120 米",
            "过有信号灯的路口",
            "继续沿人民路走 30 米",
            "左转进入中山路，走 85 米",
            "上台阶 40 级",
            "向右前方，穿过广场，走 60 米",
            "坐电梯",
            "向左后方转进入小区内部道路，走 45 米",
            "向南走 10 米到门口",
            "到达：社区卫生服务站（东门）",
        ]
    );
    assert_eq!(
        texts(&walk, Language::En),
        [
            "Walk north for 20 m to the street",
            "Turn right onto 人民路 and walk 120 m",
            "Cross at the traffic lights",
            "Continue along 人民路 for 30 m",
            "Turn left onto 中山路 and walk 85 m",
            "Go up 40 steps",
            "Bear right across the square and walk 60 m",
            "Take the lift",
            "Turn sharply left onto the compound's own road and walk 45 m",
            "Walk south for 10 m to the door",
            "Arrive: 社区卫生服务站 (东门)",
        ]
    );
}

#[test]
fn the_first_step_names_the_wind() {
    assert_eq!(
        texts(&[street("人民路", 118.0, 80.0)], Language::Zh)[0],
        "沿人民路向东走 120 米"
    );
    assert_eq!(
        texts(&[street("人民路", 118.0, 80.0)], Language::En)[0],
        "Walk east along 人民路 for 120 m"
    );
    for (heading, zh) in [
        (0.0, "北"),
        (359.0, "北"),
        (-45.0, "西北"),
        (22.0, "北"),
        (23.0, "东北"),
        (225.0, "西南"),
    ] {
        assert_eq!(
            texts(&[on(Way::Street, 20.0, heading)], Language::Zh)[0],
            format!("向{zh}走 20 米")
        );
    }
}

#[test]
fn turns_are_named_by_their_angle() {
    for (after, turn, zh) in [
        (10.0, Turn::Straight, "直行进入乙路，走 50 米"),
        (40.0, Turn::SlightRight, "向右前方进入乙路，走 50 米"),
        (90.0, Turn::Right, "右转进入乙路，走 50 米"),
        (150.0, Turn::SharpRight, "向右后方转进入乙路，走 50 米"),
        (180.0, Turn::Back, "掉头进入乙路，走 50 米"),
        (-30.0, Turn::SlightLeft, "向左前方进入乙路，走 50 米"),
        (270.0, Turn::Left, "左转进入乙路，走 50 米"),
        (220.0, Turn::SharpLeft, "向左后方转进入乙路，走 50 米"),
    ] {
        let end = End {
            place: "店",
            door: None,
            last_point: 1,
        };
        let steps = steps(
            &[street("甲路", 50.0, 0.0), street("乙路", 50.0, after)],
            &end,
            Language::Zh,
        );
        assert_eq!((steps[1].turn, steps[1].text.as_str()), (Some(turn), zh));
        assert_eq!(steps[2].text, "到达：店");
    }
}

#[test]
fn a_bend_of_the_street_is_no_step_and_a_corner_is() {
    let bent = [
        street("环路", 50.0, 0.0),
        street("环路", 50.0, 50.0),
        street("环路", 50.0, 140.0),
    ];
    assert_eq!(
        texts(&bent, Language::Zh)[..2],
        ["沿环路向北走 100 米", "右转，继续沿环路走 50 米"]
    );
    let nameless = [
        on(Way::Path, 50.0, 0.0),
        on(Way::Path, 50.0, 30.0),
        on(Way::Path, 50.0, 90.0),
    ];
    assert_eq!(
        texts(&nameless, Language::En)[..2],
        [
            "Walk north along the path for 100 m",
            "Turn right onto the path and walk 50 m"
        ]
    );
}

#[test]
fn a_square_is_crossed_in_one_step_however_one_turns_on_it() {
    let walk = [
        on(Way::Square, 40.0, 0.0),
        on(Way::Square, 30.0, 80.0),
        street("甲路", 50.0, 80.0),
    ];
    assert_eq!(
        texts(&walk, Language::Zh)[..2],
        ["向北穿过广场，走 70 米", "直行进入甲路，走 50 米"]
    );
}

#[test]
fn what_is_too_short_is_not_told_and_not_lost() {
    let walk = [
        on(Way::ToStreet, 3.0, 200.0),
        street("甲路", 50.0, 0.0),
        on(Way::Path, 6.0, 90.0),
        street("甲路", 50.0, 0.0),
        on(Way::Street, 4.0, 90.0),
        street("乙路", 40.0, 90.0),
        on(Way::ToDoor, 2.0, 0.0),
    ];
    let end = End {
        place: "店",
        door: None,
        last_point: 1,
    };
    let steps = steps(&walk, &end, Language::Zh);
    let texts: Vec<&str> = steps.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(texts, ["沿甲路向北走 110 米", "右转进入乙路，走 40 米", "到达：店"]);
    let metres: f64 = steps.iter().map(|step| step.metres).sum();
    let seconds: f64 = steps.iter().map(|step| step.seconds).sum();
    assert!((metres - 155.0).abs() < 1e-9 && (seconds - 155.0).abs() < 1e-9);
}

#[test]
fn stairs_in_a_row_are_counted_together() {
    let flight = |count, up| on(Way::Steps { count, up }, 10.0, NORTH);
    let told = |pieces: &[Piece]| texts(pieces, Language::Zh)[0].clone();
    assert_eq!(
        told(&[flight(Some(12), Some(false)), flight(Some(8), Some(false))]),
        "下台阶 20 级"
    );
    assert_eq!(told(&[flight(Some(12), None), flight(None, None)]), "走台阶，约 20 米");
    assert_eq!(texts(&[flight(Some(1), Some(true))], Language::En)[0], "Go up one step");
    assert_eq!(
        texts(&[flight(None, Some(true))], Language::En)[0],
        "Go up the steps for 10 m"
    );
}

#[test]
fn metres_are_rounded_as_one_says_them() {
    for (metres, text) in [
        (1.0, "5 m"),
        (12.0, "10 m"),
        (13.0, "15 m"),
        (97.4, "95 m"),
        (98.0, "100 m"),
        (344.0, "340 m"),
        (994.0, "990 m"),
        (996.0, "1.0 km"),
        (1260.0, "1.3 km"),
    ] {
        let walk = [on(Way::Street, metres, 0.0)];
        assert_eq!(
            texts(&walk, Language::En)[0],
            format!("Walk north for {text}"),
            "{metres}"
        );
    }
}

#[test]
fn a_walk_of_nothing_is_just_the_end() {
    assert_eq!(texts(&[], Language::Zh), ["到达：社区卫生服务站（东门）"]);
}
