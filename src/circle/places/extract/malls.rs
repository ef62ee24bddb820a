//! Shops inside of a mall are entered by the mall's doors.
//!
//! Only malls: a block of flats has entrances too, but its residents', and the
//! shops on its ground floor have doors of their own to the street.

use crate::circle::osm::{OsmData, Point};
use crate::circle::streets::walkable;

use super::OsmDoorKind;
use super::lines::{Line, Lines};
use super::nodes::Nodes;
use super::twins::{AreaIndex, Taken};

/// A corridor as near as this leads to the shop itself.
const CORRIDOR_M: f64 = 30.0;

/// Gives the places that are nodes inside of a mall the mall's mapped doors,
/// except where its corridors are mapped: then the way inside counts.
pub(super) fn give_doors(data: &OsmData, nodes: &Nodes<'_>, taken: &mut [Taken]) {
    let is_mall = |one: &Taken| {
        let mapped = one.place.doors.iter().any(|door| door.kind != OsmDoorKind::Street);
        mapped && one.place.kind.code == "mall"
    };
    let malls = AreaIndex::new(taken, is_mall);
    let indoor = data
        .ways
        .iter()
        .filter(|way| walkable(&way.tags).is_some_and(|walkable| walkable.indoor));
    let corridors = indoor
        .flat_map(|way| nodes.pieces(way))
        .map(|(_, a, b)| Line { a, b, of: () });
    let corridors = Lines::new(corridors.collect());
    let has_corridor = |point: Point| {
        let mut found = false;
        corridors.each_near(&[point], CORRIDOR_M, |_| {
            found = true;
            false
        });
        found
    };
    let given: Vec<(usize, usize)> = taken
        .iter()
        .enumerate()
        .filter(|(_, one)| one.outline.is_none() && !has_corridor(one.place.point))
        .filter_map(|(number, one)| {
            let contains = |mall: &usize| {
                let outline = taken.get(*mall).and_then(|mall| mall.outline.as_ref());
                outline.is_some_and(|outline| outline.contains(one.place.point))
            };
            Some((number, malls.near(one.place.point, 0.0).into_iter().find(contains)?))
        })
        .collect();
    for (number, mall) in given {
        let doors = taken.get(mall).map(|mall| mall.place.doors.clone());
        if let (Some(one), Some(doors)) = (taken.get_mut(number), doors) {
            one.place.doors = doors;
        }
    }
}
