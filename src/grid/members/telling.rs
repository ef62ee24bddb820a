//! Tells people what became of their memberships, in their inbox.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::change::By;
use super::model::Membership;
use super::offices::offices_of;
use super::role::{BodyKind, Role};
use super::store;
use crate::db::Tx;
use crate::error::Result;
use crate::grid::audit::Act;
use crate::grid::model::UnitId;
use crate::grid::store as unit_store;
use crate::grid::tree::Tree;
use crate::identity::PersonId;
use crate::language::Words;
use crate::live::inbox::{self, Letter};

fn letter(kind: &'static str, membership: &Membership, words: Vec<(&'static str, Words)>) -> Letter {
    Letter {
        kind,
        about: Some(("membership", membership.id.to_string())),
        words,
    }
}

/// Tells somebody what others decided about their membership. What one does oneself one
/// knows, and who is imported among many has not been here yet.
pub(super) fn tell(tx: &mut Tx<'_>, by: By<'_>, act: Act, membership: &Membership) -> Result<()> {
    if !by.is_one_act() || by.name == membership.person_id.to_string() {
        return Ok(());
    }
    let unit = match membership.body_kind {
        BodyKind::Unit => unit_words(tx, UnitId::from_uuid(membership.body_id))?,
        // What a body is called may say more than the role (a party branch).
        BodyKind::Organisation | BodyKind::Department => None,
    };
    let is_home = membership.role == Role::Resident;
    let begins_later = membership.from_day > by.today;
    let kind = match (act, is_home, unit.is_some()) {
        (Act::RoleGranted, false, true) if begins_later => "office_to_come",
        (Act::RoleGranted, false, false) if begins_later => "role_to_come",
        (Act::RoleGranted, true, _) => "home_confirmed",
        (Act::RoleRefused, true, _) => "home_refused",
        (Act::RoleEnded, true, _) => "home_ended",
        (Act::RoleGranted, false, true) => "office_granted",
        (Act::RoleEnded, false, true) => "office_ended",
        (Act::RoleGranted, false, false) => "role_granted",
        (Act::RoleRefused, false, _) => "role_refused",
        (Act::RoleEnded, false, false) => "role_ended",
        _ => return Ok(()),
    };
    let day = membership.from_day;
    let day = Words::new(
        day.format("%Y年%-m月%-d日").to_string(),
        day.format("%-d %B %Y").to_string(),
    );
    let mut words = vec![("role", membership.role.words()), ("day", day)];
    words.extend(unit.map(|unit| ("unit", unit)));
    inbox::write_to(tx, membership.person_id.uuid(), &letter(kind, membership, words))?;
    Ok(())
}

/// Tells somebody that the unit in which they live belongs to another now.
pub(super) fn tell_moved(tx: &mut Tx<'_>, home: &Membership) -> Result<()> {
    if let Some(unit) = unit_words(tx, UnitId::from_uuid(home.body_id))? {
        let letter = letter("home_redrawn", home, vec![("unit", unit)]);
        inbox::write_to(tx, home.person_id.uuid(), &letter)?;
    }
    Ok(())
}

/// Tells those who answer for a building that somebody asks to live there.
pub(super) fn tell_who_decides(tx: &mut Tx<'_>, tree: &Tree, asked: &Membership, today: NaiveDate) -> Result<()> {
    let home = UnitId::from_uuid(asked.body_id);
    let Some(unit) = unit_words(tx, home)? else {
        return Ok(());
    };
    if asked_before(tx, asked)? {
        return Ok(());
    }
    let offices = offices_of(tx, tree, home, today)?;
    let nearest = offices.first().map_or(&[][..], |office| &office.holders);
    // In one order, as all who write to several do.
    let holders: BTreeSet<PersonId> = nearest.iter().map(|holder| holder.membership.person_id).collect();
    for holder in holders.into_iter().filter(|holder| *holder != asked.person_id) {
        let words = vec![("unit", unit.clone())];
        inbox::write_to(tx, holder.uuid(), &letter("resident_asks", asked, words))?;
    }
    Ok(())
}

/// Whether they asked for the same a short while ago: whoever decides was told then.
fn asked_before(tx: &mut Tx<'_>, asked: &Membership) -> Result<bool> {
    const DAY_MICROS: i64 = 86_400_000_000;
    let since = asked.created_at.micros() - DAY_MICROS;
    let all = store::all_of(tx, asked.person_id)?;
    Ok(all.iter().any(|one| {
        one.id != asked.id && one.role == asked.role && one.body_id == asked.body_id && one.created_at.micros() > since
    }))
}

fn unit_words(tx: &mut Tx<'_>, id: UnitId) -> Result<Option<Words>> {
    let names = unit_store::names_of(tx, id)?;
    Ok(names.map(|(zh, en)| {
        let en = en.unwrap_or_else(|| zh.clone());
        Words::new(zh, en)
    }))
}
