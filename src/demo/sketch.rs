//! Drawing streets: lines whose nodes are shared where they meet, turned into
//! `OpenStreetMap` elements at the end.

use super::terrain::{COUNTY_HALF_HEIGHT_M, COUNTY_HALF_WIDTH_M, Xy, xy};
use crate::circle::osm::{Bounds, Member, MemberKind, Node, OsmData, Relation, Tags, Way};

/// Ways are numbered from here on, so that no id is used twice.
const FIRST_WAY: i64 = 1_000_001;
const FIRST_RELATION: i64 = 2_000_001;
/// A node this near on the same line is taken instead of a new one.
const SAME_NODE_M: f64 = 1.5;

/// A line of the sketch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineId(usize);

/// Metres along the line, node.
type Stop = (f64, usize);

struct Line {
    stops: Vec<Stop>,
    tags: Tags,
}

#[derive(Default)]
pub(super) struct Sketch {
    nodes: Vec<(Xy, Tags)>,
    lines: Vec<Line>,
    /// Outer and inner ring, tags.
    rings: Vec<(LineId, LineId, Tags)>,
}

/// Tags from pairs; an empty value is left out.
pub(super) fn tags(pairs: &[(&str, &str)]) -> Tags {
    Tags(
        pairs
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
    )
}

impl Sketch {
    pub(super) fn node(&mut self, at: Xy) -> usize {
        self.nodes.push((at, Tags::default()));
        self.nodes.len() - 1
    }

    /// Adds tags to a node; a key that it has keeps its value.
    pub(super) fn tag(&mut self, node: usize, pairs: &[(&str, &str)]) {
        if let Some((_, own)) = self.nodes.get_mut(node) {
            for (key, value) in tags(pairs).0 {
                if own.get(&key).is_none() {
                    own.0.push((key, value));
                }
            }
        }
    }

    pub(super) fn position(&self, node: usize) -> Xy {
        self.nodes.get(node).map_or(xy(0.0, 0.0), |(at, _)| *at)
    }

    /// A line through nodes that exist.
    pub(super) fn join(&mut self, nodes: &[usize], tags: Tags) -> LineId {
        let mut along = 0.0;
        let mut stops: Vec<Stop> = Vec::with_capacity(nodes.len());
        for &node in nodes {
            if let Some(&(_, before)) = stops.last() {
                along += self.position(before).distance(self.position(node));
            }
            stops.push((along, node));
        }
        self.lines.push(Line { stops, tags });
        LineId(self.lines.len() - 1)
    }

    /// A line with nodes of its own.
    pub(super) fn path(&mut self, points: &[Xy], tags: Tags) -> LineId {
        let nodes: Vec<usize> = points.iter().map(|at| self.node(*at)).collect();
        self.join(&nodes, tags)
    }

    /// A closed line with nodes of its own.
    pub(super) fn ring(&mut self, points: &[Xy], tags: Tags) -> LineId {
        let mut nodes: Vec<usize> = points.iter().map(|at| self.node(*at)).collect();
        nodes.extend(nodes.first().copied());
        self.join(&nodes, tags)
    }

    /// A multipolygon of one outer ring and one hole.
    pub(super) fn multipolygon(&mut self, outer: LineId, inner: LineId, tags: Tags) {
        self.rings.push((outer, inner, tags));
    }

    fn stops(&self, line: LineId) -> &[Stop] {
        self.lines.get(line.0).map_or(&[], |line| &line.stops)
    }

    pub(super) fn length(&self, line: LineId) -> f64 {
        self.stops(line).last().map_or(0.0, |stop| stop.0)
    }

    /// The place `along` metres from the line's start.
    pub(super) fn at(&self, line: LineId, along: f64) -> Xy {
        let stops = self.stops(line);
        for pair in stops.windows(2) {
            if let [(from, a), (to, b)] = *pair
                && along <= to
            {
                let share = ((along - from) / (to - from).max(0.001)).clamp(0.0, 1.0);
                return self.position(a).toward(self.position(b), share);
            }
        }
        stops.last().map_or(xy(0.0, 0.0), |stop| self.position(stop.1))
    }

