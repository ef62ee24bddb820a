//! Headings and corners of drawn lines.

use super::*;

/// A line through points so many metres east and north of somewhere.
fn line(points: &[[f64; 2]]) -> Vec<Point> {
    let frame = LocalMetres::around(Point::new(31.2, 112.6));
    points.iter().map(|point| frame.point(*point)).collect()
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!(words::bend(expected, found).abs() < 1.0, "{found} is not {expected}");
}

#[test]
fn a_heading_looks_past_the_small_turns_at_an_end() {
    // A metre to the north at either end of a street to the east.
    let street = line(&[[0.0, 0.0], [0.0, 1.0], [50.0, 1.0], [50.0, 2.0]]);
    near(heading(&street, true), 88.9);
    near(heading(&street, false), 88.9);
    let there_and_up = line(&[[0.0, 0.0], [30.0, 0.0], [30.0, 30.0]]);
    near(heading(&there_and_up, true), 90.0);
    near(heading(&there_and_up, false), 0.0);
    // Shorter than that, it is from end to end.
    near(heading(&line(&[[0.0, 0.0], [-5.0, 0.0]]), true), 270.0);
    near(heading(&line(&[[0.0, 0.0], [0.0, -5.0]]), false), 180.0);
    near(heading(&[], true), 0.0);
}

#[test]
fn a_line_has_the_corners_that_one_would_tell() {
    assert_eq!(
        corners(&line(&[[0.0, 0.0], [40.0, 0.0], [40.0, 40.0], [80.0, 80.0]])),
        [1]
    );
    assert_eq!(
        corners(&line(&[[0.0, 0.0], [40.0, 0.0], [40.0, 40.0], [80.0, 40.0]])),
        [1, 2]
    );
    // Too near to its end, and too gentle.
    assert_eq!(
        corners(&line(&[[0.0, 0.0], [5.0, 0.0], [5.0, 40.0]])),
        Vec::<usize>::new()
    );
    assert_eq!(
        corners(&line(&[[0.0, 0.0], [40.0, 0.0], [80.0, 30.0]])),
        Vec::<usize>::new()
    );
    assert_eq!(corners(&line(&[[0.0, 0.0]])), Vec::<usize>::new());
}
