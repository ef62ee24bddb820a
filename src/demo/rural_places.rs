//! Places of villages and town seats.

use super::kinds::HABITS;
use super::lots::Site;
use super::names::Named;
use super::places::Directory;
use super::units::Tree;
use super::villages::Village;

/// Kind, name, English, hours.
type Service = (&'static str, &'static str, &'static str, &'static str);

/// The four function rooms of a village.
const ROOMS: [Service; 4] = [
    (
        "village_convenience_room",
        "{}村便民服务室",
        "{} Village Convenience Room",
        "Mo-Fr 08:30-12:00,14:30-17:30; PH off",
    ),
    (
        "village_health_room",
        "{}村卫生计生室",
        "{} Village Health Room",
        "Mo-Sa 08:00-12:00,15:00-18:00",
    ),
    (
        "left_behind_children_room",
        "{}村留守儿童之家",
        "{} Left-behind Children's Room",
        "Mo-Fr 16:30-19:00; Sa,Su,PH 09:00-17:00",
    ),
    (
        "village_culture_room",
        "{}村文化活动室",
        "{} Village Culture Room",
        "Tu-Su 15:00-21:00",
    ),
];
/// Villages (in the order they were drawn, town seats not counted) that lack a
/// room, on purpose: the gap is what the county must see.
const MISSING_ROOMS: [(usize, &str); 3] = [
    (4, "village_culture_room"),
    (9, "left_behind_children_room"),
    (13, "village_health_room"),
];
/// Villages that have next to nothing else.
const POOR: [usize; 2] = [7, 13];

/// What every town seat has.
const OF_A_TOWN: [Service; 14] = [
    (
        "government_office",
        "{}镇人民政府",
        "{} Town Government",
        "Mo-Fr 08:30-12:00,14:00-17:30; PH off",
    ),
    (
        "party_service_centre",
        "{}镇党群服务中心",
        "{} Party Service Centre",
        "Mo-Su 08:30-18:00",
    ),
    (
        "government_service_centre",
        "{}镇便民服务中心",
        "{} Town Service Hall",
        "Mo-Fr 09:00-12:00,13:30-17:00; PH off",
    ),
    (
        "community_service_station",
        "{}镇社区服务站",
        "{} Community Service Station",
        "Mo-Fr 08:30-12:00,14:00-17:30; PH off",
    ),
    ("police_station", "{}镇派出所", "{} Police Station", "24/7"),
    (
        "judicial_office",
        "{}镇司法所",
        "{} Judicial Office",
        "Mo-Fr 08:30-12:00,14:00-17:30; PH off",
    ),
    ("hospital", "{}镇卫生院", "{} Town Hospital", "24/7"),
    (
        "primary_school",
        "{}镇中心小学",
        "{} Central Primary School",
        "Mo-Fr 07:40-17:30; PH off",
    ),
    (
        "middle_school",
        "{}镇初级中学",
        "{} Middle School",
        "Mo-Fr 07:20-20:40; PH off",
    ),
    (
        "culture_station",
        "{}镇文化站",
        "{} Culture Station",
        "Tu-Su 09:00-11:30,14:00-20:00",
    ),
    ("market", "{}集市", "{} Market Days", "Mo,Th,Su 06:00-13:00"),
    (
        "post_office",
        "{}镇邮政所",
        "{} Post Office",
        "Mo-Sa 09:00-12:00,14:00-17:00; PH off",
    ),
    ("nursing_home", "{}镇敬老院", "{} Nursing Home", "Mo-Su 08:30-17:30"),
    ("square", "{}文化广场", "{} Square", "24/7"),
];

/// Adds the places of all villages and town seats.
pub(super) fn settle(directory: &mut Directory<'_>, villages: &[Village], tree: &Tree) {
    let mut number = 0;
    for (index, village) in villages.iter().enumerate() {
        let unit = tree.villages.get(index).cloned().unwrap_or_default();
        let mut spots = village.spots.iter().copied();
        if village.is_town_seat {
            for service in &OF_A_TOWN {
                add(directory, &unit, service, &village.name, spots.next());
            }
            add_usual(directory, &unit, &village.name, &mut spots, |habit| habit.rural.0);
            continue;
        }
        for room in &ROOMS {
            if !MISSING_ROOMS.contains(&(number, room.0)) {
                add(directory, &unit, room, &village.name, spots.next());
            }
        }
        let party = (
            "party_service_point",
            "{}村党群服务站",
            "{} Village Party Service Point",
            "Mo-Su 08:30-17:30",
        );
        add(directory, &unit, &party, &village.name, spots.next());
        if POOR.contains(&number) {
            let shop = ("convenience_store", "{}小卖部", "{} Corner Shop", "");
            add(directory, &unit, &shop, &village.name, spots.next());
        } else {
            add_usual(directory, &unit, &village.name, &mut spots, |habit| habit.rural.1);
        }
        number += 1;
    }
}

fn add(directory: &mut Directory<'_>, unit: &str, service: &Service, word: &Named, site: Option<Site>) {
    let (kind, zh, en, hours) = *service;
    if let Some(site) = site {
        let name = word.put_in(zh, en);
        directory.add_office(unit, kind, name, site, hours);
    }
}

/// The usual kinds as often as `expected` says, the first named after the
/// village, others after a word.
fn add_usual(
    directory: &mut Directory<'_>,
    unit: &str,
    village: &Named,
    spots: &mut impl Iterator<Item = Site>,
    expected: impl Fn(&super::kinds::Habit) -> f64,
) {
    for habit in HABITS {
        for round in 0..directory.random.count(expected(habit)) {
            let word = if round == 0 {
                village.clone()
            } else {
                directory.names.word()
            };
            if let Some(site) = spots.next() {
                directory.add_usual(unit, habit, &word, site);
            }
        }
    }
}
