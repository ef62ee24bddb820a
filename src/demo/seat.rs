//! The county seat's main streets: an irregular grid on both banks of the
//! river, a new town beyond the railway, and the blocks between them.

use super::blocks::collect_blocks;
use super::random::Random;
use super::sketch::{LineId, Sketch, tags};
use super::street_names::{NORTH_COLUMN_NAMES, NORTH_ROW_NAMES, SOUTH_COLUMN_NAMES, SOUTH_ROW_NAMES};
use super::terrain::{Quad, rail_x, river_y, xy};

/// The columns' distance east of the centre, metres; the last three lie beyond
/// the railway.
const COLUMNS: [f64; 11] = [
    -1_950.0, -1_500.0, -1_080.0, -640.0, -260.0, 150.0, 560.0, 960.0, 1_500.0, 1_920.0, 2_320.0,
];
const FIRST_EAST_COLUMN: usize = 8;
/// The rows' distance from the river, metres, nearest first.
const NORTH_ROWS: [f64; 5] = [115.0, 450.0, 800.0, 1_170.0, 1_500.0];
const SOUTH_ROWS: [f64; 4] = [115.0, 430.0, 790.0, 1_130.0];
/// The columns whose streets cross the river.
const BRIDGES: [(usize, &str, &str); 2] = [(2, "朝阳大桥", "Chaoyang Bridge"), (6, "长乐大桥", "Changle Bridge")];
/// The rows that pass under the railway, north and south of the river.
const UNDERPASS_ROWS: (usize, usize) = (2, 1);

/// Ground between four main streets.
pub(super) struct Block {
    pub(super) quad: Quad,
    /// The streets on its four sides, as [`Quad`] numbers them.
    pub(super) streets: [LineId; 4],
    pub(super) north: bool,
    pub(super) column: usize,
    pub(super) row: usize,
    /// Which of the seat's communities it belongs to.
    pub(super) community: usize,
    /// 1 in the middle of the seat, falling to 0.
    pub(super) centrality: f64,
}

impl Block {
    /// Whether it lies in the new town beyond the railway.
    pub(super) fn is_east(&self) -> bool {
        self.column >= FIRST_EAST_COLUMN
    }
}

/// What the drawing of the seat leaves for the other rooms of the demo.
pub(super) struct Seat {
    pub(super) blocks: Vec<Block>,
    /// Junctions on the rim, where country roads begin.
    pub(super) hubs: Vec<usize>,
    /// All main streets.
    pub(super) streets: Vec<LineId>,
}

pub(super) fn rows(north: bool) -> &'static [f64] {
    if north { &NORTH_ROWS } else { &SOUTH_ROWS }
}

/// Whether there is a junction; the town is no rectangle.
fn has_junction(north: bool, column: usize, row: usize) -> bool {
    let last_row = match (north, column >= FIRST_EAST_COLUMN) {
        (true, true) => 3,
        (false, true) => 2,
        (_, false) => rows(north).len() - 1,
    };
    column < COLUMNS.len() && row <= last_row && !(column == 0 && row == last_row)
}

pub(super) struct Drawing<'a> {
    pub(super) sketch: &'a mut Sketch,
    junctions: Vec<(bool, usize, usize, usize)>,
    edges: Vec<(usize, usize, LineId)>,
}

impl Drawing<'_> {
    pub(super) fn junction(&self, north: bool, column: usize, row: usize) -> Option<usize> {
        self.junctions
            .iter()
            .find(|found| (found.0, found.1, found.2) == (north, column, row))
            .map(|found| found.3)
    }

    pub(super) fn edge(&self, from: Option<usize>, to: Option<usize>) -> Option<LineId> {
        self.edges
            .iter()
            .find(|edge| Some(edge.0) == from && Some(edge.1) == to)
            .map(|edge| edge.2)
    }

    fn draw(&mut self, from: usize, to: usize, class: &str, name: (&str, &str), more: &[(&str, &str)]) {
        let mut pairs = vec![("highway", class), ("name", name.0), ("name:en", name.1)];
        pairs.extend_from_slice(more);
        let line = self.sketch.join(&[from, to], tags(&pairs));
        self.edges.push((from, to, line));
    }
}

