//! What hangs together: components by walking and by walking without stairs,
//! and the public ways that lie behind private ones.

use super::graph::{Graph, RawEdge};
use super::tags::{flag, node_flag};

/// Public ways behind private ones count as private up to this length in all.
/// A longer stretch is another part of town, and the mapping is in doubt.
const ENCLOSED_AT_MOST_M: f64 = 10_000.0;

/// Disjoint sets over numbers.
pub(super) struct Sets(Vec<u32>);

impl Sets {
    pub fn new(count: usize) -> Self {
        Self((0..count as u32).collect())
    }

    pub fn root(&mut self, mut of: u32) -> u32 {
        while self.0[of as usize] != of {
            let above = self.0[self.0[of as usize] as usize];
            self.0[of as usize] = above;
            of = above;
        }
        of
    }

    pub fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.root(a), self.root(b));
        // The lower number leads, so that the outcome has no chance in it.
        self.0[a.max(b) as usize] = a.min(b);
    }
}

/// For each junction its component, and the metres of each component.
#[derive(Debug)]
pub(super) struct Components {
    pub of_junction: Vec<u32>,
    pub metres: Vec<f32>,
}

/// The components over the edges that are `usable`.
pub(super) fn components(graph: &Graph, usable: impl Fn(&RawEdge) -> bool) -> Components {
    let mut sets = Sets::new(graph.junctions.len());
    let used = || graph.edges.iter().filter(|edge| usable(edge));
    for edge in used() {
        sets.join(edge.from, edge.to);
    }
    let mut number_of_root = vec![None; graph.junctions.len()];
    let mut metres: Vec<f64> = Vec::new();
    let of_junction: Vec<u32> = (0..graph.junctions.len() as u32)
        .map(|junction| {
            let root = sets.root(junction) as usize;
            *number_of_root[root].get_or_insert_with(|| {
                metres.push(0.0);
                metres.len() as u32 - 1
            })
        })
        .collect();
    for edge in used() {
        metres[of_junction[edge.from as usize] as usize] += edge.street_m();
    }
    Components {
        of_junction,
        metres: metres.into_iter().map(|metres| metres as f32).collect(),
    }
}

/// Marks as private the public edges that hang on the rest of their component
/// only over private ways or through private gates: the streets inside a
/// compound whose gate alone says so. The longest public part stays public.
/// Returns how many edges were marked.
pub(super) fn mark_enclosed(graph: &mut Graph) -> u64 {
    let junctions = graph.junctions.len();
    let whole = components(graph, |edge| edge.flags & flag::FERRY == 0);
    let is_gate = |junction: u32| graph.junctions[junction as usize].flags & node_flag::PRIVATE != 0;
    let is_public = |flags: u32| flags & (flag::PRIVATE | flag::FERRY) == 0;
    // Public parts: edges joined at junctions that are no private gate. An edge
    // between two gates is a part of its own, numbered after the junctions.
    let mut sets = Sets::new(junctions + graph.edges.len());
    let mut part_of_edge = Vec::with_capacity(graph.edges.len());
    for (edge, number) in graph.edges.iter().zip(junctions as u32..) {
        let part = match (is_gate(edge.from), is_gate(edge.to)) {
            _ if !is_public(edge.flags) => None,
            (false, false) => {
                sets.join(edge.from, edge.to);
                Some(edge.from)
            }
            (false, true) => Some(edge.from),
            (true, false) => Some(edge.to),
            (true, true) => Some(number),
        };
        part_of_edge.push(part);
    }
    let mut metres = vec![0.0_f64; junctions + graph.edges.len()];
    for (edge, part) in graph.edges.iter().zip(&part_of_edge) {
        if let Some(part) = part {
            metres[sets.root(*part) as usize] += edge.street_m();
        }
    }
    // The longest part of each component.
    let mut main: Vec<Option<u32>> = vec![None; whole.metres.len()];
    for (edge, part) in graph.edges.iter().zip(&part_of_edge) {
        let Some(part) = part else { continue };
        let root = sets.root(*part);
        let component = whole.of_junction[edge.from as usize] as usize;
        let longer = main[component].is_none_or(|best| {
            metres[root as usize] > metres[best as usize]
                || (metres[root as usize] == metres[best as usize] && root < best)
        });
        if longer {
            main[component] = Some(root);
        }
    }
    let mut marked = 0;
    for (edge, part) in graph.edges.iter_mut().zip(&part_of_edge) {
        let Some(part) = part else { continue };
        let root = sets.root(*part);
        let component = whole.of_junction[edge.from as usize] as usize;
        if main[component] != Some(root) && metres[root as usize] <= ENCLOSED_AT_MOST_M {
            edge.flags |= flag::PRIVATE;
            marked += 1;
        }
    }
    marked
}
