//! The outline of a band: between the points of the lattice that are in it and
//! those that are not (marching squares).
//!
//! An outline crosses a step of the lattice in the middle, or just before the
//! first barrier on the way out. Where only two opposite corners of a cell are in,
//! they are not joined. So outlines neither cross nor touch themselves or each
//! other, and what a corner contributes to its cell only grows with more corners.

use super::barred::{Barred, Step};
use super::field::Field;
use super::lattice::Lattice;
use super::{MultiPolygon, Ring};

/// The steps around a cell: between which corners each lies, and on which axis.
/// South, east, north, west; corners as in [`Lattice::corners`].
const SIDES: [([usize; 2], usize); 4] = [([0, 1], 0), ([1, 2], 1), ([3, 2], 0), ([0, 3], 1)];
const SOUTH: usize = 0;
const EAST: usize = 1;
const NORTH: usize = 2;
const WEST: usize = 3;

/// How the outline runs through a cell, from side to side with the inside on its
/// left, by which corners are in: south-west 1, south-east 2, north-east 4,
/// north-west 8.
const RUNS: [&[[usize; 2]]; 16] = [
    &[],
    &[[SOUTH, WEST]],
    &[[EAST, SOUTH]],
    &[[EAST, WEST]],
    &[[NORTH, EAST]],
    &[[SOUTH, WEST], [NORTH, EAST]],
    &[[NORTH, SOUTH]],
    &[[NORTH, WEST]],
    &[[WEST, NORTH]],
    &[[SOUTH, NORTH]],
    &[[EAST, SOUTH], [WEST, NORTH]],
    &[[EAST, NORTH]],
    &[[WEST, EAST]],
    &[[SOUTH, EAST]],
    &[[WEST, SOUTH]],
    &[],
];

fn runs(corners_in: [bool; 4]) -> &'static [[usize; 2]] {
    let number: usize = corners_in
        .iter()
        .enumerate()
        .map(|(bit, is_in)| usize::from(*is_in) << bit)
        .sum();
    RUNS[number]
}

/// Beyond a tight point the ground goes a step divided by this.
const TIGHT: i64 = 8;

/// Whether the inside of a cell of which these corners are in holds a point, given
/// in steps from the south-western corner. `tight` says whether the corners are.
pub(super) fn cell_holds(
    (lattice, barred): (&Lattice, &Barred),
    cell: usize,
    corners_in: [bool; 4],
    tight: bool,
    point: [f64; 2],
) -> bool {
    let runs = runs(corners_in);
    if runs.is_empty() {
        return corners_in[0];
    }
    let corners = lattice.corners(cell);
    let at = |side: usize| {
        let (ends, axis) = SIDES[side];
        let step = Step {
            from: corners[ends[0]],
            axis,
        };
        let units = along(lattice, barred, step, corners_in[ends[0]], tight);
        let share = units as f64 / lattice.step[axis] as f64;
        match side {
            SOUTH => [share, 0.0],
            EAST => [1.0, share],
            NORTH => [share, 1.0],
            _ => [0.0, share],
        }
    };
    runs.iter().any(|[from, to]| {
        let (from, to) = (at(*from), at(*to));
        (to[0] - from[0]) * (point[1] - from[1]) - (to[1] - from[1]) * (point[0] - from[0]) > 0.0
    })
}

/// The ground that is reached within `limit_s` seconds.
pub(super) fn outline(lattice: &Lattice, barred: &Barred, field: &Field, limit_s: f32) -> MultiPolygon {
    let parts = Parts::of(lattice, field, limit_s);
    let turns = turns(lattice, &parts);
    let mut walked = vec![false; turns.len()];
    // Per part its outer ring, then its holes.
    let mut polygons: Vec<Vec<Ring>> = vec![Vec::new(); parts.count];
    for first in 0..turns.len() {
        if walked[first] {
            continue;
        }
        let mut units: Vec<[i64; 2]> = Vec::new();
        let mut at = first;
        while !walked[at] {
            walked[at] = true;
            let turn = &turns[at];
            units.push(crossing(lattice, barred, field, &parts, turn.from));
            match turns.binary_search_by_key(&turn.to, |turn| turn.from) {
                Ok(next) => at = next,
                Err(_) => break,
            }
        }
        let ring = straightened(&units);
        let part = parts.of_node(inner_end(lattice, &parts, turns[first].from));
        let Some(polygon) = part.and_then(|part| polygons.get_mut(part)) else {
            continue;
        };
        let degrees = closed(&ring);
        if twice_area(&ring) > 0 {
            polygon.insert(0, degrees);
        } else {
            polygon.push(degrees);
        }
    }
    polygons.retain(|polygon| !polygon.is_empty());
    polygons
}

