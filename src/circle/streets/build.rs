//! Building a map: `OpenStreetMap`'s data in, the bytes of a map file and a
//! report out.

use super::boxes::{self, Boxes};
use super::components::{components, mark_enclosed};
use super::file::{MapError, Parts};
use super::graph::{Graph, NodeTable, RawEdge, contract};
use super::hilbert::position_on_curve;
use super::layout::{Arc, Box2, Cohesion, Edge, Junction, Position, Run, SEGMENTS_A_RUN};
use super::near_misses::{self, GraphIndex};
use super::regions::{longest, mark_neighbours, regions};
use super::report::BuildReport;
use super::squares::SquareParts;
use super::tags::{Unreadable, flag, node_flag, way_use};
use super::{barriers, snap, squares, tag_shares};
use crate::circle::osm::{Bounds, OsmData, Tags, Wanted};
use crate::coordinates::Point;
use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// How a map is built.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BuildOptions {
    /// Only what lies in this box; ways are cut at it.
    pub bbox: Option<Bounds>,
    /// What must be shown with every answer.
    pub attribution: String,
    /// The name of the data, usually the file's.
    pub source: String,
}

/// Why no map could be built.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum BuildError {
    #[error("the box is empty or not on the earth")]
    Box,
    #[error("there are more {0} than a map can hold")]
    TooMany(&'static str),
}

/// A finished map, not yet in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreetMapBytes(pub Vec<u8>);

impl StreetMapBytes {
    /// Writes the map beside `path`, makes it durable, and renames it to `path`:
    /// whoever has the old one open keeps it, nobody sees half of the new one.
    ///
    /// # Errors
    /// `MapError::Io`.
    pub fn write(&self, path: &Path) -> Result<(), MapError> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = folder.join(name);
        let written = (|| {
            let mut file = File::create(&part)?;
            file.write_all(&self.0)?;
            file.sync_all()?;
            std::fs::rename(&part, path)?;
            File::open(folder)?.sync_all()
        })();
        if written.is_err() {
            // The first error is the one to tell; a left-over part is harmless.
            let _ = std::fs::remove_file(&part);
        }
        Ok(written?)
    }
}

/// What of an `OpenStreetMap` file a street map is built from.
#[must_use]
pub fn wanted() -> Wanted<'static> {
    Wanted {
        node: &|_| false,
        way: &|tags: &Tags| way_use(tags, &mut Unreadable::default()).is_some() || barriers::is_barrier(tags),
        relation: &|tags: &Tags| barriers::is_water_relation(tags) || squares::is_square_relation(tags),
    }
}

