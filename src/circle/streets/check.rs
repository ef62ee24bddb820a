//! The look at every record of a map when it is opened.

use super::file::MapError;
use super::graph::SHORTEST_EDGE_M;
use super::records::View;
use super::tags::{flag, node_flag};

/// No edge has more steps, and no ride or wait on it takes longer than a day: what
/// is added up from them stays a number.
const STEPS_AT_MOST: f32 = 100_000.0;
const SECONDS_AT_MOST: f32 = 86_400.0;

/// No edge goes further than round the earth, in metres.
const LONGEST_EDGE_M: f32 = 4.1e7;

/// Looks at every record once, so that nothing asked later can go astray.
pub(super) fn check_records(view: &View<'_>) -> Result<(), MapError> {
    let ensure = |holds: bool, what: &'static str| {
        if holds { Ok(()) } else { Err(MapError::Corrupt(what)) }
    };
    let is_size = |value: f32| value.is_finite() && value >= 0.0;
    let (junctions, edges) = (view.junctions.len(), view.edges.len());
    ensure(edges < (u32::MAX / 2) as usize, "it has too many edges")?;
    ensure(
        view.components
            .iter()
            .chain(view.step_free_components)
            .all(|metres| is_size(*metres)),
        "a component has no length",
    )?;
    ensure(
        view.cohesions.iter().all(|cohesion| {
            (cohesion.component as usize) < view.components.len()
                && (cohesion.step_free_component as usize) < view.step_free_components.len()
        }),
        "what hangs together has no length",
    )?;
    ensure(
        view.junctions.iter().all(|junction| {
            junction.position.is_valid()
                && junction.flags & !node_flag::ALL == 0
                && (junction.cohesion as usize) < view.cohesions.len()
        }),
        "a junction is wrong",
    )?;
    ensure(
        view.corners.iter().all(|corner| corner.is_valid()),
        "a corner is not on the earth",
    )?;
    let starts = view.edges.iter().map(|edge| edge.first_corner as usize);
    let ends = starts.clone().skip(1).chain([view.corners.len()]);
    ensure(
        starts.zip(ends).all(|(start, end)| start + 2 <= end),
        "an edge has fewer than two corners",
    )?;
    ensure(
        view.edges.iter().all(|edge| {
            (edge.from as usize) < junctions
                && (edge.to as usize) < junctions
                && (SHORTEST_EDGE_M..=LONGEST_EDGE_M).contains(&edge.length_m)
                && (edge.particulars as usize) <= view.particulars.len()
                && (edge.name as usize) <= view.name_starts.len()
                && edge.flags & !flag::ALL == 0
                && edge.flags & flag::ARC_ONLY == 0
        }),
        "an edge is wrong",
    )?;
    ensure(
        view.particulars.iter().all(|own| {
            (0.0..=STEPS_AT_MOST).contains(&own.steps)
                && [own.duration_s, own.interval_s]
                    .iter()
                    .all(|seconds| (0.0..=SECONDS_AT_MOST).contains(seconds))
                && own.incline.is_finite()
                && own.incline.abs() <= 1.0
                && own.rules.iter().all(|rule| *rule as usize <= view.rules.len())
        }),
        "the particulars of an edge are wrong",
    )?;
    let in_names = |names: &str| {
        view.name_starts
            .iter()
            .all(|start| names.is_char_boundary(*start as usize))
    };
    ensure(
        std::str::from_utf8(view.names).is_ok_and(in_names) && view.name_starts.is_sorted(),
        "the name of a street is wrong",
    )?;
    check_arcs(view, ensure)?;
    ensure(
        view.main_runs.runs.iter().chain(view.minor_runs.runs).all(|run| {
            (run.edge as usize) < edges && {
                let corners = view.corner_range(run.edge);
                let first = run.first_corner as usize;
                corners.start <= first && first + 1 < corners.end
            }
        }),
        "the index names no edge",
    )?;
    ensure(
        view.barriers
            .iter()
            .all(|segment| segment.a.is_valid() && segment.b.is_valid()),
        "a barrier is not on the earth",
    )
}

/// Every arc belongs to its edge, and every edge has one arc in each direction.
fn check_arcs(view: &View<'_>, ensure: impl Fn(bool, &'static str) -> Result<(), MapError>) -> Result<(), MapError> {
    let rows = view.first_arcs;
    let rows_fit = if view.junctions.is_empty() {
        rows.len() <= 1 && view.arcs.is_empty()
    } else {
        rows.len() == view.junctions.len() + 1
            && rows.first() == Some(&0)
            && rows.last().map(|last| *last as usize) == Some(view.arcs.len())
            && rows.windows(2).all(|pair| pair[0] <= pair[1])
    };
    ensure(rows_fit, "its rows are out of order")?;
    ensure(view.arcs.len() == 2 * view.edges.len(), "an arc is missing")?;
    // Twice as many arcs as edges, and no direction of one twice: each has both.
    let mut seen = vec![false; view.arcs.len()];
    for junction in 0..view.junctions.len() as u32 {
        for arc in view.arcs_at(junction) {
            let Some(edge) = view.edges.get(arc.edge() as usize) else {
                return Err(MapError::Corrupt("an arc names no edge"));
            };
            let direction = 2 * arc.edge() as usize + usize::from(arc.is_backward());
            ensure(
                !std::mem::replace(&mut seen[direction], true),
                "an edge has an arc twice",
            )?;
            let ends = if arc.is_backward() {
                (edge.to, edge.from)
            } else {
                (edge.from, edge.to)
            };
            let Some(to) = view.junctions.get(arc.to as usize) else {
                return Err(MapError::Corrupt("an arc leads nowhere"));
            };
            let gate = if to.flags & node_flag::PRIVATE != 0 {
                flag::TO_GATE
            } else {
                0
            };
            let dead_end = if view.arcs_at(arc.to).len() == 1 {
                flag::TO_DEAD_END
            } else {
                0
            };
            ensure(
                ends == (junction, arc.to)
                    && arc.length_m.to_bits() == edge.length_m.to_bits()
                    && arc.flags == edge.flags | gate | dead_end,
                "an arc is not its edge",
            )?;
        }
    }
    Ok(())
}