/// The points that are in a band, as parts that hang together.
struct Parts {
    /// By point, 0 outside, else the part's number plus one.
    part: Vec<u32>,
    count: usize,
}

impl Parts {
    fn of(lattice: &Lattice, field: &Field, limit_s: f32) -> Self {
        // No street owns a point on the edge of the lattice.
        let is_in = |node: usize| field.seconds[node] <= limit_s;
        let mut parts = Self {
            part: vec![0; lattice.points()],
            count: 0,
        };
        let mut open = Vec::new();
        let mut members = Vec::new();
        let mut seen = vec![false; lattice.points()];
        for start in 0..lattice.points() {
            if seen[start] || !is_in(start) {
                continue;
            }
            seen[start] = true;
            open.push(start);
            members.clear();
            let mut has_street = false;
            while let Some(node) = open.pop() {
                members.push(node);
                has_street |= field.is_beside_street(node);
                for next in [node - 1, node + 1, node - lattice.columns, node + lattice.columns] {
                    if !seen[next] && is_in(next) {
                        seen[next] = true;
                        open.push(next);
                    }
                }
            }
            // Ground that got cut off from its street is a sliver.
            if has_street {
                parts.count += 1;
                for node in &members {
                    parts.part[*node] = parts.count as u32;
                }
            }
        }
        parts
    }

    fn of_node(&self, node: usize) -> Option<usize> {
        (self.part[node] as usize).checked_sub(1)
    }

    fn has(&self, node: usize) -> bool {
        self.part[node] != 0
    }
}

/// Where an outline goes on from a step that it crosses.
struct Turn {
    from: Step,
    to: Step,
}

/// All turns, in the order of their steps. Each step that is crossed starts one and
/// ends one.
fn turns(lattice: &Lattice, parts: &Parts) -> Vec<Turn> {
    let mut turns = Vec::new();
    for row in 0..lattice.rows - 1 {
        for column in 0..lattice.columns - 1 {
            let corners = lattice.corners(row * lattice.columns + column);
            let corners_in = corners.map(|corner| parts.has(corner));
            let step = |side: usize| {
                let (ends, axis) = SIDES[side];
                Step {
                    from: corners[ends[0]],
                    axis,
                }
            };
            turns.extend(runs(corners_in).iter().map(|[from, to]| Turn {
                from: step(*from),
                to: step(*to),
            }));
        }
    }
    turns.sort_unstable_by_key(|turn| turn.from);
    turns
}

fn ends(lattice: &Lattice, step: Step) -> [usize; 2] {
    let onward = if step.axis == 0 { 1 } else { lattice.columns };
    [step.from, step.from + onward]
}

/// The end of a step that is inside.
fn inner_end(lattice: &Lattice, parts: &Parts, step: Step) -> usize {
    let [lower, upper] = ends(lattice, step);
    if parts.has(lower) { lower } else { upper }
}

/// How many units along a step the outline crosses it.
fn along(lattice: &Lattice, barred: &Barred, step: Step, from_lower: bool, tight: bool) -> i64 {
    let units = barred.reaches(lattice, step, from_lower);
    let length = lattice.step[step.axis];
    match (tight, from_lower) {
        (false, _) => units,
        (true, true) => units.min(length / TIGHT),
        (true, false) => units.max(length - length / TIGHT),
    }
}

/// Where the outline crosses a step, in units.
fn crossing(lattice: &Lattice, barred: &Barred, field: &Field, parts: &Parts, step: Step) -> [i64; 2] {
    let tight = field.tight[inner_end(lattice, parts, step)];
    let along = along(lattice, barred, step, parts.has(step.from), tight);
    let beyond = if step.axis == 0 { [along, 0] } else { [0, along] };
    lattice.units(step.from, beyond)
}

/// A ring without the corners in the middle of a straight side along an axis.
/// Slanting sides are left as they are: rounding could part those of two bands.
fn straightened(ring: &[[i64; 2]]) -> Vec<[i64; 2]> {
    let count = ring.len();
    (0..count)
        .filter(|at| {
            let before = ring[(at + count - 1) % count];
            let after = ring[(at + 1) % count];
            (0..2).all(|axis| before[axis] != ring[*at][axis] || after[axis] != ring[*at][axis])
        })
        .map(|at| ring[at])
        .collect()
}

fn closed(ring: &[[i64; 2]]) -> Ring {
    ring.iter()
        .chain(ring.first())
        .map(|units| Lattice::degrees(*units))
        .collect()
}

/// Positive where the ring runs counter-clockwise.
fn twice_area(ring: &[[i64; 2]]) -> i128 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| i128::from(a[0]) * i128::from(b[1]) - i128::from(b[0]) * i128::from(a[1]))
        .sum()
}
