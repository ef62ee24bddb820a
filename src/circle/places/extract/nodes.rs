//! Nodes of the data by id.

use crate::circle::osm::{Node, OsmData, Point, Way};

/// Nodes by id, without a hash map: a city has millions.
pub(super) struct Nodes<'a> {
    nodes: &'a [Node],
    by_id: Vec<(i64, u32)>,
}

impl<'a> Nodes<'a> {
    pub fn new(data: &'a OsmData) -> Self {
        let mut by_id: Vec<(i64, u32)> = data.nodes.iter().map(|node| node.id).zip(0_u32..).collect();
        by_id.sort_unstable();
        by_id.dedup_by_key(|entry| entry.0);
        Self {
            nodes: &data.nodes,
            by_id,
        }
    }

    pub fn get(&self, id: i64) -> Option<&'a Node> {
        let at = self.by_id.binary_search_by_key(&id, |entry| entry.0).ok()?;
        self.nodes.get(self.by_id.get(at)?.1 as usize)
    }

    pub fn point(&self, id: i64) -> Option<Point> {
        self.get(id).map(|node| node.point)
    }

    /// The straight pieces of a way, numbered, as far as their nodes are there.
    pub fn pieces<'b>(&'b self, way: &'b Way) -> impl Iterator<Item = (u32, Point, Point)> + 'b {
        (0..).zip(way.nodes.windows(2)).filter_map(|(number, pair)| match pair {
            [a, b] => Some((number, self.point(*a)?, self.point(*b)?)),
            _ => None,
        })
    }
}