/// Draws the main streets.
pub(super) fn draw(sketch: &mut Sketch, random: &mut Random) -> Seat {
    let mut drawing = Drawing {
        sketch,
        junctions: Vec::new(),
        edges: Vec::new(),
    };
    place_junctions(&mut drawing, random);
    for north in [true, false] {
        draw_rows(&mut drawing, north);
        draw_columns(&mut drawing, north);
    }
    draw_bridges(&mut drawing);
    let blocks = collect_blocks(&drawing);
    let hubs = drawing
        .junctions
        .iter()
        .filter(|(north, column, row, _)| {
            let rim_column = matches!(column, 0 | 10);
            let beyond = |c: usize, r: usize| !has_junction(*north, c, r);
            *row > 0 && (rim_column || beyond(*column, row + 1))
        })
        .map(|junction| junction.3)
        .collect();
    let streets = drawing.edges.iter().map(|edge| edge.2).collect();
    Seat { blocks, hubs, streets }
}

fn place_junctions(drawing: &mut Drawing, random: &mut Random) {
    for north in [true, false] {
        for (column, base_x) in COLUMNS.iter().enumerate() {
            for (row, distance) in rows(north).iter().enumerate() {
                if !has_junction(north, column, row) {
                    continue;
                }
                let loose = if row == 0 { 0.2 } else { 1.0 };
                let x = base_x + random.around(34.0) * loose;
                let away = distance + random.around(26.0) * loose;
                let y = river_y(x) * (1.0 - distance / 4_000.0) + if north { away } else { -away };
                let node = drawing.sketch.node(xy(x, y));
                drawing.junctions.push((north, column, row, node));
                // The busy junctions of the middle have lights.
                let busy = matches!(column, 2 | 4 | 6) && row <= 2;
                if busy || (column == FIRST_EAST_COLUMN && row == 1) {
                    let lights = [("highway", "crossing"), ("crossing", "traffic_signals")];
                    drawing.sketch.tag(node, &lights);
                }
            }
        }
    }
}

fn draw_rows(drawing: &mut Drawing, north: bool) {
    let names: &[(&str, &str)] = if north { &NORTH_ROW_NAMES } else { &SOUTH_ROW_NAMES };
    let under = if north { UNDERPASS_ROWS.0 } else { UNDERPASS_ROWS.1 };
    for (row, name) in names.iter().enumerate() {
        let class = match row {
            1 => "primary",
            0 => "tertiary",
            _ => "secondary",
        };
        for column in 0..COLUMNS.len() - 1 {
            let (Some(from), Some(to)) = (
                drawing.junction(north, column, row),
                drawing.junction(north, column + 1, row),
            ) else {
                continue;
            };
            if column + 1 != FIRST_EAST_COLUMN {
                drawing.draw(from, to, class, *name, &[("sidewalk", "both")]);
            } else if row == under {
                pass_under(drawing, from, to, *name);
            }
        }
    }
}

/// The street from `from` to `to` below the railway, its middle a tunnel.
fn pass_under(drawing: &mut Drawing, from: usize, to: usize, name: (&str, &str)) {
    let (start, end) = (drawing.sketch.position(from), drawing.sketch.position(to));
    let share = (rail_x(start.y) - start.x) / (end.x - start.x);
    let crossing = start.toward(end, share);
    let west = drawing.sketch.node(crossing.step_to(start, 22.0));
    let east = drawing.sketch.node(crossing.step_to(end, 22.0));
    drawing.draw(from, west, "secondary", name, &[]);
    let tunnel = [("tunnel", "yes"), ("layer", "-1"), ("sidewalk", "both")];
    drawing.draw(west, east, "secondary", name, &tunnel);
    drawing.draw(east, to, "secondary", name, &[]);
}

fn draw_columns(drawing: &mut Drawing, north: bool) {
    let names = if north { NORTH_COLUMN_NAMES } else { SOUTH_COLUMN_NAMES };
    for (column, name) in names.into_iter().enumerate() {
        let class = match column {
            2 | 6 | 8 => "primary",
            0 | 4 => "secondary",
            1 | 5 | 9 => "residential",
            _ => "tertiary",
        };
        for row in 0..rows(north).len() - 1 {
            if let (Some(near), Some(far)) = (
                drawing.junction(north, column, row),
                drawing.junction(north, column, row + 1),
            ) {
                // Columns are drawn from south to north.
                let (from, to) = if north { (near, far) } else { (far, near) };
                drawing.draw(from, to, class, name, &[("sidewalk", "both")]);
            }
        }
    }
}

fn draw_bridges(drawing: &mut Drawing) {
    for (column, name, english) in BRIDGES {
        if let (Some(south), Some(north)) = (drawing.junction(false, column, 0), drawing.junction(true, column, 0)) {
            let bridge = [("bridge", "yes"), ("layer", "1"), ("sidewalk", "both")];
            drawing.draw(south, north, "primary", (name, english), &bridge);
        }
    }
}
