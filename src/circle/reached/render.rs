//! The places of a circle as JSON, put together from what was rendered once and the
//! figures of the walk.
//!
//! What is written is what `serde_json` writes of a `ReachedView`, byte by byte; where
//! this cannot, it says so and the view is written.

use crate::circle::lookup::Reached;
use crate::clock::Timestamp;
use crate::coordinates::Point;

/// Writes what a circle around `origin` says of a place; `false`, and nothing written,
/// where it stands somewhere else each day.
pub fn place(out: &mut Vec<u8>, reached: &Reached, origin: Point, is_wheelchair: bool) -> bool {
    let Some([head, tail, door]) = reached.entry.rendered.as_ref().and_then(|all| all.pieces(reached.nth)) else {
        return false;
    };
    out.extend_from_slice(head);
    out.extend_from_slice(b",\"walk_s\":");
    whole(out, reached.walk_s.ceil() as u64);
    out.extend_from_slice(b",\"walk_m\":");
    tenths(out, reached.walk_m);
    out.extend_from_slice(b",\"network_m\":");
    or_null(out, reached.network_m, tenths);
    out.extend_from_slice(b",\"straight_m\":");
    tenths(out, origin.metres_to(reached.point));
    out.extend_from_slice(b",\"door\":");
    out.extend_from_slice(door);
    out.extend_from_slice(b",\"snapped\":");
    or_null(out, reached.foot, |out, foot| {
        out.extend_from_slice(b"{\"lat\":");
        degrees(out, f64::from(foot.point.lat));
        out.extend_from_slice(b",\"lon\":");
        degrees(out, f64::from(foot.point.lon));
        out.extend_from_slice(b",\"snap_m\":");
        tenths(out, f64::from(foot.snap_m));
        out.push(b'}');
    });
    out.extend_from_slice(b"},\"private_end\":");
    flag(out, reached.private_end);
    out.extend_from_slice(b",\"unknown_m\":");
    or_null(out, is_wheelchair.then_some(reached.unknown_m), tenths);
    out.extend_from_slice(b",\"open_now\":");
    or_null(out, reached.open(), flag);
    out.extend_from_slice(b",\"next_change\":");
    let next_change = reached.hours.as_ref().and_then(|state| state.next_change);
    or_null(out, next_change.map(Timestamp::from), |out, at| {
        out.push(b'"');
        at.write_to(out);
        out.push(b'"');
    });
    out.extend_from_slice(b",\"hours_provisional\":");
    flag(out, reached.hours.as_ref().is_some_and(|state| state.provisional));
    out.extend_from_slice(tail);
    true
}

fn flag(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

fn or_null<T>(out: &mut Vec<u8>, value: Option<T>, write: impl FnOnce(&mut Vec<u8>, T)) {
    match value {
        Some(value) => write(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

fn whole(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Metres to a tenth. Walks have a few thousand.
fn tenths(out: &mut Vec<u8>, metres: f64) {
    decimal(out, (metres * 10.0).round(), 10);
}

/// Degrees of a position, which has seven decimals; without the zeros at the end.
fn degrees(out: &mut Vec<u8>, units: f64) {
    decimal(out, units, 10_000_000);
}

/// So many of these parts of one, with at least one decimal.
fn decimal(out: &mut Vec<u8>, parts: f64, of_one: u64) {
    if parts < 0.0 {
        out.push(b'-');
    }
    let parts = parts.abs() as u64;
    whole(out, parts / of_one);
    out.push(b'.');
    let (mut rest, mut place) = (parts % of_one, of_one / 10);
    loop {
        out.push(b'0' + (rest / place) as u8);
        rest %= place;
        if rest == 0 {
            break;
        }
        place /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    proptest! {
        #[test]
        fn figures_are_written_as_serde_writes_them(
            metres in 0.0..100_000.0_f64,
            angle in -180.0..180.0_f64,
            decimals in 0..9_i32,
        ) {
            let rounded = (metres * 10.0).round() / 10.0;
            prop_assert_eq!(written(|out| tenths(out, metres)), serde_json::to_string(&rounded).expect("JSON"));
            let scale = 10_f64.powi(decimals);
            let angle = (angle * scale).round() / scale;
            let rounded = (angle * 1e7).round() / 1e7;
            // Serde tells zeros below apart.
            prop_assume!(rounded != 0.0);
            prop_assert_eq!(written(|out| degrees(out, (angle * 1e7).round())), serde_json::to_string(&rounded).expect("JSON"));
        }
    }

    #[test]
    fn the_ends_of_figures() {
        assert_eq!(written(|out| tenths(out, 0.04)), "0.0");
        assert_eq!(written(|out| tenths(out, 199.96)), "200.0");
        assert_eq!(written(|out| degrees(out, 0.0)), "0.0");
        assert_eq!(written(|out| degrees(out, -1.0)), "-0.0000001");
        assert_eq!(written(|out| whole(out, u64::MAX)), u64::MAX.to_string());
    }
}
