//! Ways and relations that are places, and their outlines.

use std::collections::{HashMap, HashSet};

use crate::circle::osm::{Member, MemberKind, Node, OsmData, Point, Tags, Way};
use crate::circle::places::extract::doors::{OsmDoor, doors_among};
use crate::circle::places::extract::outline::{Outline, assemble};
use crate::circle::places::kinds::Kind;

use super::Extractor;

/// A way or relation that is a place.
pub(super) struct Area<'a> {
    pub reference: String,
    pub kind: &'static Kind,
    pub tags: &'a Tags,
    outer: Vec<&'a [i64]>,
    inner: Vec<&'a [i64]>,
    /// Whether a part of the outline is not in the file.
    broken: bool,
}

/// What became of an area's outline.
pub(super) struct Shape {
    /// A point for it; none where nothing of the outline is in the file.
    pub point: Option<Point>,
    pub doors: Vec<OsmDoor>,
    /// Whether a part of the outline is missing or does not close.
    pub broken: bool,
}

impl Area<'_> {
    /// Puts the outline together. Doors are looked for on the outer rings only:
    /// what stands in a hole is another place's.
    pub fn shape(&self, nodes: &HashMap<i64, &Node>) -> Shape {
        let outer = assemble(&self.outer);
        let inner = assemble(&self.inner);
        let mut broken = self.broken || !outer.open.is_empty() || !inner.open.is_empty();
        let mut points = |ring: &Vec<i64>| {
            let points: Vec<Point> = ring
                .iter()
                .filter_map(|id| nodes.get(id).map(|node| node.point))
                .collect();
            broken |= points.len() < ring.len();
            points
        };
        let outline = Outline {
            outer: outer.closed.iter().map(&mut points).collect(),
            inner: inner.closed.iter().map(&mut points).collect(),
        };
        let corners: Vec<&Node> = self
            .outer
            .iter()
            .copied()
            .flatten()
            .filter_map(|id| nodes.get(id).copied())
            .collect();
        Shape {
            point: outline.point_inside().or_else(|| middle_corner(&corners)),
            doors: doors_among(corners),
            broken,
        }
    }
}

impl Extractor<'_> {
    /// The closed ways and multipolygons of the data that are places.
    pub(super) fn areas<'a>(&mut self, data: &'a OsmData) -> Vec<Area<'a>> {
        let mut areas = Vec::new();
        for way in &data.ways {
            let Some(kind) = self.kind_of(&way.tags) else {
                continue;
            };
            if way.nodes.len() < 4 || way.nodes.first() != way.nodes.last() {
                self.extract.report.open_ways += 1;
                continue;
            }
            areas.push(Area {
                reference: format!("way/{}", way.id),
                kind,
                tags: &way.tags,
                outer: vec![&way.nodes],
                inner: Vec::new(),
                broken: false,
            });
        }
        let mut relations = Vec::new();
        for relation in &data.relations {
            let Some(kind) = self.kind_of(&relation.tags) else {
                continue;
            };
            if matches!(relation.tags.get("type"), Some("multipolygon" | "boundary")) {
                relations.push((relation, kind));
            } else {
                self.extract.report.other_relations += 1;
            }
        }
        let members: HashSet<i64> = relations
            .iter()
            .flat_map(|(relation, _)| &relation.members)
            .map(|member| member.id)
            .collect();
        let ways: HashMap<i64, &Way> = data
            .ways
            .iter()
            .filter(|way| members.contains(&way.id))
            .map(|way| (way.id, way))
            .collect();
        areas.extend(relations.into_iter().map(|(relation, kind)| {
            let (outer, outer_missing) = member_ways(&relation.members, &["outer", ""], &ways);
            let (inner, inner_missing) = member_ways(&relation.members, &["inner"], &ways);
            Area {
                reference: format!("relation/{}", relation.id),
                kind,
                tags: &relation.tags,
                outer,
                inner,
                broken: outer_missing || inner_missing,
            }
        }));
        areas
    }
}

/// The nodes of all outlines, by id.
pub(super) fn corners<'a>(data: &'a OsmData, areas: &[Area<'_>]) -> HashMap<i64, &'a Node> {
    let ids: HashSet<i64> = areas
        .iter()
        .flat_map(|area| area.outer.iter().chain(&area.inner))
        .flat_map(|way| way.iter().copied())
        .collect();
    data.nodes
        .iter()
        .filter(|node| ids.contains(&node.id))
        .map(|node| (node.id, node))
        .collect()
}

/// The ways among a relation's members in one of `roles`, each once, and
/// whether any is not in the file.
fn member_ways<'a>(members: &[Member], roles: &[&str], ways: &HashMap<i64, &'a Way>) -> (Vec<&'a [i64]>, bool) {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut missing = false;
    for member in members {
        let counts = member.kind == MemberKind::Way && roles.contains(&member.role.as_str());
        if !counts || !seen.insert(member.id) {
            continue;
        }
        match ways.get(&member.id) {
            Some(way) => found.push(way.nodes.as_slice()),
            None => missing = true,
        }
    }
    (found, missing)
}

/// The corner nearest to the mean of all corners: where an outline is too
/// broken to have an inside, a point that is at least on it.
fn middle_corner(corners: &[&Node]) -> Option<Point> {
    let count = corners.len() as f64;
    let mean = |of: fn(Point) -> f64| corners.iter().map(|node| of(node.point)).sum::<f64>() / count;
    let (lat, lon) = (mean(|p| p.lat), mean(|p| p.lon));
    corners.iter().map(|node| node.point).min_by(|a, b| {
        let squared = |p: &Point| (p.lat - lat).powi(2) + (p.lon - lon).powi(2);
        squared(a).total_cmp(&squared(b))
    })
}
