//! From the lines of ways to closed rings, and which of them are holes in which.
//!
//! The roles of a relation's members are often wrong, so the lines alone decide:
//! what lies within an odd number of rings is inside. A line drawn twice (the cut
//! that joins a hole to its outline, the border between two outer parts) is none.

use super::fence::{Doubled, Fence};
use crate::circle::streets::layout::Position;
use std::collections::HashMap;

/// Two nodes that are joined by a line, the lower first.
pub(super) type Pair = [u32; 2];

/// The line between two nodes, whichever is named first.
pub(super) fn pair(a: u32, b: u32) -> Pair {
    [a.min(b), a.max(b)]
}

/// The lines of a ring, the one that closes it included.
pub(super) fn pairs_of(ring: &[u32]) -> impl Iterator<Item = Pair> {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| pair(*a, *b))
}

/// An outer ring and the holes in it, each as its nodes in order, the first not
/// repeated at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Polygon {
    pub outer: Vec<u32>,
    pub holes: Vec<Vec<u32>>,
}

/// The lines that are there an odd number of times, in order.
pub(super) fn drawn_once(mut lines: Vec<Pair>) -> Vec<Pair> {
    lines.retain(|[a, b]| a != b);
    lines.sort_unstable();
    lines
        .chunk_by(|a, b| a == b)
        .filter(|same| same.len() % 2 == 1)
        .filter_map(|same| same.first().copied())
        .collect()
}

/// The rings that `lines` draw, each without touching itself. `None` where a line
/// ends without meeting another.
pub(super) fn rings(lines: Vec<Pair>) -> Option<Vec<Vec<u32>>> {
    let lines = drawn_once(lines);
    // The lines of each node, one row after the other.
    let mut ends: Vec<(u32, usize)> = lines
        .iter()
        .enumerate()
        .flat_map(|(number, [a, b])| [(*a, number), (*b, number)])
        .collect();
    ends.sort_unstable();
    let mut rows = HashMap::new();
    let mut start = 0;
    for row in ends.chunk_by(|a, b| a.0 == b.0) {
        let end = start + row.len();
        if row.len() % 2 == 1 {
            return None;
        }
        rows.insert(ends[start].0, start..end);
        start = end;
    }
    let mut used = vec![false; lines.len()];
    let mut found = Vec::new();
    for number in 0..lines.len() {
        if used[number] {
            continue;
        }
        // Every node has an even number of lines: the walk ends where it began.
        let mut walk = vec![lines[number][0]];
        let mut place_in_walk = HashMap::from([(lines[number][0], 0)]);
        while let Some(here) = walk.last().copied() {
            let Some((there, line)) = rows.get_mut(&here).and_then(|row| {
                let line = row.map(|at| ends[at].1).find(|line| !used[*line])?;
                let [a, b] = lines[line];
                Some((if a == here { b } else { a }, line))
            }) else {
                break;
            };
            used[line] = true;
            if let Some(back) = place_in_walk.get(&there).copied() {
                // Back at a node of the walk: a ring is complete.
                found.push(walk[back..].to_vec());
                for node in walk.drain(back + 1..) {
                    place_in_walk.remove(&node);
                }
            } else {
                place_in_walk.insert(there, walk.len());
                walk.push(there);
            }
        }
    }
    Some(found)
}

