//! Where the ground may not be crossed: barriers, laid over the lattice.

use super::lattice::Lattice;
use crate::coordinates::Point;

/// Crossings are kept in this many parts of a step.
const PARTS: f64 = 250.0;
/// A crossing so near to a point of the lattice counts on both sides of it, so
/// that rounding opens no gap.
const BOTH_SIDES: f64 = 1e-6;

/// The first and the last crossing of a step, in parts of it from its lower end;
/// the other way round where there is none.
#[derive(Debug, Clone, Copy)]
struct Crossed {
    first: u8,
    last: u8,
}

const FREE: Crossed = Crossed { first: 255, last: 0 };

/// A step between neighbours of the lattice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    /// The end in the west or in the south.
    pub from: usize,
    /// 0 to the east, 1 to the north.
    pub axis: usize,
}

/// The barriers on a lattice.
pub(super) struct Barred {
    /// By axis, by the lower end.
    crossed: [Vec<Crossed>; 2],
    /// To which neighbours nothing bars the way, a bit each; none on the edge.
    open: Vec<u8>,
    pieces: Vec<[[f64; 2]; 2]>,
    /// The cells that a piece passes, sorted.
    in_cell: Vec<(u32, u32)>,
}

/// The eight neighbours of a point: steps east and north.
const NEIGHBOURS: [[i64; 2]; 8] = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]];
/// The first of them along the axes, the others across a cell.
const ALONG: usize = 4;

impl Barred {
    /// Lays barriers over a lattice.
    pub fn of(lattice: &Lattice, barriers: &[[Point; 2]]) -> Self {
        let mut barred = Self {
            crossed: [vec![FREE; lattice.points()], vec![FREE; lattice.points()]],
            open: vec![u8::MAX; lattice.points()],
            pieces: Vec::new(),
            in_cell: Vec::new(),
        };
        let mut cuts = Vec::new();
        for barrier in barriers {
            let piece = barrier.map(|end| lattice.position(end));
            let number = barred.pieces.len() as u32;
            let before = barred.in_cell.len();
            let in_cell = &mut barred.in_cell;
            lattice.walk(piece[0], piece[1], &mut cuts, |cell, _| {
                in_cell.push((cell as u32, number));
            });
            if barred.in_cell.len() > before {
                barred.pieces.push(piece);
                barred.cross(lattice, piece, 0);
                barred.cross(lattice, piece, 1);
            }
        }
        barred.in_cell.sort_unstable();
        barred.in_cell.dedup();
        barred.close(lattice);
        barred
    }

    /// Closes the ways that are barred, and those from the edge of the lattice.
    fn close(&mut self, lattice: &Lattice) {
        let (columns, points) = (lattice.columns, lattice.points());
        for axis in 0..2 {
            for from in 0..points {
                let crossed = self.crossed[axis][from];
                if crossed.first > crossed.last {
                    continue;
                }
                // All whose way there, or round a corner there, may lead over this step.
                let beside = if axis == 0 { columns } else { 1 };
                let to = from + if axis == 0 { 1 } else { columns };
                for end in [from, to] {
                    for node in [end.checked_sub(beside), Some(end), Some(end + beside)] {
                        if let Some(node) = node.filter(|node| *node < points && !lattice.is_edge(*node)) {
                            self.open[node] = self.open_at(lattice, node);
                        }
                    }
                }
            }
        }
        for node in lattice.edge() {
            self.open[node] = 0;
        }
    }

    /// The open ways of a point that is not on the edge. A step across a cell goes
    /// round one of its corners.
    fn open_at(&self, lattice: &Lattice, node: usize) -> u8 {
        let columns = lattice.columns as i64;
        let node = node as i64;
        let free = |from: i64, axis: usize, way: i64| {
            let back = if axis == 0 { 1 } else { columns };
            let lower = if way > 0 { from } else { from - back };
            self.is_free(Step {
                from: lower as usize,
                axis,
            })
        };
        let is_open = |[east, north]: &[i64; 2]| match (*east, *north) {
            (east, 0) => free(node, 0, east),
            (0, north) => free(node, 1, north),
            (east, north) => {
                (free(node, 0, east) && free(node + east, 1, north))
                    || (free(node, 1, north) && free(node + north * columns, 0, east))
            }
        };
        let bits = NEIGHBOURS.iter().enumerate();
        bits.fold(0, |open, (bit, step)| open | u8::from(is_open(step)) << bit)
    }

