//! Whether an answer is what a file of `tests/town/` says it must be.

use serde_json::Value;

use super::area::Area;
use super::grammar::{Endpoint, Expected, Field, Is, Metres, Question};
use super::position;
use crate::harness::{Answer, metres_between};

/// Whatever differs, a sentence each.
pub fn faults(question: &Question, answer: &Answer) -> Vec<String> {
    let problem = question.expected.iter().find_map(|expected| match expected {
        Expected::Problem(status, slug) => Some((*status, slug)),
        _ => None,
    });
    if answer.status != problem.map_or(200, |(status, _)| status) {
        return vec![format!("the answer is {}: {}", answer.status, answer.text)];
    }
    let mut faults = Vec::new();
    let area = (question.to == Endpoint::Area && problem.is_none()).then(|| Area::read(&answer.json));
    if let Some(area) = &area {
        faults.extend(area.unsound(&answer.json));
    }
    let of_area = |check: &dyn Fn(&Area) -> Option<String>| area.as_ref().and_then(check);
    for expected in &question.expected {
        let fault = match expected {
            Expected::In(name, fields) => among(&answer.json, name, fields),
            Expected::Out(name) => (!named(&answer.json, name).is_empty()).then(|| format!("{name} is in")),
            Expected::Order(names) => {
                let found = names_of(&answer.json);
                (found != *names).then(|| format!("the places are {found:?}, not {names:?}"))
            }
            Expected::Json(field) => differs(&answer.json, field),
            Expected::Problem(_, slug) => {
                let found = answer.json["type"].as_str().unwrap_or_default();
                (found.rsplit('/').next() != Some(slug)).then(|| format!("the problem is {found}, not {slug}"))
            }
            Expected::Covers(at, band) => of_area(&|area| match area.covers(*band, position(*at)) {
                Some(true) => None,
                Some(false) => Some(format!("{at:?} is not in the band of {band} minutes")),
                None => Some(format!("there is no band of {band} minutes")),
            }),
            Expected::Misses(at, band) => of_area(&|area| match area.covers(*band, position(*at)) {
                Some(false) => None,
                Some(true) => Some(format!("{at:?} is in the band of {band} minutes")),
                None => Some(format!("there is no band of {band} minutes")),
            }),
            Expected::Street(at) => of_area(&|area| {
                let metres = area.metres_to_street(position(*at));
                (metres > 1.0).then(|| format!("the nearest reached street is {metres:.1} m from {at:?}"))
            }),
            Expected::NoStreet(at) => of_area(&|area| {
                let metres = area.metres_to_street(position(*at));
                (metres <= 1.0).then(|| format!("a reached street passes {at:?}"))
            }),
        };
        faults.extend(fault);
    }
    faults
}

fn places(answer: &Value) -> &[Value] {
    answer["places"].as_array().map_or(&[], Vec::as_slice)
}

fn names_of(answer: &Value) -> Vec<String> {
    let name = |place: &Value| place["name"].as_str().unwrap_or_default().to_owned();
    places(answer).iter().map(name).collect()
}

fn named<'a>(answer: &'a Value, name: &str) -> Vec<&'a Value> {
    places(answer).iter().filter(|place| place["name"] == name).collect()
}

fn among(answer: &Value, name: &str, fields: &[Field]) -> Option<String> {
    let found = named(answer, name);
    let [place] = found.as_slice() else {
        return Some(format!(
            "{name} is in {} times, not once, among {:?}",
            found.len(),
            names_of(answer)
        ));
    };
    let faults: Vec<String> = fields.iter().filter_map(|field| differs(place, field)).collect();
    (!faults.is_empty()).then(|| format!("{name}: {}", faults.join("; ")))
}

fn differs(value: &Value, field: &Field) -> Option<String> {
    let Some(found) = at_path(value, &field.path) else {
        return Some(format!("there is no {}", field.path));
    };
    let holds = match &field.is {
        Is::Exactly(expected) => found == expected,
        // Written as fractions of seconds or metres; the sum is rounded, too.
        Is::Near(expected, within) => found.as_f64().is_some_and(|n| (n - expected).abs() <= within + 1e-9),
        Is::At(at) => position_of(found).is_some_and(|point| metres_between(point, position(*at)) <= 1.0),
        Is::Count(count) => found.as_array().is_some_and(|list| list.len() == *count),
    };
    (!holds).then(|| format!("{} is {}, not {}", field.path, shown(found), expectation(&field.is)))
}

fn expectation(is: &Is) -> String {
    match is {
        Is::Exactly(value) => value.to_string(),
        Is::Near(number, within) if *within < 1e-6 => number.to_string(),
        Is::Near(number, within) => format!("{number}±{within}"),
        Is::At((east, north)) => format!("at {east},{north}"),
        Is::Count(count) => format!("a list of {count}"),
    }
}

/// A value; a position also in metres.
fn shown(value: &Value) -> String {
    match position_of(value).map(metres_of) {
        Some((east, north)) => format!("{value} (at {east:.1},{north:.1})"),
        None => value.to_string(),
    }
}

fn position_of(value: &Value) -> Option<(f64, f64)> {
    Some((value.get("lat")?.as_f64()?, value.get("lon")?.as_f64()?))
}

fn metres_of((lat, lon): (f64, f64)) -> Metres {
    let [east, north] = super::frame().east_north(onegrid::coordinates::Point::new(lat, lon));
    (east, north)
}

/// The value at `a.b.c`; a list is entered by a number or by the `category`,
/// `code` or `kind` of what it lists.
fn at_path<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, step| match value {
        Value::Array(list) => match step.parse::<usize>() {
            Ok(number) => list.get(number),
            Err(_) => list
                .iter()
                .find(|item| ["category", "code", "kind"].iter().any(|key| item[key] == step)),
        },
        _ => value.get(step),
    })
}
