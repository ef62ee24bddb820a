//! From ways to edges: every stretch between junctions becomes one edge.
//!
//! A node is a junction where other than two links meet, where the properties
//! of the way change, or where the node itself changes the way (a barrier, a
//! kerb, a lift, an entrance, a light). Through all others the way is contracted.

use super::layout::{Particulars, Position, street_m};
use super::report::BuildReport;
use super::squares::{self, RawSquare};
use super::tags::{WayUse, flag, node_flag, node_use, way_use};
use crate::circle::osm::{Bounds, Node, OsmData, Tags};
use std::collections::HashMap;

/// Edges are at least this long, the resolution of a position, so that walking
/// one always takes time.
pub const SHORTEST_EDGE_M: f32 = 0.01;

/// A junction before it has its number in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawJunction {
    pub node_id: i64,
    pub position: Position,
    pub flags: u32,
}

/// An edge before it has its number in the file.
#[derive(Debug, Clone)]
pub(super) struct RawEdge {
    pub from: u32,
    pub to: u32,
    pub way_id: i64,
    pub layer: i32,
    pub length_m: f32,
    pub flags: u32,
    /// Counted only where a flag of [`flag::RECORDED`] is set.
    pub particulars: Particulars,
    pub name: u32,
    pub corners: Vec<Position>,
}

impl RawEdge {
    /// Metres of street that it is: none where it is a line of sight.
    pub fn street_m(&self) -> f64 {
        street_m(self.flags, self.length_m)
    }
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub junctions: Vec<RawJunction>,
    pub edges: Vec<RawEdge>,
    pub squares: Vec<RawSquare>,
    /// Names of streets, in the language of the place and in English.
    pub names: Texts,
    /// Rules of hours.
    pub rules: Texts,
}

/// Texts, each once, numbered from one; 0 is none.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub all: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Texts {
    pub fn number(&mut self, text: Option<String>) -> u32 {
        let Some(text) = text else { return 0 };
        if let Some(known) = self.numbers.get(&text) {
            return *known;
        }
        self.all.push(text.clone());
        let number = self.all.len() as u32;
        self.numbers.insert(text, number);
        number
    }
}

/// Between the two languages of a name.
pub const NAME_PART: char = '\u{1f}';
/// Longer names are cut; nobody reads them on a signpost.
const NAME_CHARS: usize = 120;

/// The name of a way as a map keeps it: as it is written there, and in English.
fn name_text(tags: &Tags) -> Option<String> {
    let readable = |key: &str| {
        let name = tags.get(key)?.trim();
        let plain: String = name.chars().filter(|c| !c.is_control()).take(NAME_CHARS).collect();
        (!plain.is_empty()).then_some(plain)
    };
    let local = ["name:zh-Hans", "name:zh", "name", "ref"]
        .into_iter()
        .find_map(readable);
    let english = ["name:en", "int_name"].into_iter().find_map(readable);
    match (local, english) {
        (None, None) => None,
        (Some(local), None) => Some(local),
        (local, Some(english)) => {
            let mut text = local.unwrap_or_else(|| english.clone());
            text.push(NAME_PART);
            text.push_str(&english);
            Some(text)
        }
    }
}

/// Nodes of the data by id.
pub(super) struct NodeTable<'a> {
    nodes: &'a [Node],
    by_id: Vec<(i64, u32)>,
}

impl<'a> NodeTable<'a> {
    pub fn new(nodes: &'a [Node]) -> Self {
        let mut by_id: Vec<(i64, u32)> = nodes.iter().map(|node| node.id).zip(0_u32..).collect();
        by_id.sort_unstable();
        by_id.dedup_by_key(|entry| entry.0);
        Self { nodes, by_id }
    }

    /// The place of the node `id` in the data, where it has a position.
    pub fn place(&self, id: i64) -> Option<u32> {
        let at = self.by_id.binary_search_by_key(&id, |entry| entry.0).ok()?;
        let place = self.by_id.get(at)?.1;
        self.at(place).point.is_valid().then_some(place)
    }

    pub fn at(&self, place: u32) -> &'a Node {
        &self.nodes[place as usize]
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }
}

/// A straight piece of a way, in the way's direction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Link {
    pub a: u32,
    pub b: u32,
    /// Which of the walkable ways.
    pub way: u32,
    /// Whether `a` starts, `b` ends the way.
    pub starts: bool,
    pub ends: bool,
}

pub(super) struct WalkableWay {
    pub id: i64,
    pub layer: i32,
    pub usage: WayUse,
    length_m: f64,
    name: u32,
    rule: u32,
}

