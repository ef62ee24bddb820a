//! Lines that a walker off the street does not cross: walls, water, railways,
//! motorways.

use super::boxes;
use super::graph::NodeTable;
use super::layout::{BarrierSegment, Box2, Position};
use super::tags::{is_bridge, is_tunnel, layer};
use crate::circle::osm::{Bounds, MemberKind, OsmData, Relation, Tags};
use std::collections::HashSet;

/// Whether a way with these tags stops who walks off the street.
#[must_use]
pub fn is_barrier(tags: &Tags) -> bool {
    let one_of = |key: &str, kinds: &[&str]| tags.get(key).is_some_and(|v| kinds.contains(&v));
    let covered = is_tunnel(tags) || tags.is("location", "underground");
    if covered || is_bridge(tags) {
        return false;
    }
    let wall = one_of("barrier", &["wall", "fence", "hedge", "city_wall", "retaining_wall"]);
    let cliff = tags.is("natural", "cliff");
    let rail = one_of("railway", &["rail", "light_rail", "subway", "narrow_gauge"]);
    let motorway = one_of("highway", &["motorway", "motorway_link"])
        || (one_of("highway", &["trunk", "trunk_link"]) && (tags.is("motorroad", "yes") || tags.is("foot", "no")));
    // Rails and roads that are told to lie above or below leave the ground free.
    wall || cliff || is_water(tags) || ((rail || motorway) && layer(tags) == 0)
}

/// Whether a relation's outlines are water.
#[must_use]
pub fn is_water_relation(tags: &Tags) -> bool {
    tags.is("type", "multipolygon") && is_water(tags) && !is_tunnel(tags)
}

fn is_water(tags: &Tags) -> bool {
    matches!(tags.get("natural"), Some("water" | "coastline"))
        || matches!(tags.get("waterway"), Some("river" | "canal" | "riverbank" | "dock"))
}

/// The segments of all barriers in `bbox`, in index order, with the boxes over
/// them.
pub(super) fn segments(
    data: &OsmData,
    table: &NodeTable<'_>,
    bbox: Option<Bounds>,
) -> (Vec<BarrierSegment>, Vec<Box2>) {
    let mut segments = Vec::new();
    for [a, b] in lines(data, table) {
        let [a, b] = [a, b].map(|place| table.at(place).point);
        if bbox.is_none_or(|bbox| bbox.contains(a) || bbox.contains(b)) && a != b {
            segments.push(BarrierSegment {
                a: Position::of(a),
                b: Position::of(b),
            });
        }
    }
    let boxes = boxes::pack(&mut segments, |segment| Box2::EMPTY.with(segment.a).with(segment.b));
    (segments, boxes)
}

/// The lines of all barriers, by the places of their nodes.
pub(super) fn lines<'a>(data: &'a OsmData, table: &'a NodeTable<'_>) -> impl Iterator<Item = [u32; 2]> + 'a {
    let shores: HashSet<i64> = data
        .relations
        .iter()
        .filter(|relation| is_water_relation(&relation.tags))
        .flat_map(way_members)
        .collect();
    data.ways
        .iter()
        .filter(move |way| is_barrier(&way.tags) || shores.contains(&way.id))
        .flat_map(|way| way.nodes.windows(2))
        .filter_map(|ends| Some([table.place(*ends.first()?)?, table.place(*ends.last()?)?]))
}

fn way_members(relation: &Relation) -> impl Iterator<Item = i64> {
    relation
        .members
        .iter()
        .filter(|member| member.kind == MemberKind::Way)
        .map(|member| member.id)
}
