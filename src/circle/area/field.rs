//! To which street each point of the lattice belongs: the one that is nearest on
//! foot.

use super::barred::Barred;
use super::contour::cell_holds;
use super::lattice::Lattice;
use super::{Ground, ReachedStreet};
use crate::coordinates::Point;

/// What a step between neighbours costs, and one across a cell.
const STRAIGHT: u16 = 10;
const ACROSS: u16 = 14;
/// Of a point that belongs to nobody.
const NOBODY: u16 = u16::MAX;
/// Of a point between streets that enclose it.
const ENCLOSED: u16 = u16::MAX - 1;
/// Ground enclosed by streets is taken for theirs up to so many square metres: its
/// middle is then as near to a street as a door may be.
const ENCLOSED_M2: f64 = 250_000.0;
/// A yard smaller than this is no hole in an outline.
const SLIVER_M2: f64 = 100.0;

/// By point of the lattice.
pub(super) struct Field {
    /// Seconds to the street that a point belongs to, infinite where that is not
    /// reached or where there is none.
    pub seconds: Vec<f32>,
    /// Steps from that street, in parts of [`STRAIGHT`].
    cost: Vec<u16>,
    /// Points that count only so that a street lies inside; the ground ends right
    /// behind them.
    pub tight: Vec<bool>,
}

impl Field {
    /// Gives each point to its street.
    pub fn of(lattice: &Lattice, barred: &Barred, ground: &Ground) -> Self {
        let mut field = Self {
            seconds: vec![f32::INFINITY; lattice.points()],
            cost: vec![NOBODY; lattice.points()],
            tight: vec![false; lattice.points()],
        };
        let mut spreading = Vec::new();
        // Points beside streets that have no ground of their own.
        let mut narrow = Vec::new();
        let mut seeds = Seeds {
            lattice,
            barred,
            cuts: Vec::new(),
        };
        for street in &ground.reached {
            seeds.along(
                &street.line,
                Some(street.narrow),
                |pair, [enters, leaves], sees, forced| {
                    let least = seconds_at(street, pair, enters).min(seconds_at(street, pair, leaves));
                    narrow.extend(forced.into_iter().flatten().map(|node| (node, least)));
                    for node in sees.into_iter().flatten() {
                        if street.narrow {
                            narrow.push((node, least));
                            continue;
                        }
                        field.seconds[node] = field.seconds[node].min(least);
                        if field.cost[node] != 0 {
                            field.cost[node] = 0;
                            spreading.push(node);
                        }
                    }
                },
            );
        }
        for (node, _) in &narrow {
            if field.cost[*node] != 0 {
                field.cost[*node] = 0;
                field.tight[*node] = true;
            }
        }
        for street in &ground.unreached {
            seeds.along(&street.line, None, |_, _, sees, _| {
                for node in sees.into_iter().flatten() {
                    if field.cost[node] != 0 {
                        field.cost[node] = 0;
                        if !street.narrow {
                            spreading.push(node);
                        }
                    }
                }
            });
        }
        field.spread(lattice, barred, spreading);
        for (node, seconds) in narrow {
            field.seconds[node] = field.seconds[node].min(seconds);
        }
        field.enclose(lattice, barred);
        // Whatever a line from outside did there: outlines close within the lattice.
        for node in lattice.edge() {
            field.seconds[node] = f32::INFINITY;
        }
        field
    }

    /// Whether a street lies beside a point.
    pub fn is_beside_street(&self, node: usize) -> bool {
        self.cost[node] == 0
    }