impl WalkableWay {
    /// Stretches of equal signature are one edge where they meet. What belongs
    /// to a way as a whole (its steps, direction, hours, light) does not mix.
    fn signature(&self, number: u32) -> (u32, Option<u32>, i32, u32) {
        const OWN: u32 = flag::STEPS
            | flag::FORWARD_ONLY
            | flag::BACKWARD_ONLY
            | flag::SIGNALS
            | flag::CONDITIONAL
            | flag::CONVEYING
            | flag::SLOPE
            | flag::LIFT
            | flag::FERRY;
        let own = self.usage.flags & OWN != 0;
        (self.usage.flags, own.then_some(number), self.layer, self.name)
    }
}

/// Makes the graph of all that can be walked inside `bbox`.
pub(super) fn contract(data: &OsmData, table: &NodeTable<'_>, bbox: Option<Bounds>, report: &mut BuildReport) -> Graph {
    let mut links = Links {
        ways: Vec::new(),
        links: Vec::new(),
        node_flags: vec![0; table.len()],
        node_rules: HashMap::new(),
        names: Texts::default(),
        rules: Texts::default(),
    };
    for way in &data.ways {
        if let Some(usage) = way_use(&way.tags, &mut report.unreadable) {
            report.walkable_ways += 1;
            links.add(way, usage, table, bbox, report);
        }
    }
    let squares = squares::join(&mut links, data, table, bbox, report);
    links.read_node_tags(table, report);
    let mut graph = links.contract(table);
    stop_wheels(&mut graph);
    board_ferries(&mut graph);
    graph.squares = squares;
    graph.names = links.names;
    graph.rules = links.rules;
    graph
}

pub(super) struct Links {
    pub ways: Vec<WalkableWay>,
    pub links: Vec<Link>,
    /// By place in the node table.
    pub node_flags: Vec<u32>,
    /// Rules of hours of gates, by place.
    node_rules: HashMap<u32, u32>,
    names: Texts,
    rules: Texts,
}

impl Links {
    fn add(
        &mut self,
        way: &crate::circle::osm::Way,
        usage: WayUse,
        table: &NodeTable<'_>,
        bbox: Option<Bounds>,
        report: &mut BuildReport,
    ) {
        let number = self.ways.len() as u32;
        let first_link = self.links.len();
        let (mut length_m, mut previous, mut gap, mut cut) = (0.0, None, false, false);
        for id in &way.nodes {
            let place = table.place(*id);
            report.missing_nodes += u64::from(place.is_none());
            let place = place.filter(|place| {
                let inside = bbox.is_none_or(|bbox| bbox.contains(table.at(*place).point));
                cut |= !inside;
                inside
            });
            let Some(place) = place else {
                if let Some(last) = previous.take() {
                    self.node_flags[last as usize] |= node_flag::CUT;
                }
                gap = true;
                continue;
            };
            if previous == Some(place) {
                continue;
            }
            if let Some(last) = previous {
                length_m += table.at(last).point.metres_to(table.at(place).point);
                self.links.push(Link {
                    a: last,
                    b: place,
                    way: number,
                    starts: false,
                    ends: false,
                });
            } else if gap {
                self.node_flags[place as usize] |= node_flag::CUT;
            }
            previous = Some(place);
        }
        report.cut_ways += u64::from(cut);
        let Some(own_links) = self.links.get_mut(first_link..).filter(|own| !own.is_empty()) else {
            report.empty_ways += 1;
            return;
        };
        if let Some(first) = own_links.first_mut() {
            first.starts = true;
        }
        if let Some(last) = own_links.last_mut() {
            last.ends = true;
        }
        self.add_way(way.id, &way.tags, usage, length_m);
    }

    pub(super) fn add_way(&mut self, id: i64, tags: &Tags, usage: WayUse, length_m: f64) {
        self.ways.push(WalkableWay {
            id,
            layer: super::tags::layer(tags),
            name: self.names.number(name_text(tags)),
            rule: self.rules.number(usage.rule.clone()),
            usage,
            length_m,
        });
    }

    fn read_node_tags(&mut self, table: &NodeTable<'_>, report: &mut BuildReport) {
        let mut used = vec![false; table.len()];
        // A light on a crossing that is a way of its own is paid there.
        let mut paid_by_way = vec![false; table.len()];
        for link in &self.links {
            let signals = self.ways[link.way as usize].usage.flags & flag::SIGNALS != 0;
            for place in [link.a, link.b] {
                used[place as usize] = true;
                paid_by_way[place as usize] |= signals;
            }
        }
        for place in (0..table.len()).filter(|place| used[*place]) {
            let usage = node_use(&table.at(place as u32).tags, &mut report.unreadable);
            let mut flags = usage.flags;
            if usage.rule.is_some() {
                let rule = self.rules.number(usage.rule);
                self.node_rules.insert(place as u32, rule);
            }
            if paid_by_way[place] {
                flags &= !node_flag::SIGNALS;
            }
            self.node_flags[place] |= flags;
        }
    }

