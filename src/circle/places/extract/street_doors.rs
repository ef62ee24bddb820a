//! Where the street network meets the outline of an area, or comes close to it:
//! the doors of a place of which no entrance is mapped.
//!
//! Who stands there is at the place, so it must be a point that one comes to from
//! outside and without climbing: a way inside makes no door, nor one beyond a
//! wall, a fence or water, nor one in a tunnel or on a bridge. A private way
//! makes one only where no public way does.

use std::collections::{BTreeSet, HashMap};

use crate::circle::osm::{Node, OsmData, Point, Way};
use crate::circle::places::model::MOST_ACCESS_POINTS;
use crate::circle::streets::{Walkable, is_barrier, is_water_relation, walkable};
use crate::coordinates::LocalMetres;

use super::areas::{AreaParts, Shape, members_of};
use super::doors::{OsmDoor, OsmDoorKind, Standing, name_of, standing};
use super::lines::{Line, Lines, along, meeting, nearest_on, spread};
use super::nodes::Nodes;

/// A way that passes within this of an outline makes a door.
const NEAR_M: f64 = 12.0;
/// Doors closer to one another than this are one.
const SAME_DOOR_M: f64 = 15.0;
/// Along a street that runs beside the outline there is a door every so often.
const ALONG_M: f64 = 40.0;
/// A gate this near to where a way crosses the outline is the one in its way.
const SHUT_M: f64 = 5.0;
/// Fences are drawn beside the outline as well as on it: one this far behind it
/// still closes it.
const FENCE_BEHIND_M: f64 = 1.0;
/// More points than this are not looked at for one area; they would be thinned
/// to [`MOST_ACCESS_POINTS`] anyway.
const MOST_LOOKED_AT: usize = 1_000;

/// A piece of a walkable way.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Which of the data's ways, and which of its pieces.
    way: u32,
    number: u32,
    walkable: Walkable,
}

/// The edges of an area's outline.
#[derive(Debug, Clone, Copy)]
struct Side {
    area: u32,
}

/// The streets and barriers near the outlines of areas.
pub(super) struct Surroundings<'a> {
    data: &'a OsmData,
    sides: Lines<Side>,
    pieces: Lines<Piece>,
    barriers: Lines<()>,
}

/// A place where a way comes to the outline.
struct Approach {
    point: Point,
    /// On the way; the same as `point` where they meet.
    from: Point,
    metres: f64,
    piece: Piece,
    /// How far along its piece, 0 to 1.
    share: f64,
}

impl Approach {
    fn meets(&self) -> bool {
        self.metres == 0.0
    }
}

impl<'a> Surroundings<'a> {
    /// Of `areas`, of which the others are left out of the trees.
    pub fn new(data: &'a OsmData, nodes: &Nodes<'_>, areas: &[&Shape]) -> Self {
        let sides = (0_u32..).zip(areas).flat_map(|(area, shape)| {
            shape.outline.outer_sides().map(move |(a, b)| Line {
                a,
                b,
                of: Side { area },
            })
        });
        let sides = Lines::new(sides.collect());
        let is_near = |a: Point, b: Point| {
            let mut near = false;
            sides.each_near(&[a, b], NEAR_M + FENCE_BEHIND_M, |_| {
                near = true;
                false
            });
            near
        };
        let shores = members_of(
            data,
            data.relations
                .iter()
                .filter(|relation| is_water_relation(&relation.tags))
                .map(|relation| relation.members.as_slice()),
        );
        let (mut pieces, mut barriers) = (Vec::new(), Vec::new());
        for (number, way) in (0_u32..).zip(&data.ways) {
            let walkable = walkable(&way.tags).filter(|walkable| !walkable.closed_in);
            let stops = is_barrier(&way.tags) || shores.contains_key(&way.id);
            if walkable.is_none() && !stops {
                continue;
            }
            for (piece, a, b) in nodes.pieces(way) {
                if !is_near(a, b) {
                    continue;
                }
                if let Some(walkable) = walkable {
                    let of = Piece {
                        way: number,
                        number: piece,
                        walkable,
                    };
                    pieces.push(Line { a, b, of });
                }
                if stops {
                    barriers.push(Line { a, b, of: () });
                }
            }
        }
        Self {
            data,
            sides,
            pieces: Lines::new(pieces),
            barriers: Lines::new(barriers),
        }
    }

