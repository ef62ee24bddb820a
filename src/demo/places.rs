//! The directory of places, and what lines streets and fills estates.

use super::kinds::{HABITS, Habit};
use super::lots::{Fabric, Front, Site};
use super::names::{Named, Names};
use super::random::Random;
use super::seat::{Block, Seat};
use super::sketch::Sketch;
use super::terrain::Xy;
use super::units::Tree;
use super::{Place, Stop};
use std::collections::BTreeSet;

/// From the middle of a main street to a shop's door, and to its inside, metres.
const DOOR_OFF_STREET_M: f64 = 8.0;
const SHOP_OFF_STREET_M: f64 = 13.0;
/// Between the doors of neighbouring shops, metres.
const SHOPFRONT_M: f64 = 13.0;
/// Shops keep this far from where ways meet the street, metres.
const CLEAR_OF_JUNCTION_M: f64 = 6.0;
/// How much of what [`HABITS`] expects a block gets.
const BUSTLE: f64 = 0.83;
/// Words tried until a name is new.
const WORDS_TRIED: usize = 100;
const FIRST_TELEPHONE: usize = 100;

/// Places as they are added.
pub(super) struct Directory<'a> {
    pub(super) sketch: &'a Sketch,
    pub(super) names: Names,
    pub(super) random: Random,
    /// For each block its free shopfronts.
    fronts: Vec<Vec<Site>>,
    places: Vec<Place>,
    /// Names in use; two shops of one name would be taken for one.
    taken: BTreeSet<String>,
    next_telephone: usize,
}

impl<'a> Directory<'a> {
    pub(super) fn new(sketch: &'a Sketch, names: Names, random: Random) -> Self {
        Self {
            sketch,
            names,
            random,
            fronts: Vec::new(),
            places: Vec::new(),
            taken: BTreeSet::new(),
            next_telephone: FIRST_TELEPHONE,
        }
    }

    /// A telephone number that nobody has.
    pub(super) fn telephone(&mut self) -> String {
        self.next_telephone += 1;
        format!("0600-555{:04}", self.next_telephone)
    }

