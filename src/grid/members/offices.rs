//! Offices: a role at a unit, whoever holds it. A vacant one is stood in for by its
//! deputy, else by the office above.

use chrono::NaiveDate;

use super::model::{Membership, State};
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
const SHOWN: usize = 10;

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
    let path: Vec<UnitId> = tree.upwards(home).collect();
    let wanted = Wanted {
        bodies: path.iter().map(|unit| unit.uuid()).collect(),
        state: Some(State::Active),
        on: Some(today),
        but: Some(Role::Resident),
        most: 1_000,
        ..Wanted::default()
    };
    let held = store::load_at(conn, &wanted)?;
    let office = |role| office(role, &path, tree, &held);
    Ok(vec![office(Role::BuildingHead), office(Role::GridLeader)])
}

fn office(role: Role, path: &[UnitId], tree: &Tree, held: &[Membership]) -> Office {
    let first = LADDER.iter().position(|step| *step == role).unwrap_or_default();
    let at = |unit: &&UnitId| {
        let node = tree.node(**unit);
        node.is_some_and(|node| role.levels().contains(&node.unit.level))
    };
    let unit = path.iter().find(at).copied();
    let steps = LADDER.iter().skip(first);
    let found = steps
        .flat_map(|role| [(*role, false), (*role, true)])
        .map(|(step, deputy)| (step, holders(step, deputy, path, held)))
        .find(|(_, holders)| !holders.is_empty());
    let (step, holders) = found.unwrap_or((role, Vec::new()));
    Office {
        role,
        unit,
        vacant: holders.is_empty() || step != role || holders.iter().all(|holder| holder.membership.deputy),
        holders,
    }
}

/// Who holds a role at the lowest unit of the path where anybody does.
fn holders(role: Role, deputy: bool, path: &[UnitId], held: &[Membership]) -> Vec<OfficeHolder> {
    let at = |unit: UnitId| {
        let here = held
            .iter()
            .filter(|one| one.role == role && one.deputy == deputy && one.body_id == unit.uuid());
        let holder = |membership: &Membership| OfficeHolder {
            membership: membership.clone(),
            unit,
        };
        here.take(SHOWN).map(holder).collect::<Vec<_>>()
    };
    path.iter()
        .map(|unit| at(*unit))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}
