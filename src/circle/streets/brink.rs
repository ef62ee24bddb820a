//! The edge of what the map covers: how far one walks until one comes to it.

use super::layout::{Arc, Position};
use super::passage::{Passage, Question, arcs_of, grain};
use super::records::View;
use super::snap::Foot;
use super::tags::flag;
use crate::coordinates::{LocalMetres, Point};

/// How far the edge of what the map covers is along the edge of a foot, infinite where
/// one does not come to it there.
pub(super) fn edge_from_foot(ask: &Question<'_>, foot: &Foot) -> f32 {
    let edge = &ask.view.edges[foot.edge as usize];
    if edge.flags & flag::CUT == 0 {
        return f32::INFINITY;
    }
    let leg_s = grain(foot.leg_m() * ask.pace.seconds_a_metre);
    let away = |arc: Arc| {
        let passage = Passage::of(ask, arc).filter(|passage| passage.open)?;
        let from_m = if arc.is_backward() {
            arc.length_m - foot.along_m
        } else {
            foot.along_m
        };
        let metres = metres_to_edge(&ask.view, arc, from_m)?;
        Some(leg_s + grain(metres * passage.seconds_a_metre))
    };
    let both = arcs_of(&ask.view, foot.edge).map(away);
    both.into_iter().flatten().fold(f32::INFINITY, f32::min)
}

/// How many metres one walks along a cut edge, starting `from_m` along it, until one
/// leaves what the map covers: at its cut end, or where it crosses the bounds.
pub(super) fn metres_to_edge(view: &View<'_>, arc: Arc, from_m: f32) -> Option<f32> {
    let corners = &view.corners[view.corner_range(arc.edge())];
    let leaves_m = if arc.is_backward() {
        leaves_covered(view, corners.iter().rev(), from_m)
    } else {
        leaves_covered(view, corners.iter(), from_m)
    };
    let edge = &view.edges[arc.edge() as usize];
    let end = if arc.is_backward() { edge.from } else { edge.to };
    let leaves_m = leaves_m.or_else(|| view.is_cut(end).then_some(arc.length_m));
    leaves_m.map(|metres| (metres - from_m).max(0.0))
}

/// How many metres along the line over `corners`, from `from_m` on, the first point
/// outside of what the map covers is.
fn leaves_covered<'a>(view: &View<'_>, corners: impl Iterator<Item = &'a Position>, from_m: f32) -> Option<f32> {
    let mut start_m = 0.0;
    let mut before: Option<&Position> = None;
    for corner in corners {
        if let Some(before) = before.replace(corner) {
            let [start, end] = [before, corner].map(|corner| corner.point());
            let step = LocalMetres::around(start).east_north(end);
            let step_m = step[0].hypot(step[1]) as f32;
            let end_m = start_m + step_m;
            if from_m <= end_m && !(view.covers(*before) && view.covers(*corner)) {
                // From where one walks it.
                let skipped = if start_m < from_m {
                    f64::from((from_m - start_m) / step_m)
                } else {
                    0.0
                };
                let on_it = |from: f64, to: f64| from + skipped * (to - from);
                let walked_from = Position::of(Point::new(on_it(start.lat, end.lat), on_it(start.lon, end.lon)));
                let covered = view.covered_share(walked_from, *corner);
                if covered < 1.0 {
                    return Some(start_m + (skipped + (1.0 - skipped) * covered) as f32 * step_m);
                }
            }
            start_m = end_m;
        }
    }
    None
}
