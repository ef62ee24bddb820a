//! What hangs together: components by walking and by walking without stairs,
//! and the public ways that lie behind private ones.

use super::conditions::{PRIVATE_LETTER, behind_gate, is_private_sometimes};
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
/// Where these are private at some hours only, so are the streets behind them:
/// they get those hours as their own. Returns how many edges
/// were marked.
pub(super) fn mark_enclosed(graph: &mut Graph) -> u64 {
    let junctions = graph.junctions.len();
    let whole = components(graph, |edge| edge.flags & flag::FERRY == 0);
    let Borders { gates, hours } = borders(graph);
    let is_gate = |junction: u32| gates[junction as usize];
    let is_public = |edge: &RawEdge| {
        edge.flags & (flag::PRIVATE | flag::FERRY) == 0 && !is_private_at_times(graph, edge.particulars.rules[0])
    };
    // Public parts: edges joined at junctions that are no private gate. An edge
    // between two gates is a part of its own, numbered after the junctions.
    let mut sets = Sets::new(junctions + graph.edges.len());
    let mut part_of_edge = Vec::with_capacity(graph.edges.len());
    for (edge, number) in graph.edges.iter().zip(junctions as u32..) {
        let part = match (is_gate(edge.from), is_gate(edge.to)) {
            _ if !is_public(edge) => None,
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
    let mut parts = vec![Part::default(); junctions + graph.edges.len()];
    for (edge, part) in graph.edges.iter().zip(&part_of_edge) {
        if let Some(part) = part {
            let part = &mut parts[sets.root(*part) as usize];
            part.metres += edge.street_m();
            for end in [edge.from, edge.to] {
                part.hours = part.hours.or(hours[end as usize]);
            }
        }
    }
    // The longest part of each component.
    let mut main: Vec<Option<u32>> = vec![None; whole.metres.len()];
    for (edge, part) in graph.edges.iter().zip(&part_of_edge) {
        let Some(part) = part else { continue };
        let root = sets.root(*part);
        let component = whole.of_junction[edge.from as usize] as usize;
        let metres = |part: u32| parts[part as usize].metres;
        let longer = main[component]
            .is_none_or(|best| metres(root) > metres(best) || (metres(root) == metres(best) && root < best));
        if longer {
            main[component] = Some(root);
        }
    }
    let mut marked = 0;
    for (edge, part) in graph.edges.iter_mut().zip(&part_of_edge) {
        let Some(part) = part else { continue };
        let root = sets.root(*part);
        let component = whole.of_junction[edge.from as usize] as usize;
        let Part { metres, hours } = parts[root as usize];
        if main[component] == Some(root) || metres > ENCLOSED_AT_MOST_M {
            continue;
        }
        marked += 1;
        let Some(gate) = hours else {
            edge.flags |= flag::PRIVATE;
            continue;
        };
        let text = behind_gate(&graph.rules.all[gate as usize - 1]);
        if text.starts_with(PRIVATE_LETTER) {
            edge.flags |= flag::PRIVATE;
        }
        // Hours that a way has itself go before those of its gates.
        if edge.particulars.rules[0] == 0 {
            edge.particulars.rules[0] = graph.rules.number(Some(text));
            edge.flags |= flag::CONDITIONAL;
        }
    }
    marked
}

/// A public part of town between private gates and ways.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    metres: f64,
    /// The rule of a gate or way around it that is private at some hours only,
    /// the first of several; `None` where all are private always.
    hours: Option<u32>,
}

/// By junction: whether it is a private gate, be it at some hours only, and the
/// rule of a gate or way there that is private at some hours.
struct Borders {
    gates: Vec<bool>,
    hours: Vec<Option<u32>>,
}

fn borders(graph: &Graph) -> Borders {
    let is_private = |flags: u32| flags & node_flag::PRIVATE != 0;
    let mut gates: Vec<_> = graph
        .junctions
        .iter()
        .map(|junction| is_private(junction.flags))
        .collect();
    let mut hours = vec![None; gates.len()];
    for edge in &graph.edges {
        let [way, from, to] = edge.particulars.rules;
        for (end, gate) in [(edge.from as usize, from), (edge.to as usize, to)] {
            if is_private_at_times(graph, gate) {
                gates[end] = true;
                hours[end] = Some(gate);
            } else if is_private_at_times(graph, way) {
                hours[end] = hours[end].or(Some(way));
            }
        }
    }
    Borders { gates, hours }
}

/// Whether a rule, counted from one, is private at some hours.
fn is_private_at_times(graph: &Graph, rule: u32) -> bool {
    let text = (rule as usize)
        .checked_sub(1)
        .and_then(|rule| graph.rules.all.get(rule));
    text.is_some_and(|text| is_private_sometimes(text))
}