    fn contract(&self, table: &NodeTable<'_>) -> Graph {
        let incident = Incident::of(&self.links, table.len());
        let mut is_junction: Vec<bool> = (0..table.len() as u32)
            .map(|place| self.ends_edges(place, incident.links_at(place)))
            .collect();
        let mut tracer = Tracer {
            links: self,
            table,
            incident: &incident,
            walked: vec![false; self.links.len()],
            junction_at: vec![None; table.len()],
            graph: Graph::default(),
        };
        for place in 0..table.len() as u32 {
            if is_junction[place as usize] {
                tracer.trace_from(place, &is_junction);
            }
        }
        // What is left are rings without any junction: they get one.
        for link in 0..self.links.len() {
            if !tracer.walked[link] {
                let place = self.links[link].a;
                is_junction[place as usize] = true;
                tracer.trace_from(place, &is_junction);
            }
        }
        tracer.graph
    }

    fn ends_edges(&self, place: u32, links: &[u32]) -> bool {
        let signature = |link: &u32| {
            let way = self.links[*link as usize].way;
            self.ways[way as usize].signature(way)
        };
        match links {
            [] => false,
            [one, other] => self.node_flags[place as usize] != 0 || signature(one) != signature(other),
            _ => true,
        }
    }
}

/// Which links meet in each node, as compressed rows.
struct Incident {
    first: Vec<u32>,
    links: Vec<u32>,
}

impl Incident {
    fn of(links: &[Link], nodes: usize) -> Self {
        let mut first = vec![0_u32; nodes + 1];
        for link in links {
            for place in [link.a, link.b] {
                first[place as usize + 1] += 1;
            }
        }
        for place in 0..nodes {
            first[place + 1] += first[place];
        }
        let mut next = first.clone();
        let mut rows = vec![0; links.len() * 2];
        for (link, number) in links.iter().zip(0_u32..) {
            for place in [link.a, link.b] {
                let slot = &mut next[place as usize];
                rows[*slot as usize] = number;
                *slot += 1;
            }
        }
        Self { first, links: rows }
    }

    fn links_at(&self, place: u32) -> &[u32] {
        let place = place as usize;
        &self.links[self.first[place] as usize..self.first[place + 1] as usize]
    }
}

struct Tracer<'a> {
    links: &'a Links,
    table: &'a NodeTable<'a>,
    incident: &'a Incident,
    walked: Vec<bool>,
    junction_at: Vec<Option<u32>>,
    graph: Graph,
}

impl Tracer<'_> {
    /// Makes an edge of each stretch that leaves the junction at `start`.
    fn trace_from(&mut self, start: u32, is_junction: &[bool]) {
        for first in self.incident.links_at(start) {
            if self.walked[*first as usize] {
                continue;
            }
            let mut places = vec![start];
            let mut numbers = vec![*first];
            let (mut at, mut link) = (start, *first);
            loop {
                self.walked[link as usize] = true;
                let this = self.links.links[link as usize];
                at = if this.a == at { this.b } else { this.a };
                places.push(at);
                if is_junction[at as usize] {
                    break;
                }
                let next = self
                    .incident
                    .links_at(at)
                    .iter()
                    .find(|next| !self.walked[**next as usize]);
                let Some(next) = next else { break };
                link = *next;
                numbers.push(link);
            }
            // Along the direction of its way.
            if self.links.links[*first as usize].a != start {
                places.reverse();
                numbers.reverse();
            }
            self.push_edge(&places, &numbers);
        }
    }

    fn push_edge(&mut self, places: &[u32], numbers: &[u32]) {
        let (Some(from), Some(to), Some(first), Some(last)) =
            (places.first(), places.last(), numbers.first(), numbers.last())
        else {
            return;
        };
        let first = self.links.links[*first as usize];
        let last = self.links.links[*last as usize];
        let way = &self.links.ways[first.way as usize];
        let length_m: f64 = places
            .windows(2)
            .map(|pair| {
                let point = |place: u32| self.table.at(place).point;
                point(pair[0]).metres_to(point(pair[1]))
            })
            .sum();
        let mut flags = way.usage.flags;
        let node_flags = [from, to].map(|place| self.links.node_flags[*place as usize]);
        if (node_flags[0] | node_flags[1]) & node_flag::CUT != 0 {
            flags |= flag::CUT;
        }
        let share = |whole: f64| {
            if way.length_m > 0.0 {
                (whole * length_m / way.length_m) as f32
            } else {
                0.0
            }
        };
        let half_waits = half_waits(flags, node_flags, first.starts, last.ends);
        let is_lift = flags & flag::LIFT != 0;
        let at_lift = node_flags.map(|node| u8::from(node & node_flag::LIFT != 0 && !is_lift));
        let half_lifts = if is_lift {
            [u8::from(first.starts), u8::from(last.ends)]
        } else {
            at_lift
        };
        let ends = [*from, *to].map(|place| self.links.node_rules.get(&place).copied().unwrap_or_default());
        if half_waits != [0, 0] || half_lifts != [0, 0] {
            flags |= flag::WAIT;
        }
        if ends != [0, 0] {
            flags |= flag::CONDITIONAL;
        }
        let particulars = Particulars {
            steps: way
                .usage
                .step_count
                .filter(|_| flags & flag::STEPS != 0)
                .map_or(0.0, |count| share(f64::from(count))),
            incline: way.usage.incline,
            duration_s: way.usage.duration_s.map_or(0.0, |seconds| share(f64::from(seconds))),
            interval_s: way.usage.interval_s.unwrap_or_default(),
            half_waits,
            half_lifts,
            rules: [way.rule, ends[0], ends[1]],
        };
        let edge = RawEdge {
            from: self.junction(*from),
            to: self.junction(*to),
            way_id: way.id,
            layer: way.layer,
            length_m: (length_m as f32).max(SHORTEST_EDGE_M),
            flags,
            particulars,
            name: way.name,
            corners: places
                .iter()
                .map(|place| Position::of(self.table.at(*place).point))
                .collect(),
        };
        self.graph.edges.push(edge);
    }

    /// The junction at `place`; where nobody passes, a new one for each edge.
    fn junction(&mut self, place: u32) -> u32 {
        let flags = self.links.node_flags[place as usize];
        if let Some(known) = self.junction_at[place as usize] {
            return known;
        }
        let number = self.graph.junctions.len() as u32;
        let node = self.table.at(place);
        self.graph.junctions.push(RawJunction {
            node_id: node.id,
            position: Position::of(node.point),
            flags,
        });
        if flags & node_flag::BLOCKED == 0 {
            self.junction_at[place as usize] = Some(number);
        }
        number
    }
}

