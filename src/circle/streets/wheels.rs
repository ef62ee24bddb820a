//! What stops a wheelchair: kerbs, surfaces, widths, slopes. What is not told is
//! passable, and counted as unknown.

use super::tags::Unreadable;
use crate::circle::osm::Tags;

/// Kerbs higher than this, in metres, stop a wheelchair; what the scheme of
/// `kerb=*` calls lowered is at most this high.
const KERB_AT_MOST_M: f64 = 0.03;
/// Ways narrower than this, in metres, stop a wheelchair: the clear width of a
/// door in GB 50763-2012.
const NARROWEST_M: f64 = 0.8;
/// Slopes are told in fractions of at most this; steeper ones are slips of the pen.
const STEEPEST: f64 = 1.0;

/// Surfaces that wheels sink into or catch in.
const BAD_SURFACES: [&str; 10] = [
    "cobblestone",
    "gravel",
    "mud",
    "pebblestone",
    "rock",
    "sand",
    "snow",
    "stepping_stones",
    "unhewn_cobblestone",
    "woodchips",
];

/// Smoothness that no wheelchair takes, by the scheme's own words.
const BAD_SMOOTHNESS: [&str; 4] = ["very_bad", "horrible", "very_horrible", "impassable"];

/// Barriers that let a walker through and no wheelchair, unless they say so.
const NARROW_BARRIERS: [&str; 9] = [
    "cycle_barrier",
    "full-height_turnstile",
    "hampshire_gate",
    "jersey_barrier",
    "kissing_gate",
    "log",
    "motorcycle_barrier",
    "stile",
    "turnstile",
];

/// What `wheelchair=*` says, `None` where it says nothing.
fn said(tags: &Tags) -> Option<bool> {
    match tags.get("wheelchair")?.trim() {
        "yes" | "designated" | "limited" | "permissive" => Some(true),
        "no" | "bad" => Some(false),
        _ => None,
    }
}

/// Whether a way is closed to wheelchairs. Stairs are, but for those with a ramp.
pub(super) fn is_closed_way(tags: &Tags, steps: bool) -> bool {
    if let Some(open) = said(tags) {
        return !open;
    }
    if steps {
        return !has_ramp(tags);
    }
    let one_of = |key: &str, kinds: &[&str]| tags.get(key).is_some_and(|value| kinds.contains(&value.trim()));
    let narrow = ["width", "maxwidth:physical"]
        .iter()
        .any(|key| tags.get(key).and_then(metres).is_some_and(|width| width < NARROWEST_M));
    narrow || one_of("surface", &BAD_SURFACES) || one_of("smoothness", &BAD_SMOOTHNESS)
}

/// Whether stairs have a ramp that a wheelchair takes.
pub(super) fn has_ramp(tags: &Tags) -> bool {
    tags.is("ramp:wheelchair", "yes") || tags.is("wheelchair", "yes") || tags.is("wheelchair", "designated")
}

/// Whether nothing is told of a way that a wheelchair would have to know.
pub(super) fn is_unknown(tags: &Tags) -> bool {
    said(tags).is_none() && tags.get("surface").is_none() && tags.get("smoothness").is_none()
}

/// Whether a node stops a wheelchair.
pub(super) fn is_closed_node(tags: &Tags) -> bool {
    if let Some(open) = said(tags) {
        return !open;
    }
    let height = tags.get("kerb:height").or_else(|| tags.get("height")).and_then(metres);
    let kerb = tags.get("kerb").or_else(|| tags.is("barrier", "kerb").then_some("yes"));
    let kerb_stops = match (kerb, height) {
        (None | Some("no"), _) => false,
        (Some(_), Some(height)) => height > KERB_AT_MOST_M,
        (Some(kind), None) => matches!(kind, "raised" | "rolled" | "regular"),
    };
    let narrow = ["width", "maxwidth:physical"]
        .iter()
        .any(|key| tags.get(key).and_then(metres).is_some_and(|width| width < NARROWEST_M));
    let barrier = tags.get("barrier");
    kerb_stops || (barrier.is_some() && narrow) || barrier.is_some_and(|kind| NARROW_BARRIERS.contains(&kind))
}

/// The slope along a way's direction as a fraction, upwards positive; `None`
/// where it is not told as a number. `up` and `down` tell the direction only.
pub(super) fn incline(tags: &Tags) -> Option<f32> {
    let value = tags.get("incline")?.trim();
    let slope = if let Some(percent) = value.strip_suffix('%') {
        percent.trim().parse::<f64>().ok()? / 100.0
    } else if let Some(degrees) = value.strip_suffix('°') {
        degrees.trim().parse::<f64>().ok()?.to_radians().tan()
    } else {
        value.parse::<f64>().ok().filter(|_| value == "0")?
    };
    (slope.is_finite() && slope.abs() <= STEEPEST).then_some(slope as f32)
}