    /// The doors that the streets make on the area `number` of the list given to
    /// [`Surroundings::new`].
    pub fn doors(&self, number: u32, parts: &AreaParts<'_>, shape: &Shape, nodes: &Nodes<'_>) -> Vec<OsmDoor> {
        let mut area = OneArea {
            around: self,
            number,
            shape,
            nodes,
            shut: shape.mapped.refused.clone(),
        };
        let lines = area.pieces_near(parts);
        for line in &lines {
            let gates = area.ends(line).filter(|node| node.tags.get("barrier").is_some());
            let shut = gates.filter(|node| standing(&node.tags) == Standing::Refused);
            let shut: Vec<Point> = shut.map(|node| node.point).collect();
            area.shut.extend(shut);
        }
        let mut public = Vec::new();
        let mut private = Vec::new();
        for line in lines {
            let list = if line.of.walkable.private {
                &mut private
            } else {
                &mut public
            };
            area.approaches(&line, list);
        }
        let doors = area.chosen(public);
        let doors = if doors.is_empty() { area.chosen(private) } else { doors };
        let doors = doors.into_iter().map(|approach| OsmDoor {
            point: approach.point,
            kind: OsmDoorKind::Street,
            name: self.way(approach.piece).and_then(|way| name_of(&street_name(way))),
            osm_node: None,
        });
        spread(doors.collect(), MOST_ACCESS_POINTS, |door: &OsmDoor| door.point)
    }

    fn way(&self, piece: Piece) -> Option<&'a Way> {
        self.data.ways.get(piece.way as usize)
    }
}

/// Of a street the name alone: its `ref` is a road's number, not a door's.
fn street_name(way: &Way) -> crate::circle::osm::Tags {
    let is_name = |key: &str| key == "name" || key.starts_with("name:zh");
    let names = way.tags.0.iter().filter(|(key, _)| is_name(key));
    crate::circle::osm::Tags(names.cloned().collect())
}

/// An area among its surroundings.
struct OneArea<'a, 'b> {
    around: &'b Surroundings<'a>,
    number: u32,
    shape: &'b Shape,
    nodes: &'b Nodes<'b>,
    /// Where a door of it, or a gate on the way there, is shut to visitors.
    shut: Vec<Point>,
}