/// A signalled crossing is paid half on entering and half on leaving it: at both
/// ends of a crossing that is a way, and by the paths that meet in a crossing
/// that is a node (who walks along the road there does not cross it).
fn half_waits(flags: u32, nodes: [u32; 2], starts: bool, ends: bool) -> [u8; 2] {
    if flags & flag::SIGNALS != 0 {
        return [u8::from(starts), u8::from(ends)];
    }
    if flags & flag::PATH == 0 {
        return [0, 0];
    }
    nodes.map(|node| u8::from(node & node_flag::SIGNALS != 0))
}

/// Marks the ends of edges that no wheelchair gets over. At a kerb that is the
/// crossing, or else the path that comes down to a road: who goes along the
/// pavement, or along the road, does not cross the kerb. A stile stops all.
fn stop_wheels(graph: &mut Graph) {
    let is_stop = |junction: u32| graph.junctions[junction as usize].flags & node_flag::WHEEL_STOP != 0;
    let mut kinds: HashMap<u32, [bool; 3]> = HashMap::new();
    let kind = |flags: u32| match flags {
        _ if flags & flag::CROSSING != 0 => 0,
        _ if flags & flag::PATH != 0 => 1,
        _ => 2,
    };
    for edge in &graph.edges {
        for end in [edge.from, edge.to].into_iter().filter(|end| is_stop(*end)) {
            kinds.entry(end).or_default()[kind(edge.flags)] = true;
        }
    }
    let stops = |end: u32, flags: u32| {
        let Some(met) = kinds.get(&end) else { return false };
        let is_kerb = graph.junctions[end as usize].flags & node_flag::KERB != 0;
        let first = met.iter().position(|met| *met);
        !is_kerb || (kind(flags) < 2 && Some(kind(flags)) == first)
    };
    let marks: Vec<u32> = graph
        .edges
        .iter()
        .map(|edge| {
            let mark = |end: u32, bit: u32| if stops(end, edge.flags) { bit } else { 0 };
            mark(edge.from, flag::STEP_AT_FROM) | mark(edge.to, flag::STEP_AT_TO)
        })
        .collect();
    for (edge, mark) in graph.edges.iter_mut().zip(marks) {
        edge.flags |= mark;
    }
}

/// Marks the ends of ferries where one gets on: where another way meets them. On the
/// water a line may be of several ways.
fn board_ferries(graph: &mut Graph) {
    let mut is_landing = vec![false; graph.junctions.len()];
    let mut ends = vec![0_u32; graph.junctions.len()];
    for edge in &graph.edges {
        for end in [edge.from, edge.to] {
            is_landing[end as usize] |= edge.flags & flag::FERRY == 0;
            ends[end as usize] += 1;
        }
    }
    for edge in graph.edges.iter_mut().filter(|edge| edge.flags & flag::FERRY != 0) {
        edge.particulars.half_waits = [edge.from, edge.to].map(|end| {
            let end = end as usize;
            u8::from(is_landing[end] || ends[end] == 1)
        });
    }
}
