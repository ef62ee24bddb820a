//! The synthetic demo city: X市 of H省, with one county drawn down to its
//! buildings, streets and places. All of it is invented; nothing stands where
//! it is put. The same seed gives the same city.
//!
//! [`generate`] is pure and knows neither database nor clock; `load` puts what it
//! makes into a database and a map file. Others call these two.

mod blocks;
mod bodies;
mod bookables;
mod compounds;
mod estates;
mod institutions;
mod kinds;
mod load;
mod lots;
mod names;
mod people;
mod places;
mod plan;
mod random;
mod roads;
mod rounds;
mod rural_places;
mod seat;
mod seat_units;
mod services;
mod sites;
mod sketch;
mod street_names;
mod terrain;
mod town_units;
mod units;
mod villages;
mod water;

#[cfg(test)]
mod tests;

pub use load::{Loaded, load, write_map};
pub use people::CAST;

use crate::circle::osm::OsmData;
use crate::coordinates::Point;

/// A made-up city.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct City {
    /// The administrative tree, every parent before its children.
    pub units: Vec<Unit>,
    /// Streets, water, railway, walls and gates of the county that is filled.
    pub streets: OsmData,
    /// The service points of that county.
    pub places: Vec<Place>,
    /// The residential estates of its seat.
    pub estates: Vec<Estate>,
}

/// A node of the administrative tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    /// 12 digits down to the community, 3 more for each level below it.
    pub code: String,
    /// None for the city only.
    pub parent_code: Option<String>,
    /// `city`, `county`, `street`, `community`, `grid`, `group` or `building`.
    pub level: &'static str,
    pub name: String,
    pub name_en: String,
    /// `urban` or `rural`.
    pub setting: &'static str,
    /// Residents; the sum of the children's where there are any.
    pub population: Option<i64>,
    pub location: Option<Point>,
}

/// A service point.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// Stable from run to run for the same seed: `demo-00012`.
    pub reference: String,
    /// The community, grid, town or county that it belongs to.
    pub unit_code: String,
    pub name: String,
    pub name_en: String,
    /// The code of its kind; the kind decides the category.
    pub kind: &'static str,
    pub point: Point,
    /// Where one enters; empty for a mobile service, which has stops.
    pub doors: Vec<Point>,
    /// The timetable of a mobile service; empty for all others.
    pub stops: Vec<Stop>,
    /// In the grammar of `OpenStreetMap`'s `opening_hours`.
    pub opening_hours: Option<String>,
    /// An invented fixed line; no place in China has the area code 0600.
    pub phone: Option<String>,
}

/// Where a mobile service stands, and when.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stop {
    pub point: Point,
    /// In the grammar of `OpenStreetMap`'s `opening_hours`.
    pub opening_hours: String,
}

/// A named set of buildings in one grid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Estate {
    pub name: String,
    pub name_en: String,
    pub grid_code: String,
    pub building_codes: Vec<String>,
}

/// Makes the city that belongs to `seed`.
#[must_use]
pub(crate) fn generate(seed: u64) -> City {
    let mut random = random::Random::new(seed);
    let mut names = names::Names::new(&mut random);
    let mut sketch = sketch::Sketch::default();
    let seat = seat::draw(&mut sketch, &mut random);
    water::draw_river(&mut sketch, &seat, &mut random);
    water::draw_railway(&mut sketch);
    let fabric = lots::fill(&mut sketch, &seat, &mut names, &mut random);
    let villages = villages::draw(&mut sketch, &mut names, &mut random);
    roads::draw(&mut sketch, &seat, &villages, &mut random);
    let tree = units::grow(&seat, &fabric, &villages, &mut names, &mut random);
    let mut directory = places::Directory::new(&sketch, names, random);
    places::line_streets(&mut directory, &seat, &fabric, &tree);
    places::fill_estates(&mut directory, &seat, &fabric, &tree);
    services::found(&mut directory, &seat, &fabric, &tree);
    rural_places::settle(&mut directory, &villages, &tree);
    rounds::send_out(&mut directory, &villages, &tree);
    let places = directory.finish();
    City {
        units: tree.units,
        estates: tree.estates,
        places,
        streets: sketch.finish(),
    }
}