impl<'b> OneArea<'_, 'b> {
    /// The pieces of ways near the outline, in the order of the data, without
    /// those of the outline's own ways.
    fn pieces_near(&self, parts: &AreaParts<'_>) -> Vec<Line<Piece>> {
        let mut found: HashMap<(u32, u32), Line<Piece>> = HashMap::new();
        for (a, b) in self.shape.outline.outer_sides() {
            self.around.pieces.each_near(&[a, b], NEAR_M, |line| {
                found.insert((line.of.way, line.of.number), *line);
                true
            });
        }
        let order: BTreeSet<(u32, u32)> = found.keys().copied().collect();
        let is_own = |line: &Line<Piece>| self.around.way(line.of).is_some_and(|way| parts.ways.contains(&way.id));
        order
            .into_iter()
            .filter_map(|key| found.remove(&key))
            .filter(|line| !is_own(line))
            .collect()
    }

    /// The two nodes of a piece of a way.
    fn ends(&self, line: &Line<Piece>) -> impl Iterator<Item = &'b Node> {
        let first = line.of.number as usize;
        let way = self.around.way(line.of);
        let ids = way.and_then(|way| way.nodes.get(first..first + 2));
        ids.into_iter().flatten().filter_map(|id| self.nodes.get(*id))
    }

    fn is_shut(&self, point: Point, within_m: f64) -> bool {
        self.shut.iter().any(|door| door.metres_to(point) < within_m)
    }

    /// Where this piece of a way meets the outline or comes near it.
    fn approaches(&self, line: &Line<Piece>, found: &mut Vec<Approach>) {
        let meets = |point: Point, share: f64| Approach {
            point,
            from: point,
            metres: 0.0,
            piece: line.of,
            share,
        };
        for (node, share) in self.ends(line).zip([0.0, 1.0]) {
            if self.shape.corners.contains(&node.id) && standing(&node.tags) != Standing::Refused {
                found.push(meets(node.point, share));
            }
        }
        if line.of.walkable.off_ground {
            return;
        }
        let length_m = line.a.metres_to(line.b);
        let stretches = (length_m / ALONG_M).ceil().clamp(1.0, MOST_LOOKED_AT as f64);
        let mut shares: Vec<f64> = (0..=stretches as u32).map(|at| f64::from(at) / stretches).collect();
        self.around.sides.each_near(&[line.a, line.b], NEAR_M, |side| {
            if side.of.area == self.number {
                if let Some(share) = meeting(line.a, line.b, side.a, side.b) {
                    let point = along(line.a, line.b, share);
                    if !self.is_shut(point, SHUT_M) {
                        found.push(meets(point, share));
                    }
                }
                shares.extend([side.a, side.b].map(|corner| nearest_on(corner, line.a, line.b).2));
            }
            found.len() < MOST_LOOKED_AT * 10
        });
        shares.sort_by(f64::total_cmp);
        shares.dedup();
        for share in shares {
            let from = along(line.a, line.b, share);
            if let Some((point, metres)) = self.nearest_side(from)
                && metres <= NEAR_M
            {
                found.push(Approach {
                    point,
                    from,
                    // What merely comes near never counts as meeting.
                    metres: metres.max(0.001),
                    piece: line.of,
                    share,
                });
            }
        }
    }

    /// The nearest point of the outline, where any is near.
    fn nearest_side(&self, from: Point) -> Option<(Point, f64)> {
        let mut nearest: Option<(Point, f64)> = None;
        self.around.sides.each_near(&[from], NEAR_M, |side| {
            if side.of.area == self.number {
                let (point, metres, _) = nearest_on(from, side.a, side.b);
                if nearest.is_none_or(|(_, least)| metres < least) {
                    nearest = Some((point, metres));
                }
            }
            true
        });
        nearest
    }

    /// One door for each spot: where a way meets the outline first, then the
    /// nearest.
    fn chosen(&self, mut approaches: Vec<Approach>) -> Vec<Approach> {
        approaches.sort_by(|a, b| {
            let rank = |one: &Approach| (one.metres.round() as u32, one.piece.way, one.piece.number);
            b.meets()
                .cmp(&a.meets())
                .then(rank(a).cmp(&rank(b)))
                .then(a.share.total_cmp(&b.share))
        });
        let mut chosen: Vec<Approach> = Vec::new();
        for approach in approaches {
            if chosen.len() >= MOST_LOOKED_AT {
                break;
            }
            let is_one_with = |other: &Approach| {
                let beside = !approach.meets() && other.piece.way == approach.piece.way;
                let least_m = if beside { ALONG_M } else { SAME_DOOR_M };
                other.point.metres_to(approach.point) < least_m
            };
            if !chosen.iter().any(is_one_with) && (approach.meets() || self.is_open(&approach)) {
                chosen.push(approach);
            }
        }
        chosen
    }

    /// Whether one gets from the way to the outline, and in: from outside, with
    /// no barrier between, and not where a door is shut to visitors.
    fn is_open(&self, approach: &Approach) -> bool {
        let (from, point) = (approach.from, approach.point);
        let touches = approach.metres < 0.5;
        if self.is_shut(point, SAME_DOOR_M) || (!touches && self.shape.outline.contains(from)) {
            return false;
        }
        let frame = LocalMetres::around(from);
        let [east, north] = frame.east_north(point);
        let further = 1.0 + FENCE_BEHIND_M / approach.metres.max(0.1);
        let end = frame.point([east * further, north * further]);
        let mut open = true;
        self.around.barriers.each_near(&[from, end], 0.1, |barrier| {
            open = meeting(from, end, barrier.a, barrier.b).is_none();
            open
        });
        open
    }
}
