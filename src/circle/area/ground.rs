//! From what a search reached to the ground that is drawn.

use std::collections::BTreeMap;

use super::{Ground, ReachedStreet, UnreachedStreet, Window};
use crate::circle::streets::{Ask, Beside, Reach, ReachedStretch, StreetMap, Stretch};
use crate::coordinates::Point;

/// Pieces of street shorter than this are left out.
const SHORTEST_M: f32 = 0.5;

/// A door at most so far from what was asked about is its own: the ground between
/// belongs to both.
const AT_HOME_M: f64 = 100.0;

/// What a walk reaches, ready to be drawn.
#[derive(Debug, Default)]
pub struct Reached {
    /// The ground.
    pub ground: Ground,
    /// The streets, each stretch once; not the lines of sight across squares.
    pub streets: Vec<Vec<Point>>,
}

impl Reached {
    /// All that lies around a reach and its stretches. `home` is what was asked
    /// about, whose doors are the origins.
    #[must_use]
    pub fn of(map: &StreetMap, home: Point, ask: &Ask<'_>, reach: &Reach, stretches: &[ReachedStretch]) -> Self {
        let mut reached = Self::default();
        for origin in ask
            .origins
            .iter()
            .filter(|origin| home.metres_to(**origin) <= AT_HOME_M)
        {
            reached.ground.reached.push(ReachedStreet {
                line: vec![home, *origin],
                seconds: vec![0.0, 0.0],
                narrow: false,
            });
        }
        for (foot, origin) in reach.feet.iter().zip(&reach.foot_origins) {
            let ends = (
                ask.origins.get(usize::from(*origin)),
                map.point_on(foot.edge, foot.along_m),
            );
            let (Some(origin), Some(street)) = ends else {
                continue;
            };
            reached.ground.reached.push(ReachedStreet {
                line: vec![*origin, street],
                seconds: vec![0.0, foot.leg_m() * ask.pace.seconds_a_metre],
                narrow: false,
            });
        }
        let mut covered: BTreeMap<u32, Vec<[f32; 2]>> = BTreeMap::new();
        for stretch in stretches {
            let beside = map.beside(stretch.edge);
            if beside == Beside::Water {
                continue;
            }
            let ends = [stretch.enters_m, stretch.leaves_m];
            let low_high = [ends[0].min(ends[1]), ends[0].max(ends[1])];
            covered.entry(stretch.edge).or_default().push(low_high);
            let line = map.line_of(Stretch {
                edge: stretch.edge,
                enters_m: stretch.enters_m,
                leaves_m: stretch.leaves_m,
            });
            let metres = (stretch.leaves_m - stretch.enters_m).abs();
            let seconds_a_metre = if metres > 0.0 {
                (stretch.leaves_s - stretch.enters_s) / metres
            } else {
                0.0
            };
            reached.ground.reached.push(ReachedStreet {
                seconds: line
                    .iter()
                    .map(|(_, along_m)| stretch.enters_s + (along_m - stretch.enters_m).abs() * seconds_a_metre)
                    .collect(),
                line: line.into_iter().map(|(point, _)| point).collect(),
                narrow: beside == Beside::Nothing,
            });
        }
        let Some(window) = Window::around(&reached.ground.reached) else {
            return reached;
        };
        for (edge, parts) in &mut covered {
            *parts = merged(std::mem::take(parts));
            if map.is_sight(*edge) {
                continue;
            }
            let lines = parts.iter().map(|part| line(map, *edge, *part));
            reached.streets.extend(lines);
        }
        for edge in map.edges_in(window.min, window.max) {
            let beside = map.beside(edge);
            if beside == Beside::Water || map.is_below(edge) {
                continue;
            }
            let parts = covered.get(&edge).map_or(&[][..], Vec::as_slice);
            for gap in gaps(parts, map.edge_metres(edge)) {
                reached.ground.unreached.push(UnreachedStreet {
                    line: line(map, edge, gap),
                    narrow: beside == Beside::Nothing,
                });
            }
        }
        reached.ground.barriers = map.barriers_in(window.min, window.max);
        reached
    }
}

fn line(map: &StreetMap, edge: u32, [enters_m, leaves_m]: [f32; 2]) -> Vec<Point> {
    let line = map.line_of(Stretch {
        edge,
        enters_m,
        leaves_m,
    });
    line.into_iter().map(|(point, _)| point).collect()
}

/// Parts of an edge, ascending, those that overlap as one.
fn merged(mut parts: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
    parts.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
    let mut merged: Vec<[f32; 2]> = Vec::with_capacity(parts.len());
    for part in parts {
        match merged.last_mut() {
            Some(last) if part[0] <= last[1] + SHORTEST_M => last[1] = last[1].max(part[1]),
            _ => merged.push(part),
        }
    }
    merged
}

/// What parts, ascending and apart, leave of an edge.
fn gaps(parts: &[[f32; 2]], length_m: f32) -> Vec<[f32; 2]> {
    let starts = std::iter::once(0.0).chain(parts.iter().map(|part| part[1]));
    let ends = parts.iter().map(|part| part[0]).chain(std::iter::once(length_m));
    starts
        .zip(ends)
        .map(|(start, end)| [start, end])
        .filter(|[start, end]| end - start >= SHORTEST_M || parts.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_ends_reach_of_an_edge_leaves_the_middle() {
        let parts = merged(vec![[70.0, 100.0], [0.0, 30.0], [20.0, 40.0]]);
        assert_eq!(parts, [[0.0, 40.0], [70.0, 100.0]]);
        assert_eq!(gaps(&parts, 100.0), [[40.0, 70.0]]);
        assert_eq!(gaps(&[], 100.0), [[0.0, 100.0]]);
        assert_eq!(gaps(&[[0.0, 100.0]], 100.0), Vec::<[f32; 2]>::new());
        assert_eq!(gaps(&[[10.0, 20.0]], 100.0), [[0.0, 10.0], [20.0, 100.0]]);
    }
}