/// Builds the map of `data`. `progress` gets stages done and their number.
///
/// # Errors
/// `BuildError` where the box is no box, or the data too large for one map.
pub fn build(
    data: &OsmData,
    options: &BuildOptions,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(StreetMapBytes, BuildReport), BuildError> {
    const STAGES: u64 = 6;
    if options.bbox.is_some_and(|bbox| !is_box(bbox)) {
        return Err(BuildError::Box);
    }
    // A junction, arc and corner is counted in 32 bits; every one comes from a
    // reference of a way.
    let references: usize = data.ways.iter().map(|way| way.nodes.len()).sum();
    if references > (u32::MAX / 4) as usize || data.nodes.len() > (u32::MAX / 4) as usize {
        return Err(BuildError::TooMany("nodes"));
    }
    let mut report = BuildReport {
        skipped: data.skipped,
        ..BuildReport::default()
    };
    let table = NodeTable::new(&data.nodes);
    let mut graph = contract(data, &table, options.bbox, &mut report);
    progress(1, STAGES);
    report.enclosed_edges = mark_enclosed(&mut graph);
    put_in_order(&mut graph);
    progress(2, STAGES);
    let (barriers, barrier_boxes) = barriers::segments(data, &table, options.bbox);
    progress(3, STAGES);
    let (runs, run_boxes) = index(&graph, |_| true);
    let regions = regions(&graph);
    mark_neighbours(&mut graph, &regions, &runs, &run_boxes);
    if let Some(boxes) = Boxes::new(&run_boxes, runs.len()) {
        let index = GraphIndex {
            graph: &graph,
            runs: &runs,
            boxes,
        };
        near_misses::find(&index, &mut report);
    }
    progress(4, STAGES);
    // A box of the data that is none says nothing.
    let told = options.bbox.or(data.bounds.filter(|bounds| is_box(*bounds)));
    let mut parts = Parts {
        source: options.source.clone(),
        attribution: options.attribution.clone(),
        timestamp: data.timestamp.clone().unwrap_or_default(),
        tag_shares: tag_shares::count(data, &table, options.bbox),
        bounds: told.or_else(|| bounds(&graph)),
        bounds_told: told.is_some(),
        barriers,
        barrier_boxes,
        ..Parts::default()
    };
    if let Some(covered) = told {
        mark_cut(&mut graph, covered);
    }
    parts.squares = SquareParts::new(&graph);
    lay_out(&graph, &regions, &mut parts, &mut report);
    (parts.names, parts.rules) = (
        std::mem::take(&mut graph.names.all),
        std::mem::take(&mut graph.rules.all),
    );
    if parts.names.iter().map(String::len).sum::<usize>() > u32::MAX as usize {
        return Err(BuildError::TooMany("names of streets"));
    }
    let main = longest(&graph, &regions);
    let is_main = |edge: &RawEdge| Some(regions[edge.from as usize]) == main;
    (parts.runs, parts.run_boxes) = index(&graph, is_main);
    (parts.minor_runs, parts.minor_run_boxes) = index(&graph, |edge| !is_main(edge));
    for run in parts.runs.iter_mut().chain(&mut parts.minor_runs) {
        // From the edge's own corners to the list of all.
        run.first_corner += parts.edges[run.edge as usize].first_corner;
    }
    report.barrier_segments = parts.barriers.len() as u64;
    progress(5, STAGES);
    let bytes = parts.to_bytes();
    progress(STAGES, STAGES);
    Ok((StreetMapBytes(bytes), report))
}

/// Whether a box is one, and on the earth.
fn is_box(bounds: Bounds) -> bool {
    let low = Point::new(bounds.min_lat, bounds.min_lon);
    let high = Point::new(bounds.max_lat, bounds.max_lon);
    low.is_valid() && high.is_valid() && low.lat < high.lat && low.lon < high.lon
}

/// The box of the streets.
fn bounds(graph: &Graph) -> Option<Bounds> {
    let all = graph
        .edges
        .iter()
        .flat_map(|edge| &edge.corners)
        .fold(Box2::EMPTY, |all, corner| all.with(*corner));
    let (min, max) = (all.min.point(), all.max.point());
    (!graph.edges.is_empty()).then_some(Bounds {
        min_lon: min.lon,
        min_lat: min.lat,
        max_lon: max.lon,
        max_lat: max.lat,
    })
}

/// Marks the edges that leave what the data covers: what lies beyond is not all
/// in the file, also where these streets are.
fn mark_cut(graph: &mut Graph, covered: Bounds) {
    for edge in &mut graph.edges {
        if edge.corners.iter().any(|corner| !covered.contains(corner.point())) {
            edge.flags |= flag::CUT;
        }
    }
}

/// Numbers junctions along the Hilbert curve and edges after their junctions, so
/// that what is near on the ground is near in memory.
fn put_in_order(graph: &mut Graph) {
    let mut order: Vec<(u64, u32)> = graph
        .junctions
        .iter()
        .zip(0_u32..)
        .map(|(junction, number)| (position_on_curve(junction.position), number))
        .collect();
    order.sort_unstable();
    let mut new_number = vec![0; order.len()];
    for ((_, old), new) in order.iter().zip(0_u32..) {
        new_number[*old as usize] = new;
    }
    graph.junctions = order.iter().map(|(_, old)| graph.junctions[*old as usize]).collect();
    for edge in &mut graph.edges {
        edge.from = new_number[edge.from as usize];
        edge.to = new_number[edge.to as usize];
    }
    graph
        .edges
        .sort_by_key(|edge| (edge.from.min(edge.to), edge.from.max(edge.to)));
}

/// The index over those of the edges that a foot may be put on. Its runs count
/// corners from the first of their edge.
fn index(graph: &Graph, of: impl Fn(&RawEdge) -> bool) -> (Vec<Run>, Vec<Box2>) {
    let mut runs: Vec<Run> = Vec::new();
    for (edge, number) in graph.edges.iter().zip(0_u32..) {
        if edge.flags & flag::NO_FOOT == 0 && of(edge) {
            runs.extend(
                (0..edge.corners.len().saturating_sub(1))
                    .step_by(SEGMENTS_A_RUN)
                    .map(|first| Run {
                        edge: number,
                        first_corner: first as u32,
                    }),
            );
        }
    }
    let boxes = boxes::pack(&mut runs, |run| {
        corners_of_run(&graph.edges[run.edge as usize], *run)
            .iter()
            .fold(Box2::EMPTY, |all, corner| all.with(*corner))
    });
    (runs, boxes)
}

fn corners_of_run(edge: &RawEdge, run: Run) -> &[Position] {
    let first = run.first_corner as usize;
    let end = (first + SEGMENTS_A_RUN + 1).min(edge.corners.len());
    &edge.corners[first..end]
}

/// Fills the sections that hold the graph.
fn lay_out(graph: &Graph, regions: &[u32], parts: &mut Parts, report: &mut BuildReport) {
    let walked = components(graph, |edge| edge.flags & flag::FERRY == 0);
    // How steep is too steep is for the question to say.
    let step_free = components(graph, |edge| edge.flags & (flag::FERRY | flag::NO_WHEELCHAIR) == 0);
    let mut known: HashMap<Cohesion, u32> = HashMap::new();
    for (number, junction) in graph.junctions.iter().enumerate() {
        let cohesion = Cohesion {
            component: walked.of_junction[number],
            step_free_component: step_free.of_junction[number],
            region: regions[number],
        };
        let cohesion = *known.entry(cohesion).or_insert_with(|| {
            parts.cohesions.push(cohesion);
            parts.cohesions.len() as u32 - 1
        });
        parts.junctions.push(Junction {
            position: junction.position,
            flags: junction.flags,
            cohesion,
        });
    }
    for edge in &graph.edges {
        if edge.flags & flag::RECORDED != 0 {
            parts.particulars.push(edge.particulars);
        }
        parts.edges.push(Edge {
            from: edge.from,
            to: edge.to,
            length_m: edge.length_m,
            flags: edge.flags,
            particulars: if edge.flags & flag::RECORDED != 0 {
                parts.particulars.len() as u32
            } else {
                0
            },
            name: edge.name,
            first_corner: parts.corners.len() as u32,
        });
        parts.corners.extend_from_slice(&edge.corners);
        report.street_m += edge.street_m();
    }
    (parts.first_arcs, parts.arcs) = arcs(graph);
    report_islands(graph, &walked.of_junction, &walked.metres, report);
    parts.components = walked.metres;
    parts.step_free_components = step_free.metres;
    report.junctions = parts.junctions.len() as u64;
    report.edges = parts.edges.len() as u64;
    report.corners = parts.corners.len() as u64;
    report.components = parts.components.len() as u64;
}

/// Both directions of every edge, as compressed rows by junction.
fn arcs(graph: &Graph) -> (Vec<u32>, Vec<Arc>) {
    let mut first = vec![0_u32; graph.junctions.len() + 1];
    for edge in &graph.edges {
        first[edge.from as usize + 1] += 1;
        first[edge.to as usize + 1] += 1;
    }
    for junction in 0..graph.junctions.len() {
        first[junction + 1] += first[junction];
    }
    let nothing = Arc {
        to: 0,
        edge_and_way: 0,
        length_m: 0.0,
        flags: 0,
    };
    let mut arcs = vec![nothing; graph.edges.len() * 2];
    let mut next = first.clone();
    for (edge, number) in graph.edges.iter().zip(0_u32..) {
        for (at, to, backward) in [(edge.from, edge.to, 0), (edge.to, edge.from, 1)] {
            let to_gate = graph.junctions[to as usize].flags & node_flag::PRIVATE != 0;
            let dead_end = first[to as usize + 1] - first[to as usize] == 1;
            let slot = &mut next[at as usize];
            arcs[*slot as usize] = Arc {
                to,
                edge_and_way: number * 2 + backward,
                length_m: edge.length_m,
                flags: edge.flags
                    | if to_gate { flag::TO_GATE } else { 0 }
                    | if dead_end { flag::TO_DEAD_END } else { 0 },
            };
            *slot += 1;
        }
    }
    (first, arcs)
}

fn report_islands(graph: &Graph, of_junction: &[u32], metres: &[f32], report: &mut BuildReport) {
    let mut told = vec![false; metres.len()];
    for (junction, component) in graph.junctions.iter().zip(of_junction) {
        let component = *component as usize;
        if !std::mem::replace(&mut told[component], true) && f64::from(metres[component]) < snap::ISLAND_M {
            report.islands.note(junction.node_id, junction.position.point());
        }
    }
}
