//! The lines of sight of all squares, as new links between nodes.

use super::find::{CORNERS, Square};
use super::rings::{Pair, pair, pairs_of};
use super::shape::Shape;
use super::vertices::{Reason, Vertex, is_blocked, vertices};
use crate::circle::osm::{Bounds, OsmData};
use crate::circle::streets::barriers;
use crate::circle::streets::boxes::{self, Boxes};
use crate::circle::streets::graph::NodeTable;
use crate::circle::streets::layout::{Box2, Position, UNITS_A_DEGREE};
use crate::circle::streets::report::BuildReport;
use crate::circle::streets::tags::{self, flag};
use std::collections::{HashMap, HashSet};

/// A larger square is no square: in degrees, about eleven kilometres.
const WIDEST_DEGREES: f64 = 0.1;
/// So many nodes inside a square, and so many walls, are looked at.
const NODES_INSIDE: u32 = 5_000;
const WALLS: usize = 5_000;
/// The effort of a whole build, by the pieces of ways near squares: so many of
/// them are looked at, and so much is spent on lines of sight. Squares that come
/// after are walked along their outline only.
const LOOKS: u64 = 1_000_000;
const LOOKS_A_STRAND: u64 = 50;
const EFFORT: u64 = 100_000_000;
const EFFORT_A_CORNER: u64 = 1_000;
/// A square with at most so many vertices is meshed exactly. A larger one leaves
/// out what would be shorter than a walk along other lines by [`DETOUR`] at most.
const EXACT_VERTICES: usize = 30;
const DETOUR: f64 = 1.01;
/// Two lengths are the same within a centimetre, the resolution of a position.
const SAME_M: f64 = 0.01;

/// A piece of a walkable way, as the graph has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strand {
    pub a: u32,
    pub b: u32,
    pub way_id: i64,
    pub layer: i32,
    pub flags: u32,
    /// Whether the way starts at `a`, ends at `b`.
    pub starts: bool,
    pub ends: bool,
}

/// What a square adds to the graph.
#[derive(Debug, Clone, Default)]
pub(super) struct Mesh {
    /// Lines of the outline that nothing walkable runs along yet.
    pub outline: Vec<Pair>,
    /// Lines of sight.
    pub sights: Vec<Pair>,
    /// Nodes beyond which the map's box cuts the outline.
    pub cut: Vec<u32>,
    /// Where the lines of sight begin, turn and end.
    pub(super) vertices: Vec<Turn>,
}

/// A vertex, as who stands on the square sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub place: u32,
    /// Of a corner the far ends of its two lines: one comes here only to go round
    /// them. Of an entrance, where one may come from anywhere, none.
    pub arms: Option<[Position; 2]>,
}

impl Turn {
    /// Corners in which several lines meet are left out.
    fn of(vertex: &Vertex, shape: &Shape) -> Option<Self> {
        let arms = match (vertex.reason, shape.arms_at(vertex.position)) {
            (Reason::Street | Reason::Door, _) => None,
            (Reason::Corner, [only]) => Some([*only, *only]),
            (Reason::Corner, [one, other]) => Some([*one, *other]),
            (Reason::Corner, _) => return None,
        };
        Some(Self {
            place: vertex.place,
            arms,
        })
    }
}

