//! The people of the demo city: somebody in every office down to every building, all
//! of them residents. Names and numbers are invented.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::Unit;
use super::bodies::{self, Stage};
use crate::db::Tx;
use crate::error::{Error, Result};
use crate::grid::UnitId;
use crate::grid::members::{BodyKind, By, NewMembership, Role, grant};
use crate::identity::{NewPerson, People, PersonId, Phone};
use crate::language::Language;

/// Who speaks for each role in the first building and all above it, and in the bodies
/// there: a token is made for each at every start of the demo. All live in that building.
pub const CAST: [(Role, &str); 11] = [
    (Role::Resident, "+8619900010001"),
    (Role::BuildingHead, "+8619900010002"),
    (Role::GridLeader, "+8619900010003"),
    (Role::CommunityStaff, "+8619900010004"),
    (Role::StreetStaff, "+8619900010005"),
    (Role::CountyStaff, "+8619900010006"),
    (Role::CityStaff, "+8619900010007"),
    (Role::DepartmentOfficer, "+8619900010008"),
    (Role::OrganisationMember, "+8619900010009"),
    (Role::SocialWorker, "+8619900010010"),
    (Role::Expert, "+8619900010011"),
];
/// How many people there are, the cast among them.
const PEOPLE: usize = 300;
/// In whose name they were given their roles.
const BY: &str = "demo";

const FAMILY: [&str; 20] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "罗",
];
const GIVEN: [&str; 15] = [
    "建国", "秀英", "志强", "桂兰", "海燕", "文静", "国庆", "春梅", "立新", "玉珍", "晓东", "雪琴", "长河", "安宁",
    "小满",
];

/// The role that is held at a unit of this level.
fn role_at(level: &str) -> Option<Role> {
    Some(match level {
        "city" => Role::CityStaff,
        "county" => Role::CountyStaff,
        "street" => Role::StreetStaff,
        "community" => Role::CommunityStaff,
        "grid" => Role::GridLeader,
        "group" | "building" => Role::BuildingHead,
        _ => return None,
    })
}

/// Settles the people; how many.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    people: &People,
    units: &[Unit],
    ids: &HashMap<String, UnitId>,
    today: NaiveDate,
) -> Result<usize> {
    let everybody = (0..PEOPLE)
        .map(|number| born(tx, people, number))
        .collect::<Result<Vec<_>>>()?;
    let (cast, others) = everybody.split_at(CAST.len());
    let buildings: Vec<&Unit> = units.iter().filter(|unit| unit.level == "building").collect();
    let first = buildings
        .first()
        .ok_or_else(|| Error::internal("the demo city has no building"))?;
    let path = path_of(first, units);
    let mut give = |person: PersonId, role: Role, code: &str| -> Result<()> {
        let unit = *ids
            .get(code)
            .ok_or_else(|| Error::internal("a unit of the demo is not stored"))?;
        let new = NewMembership {
            person,
            role,
            body_kind: BodyKind::Unit,
            body: unit.uuid(),
            unit: Some(unit),
            from_day: today,
            to_day: None,
            deputy: false,
            title: None,
        };
        grant(tx, By { name: BY, today }, &new, None).map(|_| ())
    };
    for (unit, person) in units.iter().zip(others.iter().cycle()) {
        let Some(role) = role_at(unit.level) else { continue };
        let in_cast = CAST.iter().position(|(own, _)| *own == role);
        let is_on_path = path.contains(&unit.code.as_str()) && unit.level != "group";
        match in_cast.filter(|_| is_on_path).and_then(|at| cast.get(at)) {
            Some(person) => give(*person, role, &unit.code)?,
            None => give(*person, role, &unit.code)?,
        }
    }
    for (person, building) in cast.iter().zip(std::iter::repeat(first)) {
        give(*person, Role::Resident, &building.code)?;
    }
    for (person, building) in others.iter().zip(buildings.iter().cycle()) {
        give(*person, Role::Resident, &building.code)?;
    }
    let stored = |unit: &Unit| {
        let id = ids.get(&unit.code).copied();
        id.ok_or_else(|| Error::internal("a unit of the demo is not stored"))
    };
    let on_path = |level: &str| {
        let found = units
            .iter()
            .find(|unit| unit.level == level && path.contains(&unit.code.as_str()));
        found.ok_or_else(|| Error::internal(format!("the demo city has no {level} on its path")))
    };
    let grid = on_path("grid")?;
    // 彩虹小区1号楼 is of 彩虹小区.
    let compound = first
        .name
        .split(|c: char| c.is_ascii_digit())
        .next()
        .unwrap_or(&first.name);
    let of_compound =
        |unit: &&&Unit| unit.name.starts_with(compound) && path_of(unit, units).contains(&grid.code.as_str());
    let stage = Stage {
        cast,
        neighbours: others.get(..1).unwrap_or_default(),
        county: stored(on_path("county")?)?,
        grid: stored(grid)?,
        grid_name: &grid.name,
        compound,
        buildings: &buildings
            .iter()
            .filter(of_compound)
            .map(|unit| stored(unit))
            .collect::<Result<Vec<_>>>()?,
    };
    bodies::set_up(tx, By { name: BY, today }, people, &stage)?;
    Ok(everybody.len())
}

fn born(tx: &mut Tx<'_>, people: &People, number: usize) -> Result<PersonId> {
    let phone: Phone = format!("+861990001{:04}", number + 1)
        .parse()
        .map_err(|_| Error::internal("a number of the demo is none"))?;
    let word = |list: &[&'static str], at: usize| list.get(at % list.len()).copied().unwrap_or_default();
    let name = format!("{}{}", word(&FAMILY, number), word(&GIVEN, number / FAMILY.len()));
    let new = NewPerson {
        phone: &phone,
        name: Some(&name),
        language: Language::Zh,
    };
    people.create(tx, &new)
}

/// The codes of a unit and of all above it.
fn path_of<'a>(unit: &'a Unit, units: &'a [Unit]) -> Vec<&'a str> {
    let by_code: HashMap<&str, &Unit> = units.iter().map(|unit| (unit.code.as_str(), unit)).collect();
    let above = |unit: &&'a Unit| unit.parent_code.as_deref().and_then(|code| by_code.get(code)).copied();
    std::iter::successors(Some(unit), above)
        .map(|unit| unit.code.as_str())
        .collect()
}