/// Sorts rings into outer ones and their holes; a hole belongs to the smallest
/// ring around it. Each line that is met on the way is taken from `effort`; `None`
/// where there is none left.
pub(super) fn polygons(
    rings: &[Vec<u32>],
    position: impl Fn(u32) -> Position,
    effort: &mut u64,
) -> Option<Vec<Polygon>> {
    if let [only] = rings {
        return Some(vec![Polygon {
            outer: only.clone(),
            holes: Vec::new(),
        }]);
    }
    let corners: Vec<Vec<Position>> = rings
        .iter()
        .map(|ring| ring.iter().map(|place| position(*place)).collect())
        .collect();
    let areas: Vec<i128> = corners.iter().map(|ring| doubled_area(ring).abs()).collect();
    let mut fence = Fence::default();
    for (ring, number) in corners.iter().zip(0_u32..) {
        fence.add_ring(ring, number);
    }
    fence.index();
    // Around each ring: how often a ray from it to the east meets the others.
    let mut parents: Vec<Option<u32>> = Vec::with_capacity(corners.len());
    for (ring, number) in corners.iter().zip(0_u32..) {
        let mut met = Vec::new();
        if let [first, second, ..] = ring.as_slice() {
            fence.each_east_of(Doubled::middle(*first, *second), |owner| met.push(owner));
        }
        *effort = effort.checked_sub(met.len() as u64)?;
        met.retain(|owner| *owner != number);
        met.sort_unstable();
        let around: Vec<u32> = met
            .chunk_by(|a, b| a == b)
            .filter(|same| same.len() % 2 == 1)
            .filter_map(|same| same.first().copied())
            .collect();
        let smallest = around.iter().min_by_key(|ring| areas[**ring as usize]).copied();
        parents.push(smallest.filter(|_| around.len() % 2 == 1));
    }
    let mut found = Vec::new();
    let mut place_of = HashMap::new();
    for ((ring, parent), number) in rings.iter().zip(&parents).zip(0_u32..) {
        if parent.is_none() {
            place_of.insert(number, found.len());
            found.push(Polygon {
                outer: ring.clone(),
                holes: Vec::new(),
            });
        }
    }
    for (ring, parent) in rings.iter().zip(&parents) {
        let place = parent.as_ref().and_then(|parent| place_of.get(parent));
        if let Some(polygon) = place.and_then(|place| found.get_mut(*place)) {
            polygon.holes.push(ring.clone());
        }
    }
    Some(found)
}

/// Twice the area in square units, positive where the ring runs anticlockwise.
pub(super) fn doubled_area(ring: &[Position]) -> i128 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| i128::from(a.lon) * i128::from(b.lat) - i128::from(b.lon) * i128::from(a.lat))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::{Polygon, pair, polygons, rings};
    use crate::circle::streets::layout::Position;

    fn lines(of: &[&[u32]]) -> Vec<[u32; 2]> {
        of.iter()
            .flat_map(|line| line.windows(2).map(|ends| pair(ends[0], ends[1])))
            .collect()
    }

    /// Sorted, so that it does not matter where a ring begins.
    fn sorted(mut rings: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
        for ring in &mut rings {
            ring.sort_unstable();
        }
        rings.sort();
        rings
    }

    #[test]
    fn ways_in_any_order_and_direction_make_a_ring() {
        let found = rings(lines(&[&[3, 4], &[1, 2, 3], &[1, 5, 4]])).unwrap();
        assert_eq!(sorted(found), [vec![1, 2, 3, 4, 5]]);
    }

    #[test]
    fn an_outline_that_touches_itself_is_two_rings() {
        let found = rings(lines(&[&[1, 2, 3, 4, 5, 3, 6, 1]])).unwrap();
        assert_eq!(sorted(found), [vec![1, 2, 3, 6], vec![3, 4, 5]]);
    }

    #[test]
    fn a_cut_to_a_hole_is_drawn_twice_and_is_no_line() {
        // A square 1 to 4, from 1 a cut to the hole 5, 6, 7, and back.
        let found = rings(lines(&[&[1, 5, 6, 7, 5, 1, 2, 3, 4, 1]])).unwrap();
        assert_eq!(sorted(found), [vec![1, 2, 3, 4], vec![5, 6, 7]]);
    }

    #[test]
    fn a_line_that_ends_is_no_ring() {
        assert_eq!(rings(lines(&[&[1, 2, 3]])), None);
        assert_eq!(rings(lines(&[&[1, 2, 3, 1], &[3, 4]])), None);
        assert_eq!(rings(lines(&[&[1, 2, 1]])), Some(vec![]));
    }

    #[test]
    fn an_island_in_a_hole_is_a_square_of_its_own() {
        // Squares around (0, 0), each four times its number wide.
        let at = |place: u32| {
            let size = 2 * (place / 10) as i32;
            let (lat, lon) = [(-size, -size), (-size, size), (size, size), (size, -size)][place as usize % 10];
            Position { lat, lon }
        };
        let ring = |number: u32| (0..4).map(|corner| number * 10 + corner).collect::<Vec<u32>>();
        let rings = [ring(2), ring(3), ring(1), ring(4)];
        let found = polygons(&rings, at, &mut 1_000).unwrap();
        let polygon = |outer, hole| Polygon {
            outer: ring(outer),
            holes: vec![ring(hole)],
        };
        assert_eq!(found, [polygon(2, 1), polygon(4, 3)]);
        // A ray meets at least the ring's own line.
        assert_eq!(polygons(&rings, at, &mut 3), None);
    }
}
