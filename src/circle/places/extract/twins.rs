//! Twins: one place that is mapped twice, as a node and as an area, or twice as a
//! node.
//!
//! Same kind and same name (spelling folded), and a node inside of an area or
//! within 30 m, an area inside of an area, or two nodes within 30 m. Where one of
//! the two has no name only the node inside of an area counts: two unnamed
//! pitches side by side are two. Stops of one name on both sides of a street are
//! two as well, since who waits at the wrong one misses the bus; of those only
//! what stands within 5 m (a pole and its platform) is one.

use std::collections::HashMap;

use crate::circle::osm::Point;
use crate::circle::streets::{Box2, Boxes, pack};
use crate::coordinates::LocalMetres;
use crate::text::fold;

use super::lines::{box_of, nearest_on, widened};
use super::outline::Outline;
use super::{OsmPlace, Twin};

/// Twins are no farther from one another.
const TWIN_M: f64 = 30.0;
/// The same for stops.
const STOP_TWIN_M: f64 = 5.0;

/// A place with what tells it from others.
pub(super) struct Taken {
    pub id: i64,
    pub place: OsmPlace,
    /// None for a node.
    pub outline: Option<Outline>,
}

impl Taken {
    /// How near its twin stands.
    fn twin_m(&self) -> f64 {
        match self.place.kind.code.as_str() {
            "bus_stop" | "tram_stop" | "taxi_stand" => STOP_TWIN_M,
            _ => TWIN_M,
        }
    }

    /// How many things are told about it.
    fn facts(&self) -> usize {
        let place = &self.place;
        usize::from(place.name_en.is_some())
            + usize::from(place.opening_hours.is_some())
            + usize::from(place.phone.is_some())
            + usize::from(place.wheelchair.is_some())
    }

    /// Takes over what only its twin knows.
    fn learn(&mut self, twin: &OsmPlace) {
        let own = &mut self.place;
        own.name = own.name.take().or_else(|| twin.name.clone());
        own.name_en = own.name_en.take().or_else(|| twin.name_en.clone());
        own.opening_hours = own.opening_hours.take().or_else(|| twin.opening_hours.clone());
        own.phone = own.phone.take().or_else(|| twin.phone.clone());
        own.wheelchair = own.wheelchair.or(twin.wheelchair);
        if own.doors.is_empty() {
            own.doors.clone_from(&twin.doors);
        }
    }
}

/// Makes twins one; of each that is gone, which place it is now.
pub(super) fn merge(mut taken: Vec<Taken>) -> (Vec<Taken>, Vec<Twin>) {
    let names: Vec<Option<String>> = taken
        .iter()
        .map(|one| one.place.name.as_deref().map(|name| fold(name.trim())))
        .collect();
    let mut is_now: Vec<Option<usize>> = vec![None; taken.len()];
    areas_of(&taken, &names, &mut is_now);
    nodes_of(&taken, &names, &mut is_now);
    let mut twins = Vec::new();
    for (number, winner) in is_now.iter().enumerate() {
        // An area inside of one that is itself inside of another.
        let mut winner = *winner;
        while let Some(next) = winner.and_then(|winner| is_now.get(winner).copied().flatten()) {
            winner = Some(next);
        }
        let Some(winner) = winner else { continue };
        let Some(twin) = taken.get(number).map(|one| one.place.clone()) else {
            continue;
        };
        if let Some(winner) = taken.get_mut(winner) {
            winner.learn(&twin);
            twins.push(Twin {
                reference: twin.reference,
                place: winner.place.reference.clone(),
            });
        }
    }
    let mut is_now = is_now.into_iter();
    taken.retain(|_| is_now.next() == Some(None));
    (taken, twins)
}

/// The areas of a list by where they are.
pub(super) struct AreaIndex {
    /// Places in the list, in the order of the tree.
    numbers: Vec<(usize, Box2)>,
    boxes: Vec<Box2>,
}

impl AreaIndex {
    pub fn new(taken: &[Taken], is_in: impl Fn(&Taken) -> bool) -> Self {
        let areas = taken.iter().enumerate().filter(|(_, one)| is_in(one));
        let mut numbers: Vec<(usize, Box2)> = areas
            .filter_map(|(number, one)| {
                let corners: Vec<Point> = one.outline.as_ref()?.outer_sides().map(|(a, _)| a).collect();
                (!corners.is_empty()).then(|| (number, box_of(&corners)))
            })
            .collect();
        let boxes = pack(&mut numbers, |(_, one)| *one);
        Self { numbers, boxes }
    }

    /// The areas that may lie within `metres` of the point, in the list's order.
    pub fn near(&self, point: Point, metres: f64) -> Vec<usize> {
        let mut found = Vec::new();
        let tree = Boxes::of_checked(&self.boxes, self.numbers.len());
        tree.each_in(&widened(&[point], metres), |at| {
            found.extend(self.numbers.get(at).map(|(number, _)| *number));
            true
        });
        found.sort_unstable();
        found
    }
}

