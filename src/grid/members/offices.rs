//! Offices: a role at a unit, whoever holds it. A vacant one is stood in for by its
//! deputy, else by the office above.

use chrono::NaiveDate;

use super::model::Membership;
use super::role::Role;
use super::store::{self, Wanted};
use crate::db::Conn;
use crate::error::Result;
use crate::grid::model::UnitId;
use crate::grid::tree::Tree;

/// The offices that residents turn to, from the nearest up.
const LADDER: [Role; 6] = [
    Role::BuildingHead,
    Role::GridLeader,
    Role::CommunityStaff,
    Role::StreetStaff,
    Role::CountyStaff,
    Role::CityStaff,
];

/// How many holders of one office are shown.
const SHOWN: i64 = 10;

/// Who answers for an office.
#[derive(Debug)]
pub struct Office {
    /// The role.
    pub role: Role,
    /// The unit at which it is held; none where the path has no unit for it.
    pub unit: Option<UnitId>,
    /// Who holds it, or stands in.
    pub holders: Vec<OfficeHolder>,
    /// Whether those who answer hold another office than this.
    pub vacant: bool,
}

/// Somebody who answers for an office.
#[derive(Debug)]
pub struct OfficeHolder {
    /// Their membership.
    pub membership: Membership,
    /// The unit at which they hold it.
    pub unit: UnitId,
}

/// Who answers on a day for the building head and the grid leader of a home.
pub fn offices_of(conn: &mut Conn, tree: &Tree, home: UnitId, today: NaiveDate) -> Result<Vec<Office>> {
    let mut office = |role| office(conn, role, home, tree, today);
    Ok(vec![office(Role::BuildingHead)?, office(Role::GridLeader)?])
}

fn office(conn: &mut Conn, role: Role, home: UnitId, tree: &Tree, today: NaiveDate) -> Result<Office> {
    let mut office = Office {
        role,
        unit: places_of(role, home, tree).next(),
        holders: Vec::new(),
        vacant: true,
    };
    for step in LADDER.into_iter().skip_while(|step| *step != role) {
        for deputy in [false, true] {
            for unit in places_of(step, home, tree) {
                office.holders = holders(conn, step, deputy, unit, today)?;
                if !office.holders.is_empty() {
                    office.vacant = step != role || deputy;
                    return Ok(office);
                }
            }
        }
    }
    Ok(office)
}

/// The units from a home upwards at which a role can be held.
fn places_of(role: Role, home: UnitId, tree: &Tree) -> impl Iterator<Item = UnitId> {
    tree.upwards(home).filter(move |unit| {
        let node = tree.node(*unit);
        node.is_some_and(|node| role.levels().contains(&node.unit.level))
    })
}

fn holders(conn: &mut Conn, role: Role, deputy: bool, unit: UnitId, today: NaiveDate) -> Result<Vec<OfficeHolder>> {
    let wanted = Wanted {
        bodies: vec![unit.uuid()],
        role: Some(role),
        deputy: Some(deputy),
        on: Some(today),
        most: SHOWN,
        ..Wanted::default()
    };
    let held = store::load_at(conn, &wanted)?;
    Ok(held
        .into_iter()
        .map(|membership| OfficeHolder { membership, unit })
        .collect())
}