/// The mesh of each of `squares`, in their order. `strands` are all walkable ways.
pub(super) fn mesh(
    squares: &[Square<'_>],
    data: &OsmData,
    table: &NodeTable<'_>,
    bbox: Option<Bounds>,
    strands: impl Iterator<Item = Strand> + Clone,
    report: &mut BuildReport,
) -> Vec<Mesh> {
    if squares.is_empty() {
        return Vec::new();
    }
    let ground = Ground::of(squares, table);
    let mut met = Met::new(squares, table);
    met.look_along(squares, strands.clone());
    ground.look_inside(squares, data, table, strands, &mut met);
    let walls = ground.walls(squares, data, table);
    let mut effort = EFFORT + EFFORT_A_CORNER * met.on_ring.iter().filter(|on| **on).count() as u64;
    let in_box = |place: u32| bbox.is_none_or(|bbox| bbox.contains(table.at(place).point));
    (squares.iter().zip(0_usize..))
        .map(|(square, number)| {
            let mut mesh = Mesh::default();
            for [a, b] in square.lines.iter().copied() {
                match (in_box(a), in_box(b)) {
                    (true, true) if !met.walkable.contains(&[a, b]) => mesh.outline.push([a, b]),
                    (true, false) => mesh.cut.push(a),
                    (false, true) => mesh.cut.push(b),
                    _ => {}
                }
            }
            if square.polygon.outer.is_empty() {
                return mesh;
            }
            let corners: usize = square.rings().map(Vec::len).sum();
            if corners > CORNERS || !ground.is_walkable_size(number) || met.left_out[number] || effort == 0 {
                report.squares_cut_short += 1;
                return mesh;
            }
            let walls = &walls[number];
            let lines: Vec<[Position; 2]> = walls.iter().map(|line| line.map(|end| position(table, end))).collect();
            let mut shape = Shape::new(square.rings(), &lines, |place| position(table, place));
            let ends: Vec<u32> = walls.iter().flatten().copied().collect();
            let (vertices, left_out) = vertices(square, &shape, table, &met.streets[number], &ends, in_box);
            let is_open = |place: u32| in_box(place) && !is_blocked(&table.at(place).tags);
            mesh.vertices = vertices.iter().filter_map(|vertex| Turn::of(vertex, &shape)).collect();
            mesh.sights = sights(square, &mut shape, &vertices, table, is_open);
            // Each line of sight is joined to all pairs of vertices, quick as that is.
            let joined = (vertices.len() + mesh.sights.len()) * vertices.len().pow(2) / 8;
            effort = effort.saturating_sub(shape.spent() + (corners + walls.len() + joined) as u64);
            report.squares += 1;
            report.sights += mesh.sights.len() as u64;
            report.squares_cut_short += u64::from(left_out || shape.is_spent() || met.looked_inside[number] == 0);
            mesh
        })
        .collect()
}

fn position(table: &NodeTable<'_>, place: u32) -> Position {
    Position::of(table.at(place).point)
}

/// Where walkable ways meet squares.
struct Met {
    /// By place: whether it is on a ring.
    on_ring: Vec<bool>,
    /// The squares of each place on a ring.
    squares_at: HashMap<u32, Vec<u32>>,
    /// All lines of all rings.
    rings: HashSet<Pair>,
    /// Those lines along which a way runs that all may walk.
    walkable: HashSet<Pair>,
    /// For each square the nodes where something else meets it.
    streets: Vec<Vec<u32>>,
    /// For each square how many nodes inside may still be looked at.
    looked_inside: Vec<u32>,
    /// For each square whether it came after the effort was spent.
    left_out: Vec<bool>,
}

impl Met {
    fn new(squares: &[Square<'_>], table: &NodeTable<'_>) -> Self {
        let mut met = Self {
            on_ring: vec![false; table.len()],
            squares_at: HashMap::new(),
            rings: HashSet::new(),
            walkable: HashSet::new(),
            streets: vec![Vec::new(); squares.len()],
            looked_inside: vec![NODES_INSIDE; squares.len()],
            left_out: vec![false; squares.len()],
        };
        for (square, number) in squares.iter().zip(0_u32..) {
            met.rings.extend(&square.lines);
            for ring in square.rings() {
                met.rings.extend(pairs_of(ring));
                for place in ring {
                    met.on_ring[*place as usize] = true;
                    let at = met.squares_at.entry(*place).or_default();
                    if at.last() != Some(&number) {
                        at.push(number);
                    }
                }
            }
            for place in square.lines.iter().flatten() {
                met.on_ring[*place as usize] = true;
            }
        }
        // Where squares meet one goes from one to the other.
        for (place, at) in &met.squares_at {
            if at.len() > 1 {
                for square in at {
                    met.streets[*square as usize].push(*place);
                }
            }
        }
        met
    }

    fn look_along(&mut self, squares: &[Square<'_>], strands: impl Iterator<Item = Strand>) {
        debug_assert_eq!(self.streets.len(), squares.len());
        let mut streets = HashSet::new();
        for strand in strands {
            let on_ring = [strand.a, strand.b].map(|place| self.on_ring[place as usize]);
            if on_ring == [false, false] {
                continue;
            }
            let line = pair(strand.a, strand.b);
            if self.rings.contains(&line) {
                if strand.flags & (flag::PARTICULAR | flag::PRIVATE) == 0 {
                    self.walkable.insert(line);
                }
                continue;
            }
            for place in [strand.a, strand.b] {
                if !streets.insert(place) {
                    continue;
                }
                for square in self.squares_at.get(&place).into_iter().flatten() {
                    self.streets[*square as usize].push(place);
                }
            }
        }
    }
}

/// The squares by where they lie.
struct Ground {
    /// For each square the box around it.
    windows: Vec<Box2>,
    /// Numbers of squares in the order of the index.
    order: Vec<u32>,
    boxes: Vec<Box2>,
}

impl Ground {
    fn of(squares: &[Square<'_>], table: &NodeTable<'_>) -> Self {
        let windows: Vec<Box2> = squares
            .iter()
            .map(|square| {
                let outer = square.polygon.outer.iter();
                outer.fold(Box2::EMPTY, |all, place| all.with(position(table, *place)))
            })
            .collect();
        let mut order: Vec<u32> = (0_u32..)
            .zip(squares)
            .filter(|(_, square)| !square.polygon.outer.is_empty())
            .map(|(number, _)| number)
            .collect();
        let boxes = boxes::pack(&mut order, |number| windows[*number as usize]);
        Self { windows, order, boxes }
    }

    fn is_walkable_size(&self, square: usize) -> bool {
        let Box2 { min, max } = self.windows[square];
        [(min.lat, max.lat), (min.lon, max.lon)]
            .into_iter()
            .all(|(low, high)| f64::from(high) - f64::from(low) <= WIDEST_DEGREES * UNITS_A_DEGREE)
    }

    /// Calls `found` with each square whose box meets `window`.
    fn each_near(&self, window: &Box2, mut found: impl FnMut(usize)) {
        Boxes::of_checked(&self.boxes, self.order.len()).each_in(window, |leaf| {
            found(self.order[leaf] as usize);
            true
        });
    }

    /// Finds, until the effort of a build is spent, the nodes inside squares at which a way ends, or beyond which it
    /// leaves the square without a node in common with it.
    fn look_inside(
        &self,
        squares: &[Square<'_>],
        data: &OsmData,
        table: &NodeTable<'_>,
        strands: impl Iterator<Item = Strand>,
        met: &mut Met,
    ) {
        let levels: HashMap<i64, &str> = data
            .ways
            .iter()
            .filter_map(|way| way.tags.get("level").map(|level| (way.id, level.trim())))
            .collect();
        let window_of = |strand: &Strand| {
            let [a, b] = [strand.a, strand.b].map(|place| position(table, place));
            Box2::EMPTY.with(a).with(b)
        };
        let index = Boxes::of_checked(&self.boxes, self.order.len());
        let mut near: Vec<Strand> = strands
            .filter(|strand| {
                let mut is_near = false;
                index.each_in(&window_of(strand), |_| {
                    is_near = true;
                    false
                });
                is_near
            })
            .collect();
        let boxes = boxes::pack(&mut near, window_of);
        let mut effort = LOOKS + LOOKS_A_STRAND * near.len() as u64;
        for (square, number) in squares.iter().zip(0_usize..) {
            let corners: usize = square.rings().map(Vec::len).sum();
            if square.polygon.outer.is_empty() || corners > CORNERS || !self.is_walkable_size(number) {
                continue;
            }
            effort = effort.saturating_sub(corners as u64);
            if effort == 0 {
                met.left_out[number] = true;
                continue;
            }
            let on_ring: HashSet<u32> = square.rings().flatten().copied().collect();
            let shape = Shape::new(square.rings(), &[], |place| position(table, place));
            // What a ray may meet.
            let a_look = 1 + corners as u64 / 32;
            Boxes::of_checked(&boxes, near.len()).each_in(&self.windows[number], |strand| {
                let strand = near[strand];
                effort = effort.saturating_sub(1);
                if square.way_id == strand.way_id {
                    return effort > 0;
                }
                let places = [strand.a, strand.b];
                let is_on_ring = places.map(|place| on_ring.contains(&place));
                let is_inside = [0, 1].map(|end| {
                    let at = position(table, places[end]);
                    let left = &mut met.looked_inside[number];
                    if is_on_ring[end] || *left == 0 || !self.windows[number].meets(&Box2::EMPTY.with(at)) {
                        return false;
                    }
                    *left -= 1;
                    effort = effort.saturating_sub(a_look);
                    shape.contains(at)
                });
                let level = levels.get(&strand.way_id).copied();
                for (end, is_tip) in [(0, strand.starts), (1, strand.ends)] {
                    let other = 1 - end;
                    let leaves = !is_inside[other] && !is_on_ring[other];
                    if is_inside[end] && (is_tip || leaves) && is_beside(square, strand, level, is_tip) {
                        met.streets[number].push(places[end]);
                    }
                }
                effort > 0
            });
            met.left_out[number] = effort == 0;
        }
    }

    /// For each square the lines that stand in it and cannot be walked over.
    fn walls(&self, squares: &[Square<'_>], data: &OsmData, table: &NodeTable<'_>) -> Vec<Vec<Pair>> {
        let mut walls: Vec<Vec<Pair>> = vec![Vec::new(); squares.len()];
        for [a, b] in barriers::lines(data, table) {
            let window = Box2::EMPTY.with(position(table, a)).with(position(table, b));
            self.each_near(&window, |number| {
                if squares[number].is_on_the_ground() && walls[number].len() < WALLS {
                    walls[number].push(pair(a, b));
                }
            });
        }
        for (own, square) in walls.iter_mut().zip(squares) {
            if !own.is_empty() {
                // A wall along the outline changes nothing.
                let rings: HashSet<Pair> = square.rings().flat_map(|ring| pairs_of(ring)).collect();
                own.retain(|line| !rings.contains(line));
            }
        }
        walls
    }
}

/// Whether who walks the strand, at a node inside the square, walks on the square:
/// not above it, nor below. Stairs end on another level than they are told to be.
fn is_beside(square: &Square<'_>, strand: Strand, level: Option<&str>, is_tip: bool) -> bool {
    const COVER: u32 = flag::TUNNEL | flag::BRIDGE;
    let layer = tags::layer(square.tags);
    if is_tip && strand.flags & flag::STEPS != 0 {
        return layer.abs_diff(strand.layer) <= 1;
    }
    let own_level = square.tags.get("level").map_or("0", str::trim);
    layer == strand.layer
        && strand.flags & flag::FERRY == 0
        && strand.flags & COVER == square.usage.flags & COVER
        && own_level == level.unwrap_or("0")
}

/// Metres between the vertices of a square over what is joined so far.
struct Metres {
    count: usize,
    metres: Vec<f64>,
}

impl Metres {
    fn new(count: usize) -> Self {
        let mut metres = vec![f64::INFINITY; count * count];
        for vertex in 0..count {
            metres[vertex * count + vertex] = 0.0;
        }
        Self { count, metres }
    }

    fn between(&self, a: usize, b: usize) -> f64 {
        self.metres[a * self.count + b]
    }

    /// Joins `a` and `b`. What nobody passes is only joined, nothing goes on.
    fn join(&mut self, a: usize, b: usize, length_m: f64, vertices: &[Vertex]) {
        if self.between(a, b) <= length_m {
            return;
        }
        let reach = |end: usize| {
            if vertices[end].is_end {
                end..end + 1
            } else {
                0..self.count
            }
        };
        for from in reach(a) {
            let to_b = self.between(from, a) + length_m;
            for to in reach(b) {
                let through = to_b + self.between(b, to);
                if through < self.between(from, to) {
                    self.metres[from * self.count + to] = through;
                    self.metres[to * self.count + from] = through;
                }
            }
        }
    }
}

/// The lines of sight between the vertices, the shortest first, without those
/// that are no shorter than what is joined already.
/// `is_open` tells where one can go along the ring.
fn sights(
    square: &Square<'_>,
    shape: &mut Shape,
    vertices: &[Vertex],
    table: &NodeTable<'_>,
    is_open: impl Fn(u32) -> bool,
) -> Vec<Pair> {
    let length_m = |a: u32, b: u32| table.at(a).point.metres_to(table.at(b).point);
    let mut metres = Metres::new(vertices.len());
    let numbers: HashMap<u32, usize> = vertices
        .iter()
        .zip(0..)
        .map(|(vertex, number)| (vertex.place, number))
        .collect();
    // The rings are walkable as they are.
    for ring in square.rings() {
        let first = ring.iter().position(|place| numbers.contains_key(place));
        let turned = ring.iter().cycle().skip(first.unwrap_or_default());
        // The vertex passed last, and the metres since.
        let mut last: Option<(usize, f64)> = None;
        for (here, next) in turned.clone().zip(turned.skip(1)).take(ring.len()) {
            last = match numbers.get(here) {
                Some(vertex) => Some((*vertex, 0.0)),
                None => last.filter(|_| is_open(*here)),
            };
            if let Some((from, along_m)) = &mut last {
                *along_m += length_m(*here, *next);
                if let Some(to) = numbers.get(next) {
                    metres.join(*from, *to, *along_m, vertices);
                }
            }
        }
    }
    let mut wanted: Vec<(f64, usize, usize)> = Vec::new();
    for (a, number) in vertices.iter().zip(0..) {
        for (b, other) in vertices.iter().zip(0..).take(number) {
            wanted.push((length_m(a.place, b.place), other, number));
        }
    }
    // Gates last: nothing may be left out because a walk would lead through one.
    let has_end = |pair: &(f64, usize, usize)| vertices[pair.1].is_end || vertices[pair.2].is_end;
    wanted.sort_unstable_by(|a, b| {
        (has_end(a).cmp(&has_end(b)))
            .then(a.0.total_cmp(&b.0))
            .then((a.1, a.2).cmp(&(b.1, b.2)))
    });
    let detour = if vertices.len() <= EXACT_VERTICES { 1.0 } else { DETOUR };
    let mut found = Vec::new();
    for (length, a, b) in wanted {
        if metres.between(a, b) <= length * detour + SAME_M {
            continue;
        }
        let ends = [(&vertices[b], &vertices[a]), (&vertices[a], &vertices[b])];
        let may_turn = ends
            .into_iter()
            .all(|(from, to)| to.reason != Reason::Corner || shape.turns_round(from.position, to.position));
        if may_turn && shape.sees(vertices[a].position, vertices[b].position) {
            metres.join(a, b, length, vertices);
            found.push(pair(vertices[a].place, vertices[b].place));
        }
    }
    found
}
