//! Ways and relations that are places, and their outlines.

use std::collections::{HashMap, HashSet};

use crate::circle::osm::{Member, MemberKind, Node, OsmData, Point, Tags, Way};
use crate::circle::places::kinds::Kind;

use super::Extractor;
use super::doors::Mapped;
use super::nodes::Nodes;
use super::outline::{Outline, assemble};

/// A way or relation that is a place.
pub(super) struct Area<'a> {
    pub id: i64,
    pub reference: String,
    pub kind: &'static Kind,
    pub tags: &'a Tags,
    pub parts: AreaParts<'a>,
}

/// The ways that an area is drawn with.
#[derive(Default)]
pub(super) struct AreaParts<'a> {
    /// The ways of its outline.
    pub ways: Vec<i64>,
    pub outer: Vec<&'a [i64]>,
    pub inner: Vec<&'a [i64]>,
    /// Whether a part of the outline is not in the file.
    pub broken: bool,
}

/// What became of an area's outline.
pub(super) struct Shape {
    /// A point for it; none where nothing of the outline is in the file.
    pub point: Option<Point>,
    pub outline: Outline,
    /// The nodes of its outer rings.
    pub corners: HashSet<i64>,
    pub mapped: Mapped,
    /// Whether a part of the outline is missing or does not close.
    pub broken: bool,
}

impl<'a> AreaParts<'a> {
    /// Of a closed way; none where it does not close.
    pub fn of_way(way: &'a Way) -> Option<Self> {
        (way.nodes.len() >= 4 && way.nodes.first() == way.nodes.last()).then(|| Self {
            ways: vec![way.id],
            outer: vec![&way.nodes],
            ..Self::default()
        })
    }

    /// Of a multipolygon's members.
    pub fn of_members(members: &[Member], ways: &HashMap<i64, &'a Way>) -> Self {
        let (outer, outer_missing) = member_ways(members, &["outer", ""], ways);
        let (inner, inner_missing) = member_ways(members, &["inner"], ways);
        let nodes = |ways: &[&'a Way]| ways.iter().map(|way| way.nodes.as_slice()).collect();
        Self {
            ways: outer.iter().chain(&inner).map(|way| way.id).collect(),
            outer: nodes(&outer),
            inner: nodes(&inner),
            broken: outer_missing || inner_missing,
        }
    }

    /// Puts the outline together. Doors are looked for on the outer rings only:
    /// what stands in a hole is another place's.
    pub fn shape(&self, nodes: &Nodes<'_>) -> Shape {
        let outer = assemble(&self.outer);
        let inner = assemble(&self.inner);
        let mut broken = self.broken || !outer.open.is_empty() || !inner.open.is_empty();
        let mut points = |ring: &Vec<i64>| {
            let points: Vec<Point> = ring.iter().filter_map(|id| nodes.point(*id)).collect();
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
            .filter_map(|id| nodes.get(*id))
            .collect();
        Shape {
            point: outline.point_inside().or_else(|| middle_corner(&corners)),
            outline,
            corners: corners.iter().map(|node| node.id).collect(),
            mapped: Mapped::among(corners),
            broken,
        }
    }
}

/// The ways that relations have as members, by id.
pub(super) fn members_of<'a, 'b>(
    data: &'a OsmData,
    relations: impl Iterator<Item = &'b [Member]>,
) -> HashMap<i64, &'a Way> {
    let members: HashSet<i64> = relations.flatten().map(|member| member.id).collect();
    data.ways
        .iter()
        .filter(|way| members.contains(&way.id))
        .map(|way| (way.id, way))
        .collect()
}

/// Whether a relation with these tags is an area.
pub(super) fn is_area_relation(tags: &Tags) -> bool {
    matches!(tags.get("type"), Some("multipolygon" | "boundary"))
}

impl Extractor<'_> {
    /// The closed ways and multipolygons of the data that are places.
    pub(super) fn areas<'a>(&mut self, data: &'a OsmData) -> Vec<Area<'a>> {
        let mut areas = Vec::new();
        for way in &data.ways {
            let Some(kind) = self.kind_of(&way.tags) else {
                continue;
            };
            let Some(parts) = AreaParts::of_way(way) else {
                self.extract.report.open_ways += 1;
                continue;
            };
            areas.push(Area {
                id: way.id,
                reference: format!("way/{}", way.id),
                kind,
                tags: &way.tags,
                parts,
            });
        }
        let mut relations = Vec::new();
        for relation in &data.relations {
            let Some(kind) = self.kind_of(&relation.tags) else {
                continue;
            };
            if is_area_relation(&relation.tags) {
                relations.push((relation, kind));
            } else {
                self.extract.report.other_relations += 1;
            }
        }
        let ways = members_of(data, relations.iter().map(|(relation, _)| relation.members.as_slice()));
        areas.extend(relations.into_iter().map(|(relation, kind)| Area {
            id: relation.id,
            reference: format!("relation/{}", relation.id),
            kind,
            tags: &relation.tags,
            parts: AreaParts::of_members(&relation.members, &ways),
        }));
        areas
    }
}

/// The ways among a relation's members in one of `roles`, each once, and
/// whether any is not in the file.
fn member_ways<'a>(members: &[Member], roles: &[&str], ways: &HashMap<i64, &'a Way>) -> (Vec<&'a Way>, bool) {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    let mut missing = false;
    for member in members {
        let counts = member.kind == MemberKind::Way && roles.contains(&member.role.as_str());
        if !counts || !seen.insert(member.id) {
            continue;
        }
        match ways.get(&member.id) {
            Some(way) => found.push(*way),
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
