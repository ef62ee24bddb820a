//! The decision itself: a rule, what somebody holds, and the tree.

use uuid::Uuid;

use super::rules::{GRANTS, Reach, Rule, grant_rule};
use crate::gate::Subject;
use crate::grid::members::{Held, Role};
use crate::grid::model::UnitId;
use crate::grid::tree::{LONGEST_PATH, Tree};

/// Whether a rule asks who lives where, which not everybody's memory holds.
pub(super) fn may_need_homes(rule: &Rule) -> bool {
    rule.holders.iter().any(|(role, _)| *role == Role::Resident)
}

/// Whether somebody holds one of the rule's roles at any unit; of a rule that depends on
/// a role to be given, one of all that give any.
pub(super) fn holds_anywhere<'a>(rule: &Rule, mut held: impl Iterator<Item = &'a Held>, today: i32) -> bool {
    let holds = |rule: &Rule, held: &Held| rule.holders.iter().any(|(role, _)| *role == held.role);
    let gives = |held: &Held| GRANTS.iter().any(|rule| holds(rule, held));
    held.any(|held| held.counts_on(today) && (holds(rule, held) || rule.holders.is_empty() && gives(held)))
}

/// Whether somebody who holds this has the permission of the rule at the subject.
pub(super) fn may<'a>(
    rule: &Rule,
    person: Option<Uuid>,
    held: impl Iterator<Item = &'a Held>,
    subject: Subject,
    tree: &Tree,
    today: i32,
) -> bool {
    let (unit, body, rule, of_somebody) = match subject {
        Subject::Unit(unit) => (Some(unit), None, rule, false),
        Subject::Body { id, unit } => (unit, Some(id), rule, false),
        Subject::Office {
            role,
            body,
            unit,
            holder,
        } => {
            if rule.holder_too && holder.is_some() && holder == person {
                return true;
            }
            match grant_rule(role) {
                Some(grants) => (unit, Some(body), grants, holder.is_some()),
                None => return false,
            }
        }
        Subject::City => return of_the_city(rule, held, today),
    };
    // From the unit itself up to the root; a unit that is gone has no path.
    let mut path = [Uuid::nil(); LONGEST_PATH];
    let mut length = 0;
    let upwards = unit.map(|unit| tree.upwards(UnitId::from_uuid(unit)));
    for (place, id) in path.iter_mut().zip(upwards.into_iter().flatten()) {
        *place = id.uuid();
        length += 1;
    }
    let path = path.get(..length).unwrap_or_default();
    // What took the place of a merged unit is its peer, and those above both are above it.
    let is_merged = |id: &Uuid| {
        let node = tree.node(UnitId::from_uuid(*id));
        node.is_some_and(|node| node.unit.merged_into.is_some())
    };
    let peers = path.iter().take_while(|id| is_merged(id)).count();
    let above = path.get(1 + peers..).unwrap_or_default();
    let counts = |held: &Held| {
        rule.holders.iter().any(|(role, reach)| {
            *role == held.role
                && match reach {
                    Reach::AtOrAbove => path.contains(&held.body),
                    Reach::Above => above.contains(&held.body),
                    Reach::Body => body == Some(held.body),
                    Reach::Officer => of_somebody && held.is_officer && body == Some(held.body),
                    Reach::Anywhere => true,
                }
        })
    };
    let mut held = held;
    held.any(|held| held.counts_on(today) && counts(held))
}

/// What belongs to no unit is the city's.
fn of_the_city<'a>(rule: &Rule, mut held: impl Iterator<Item = &'a Held>, today: i32) -> bool {
    let for_city = rule.holders.iter().any(|(role, _)| *role == Role::CityStaff);
    for_city && held.any(|held| held.role == Role::CityStaff && held.counts_on(today))
}