    /// The neighbours of a point to which nothing bars the way, and whether the step
    /// leads across a cell. Points on the edge of the lattice have none.
    pub fn open_ways(&self, lattice: &Lattice, node: usize) -> impl Iterator<Item = (usize, bool)> + use<> {
        let open = self.open[node];
        let columns = lattice.columns as i64;
        let bits = NEIGHBOURS.iter().enumerate();
        bits.filter_map(move |(bit, [east, north])| {
            let to = (node as i64 + north * columns + east) as usize;
            (open >> bit & 1 == 1).then_some((to, bit >= ALONG))
        })
    }

    /// The eight neighbours of a point that is not on the edge.
    pub fn neighbours(lattice: &Lattice, node: usize) -> impl Iterator<Item = usize> + use<> {
        let columns = lattice.columns as i64;
        NEIGHBOURS
            .iter()
            .map(move |[east, north]| (node as i64 + north * columns + east) as usize)
    }

    /// Marks where a piece crosses the lines of the lattice that lead along `axis`.
    fn cross(&mut self, lattice: &Lattice, [a, b]: [[f64; 2]; 2], axis: usize) {
        let across = 1 - axis;
        let size = [lattice.columns as i64, lattice.rows as i64];
        let length = b[across] - a[across];
        let low = a[across].min(b[across]) - BOTH_SIDES;
        let high = a[across].max(b[across]) + BOTH_SIDES;
        let lines = (low.ceil() as i64).max(0)..=(high.floor() as i64).min(size[across] - 1);
        for line in lines {
            let share = if length.abs() > f64::EPSILON {
                ((line as f64 - a[across]) / length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let at = a[axis] + share * (b[axis] - a[axis]);
            let step = at.floor();
            let part = at - step;
            let mut mark = |step: i64, part: f64| {
                if (0..size[axis] - 1).contains(&step) {
                    let place = if axis == 0 { [step, line] } else { [line, step] };
                    let crossed = &mut self.crossed[axis][(place[1] * size[0] + place[0]) as usize];
                    crossed.first = crossed.first.min((part * PARTS).floor() as u8);
                    crossed.last = crossed.last.max((part * PARTS).ceil() as u8);
                }
            };
            mark(step as i64, part);
            if part < BOTH_SIDES {
                mark(step as i64 - 1, 1.0);
            }
            if part > 1.0 - BOTH_SIDES {
                mark(step as i64 + 1, 0.0);
            }
        }
    }

    /// Whether nothing crosses a step.
    fn is_free(&self, step: Step) -> bool {
        let crossed = self.crossed[step.axis][step.from];
        crossed.first > crossed.last
    }

    /// How far along a step, in units, the ground of one end goes: to the middle,
    /// or to just before what crosses it.
    pub fn reaches(&self, lattice: &Lattice, step: Step, from_lower: bool) -> i64 {
        let length = lattice.step[step.axis];
        let crossed = self.crossed[step.axis][step.from];
        let units = |part: u8| f64::from(part) / PARTS * length as f64;
        let at = if crossed.first > crossed.last {
            length / 2
        } else if from_lower {
            units(crossed.first).floor() as i64 - 1
        } else {
            units(crossed.last).ceil() as i64 + 1
        };
        at.clamp(1, length - 1)
    }

    /// The barriers in a cell.
    pub fn in_cell(&self, cell: usize) -> &[(u32, u32)] {
        let start = self.in_cell.partition_point(|(at, _)| (*at as usize) < cell);
        let rest = self.in_cell.get(start..).unwrap_or_default();
        let length = rest.partition_point(|(at, _)| *at as usize == cell);
        rest.get(..length).unwrap_or_default()
    }

    /// Whether one of the barriers of a cell lies between two points in it.
    pub fn between(&self, in_cell: &[(u32, u32)], p: [f64; 2], q: [f64; 2]) -> bool {
        in_cell
            .iter()
            .filter_map(|(_, number)| self.pieces.get(*number as usize))
            .any(|[a, b]| meet(p, q, *a, *b))
    }
}

/// Whether two straight lines share a point; not where one lies along the other.
fn meet(p: [f64; 2], q: [f64; 2], a: [f64; 2], b: [f64; 2]) -> bool {
    let side = |u: [f64; 2], v: [f64; 2], w: [f64; 2]| (v[0] - u[0]) * (w[1] - u[1]) - (v[1] - u[1]) * (w[0] - u[0]);
    let (side_a, side_b) = (side(p, q, a), side(p, q, b));
    if side_a == 0.0 && side_b == 0.0 {
        return false;
    }
    side_a * side_b <= 0.0 && side(a, b, p) * side(a, b, q) <= 0.0
}