    /// Where the line comes nearest to `point`: metres along it, metres off it.
    pub(super) fn nearest(&self, line: LineId, point: Xy) -> (f64, f64) {
        let mut best = (0.0, f64::INFINITY);
        for pair in self.stops(line).windows(2) {
            if let [(from, a), (to, b)] = *pair {
                let (a, b) = (self.position(a), self.position(b));
                let (dx, dy) = (b.x - a.x, b.y - a.y);
                let square = (dx * dx + dy * dy).max(0.001);
                let share = (((point.x - a.x) * dx + (point.y - a.y) * dy) / square).clamp(0.0, 1.0);
                let off = point.distance(a.toward(b, share));
                if off < best.1 {
                    best = (from + (to - from) * share, off);
                }
            }
        }
        best
    }

    /// The line's node at `along` metres, made if there is none.
    pub(super) fn attach(&mut self, line: LineId, along: f64) -> usize {
        let along = along.clamp(0.0, self.length(line));
        let near = self
            .stops(line)
            .iter()
            .find(|stop| (stop.0 - along).abs() < SAME_NODE_M);
        if let Some(&(_, node)) = near {
            return node;
        }
        let at = self.at(line, along);
        let node = self.node(at);
        if let Some(line) = self.lines.get_mut(line.0) {
            let index = line.stops.partition_point(|stop| stop.0 < along);
            line.stops.insert(index, (along, node));
        }
        node
    }

    /// The line's node nearest to `point`, made if there is none.
    pub(super) fn attach_near(&mut self, line: LineId, point: Xy) -> usize {
        let (along, _) = self.nearest(line, point);
        self.attach(line, along)
    }

    /// Whether no node of the line is within `room` metres of `along`.
    pub(super) fn is_free(&self, line: LineId, along: f64, room: f64) -> bool {
        self.stops(line).iter().all(|stop| (stop.0 - along).abs() >= room)
    }

    /// Whether `point` is at least `room` metres off all these lines.
    pub(super) fn is_off(&self, lines: &[LineId], point: Xy, room: f64) -> bool {
        lines.iter().all(|line| self.nearest(*line, point).1 >= room)
    }

    /// Whether a line of `lines` crosses the stretch.
    pub(super) fn crossed(&self, lines: &[LineId], from: Xy, to: Xy) -> bool {
        lines.iter().any(|line| {
            self.stops(*line).windows(2).any(|pair| match *pair {
                [(_, a), (_, b)] => super::terrain::crosses(from, to, self.position(a), self.position(b)),
                _ => false,
            })
        })
    }

    /// The drawing as elements; the box is the county's.
    pub(super) fn finish(self) -> OsmData {
        let node_id = |index: usize| id(1, index);
        let nodes = self
            .nodes
            .into_iter()
            .enumerate()
            .map(|(index, (at, tags))| Node {
                id: node_id(index),
                point: at.point(),
                tags,
            })
            .collect();
        let ways = self
            .lines
            .into_iter()
            .enumerate()
            .map(|(index, line)| Way {
                id: id(FIRST_WAY, index),
                nodes: line.stops.iter().map(|stop| node_id(stop.1)).collect(),
                tags: line.tags,
            })
            .collect();
        let member = |line: LineId, role: &str| Member {
            kind: MemberKind::Way,
            id: id(FIRST_WAY, line.0),
            role: role.to_owned(),
        };
        let relations = self
            .rings
            .into_iter()
            .enumerate()
            .map(|(index, (outer, inner, tags))| Relation {
                id: id(FIRST_RELATION, index),
                members: vec![member(outer, "outer"), member(inner, "inner")],
                tags,
            })
            .collect();
        let south_west = xy(-COUNTY_HALF_WIDTH_M, -COUNTY_HALF_HEIGHT_M).point();
        let north_east = xy(COUNTY_HALF_WIDTH_M, COUNTY_HALF_HEIGHT_M).point();
        OsmData {
            nodes,
            ways,
            relations,
            bounds: Some(Bounds {
                min_lon: south_west.lon,
                min_lat: south_west.lat,
                max_lon: north_east.lon,
                max_lat: north_east.lat,
            }),
            ..OsmData::default()
        }
    }
}

fn id(first: i64, index: usize) -> i64 {
    first.saturating_add(i64::try_from(index).unwrap_or(0))
}