    /// Adds a place with these doors; empty hours mean that nobody knows.
    pub(super) fn add(
        &mut self,
        unit: &str,
        (kind, name): (&'static str, Named),
        (point, doors): (Xy, &[Xy]),
        hours: &str,
        phone: Option<String>,
    ) {
        self.places.push(Place {
            reference: format!("demo-{:05}", self.places.len() + 1),
            unit_code: unit.to_owned(),
            name: name.zh,
            name_en: name.en,
            kind,
            point: point.point(),
            doors: doors.iter().map(|door| door.point()).collect(),
            stops: Vec::new(),
            opening_hours: (!hours.is_empty()).then(|| hours.to_owned()),
            phone,
        });
    }

    /// Adds a mobile service; it stands where its first stop is.
    pub(super) fn add_mobile(&mut self, unit: &str, (kind, name): (&'static str, Named), stops: &[(Xy, &str)]) {
        let Some((first, _)) = stops.first() else {
            return;
        };
        let phone = Some(self.telephone());
        self.add(unit, (kind, name), (*first, &[]), "", phone);
        if let Some(place) = self.places.last_mut() {
            place.stops = stops
                .iter()
                .map(|(at, hours)| Stop {
                    point: at.point(),
                    opening_hours: (*hours).to_owned(),
                })
                .collect();
        }
    }

    /// Adds one of the usual places.
    pub(super) fn add_usual(&mut self, unit: &str, habit: &Habit, word: &Named, site: Site) {
        let (zh, en) = self.random.pick(habit.names, ("{}", "{}"));
        let mut name = word.put_in(zh, en);
        for _ in 0..WORDS_TRIED {
            if self.taken.insert(name.zh.clone()) {
                break;
            }
            name = self.names.word().put_in(zh, en);
        }
        let hours = self.random.pick(habit.hours, "");
        let phone = self.random.chance(habit.phone).then(|| self.telephone());
        self.add(unit, (habit.kind, name), (site.point, &[site.door]), hours, phone);
    }

    /// Adds an institution, which always has a telephone.
    pub(super) fn add_office(&mut self, unit: &str, kind: &'static str, name: Named, site: Site, hours: &str) {
        let phone = Some(self.telephone());
        self.add(unit, (kind, name), (site.point, &[site.door]), hours, phone);
    }

    /// A free shopfront of the block.
    pub(super) fn take_front(&mut self, block: usize) -> Option<Site> {
        self.fronts.get_mut(block)?.pop()
    }

    pub(super) fn finish(self) -> Vec<Place> {
        self.places
    }
}

/// Whether the new town beyond the railway, south of the river, still waits
/// for places of this kind: nothing medical, nothing for the old.
pub(super) fn is_missing(block: &Block, kind: &str) -> bool {
    const WAITING: [&str; 8] = [
        "pharmacy",
        "clinic",
        "dentist",
        "health_station",
        "community_health_centre",
        "elder_activity_room",
        "elder_day_care",
        "elder_canteen",
    ];
    block.is_east() && !block.north && WAITING.contains(&kind)
}

/// Free shopfronts along one side of a street.
fn shopfronts(sketch: &Sketch, front: &Front, sites: &mut Vec<Site>) {
    let length = sketch.length(front.street);
    let mut along = 24.0;
    while along < length - 24.0 {
        if sketch.is_free(front.street, along, CLEAR_OF_JUNCTION_M) {
            let at = sketch.at(front.street, along);
            let direction = at.direction(sketch.at(front.street, along + 1.0));
            let left = at.shifted(direction, 0.0, 1.0).distance(front.toward);
            let right = at.shifted(direction, 0.0, -1.0).distance(front.toward);
            let side = if left < right { 1.0 } else { -1.0 };
            sites.push(Site {
                point: at.shifted(direction, 0.0, side * SHOP_OFF_STREET_M),
                door: at.shifted(direction, 0.0, side * DOOR_OFF_STREET_M),
            });
        }
        along += SHOPFRONT_M;
    }
}

/// Shops and services along the streets, more of them toward the centre.
pub(super) fn line_streets(directory: &mut Directory<'_>, seat: &Seat, fabric: &Fabric, tree: &Tree) {
    for (index, block) in seat.blocks.iter().enumerate() {
        let mut sites = Vec::new();
        for front in fabric.fronts.iter().filter(|front| front.block == index) {
            shopfronts(directory.sketch, front, &mut sites);
        }
        directory.random.shuffle(&mut sites);
        directory.fronts.push(sites);
        let unit = tree.grids.get(index).cloned().unwrap_or_default();
        for habit in HABITS {
            if is_missing(block, habit.kind) {
                continue;
            }
            let expected = BUSTLE * (habit.block.0 + habit.block.1 * block.centrality);
            for _ in 0..directory.random.count(expected) {
                let word = directory.names.word();
                if let Some(site) = directory.take_front(index) {
                    directory.add_usual(&unit, habit, &word, site);
                }
            }
        }
    }
}

/// What stands inside the estates and quarters.
pub(super) fn fill_estates(directory: &mut Directory<'_>, seat: &Seat, fabric: &Fabric, tree: &Tree) {
    for estate in &fabric.estates {
        let unit = tree.grids.get(estate.block).cloned().unwrap_or_default();
        let mut spots = estate.spots.iter();
        for habit in HABITS {
            let waits = seat
                .blocks
                .get(estate.block)
                .is_some_and(|block| is_missing(block, habit.kind));
            let managed = estate.walled || habit.kind != "property_office";
            if waits || !managed {
                continue;
            }
            for _ in 0..directory.random.count(habit.estate) {
                if let Some(site) = spots.next() {
                    directory.add_usual(&unit, habit, &estate.name, *site);
                }
            }
        }
    }
}
