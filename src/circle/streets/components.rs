//! What hangs together: components by walking and by walking without stairs,
//! and the public ways that lie behind private ones.

use super::conditions::is_private_at_times;
use super::graph::{Graph, RawEdge};
use super::tags::{flag, node_flag};
use std::collections::{HashMap, HashSet};

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
///
/// Behind gates that are private at some hours the streets are so at the same
/// hours: they take over the rule of the gates, where these agree.
pub(super) fn mark_enclosed(graph: &mut Graph) -> u64 {
    let is_private = |graph: &Graph, junction: u32| graph.junctions[junction as usize].flags & node_flag::PRIVATE != 0;
    let parts = enclosed(graph, |junction| is_private(graph, junction));
    let mut marked = 0;
    for edge in graph
        .edges
        .iter_mut()
        .zip(parts)
        .filter_map(|(edge, part)| part.and(Some(edge)))
    {
        edge.flags |= flag::PRIVATE;
        marked += 1;
    }
    let gate_rules = private_at_times(graph);
    if gate_rules.is_empty() {
        return marked;
    }
    let rule_at = |junction: u32| gate_rules.get(&junction).copied();
    let parts = enclosed(graph, |junction| {
        is_private(graph, junction) || gate_rules.contains_key(&junction)
    });
    // The rule of all gates of a part, none where they differ.
    let mut rule_of_part: HashMap<u32, Option<u32>> = HashMap::new();
    for (edge, part) in graph.edges.iter().zip(&parts) {
        let Some(part) = part else { continue };
        for rule in [edge.from, edge.to].into_iter().filter_map(rule_at) {
            let known = rule_of_part.entry(*part).or_insert(Some(rule));
            *known = known.filter(|known| *known == rule);
        }
    }
    for (edge, part) in graph.edges.iter_mut().zip(parts) {
        let rule = part.and_then(|part| rule_of_part.get(&part).copied().flatten());
        let [own, ..] = &mut edge.particulars.rules;
        if let (Some(rule), 0) = (rule, *own) {
            *own = rule;
            edge.flags |= flag::CONDITIONAL;
        }
    }
    marked
}

/// The gates that are private at some hours and open at all others, with the
/// numbers of their rules.
fn private_at_times(graph: &Graph) -> HashMap<u32, u32> {
    let rules: HashSet<u32> = (1_u32..)
        .zip(&graph.rules.all)
        .filter_map(|(number, text)| is_private_at_times(text).then_some(number))
        .collect();
    let mut gates = HashMap::new();
    for edge in &graph.edges {
        let [_, from, to] = edge.particulars.rules;
        for (junction, rule) in [(edge.from, from), (edge.to, to)] {
            if rules.contains(&rule) {
                gates.insert(junction, rule);
            }
        }
    }
    gates
}

/// Of each public edge that hangs on the rest of its component only over private
/// ways or through gates the part of the network that it is in.
fn enclosed(graph: &Graph, is_gate: impl Fn(u32) -> bool) -> Vec<Option<u32>> {
    let junctions = graph.junctions.len();
    let whole = components(graph, |edge| edge.flags & flag::FERRY == 0);
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
    let edges = graph.edges.iter().zip(part_of_edge);
    let in_enclosed = edges.map(|(edge, part)| {
        let root = sets.root(part?);
        let component = whole.of_junction[edge.from as usize] as usize;
        (main[component] != Some(root) && metres[root as usize] <= ENCLOSED_AT_MOST_M).then_some(root)
    });
    in_enclosed.collect()
}