    /// Gives the ground around streets to them, step by step, the nearest first;
    /// of two equally near the one that is reached sooner.
    fn spread(&mut self, lattice: &Lattice, barred: &Barred, first: Vec<usize>) {
        let at_most = (lattice.around() * f64::from(STRAIGHT)) as u16;
        let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); usize::from(at_most) + 1];
        if let Some(now) = waiting.first_mut() {
            *now = first;
        }
        for cost in 0..=at_most {
            let now = std::mem::take(&mut waiting[usize::from(cost)]);
            for node in now {
                if self.cost[node] != cost {
                    continue;
                }
                let seconds = self.seconds[node];
                for (next, is_across) in barred.open_ways(lattice, node) {
                    let next_cost = cost + if is_across { ACROSS } else { STRAIGHT };
                    if next_cost > at_most {
                        continue;
                    }
                    if next_cost < self.cost[next] {
                        self.cost[next] = next_cost;
                        self.seconds[next] = seconds;
                        waiting[usize::from(next_cost)].push(next);
                    } else if next_cost == self.cost[next] {
                        self.seconds[next] = self.seconds[next].min(seconds);
                    }
                }
            }
        }
    }

    /// Gives ground that streets enclose to the last of them, and yards that are no
    /// more than a sliver.
    fn enclose(&mut self, lattice: &Lattice, barred: &Barred) {
        let cell_m2 = lattice.cell_m * lattice.cell_m;
        let mut seen = vec![false; lattice.points()];
        let mut patch = Vec::new();
        for start in 0..lattice.points() {
            if seen[start] || self.cost[start] != NOBODY {
                continue;
            }
            patch.clear();
            patch.push(start);
            seen[start] = true;
            // The last of the streets from which one walks to it.
            let mut last = f32::NEG_INFINITY;
            let mut at = 0;
            while let Some(node) = patch.get(at).copied() {
                at += 1;
                for (next, _) in barred.open_ways(lattice, node) {
                    if self.cost[next] != NOBODY {
                        last = last.max(self.seconds[next]);
                    } else if !seen[next] {
                        seen[next] = true;
                        patch.push(next);
                    }
                }
            }
            let m2 = patch.len() as f64 * cell_m2;
            // Nobody walks to a yard: it goes to the last of the streets around it.
            let is_yard = last == f32::NEG_INFINITY;
            if m2 > if is_yard { SLIVER_M2 } else { ENCLOSED_M2 } || patch.iter().any(|node| lattice.is_edge(*node)) {
                continue;
            }
            if is_yard {
                let around = patch.iter().flat_map(|node| Barred::neighbours(lattice, *node));
                let owned = around.filter(|next| self.cost[*next] != NOBODY);
                last = owned.map(|next| self.seconds[next]).fold(last, f32::max);
            }
            if last.is_finite() {
                for node in &patch {
                    self.cost[*node] = ENCLOSED;
                    self.seconds[*node] = last;
                }
            }
        }
    }
}

/// Seconds at a share of the way from one point of a street to the next.
fn seconds_at(street: &ReachedStreet, pair: usize, share: f64) -> f32 {
    let of = |at: usize| street.seconds.get(at).copied().unwrap_or(f32::INFINITY);
    let (before, after) = (of(pair), of(pair + 1));
    before + share as f32 * (after - before)
}

/// Finds the points of the lattice beside a street.
struct Seeds<'a> {
    lattice: &'a Lattice,
    barred: &'a Barred,
    cuts: Vec<f64>,
}

impl Seeds<'_> {
    /// Calls `each` for each cell that a street passes: with the number of the pair
    /// of points, the shares of it where the cell begins and ends, the corners of
    /// the cell that are seen from the street, and those that are not but without
    /// which the street would not lie inside, where `tight` says whether its points
    /// are; none where that does not matter.
    fn along(
        &mut self,
        line: &[Point],
        tight: Option<bool>,
        mut each: impl FnMut(usize, [f64; 2], [Option<usize>; 4], [Option<usize>; 4]),
    ) {
        let (lattice, barred) = (self.lattice, self.barred);
        for (number, pair) in line.windows(2).enumerate() {
            let [a, b] = [pair[0], pair[1]].map(|point| lattice.position(point));
            lattice.walk(a, b, &mut self.cuts, |cell, shares| {
                let corners = lattice.corners(cell);
                let in_cell = barred.in_cell(cell);
                if in_cell.is_empty() {
                    each(number, shares, corners.map(Some), [None; 4]);
                    return;
                }
                let points = [shares[0], f64::midpoint(shares[0], shares[1]), shares[1]]
                    .map(|share| [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]);
                let origin = lattice.place(cell);
                let sees = CORNERS.map(|[east, north]| {
                    let corner = [origin[0] + east, origin[1] + north];
                    points.iter().any(|point| !barred.between(in_cell, *point, corner))
                });
                let holds = tight.is_none_or(|tight| {
                    points.iter().all(|point| {
                        let inner = [point[0] - origin[0], point[1] - origin[1]];
                        cell_holds((lattice, barred), cell, sees, tight, inner)
                    })
                });
                let chosen = |wanted: bool| {
                    let mut chosen = [None; 4];
                    for ((slot, corner), seen) in chosen.iter_mut().zip(corners).zip(sees) {
                        *slot = (seen == wanted).then_some(corner);
                    }
                    chosen
                };
                each(
                    number,
                    shares,
                    chosen(true),
                    if holds { [None; 4] } else { chosen(false) },
                );
            });
        }
    }
}

/// The corners of a cell from its south-western one, in the order of
/// [`Lattice::corners`].
const CORNERS: [[f64; 2]; 4] = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
