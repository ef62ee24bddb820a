//! Compounds whose gate nobody mapped: a wall or a private estate with streets
//! inside and no gate on the boundary. A walk into it is then a guess, so a
//! mapper is told.

use crate::circle::osm::{OsmData, Point, Tags, Wanted};
use crate::circle::streets::walkable;

use super::areas::{AreaParts, is_area_relation, members_of};
use super::fences::is_fence;
use super::lines::{Line, Lines, along, nearest_on};
use super::nodes::Nodes;
use super::outline::Outline;

/// A gate this near to the boundary is one in it.
const GATE_M: f64 = 12.0;
/// Less street than this inside is a path's bend over the line, no compound's.
const LEAST_STREET_M: f64 = 20.0;

/// A compound, with a point inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Compound {
    /// `way/45` or `relation/6`.
    pub reference: String,
    /// A point inside.
    pub point: Point,
}

/// Whether an area with these tags is closed to the public.
fn is_compound(tags: &Tags) -> bool {
    let private = matches!(
        tags.get("access"),
        Some("private" | "no" | "residents" | "resident" | "permit" | "customers" | "employees" | "military")
    );
    let estate =
        tags.get("landuse").is_some() || tags.get("residential").is_some() || tags.is("place", "neighbourhood");
    (private && estate) || tags.is("residential", "gated") || tags.is("gated", "yes") || is_fence(tags)
}

/// Whether a node lets somebody through, whoever that is: also a locked gate is
/// a gate.
fn is_opening(tags: &Tags) -> bool {
    const WALLS: [&str; 10] = [
        "city_wall",
        "ditch",
        "fence",
        "guard_rail",
        "hedge",
        "kerb",
        "no",
        "retaining_wall",
        "wall",
        "wire_fence",
    ];
    let barrier = tags.get("barrier").is_some_and(|kind| !WALLS.contains(&kind));
    let entrance = tags.get("entrance").is_some_and(|kind| kind != "no");
    barrier || entrance || matches!(tags.get("highway"), Some("gate" | "stile"))
}

/// What of a file [`compounds_without_gate`] looks at.
pub(super) fn wanted() -> Wanted<'static> {
    Wanted {
        node: &|_| false,
        way: &|tags| is_compound(tags) || walkable(tags).is_some(),
        relation: &|tags| is_area_relation(tags) && is_compound(tags),
    }
}

/// The walled and private areas of the data that have streets inside and no gate
/// on their boundary.
#[must_use]
pub fn compounds_without_gate(data: &OsmData) -> Vec<Compound> {
    let nodes = Nodes::new(data);
    let outlines = outlines(data, &nodes);
    if outlines.is_empty() {
        return Vec::new();
    }
    let mut streets = Vec::new();
    for way in &data.ways {
        if walkable(&way.tags).is_some_and(|walkable| !walkable.closed_in) {
            streets.extend(nodes.pieces(way).map(|(_, a, b)| Line { a, b, of: () }));
        }
    }
    let streets = Lines::new(streets);
    let openings = data.nodes.iter().filter(|node| is_opening(&node.tags));
    let openings = Lines::new(
        openings
            .map(|node| Line {
                a: node.point,
                b: node.point,
                of: (),
            })
            .collect(),
    );
    outlines
        .into_iter()
        .filter(|(_, _, outline)| !has_gate(outline, &openings) && has_streets(outline, &streets))
        .map(|(reference, point, _)| Compound { reference, point })
        .collect()
}

/// The compounds of the data, with a point inside of each.
fn outlines(data: &OsmData, nodes: &Nodes<'_>) -> Vec<(String, Point, Outline)> {
    let areas = data
        .relations
        .iter()
        .filter(|relation| is_area_relation(&relation.tags) && is_compound(&relation.tags));
    let members = members_of(data, areas.clone().map(|relation| relation.members.as_slice()));
    let of_ways = data
        .ways
        .iter()
        .filter(|way| is_compound(&way.tags))
        .filter_map(|way| Some((format!("way/{}", way.id), AreaParts::of_way(way)?)));
    let of_relations = areas.map(|relation| {
        let parts = AreaParts::of_members(&relation.members, &members);
        (format!("relation/{}", relation.id), parts)
    });
    of_ways
        .chain(of_relations)
        .filter_map(|(reference, parts)| {
            let outline = parts.shape(nodes).outline;
            Some((reference, outline.point_inside()?, outline))
        })
        .collect()
}

fn has_gate(outline: &Outline, openings: &Lines<()>) -> bool {
    let mut found = false;
    for (a, b) in outline.outer_sides() {
        openings.each_near(&[a, b], GATE_M, |opening| {
            found = nearest_on(opening.a, a, b).1 <= GATE_M;
            !found
        });
        if found {
            break;
        }
    }
    found
}

fn has_streets(outline: &Outline, streets: &Lines<()>) -> bool {
    let corners: Vec<Point> = outline.outer_sides().map(|(a, _)| a).collect();
    let mut metres = 0.0;
    streets.each_near(&corners, 0.0, |street| {
        if outline.contains(along(street.a, street.b, 0.5)) {
            metres += street.a.metres_to(street.b);
        }
        metres < LEAST_STREET_M
    });
    metres >= LEAST_STREET_M
}
