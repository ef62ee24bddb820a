//! The administrative tree over what was drawn.

use super::lots::Fabric;
use super::names::{Named, Names};
use super::random::Random;
use super::seat::Seat;
use super::seat_units::seat_streets;
use super::terrain::{Xy, xy};
use super::town_units::towns;
use super::villages::Village;
use super::{Estate, Unit};

/// Division codes begin with digits that no province has.
const CITY_CODE: &str = "990100000000";
/// The county that is filled, as its code's first six digits.
pub(super) const COUNTY: &str = "990121";

/// The other counties: code, name, English, kind, English kind, where (metres).
type OtherCounty = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    (f64, f64),
);
const OTHERS: [OtherCounty; 4] = [
    ("990181", "云梧", "Yunwu", "市", "City", (38_000.0, 9_000.0)),
    ("990122", "岚川", "Lanchuan", "县", "County", (-31_000.0, 24_000.0)),
    ("990123", "柏原", "Baiyuan", "县", "County", (6_000.0, -36_000.0)),
    ("990124", "榆湾", "Yuwan", "县", "County", (-36_000.0, -19_000.0)),
];

/// The finished tree, and where the places find their units.
pub(super) struct Tree {
    pub(super) units: Vec<Unit>,
    pub(super) estates: Vec<Estate>,
    pub(super) county: String,
    /// Codes of the seat's streets.
    pub(super) streets: Vec<String>,
    pub(super) towns: Vec<String>,
    /// Codes and words of the seat's communities.
    pub(super) communities: Vec<(String, Named)>,
    /// For each block the code of its grid.
    pub(super) grids: Vec<String>,
    /// For each village the code of its community.
    pub(super) villages: Vec<String>,
}

/// A unit with what is below it.
pub(super) struct Branch {
    pub(super) unit: Unit,
    pub(super) children: Vec<Branch>,
}

impl Branch {
    pub(super) fn new(level: &'static str, code: String, name: Named, setting: &'static str, at: Option<Xy>) -> Self {
        Self {
            unit: Unit {
                code,
                parent_code: None,
                level,
                name: name.zh,
                name_en: name.en,
                setting,
                population: Some(0),
                location: at.map(Xy::point),
            },
            children: Vec::new(),
        }
    }

    /// Adds up the populations and lists the tree, parents first.
    fn flatten(mut self, parent_code: Option<String>, units: &mut Vec<Unit>) -> i64 {
        let place = units.len();
        let code = self.unit.code.clone();
        self.unit.parent_code = parent_code;
        let mut population = self.unit.population.unwrap_or(0);
        units.push(self.unit);
        for child in self.children {
            population += child.flatten(Some(code.clone()), units);
        }
        if let Some(unit) = units.get_mut(place) {
            unit.population = Some(population);
        }
        population
    }
}

/// One to ninety-nine in Chinese.
pub(super) fn numeral(number: usize) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |value: usize| DIGITS.get(value % 10).copied().unwrap_or("");
    match number {
        0..=9 => digit(number).to_owned(),
        10..=19 => format!("十{}", digit(number)),
        _ => format!("{}十{}", digit(number / 10), digit(number)),
    }
}

/// Puts the tree together.
pub(super) fn grow(seat: &Seat, fabric: &Fabric, villages: &[Village], names: &mut Names, random: &mut Random) -> Tree {
    let mut tree = Tree {
        units: Vec::new(),
        estates: Vec::new(),
        county: format!("{COUNTY}000000"),
        streets: Vec::new(),
        towns: Vec::new(),
        communities: Vec::new(),
        grids: vec![String::new(); seat.blocks.len()],
        villages: vec![String::new(); villages.len()],
    };
    let county_name = Named::new("澄河县", "Chenghe County");
    let mut county = Branch::new(
        "county",
        tree.county.clone(),
        county_name,
        "rural",
        Some(xy(0.0, 300.0)),
    );
    county.children = seat_streets(seat, fabric, names, random, &mut tree);
    county.children.extend(towns(villages, random, &mut tree));
    let city_name = Named::new("X市", "X City");
    let mut city = Branch::new(
        "city",
        CITY_CODE.to_owned(),
        city_name,
        "urban",
        Some(xy(9_000.0, 14_000.0)),
    );
    city.children.push(county);
    city.children
        .extend(OTHERS.iter().map(|other| other_county(other, names, random)));
    city.flatten(None, &mut tree.units);
    tree
}

fn other_county(other: &OtherCounty, names: &mut Names, random: &mut Random) -> Branch {
    let (code, zh, en, kind, english_kind, (x, y)) = *other;
    let name = Named::new(zh, en).with(kind, english_kind);
    let setting = if kind == "市" { "urban" } else { "rural" };
    let mut county = Branch::new("county", format!("{code}000000"), name, setting, Some(xy(x, y)));
    let streets = random.whole(2, 4);
    for number in 1..=streets + random.whole(4, 7) {
        let is_town = number > streets;
        let (suffix, english, setting, digits) = if is_town {
            ("镇", "Town", "rural", 99 + number - streets)
        } else {
            ("街道", "Subdistrict", "urban", number)
        };
        let reach = if is_town { 11_000.0 } else { 2_500.0 };
        let at = xy(x + random.around(reach), y + random.around(reach));
        let code = format!("{code}{digits:03}000");
        let word = names.lane("", "");
        let mut street = Branch::new("street", code, word.with(suffix, english), setting, Some(at));
        street.unit.population = Some(i64::try_from(random.whole(14_000, 62_000)).unwrap_or(0));
        county.children.push(street);
    }
    county
}

pub(super) fn building(code: String, name: Named, setting: &'static str, at: Xy, people: usize) -> Branch {
    let mut building = Branch::new("building", code, name, setting, Some(at));
    building.unit.population = i64::try_from(people).ok();
    building
}
