//! The lattice of points on which the ground is drawn.

use super::{AROUND_M, Window};
use crate::coordinates::{EARTH_RADIUS_M, Point};

/// Units in a degree: a centimetre each, as maps store positions.
const UNITS_A_DEGREE: f64 = 1e7;
/// The finest lattice, in metres between points.
const FINEST_M: f64 = 4.0;
/// No lattice has more points.
const POINTS_AT_MOST: f64 = 500_000.0;
/// No more cells than about this are walked through by all lines together.
const CELLS_WALKED: f64 = 4_000_000.0;
/// Near the poles a degree of longitude has next to no width.
const LEAST_COSINE: f64 = 0.01;
/// Empty rows and columns around the window, so that outlines close.
const MARGIN: i64 = 3;

/// Degrees of latitude and of longitude that are `metres` at a latitude.
pub(super) fn degrees_of(metres: f64, latitude: f64) -> [f64; 2] {
    let lat = metres / EARTH_RADIUS_M.to_radians();
    [lat, lat / latitude.to_radians().cos().max(LEAST_COSINE)]
}

/// Points in even steps of latitude and longitude, numbered by rows from the
/// south-west. All its coordinates are whole units, and so are the middles between
/// neighbours, so that what two bands share is the same to the last digit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lattice {
    west: i64,
    south: i64,
    /// Units between neighbours, even numbers.
    pub step: [i64; 2],
    pub columns: usize,
    pub rows: usize,
    /// About how many metres lie between neighbours.
    pub cell_m: f64,
}

impl Lattice {
    /// The lattice for a window in which lines of so many metres are drawn.
    pub fn over(window: &Window, metres_of_lines: f64) -> Self {
        let latitude = f64::midpoint(window.min.lat, window.max.lat);
        let [lat_a_metre, lon_a_metre] = degrees_of(1.0, latitude);
        let width_m = (window.max.lon - window.min.lon) / lon_a_metre;
        let height_m = (window.max.lat - window.min.lat) / lat_a_metre;
        let mut cell_m = FINEST_M
            .max((width_m * height_m / POINTS_AT_MOST).sqrt())
            .max(metres_of_lines / CELLS_WALKED);
        loop {
            let lattice = Self::with_cells(window, cell_m, [lon_a_metre, lat_a_metre]);
            let points = lattice.columns as f64 * lattice.rows as f64;
            if points <= POINTS_AT_MOST || cell_m > 1e7 {
                return lattice;
            }
            cell_m *= 1.05;
        }
    }

    fn with_cells(window: &Window, cell_m: f64, degrees_a_metre: [f64; 2]) -> Self {
        let step =
            degrees_a_metre.map(|degrees| (((cell_m * degrees * UNITS_A_DEGREE) / 2.0).round() as i64).max(4) * 2);
        let units = |degrees: f64| (degrees * UNITS_A_DEGREE).floor() as i64;
        let west = units(window.min.lon) - MARGIN * step[0];
        let south = units(window.min.lat) - MARGIN * step[1];
        let count = |from: i64, to: f64, step: i64| ((units(to) - from) / step + MARGIN + 2).max(2) as usize;
        Self {
            west,
            south,
            step,
            columns: count(west, window.max.lon, step[0]),
            rows: count(south, window.max.lat, step[1]),
            cell_m,
        }
    }

    /// How many points there are.
    pub fn points(&self) -> usize {
        self.columns * self.rows
    }

    /// How many steps the ground reaches from a street.
    pub fn around(&self) -> f64 {
        AROUND_M / self.cell_m
    }

    /// A position in steps east and north of the first point.
    pub fn position(&self, point: Point) -> [f64; 2] {
        [
            (point.lon * UNITS_A_DEGREE - self.west as f64) / self.step[0] as f64,
            (point.lat * UNITS_A_DEGREE - self.south as f64) / self.step[1] as f64,
        ]
    }