/// For nodes and areas that are areas' twins, which.
fn areas_of(taken: &[Taken], names: &[Option<String>], is_now: &mut [Option<usize>]) {
    let index = AreaIndex::new(taken, |_| true);
    // Of nodes in an unnamed area, which has no more than one name inside.
    let mut unnamed: HashMap<usize, Vec<usize>> = HashMap::new();
    for (number, one) in taken.iter().enumerate() {
        let mut named_alike = None;
        let mut around = None;
        for other in index.near(one.place.point, TWIN_M) {
            let Some(area) = taken
                .get(other)
                .filter(|area| other != number && std::ptr::eq(area.place.kind, one.place.kind))
            else {
                continue;
            };
            let alike = match (names.get(number), names.get(other)) {
                (Some(Some(own)), Some(Some(others))) => Some(own == others),
                _ => None,
            };
            if alike == Some(false) || !is_twin_of(one, area, number, other, alike.is_some()) {
                continue;
            }
            if alike.is_some() {
                named_alike = named_alike.or(Some(other));
            } else {
                around = around.or(Some(other));
            }
        }
        let Some(winner) = named_alike.or(around) else { continue };
        if named_alike.is_none() && names.get(number).is_some_and(Option::is_some) {
            unnamed.entry(winner).or_default().push(number);
        } else if let Some(slot) = is_now.get_mut(number) {
            *slot = Some(winner);
        }
    }
    for (area, nodes) in unnamed {
        let name = |number: &usize| names.get(*number).cloned().flatten();
        let first = nodes.first().and_then(name);
        if nodes.iter().all(|number| name(number) == first) {
            for number in nodes {
                if let Some(slot) = is_now.get_mut(number) {
                    *slot = Some(area);
                }
            }
        }
    }
}

/// Whether a node, or a smaller area, belongs to `area` by where it is.
fn is_twin_of(one: &Taken, area: &Taken, number: usize, other: usize, named: bool) -> bool {
    let Some(outline) = &area.outline else { return false };
    let inside = outline.contains(one.place.point);
    match &one.outline {
        // The larger of two areas is the place; of equal ones the first.
        Some(own) => {
            let (own_size, size) = (own.extent(), outline.extent());
            named && inside && (own_size < size || (own_size.to_bits() == size.to_bits() && other < number))
        }
        None if inside => true,
        None => {
            let near = |(a, b): (Point, Point)| nearest_on(one.place.point, a, b).1 <= one.twin_m();
            named && outline.outer_sides().any(near)
        }
    }
}

/// For nodes that are other nodes' twins, which.
fn nodes_of(taken: &[Taken], names: &[Option<String>], is_now: &mut [Option<usize>]) {
    let mut groups: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    for (number, one) in taken.iter().enumerate() {
        let is_free = one.outline.is_none() && is_now.get(number) == Some(&None);
        if let Some(Some(name)) = names.get(number).filter(|_| is_free) {
            groups
                .entry((one.place.kind.code.as_str(), name))
                .or_default()
                .push(number);
        }
    }
    for mut group in groups.into_values().filter(|group| group.len() > 1) {
        let rank = |number: &usize| {
            let one = taken.get(*number);
            (one.map(|one| std::cmp::Reverse(one.facts())), one.map(|one| one.id))
        };
        group.sort_by_key(rank);
        let Some(frame) = group
            .first()
            .and_then(|first| taken.get(*first))
            .map(|first| LocalMetres::around(first.place.point))
        else {
            continue;
        };
        // Those that stay, by cells of the farthest that a twin can be.
        let mut stay: HashMap<(i64, i64), Vec<usize>> = HashMap::new();
        for number in group {
            let Some(one) = taken.get(number) else { continue };
            let [east, north] = frame.east_north(one.place.point);
            let cell = ((east / TWIN_M).floor() as i64, (north / TWIN_M).floor() as i64);
            let cells =
                (-2..=2).flat_map(|x| (-1..=1).map(move |y| (cell.0.saturating_add(x), cell.1.saturating_add(y))));
            let near = cells
                .filter_map(|cell| stay.get(&cell))
                .flatten()
                .filter_map(|&other| Some((other, taken.get(other)?.place.point.metres_to(one.place.point))))
                .filter(|(_, metres)| *metres <= one.twin_m())
                .min_by(|a, b| a.1.total_cmp(&b.1));
            match near {
                Some((winner, _)) => {
                    if let Some(slot) = is_now.get_mut(number) {
                        *slot = Some(winner);
                    }
                }
                None => stay.entry(cell).or_default().push(number),
            }
        }
    }
}
