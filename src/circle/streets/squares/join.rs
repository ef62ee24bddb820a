//! Squares put into the graph: their outline and their lines of sight as links.

use super::find::find;
use super::mesh::{Strand, Turn, mesh};
use crate::circle::osm::{Bounds, OsmData};
use crate::circle::streets::graph::{Link, Links, NodeTable};
use crate::circle::streets::layout::Position;
use crate::circle::streets::report::BuildReport;
use crate::circle::streets::tags::{flag, node_flag};

/// A square that one may stand on, before its vertices have their numbers in the
/// file.
#[derive(Debug, Clone)]
pub(in crate::circle::streets) struct RawSquare {
    pub way_id: i64,
    pub is_private: bool,
    /// The outer ring first.
    pub(super) rings: Vec<Vec<Position>>,
    pub(super) vertices: Vec<RawVertex>,
}

/// A vertex by its node.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawVertex {
    pub node_id: i64,
    pub arms: Option<[Position; 2]>,
}

/// Makes squares walkable along their outline and across.
pub(in crate::circle::streets) fn join(
    links: &mut Links,
    data: &OsmData,
    table: &NodeTable<'_>,
    bbox: Option<Bounds>,
    report: &mut BuildReport,
) -> Vec<RawSquare> {
    let squares = find(data, table, report);
    let strands = links.links.iter().map(|link| {
        let way = &links.ways[link.way as usize];
        Strand {
            a: link.a,
            b: link.b,
            way_id: way.id,
            layer: way.layer,
            flags: way.usage.flags,
            starts: link.starts,
            ends: link.ends,
        }
    });
    let meshes = mesh(&squares, data, table, bbox, strands, report);
    let mut found = Vec::new();
    for (square, mesh) in squares.iter().zip(meshes) {
        for (lines, kind) in [(mesh.outline, flag::AREA), (mesh.sights, flag::AREA | flag::SIGHT)] {
            if lines.is_empty() {
                continue;
            }
            let way = links.ways.len() as u32;
            let mut usage = square.usage.clone();
            usage.flags |= kind;
            links.add_way(square.way_id, square.tags, usage, 0.0);
            links.links.extend(lines.into_iter().map(|[a, b]| Link {
                a,
                b,
                way,
                starts: false,
                ends: false,
            }));
        }
        for place in mesh.cut {
            links.node_flags[place as usize] |= node_flag::CUT;
        }
        // Nobody starts or arrives where no foot is put on an edge.
        if square.usage.flags & flag::NO_FOOT == 0 && !mesh.vertices.is_empty() {
            let position = |place: &u32| Position::of(table.at(*place).point);
            let vertex = |turn: &Turn| RawVertex {
                node_id: table.at(turn.place).id,
                arms: turn.arms,
            };
            found.push(RawSquare {
                way_id: square.way_id,
                is_private: square.usage.flags & flag::PRIVATE != 0,
                rings: square.rings().map(|ring| ring.iter().map(position).collect()).collect(),
                vertices: mesh.vertices.iter().map(vertex).collect(),
            });
        }
    }
    found
}