    /// Longitude and latitude of a point so many units beyond one of the lattice.
    pub fn units(&self, node: usize, beyond: [i64; 2]) -> [i64; 2] {
        let (column, row) = ((node % self.columns) as i64, (node / self.columns) as i64);
        [
            self.west + column * self.step[0] + beyond[0],
            self.south + row * self.step[1] + beyond[1],
        ]
    }

    /// Units as degrees.
    pub fn degrees(units: [i64; 2]) -> [f64; 2] {
        units.map(|units| units as f64 / UNITS_A_DEGREE)
    }

    /// Whether a point of the lattice is one of its outermost.
    pub fn is_edge(&self, node: usize) -> bool {
        let (column, row) = (node % self.columns, node / self.columns);
        column == 0 || row == 0 || column + 1 == self.columns || row + 1 == self.rows
    }

    /// Its outermost points; corners come twice.
    pub fn edge(&self) -> impl Iterator<Item = usize> + use<> {
        let (columns, points) = (self.columns, self.points());
        let sides = (0..self.rows).flat_map(move |row| [row * columns, (row + 1) * columns - 1]);
        (0..columns).chain(points - columns..points).chain(sides)
    }

    /// Steps east and north of the first point.
    pub fn place(&self, node: usize) -> [f64; 2] {
        [(node % self.columns) as f64, (node / self.columns) as f64]
    }

    /// The corners of the cell whose south-western one is `cell`: south-west,
    /// south-east, north-east, north-west.
    pub fn corners(&self, cell: usize) -> [usize; 4] {
        [cell, cell + 1, cell + self.columns + 1, cell + self.columns]
    }

    /// Calls `each` with the cells that the straight line from `a` to `b` passes,
    /// in its order, with the shares of the line where it enters and leaves. Cells
    /// are named by their south-western corner. What is beyond the lattice is left
    /// out. `cuts` is memory for it.
    pub fn walk(&self, a: [f64; 2], b: [f64; 2], cuts: &mut Vec<f64>, mut each: impl FnMut(usize, [f64; 2])) {
        let Some([enters, leaves]) = self.inside(a, b) else {
            return;
        };
        cuts.clear();
        cuts.extend([enters, leaves]);
        for axis in 0..2 {
            let length = b[axis] - a[axis];
            let ends = [enters, leaves].map(|share| a[axis] + share * length);
            let (low, high) = (ends[0].min(ends[1]).ceil() as i64, ends[0].max(ends[1]).floor() as i64);
            if length != 0.0 {
                let of_axis = (low..=high).map(|line| (line as f64 - a[axis]) / length);
                cuts.extend(of_axis.filter(|share| *share > enters && *share < leaves));
            }
        }
        cuts.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
        for pair in cuts.windows(2) {
            let middle = at(f64::midpoint(pair[0], pair[1]));
            let column = (middle[0].floor().max(0.0) as usize).min(self.columns - 2);
            let row = (middle[1].floor().max(0.0) as usize).min(self.rows - 2);
            each(row * self.columns + column, [pair[0], pair[1]]);
        }
    }

    /// The part of a line, in shares of it, that is on the lattice (Liang and Barsky).
    fn inside(&self, a: [f64; 2], b: [f64; 2]) -> Option<[f64; 2]> {
        let far = [(self.columns - 1) as f64, (self.rows - 1) as f64];
        let (mut enters, mut leaves) = (0.0_f64, 1.0_f64);
        for axis in 0..2 {
            let length = b[axis] - a[axis];
            if !length.is_finite() || !a[axis].is_finite() {
                return None;
            }
            if length == 0.0 {
                if a[axis] < 0.0 || a[axis] > far[axis] {
                    return None;
                }
                continue;
            }
            let ends = [-a[axis] / length, (far[axis] - a[axis]) / length];
            enters = enters.max(ends[0].min(ends[1]));
            leaves = leaves.min(ends[0].max(ends[1]));
        }
        (enters <= leaves).then_some([enters, leaves])
    }
}
