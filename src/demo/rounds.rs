//! The mobile services that drive round the villages.

use super::names::Named;
use super::places::Directory;
use super::terrain::Xy;
use super::units::Tree;
use super::villages::Village;

/// Mobile services: kind, name, English, and when each of their stops is.
type Round = (&'static str, &'static str, &'static str, &'static [&'static str]);
const ROUNDS: [Round; 7] = [
    (
        "clinic",
        "一号流动诊疗车",
        "Mobile Clinic 1",
        &["Tu 09:00-11:00", "Tu 14:00-16:00", "We 09:00-11:00", "Th 09:00-11:30"],
    ),
    (
        "clinic",
        "二号流动诊疗车",
        "Mobile Clinic 2",
        &["Mo 09:00-11:00", "We 14:00-16:30", "Fr 09:00-11:00"],
    ),
    (
        "library",
        "流动图书车",
        "Mobile Library",
        &[
            "Mo 15:00-17:00",
            "Tu 15:30-17:30",
            "We 15:30-17:30",
            "Th 15:30-17:30",
            "Sa 09:30-11:30",
        ],
    ),
    (
        "government_service_centre",
        "流动政务服务车",
        "Mobile Government Services",
        &[
            "Mo[1] 09:00-11:30",
            "Tu[1] 09:00-11:30",
            "We[1] 09:00-11:30",
            "Th[1] 14:00-16:30",
        ],
    ),
    (
        "bank",
        "农商银行流动服务车",
        "Mobile Bank",
        &["Mo 09:30-11:30", "We 09:30-11:30; PH off", "Fr 14:00-16:00; PH off"],
    ),
    (
        "cinema",
        "乡村流动放映队",
        "Village Film Nights",
        &["Fr 19:30-21:30", "Sa 19:30-21:30", "Su[2,4] 19:30-21:30"],
    ),
    (
        "hairdresser",
        "流动理发服务",
        "Travelling Hairdresser",
        &["We 08:30-11:00", "We 14:30-17:00", "Su 08:30-11:00"],
    ),
];

/// Adds the mobile services, each calling at some of the villages.
pub(super) fn send_out(directory: &mut Directory<'_>, villages: &[Village], tree: &Tree) {
    let mut route: Vec<Xy> = villages
        .iter()
        .filter(|village| !village.is_town_seat)
        .filter_map(|village| village.spots.first().map(|spot| spot.door))
        .collect();
    // Each round goes on where the one before it ended.
    for (kind, zh, en, times) in ROUNDS {
        let count = times.len().min(route.len());
        let called: Vec<Xy> = route.iter().copied().take(count).collect();
        route.rotate_left(count);
        let stops: Vec<(Xy, &str)> = called.into_iter().zip(times.iter().copied()).collect();
        directory.add_mobile(&tree.county, (kind, Named::new(zh, en)), &stops);
    }
}