/// Metres, or feet and inches (`6'7"`).
pub(super) fn metres(value: &str) -> Option<f64> {
    let value = value.trim();
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let metres = if let Some((feet, inches)) = value.split_once('\'') {
        let inches = inches.trim_end_matches('"').trim();
        let inches = if inches.is_empty() { 0.0 } else { number(inches)? };
        number(feet)? * 0.3048 + inches * 0.0254
    } else if let Some(feet) = value.strip_suffix("ft") {
        number(feet)? * 0.3048
    } else if let Some(centimetres) = value.strip_suffix("cm") {
        number(centimetres)? / 100.0
    } else {
        number(value.strip_suffix('m').unwrap_or(value))?
    };
    (metres.is_finite() && metres >= 0.0).then_some(metres)
}

/// Seconds of `00:20`, `1:05:30`, `PT20M` or `20` (minutes).
pub(super) fn seconds(tags: &Tags, key: &'static str, unreadable: &mut Unreadable) -> Option<f32> {
    let value = tags.get(key)?.trim();
    let read = duration_s(value).filter(|seconds| *seconds > 0.0 && *seconds <= 86_400.0);
    if read.is_none() {
        unreadable.note(key);
    }
    read
}

fn duration_s(value: &str) -> Option<f32> {
    if let Some(iso) = value.strip_prefix("PT") {
        let mut seconds = 0.0;
        let mut digits = String::new();
        for c in iso.chars() {
            let unit = match c {
                'H' => 3_600.0,
                'M' => 60.0,
                'S' => 1.0,
                _ => {
                    digits.push(c);
                    continue;
                }
            };
            seconds += digits.parse::<f32>().ok()? * unit;
            digits.clear();
        }
        return digits.is_empty().then_some(seconds);
    }
    let parts: Vec<f32> = value
        .split(':')
        .map(|part| part.trim().parse().ok())
        .collect::<Option<_>>()?;
    match parts[..] {
        [minutes] => Some(minutes * 60.0),
        [hours, minutes] => Some(hours * 3_600.0 + minutes * 60.0),
        [hours, minutes, seconds] => Some(hours * 3_600.0 + minutes * 60.0 + seconds),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: Option<f64>, expected: f64) {
        assert!(value.is_some_and(|value| (value - expected).abs() < 1e-6), "{value:?}");
    }

    #[test]
    fn lengths_slopes_and_times_are_read_as_mappers_write_them() {
        near(metres("0.75"), 0.75);
        near(metres("75 cm"), 0.75);
        near(metres("2.5 m"), 2.5);
        near(metres("6'6\""), 1.9812);
        assert_eq!(metres("2,5"), None);
        let slope = |value: &str| incline(&Tags::from([("incline", value)])).map(f64::from);
        near(slope("10%"), 0.1_f32.into());
        near(slope("-6 %"), (-0.06_f32).into());
        assert!(slope("45°").is_some_and(|slope| (slope - 1.0).abs() < 1e-6));
        assert_eq!(slope("up"), None);
        assert_eq!(slope("900%"), None);
        assert_eq!(duration_s("00:20"), Some(1_200.0));
        assert_eq!(duration_s("PT1H5M"), Some(3_900.0));
        assert_eq!(duration_s("15"), Some(900.0));
        assert_eq!(duration_s("soon"), None);
    }

    #[test]
    fn kerbs_count_by_height_before_kind() {
        let stops = |pairs: &[(&str, &str)]| {
            is_closed_node(&Tags(pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect()))
        };
        assert!(stops(&[("kerb", "raised")]));
        assert!(stops(&[("barrier", "kerb"), ("kerb", "rolled")]));
        assert!(!stops(&[("kerb", "lowered")]));
        assert!(!stops(&[("barrier", "kerb")]));
        assert!(!stops(&[("kerb", "raised"), ("kerb:height", "2 cm")]));
        assert!(stops(&[("kerb", "lowered"), ("kerb:height", "0.05")]));
        assert!(!stops(&[("kerb", "raised"), ("wheelchair", "yes")]));
        assert!(stops(&[("barrier", "stile")]));
        assert!(stops(&[("barrier", "bollard"), ("maxwidth:physical", "0.6")]));
        assert!(!stops(&[("barrier", "bollard")]));
    }

    #[test]
    fn what_is_said_of_wheelchairs_beats_what_follows_from_the_ground() {
        let closed = |pairs: &[(&str, &str)]| {
            let tags = Tags(pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect());
            is_closed_way(&tags, tags.is("highway", "steps"))
        };
        assert!(closed(&[("surface", "sand")]));
        assert!(!closed(&[("surface", "sand"), ("wheelchair", "limited")]));
        assert!(closed(&[("surface", "asphalt"), ("wheelchair", "no")]));
        assert!(closed(&[("width", "0.5")]));
        assert!(closed(&[("highway", "steps")]));
        assert!(!closed(&[("highway", "steps"), ("ramp:wheelchair", "yes")]));
    }
}
