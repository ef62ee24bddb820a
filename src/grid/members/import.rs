//! People with their roles at units, from a table.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::change::{By, NewMembership, grant_once};
use super::role::{BodyKind, Role};
use crate::db::Tx;
use crate::error::Result;
use crate::grid::store::find_unit;
use crate::identity::{NewPerson, People, Phone};
use crate::language::Language;
use crate::rows::{Fault, Imported, Row, read_csv};

const NEEDED: [&str; 3] = ["phone", "role", "unit_code"];
const OPTIONAL: [&str; 3] = ["name", "from", "to"];
/// In whose name.
const IMPORT: &str = "import";

/// Imports a CSV file of people, known again by their phone numbers, each row with a
/// role at a unit. Nothing is taken where a row is at fault, unless `keep_going`;
/// then the rest is. Nobody's role is ended.
pub fn import_people(
    tx: &mut Tx<'_>,
    people: &People,
    csv: &[u8],
    today: NaiveDate,
    keep_going: bool,
) -> Result<Imported> {
    let (rows, mut faults) = match read_csv(csv, &NEEDED, &OPTIONAL) {
        Ok(read) => read,
        Err(fault) => {
            return Ok(Imported {
                faults: vec![fault],
                ..Imported::default()
            });
        }
    };
    let (mut good, mut homes) = (Vec::new(), HashMap::new());
    for row in &rows {
        let Some((phone, name, new)) = read(tx, row, today, &mut faults)? else {
            continue;
        };
        // Of two homes the one that stands last would count, at each import anew.
        if new.role == Role::Resident {
            let (first, body) = *homes.entry(phone.clone()).or_insert((row.line, new.body));
            if body != new.body {
                faults.push(row.fault("unit_code", format!("is a second home of the person of line {first}")));
                continue;
            }
        }
        good.push((phone, name, new));
    }
    faults.sort_by(|a, b| (a.line, &a.column).cmp(&(b.line, &b.column)));
    let mut imported = Imported {
        faults,
        ..Imported::default()
    };
    if !imported.faults.is_empty() && !keep_going {
        return Ok(imported);
    }
    for (phone, name, new) in good {
        let person = match people.find_by_phone(tx, &phone)? {
            Some(person) => person,
            None => {
                let (phone, name) = (&phone, name.as_deref());
                let language = Language::Zh;
                people.create(tx, &NewPerson { phone, name, language })?
            }
        };
        let by = By { name: IMPORT, today };
        match grant_once(tx, by, &NewMembership { person, ..new })? {
            true => imported.added += 1,
            false => imported.unchanged += 1,
        }
    }
    Ok(imported)
}

/// A row's phone, name and role; the person is put in later.
fn read(
    tx: &mut Tx<'_>,
    row: &Row,
    today: NaiveDate,
    faults: &mut Vec<Fault>,
) -> Result<Option<(Phone, Option<String>, NewMembership)>> {
    let mut own = Vec::new();
    let phone: Option<Phone> = parsed(row, "phone", "a phone number", &mut own);
    let role: Option<Role> = parsed(row, "role", "a role", &mut own);
    let name = row.short("name", 40, &mut own);
    let from_day = row
        .parsed("from", "a day such as 2026-02-14", &mut own)
        .unwrap_or(today);
    let to_day: Option<NaiveDate> = row.parsed("to", "a day such as 2026-02-14", &mut own);
    if to_day.is_some_and(|to| to < from_day) {
        own.push(row.fault("to", "is before from"));
    } else if to_day.is_some_and(|to| to < today) {
        own.push(row.fault("to", "is over already"));
    }
    if role == Some(Role::Resident) && from_day > today {
        own.push(row.fault(
            "from",
            "is later than today: who moves in later is given that home then",
        ));
    }
    let code = row.needed("unit_code", 64, &mut own);
    let unit = find_unit(tx, &code)?;
    match (&unit, role) {
        (None, _) if !code.is_empty() => own.push(row.fault("unit_code", format!("there is no unit {code}"))),
        (Some(unit), _) if unit.closed_at.is_some() => {
            own.push(row.fault("unit_code", format!("the unit {code} was merged into another")));
        }
        (Some(unit), Some(role)) if !role.levels().contains(&unit.level) => {
            own.push(row.fault("role", format!("a {role} is not held at a {}", unit.level)));
        }
        _ => {}
    }
    let fine = own.is_empty();
    faults.append(&mut own);
    let (Some(phone), Some(role), Some(unit), true) = (phone, role, unit, fine) else {
        return Ok(None);
    };
    let new = NewMembership {
        person: crate::identity::PersonId::from_uuid(uuid::Uuid::nil()),
        role,
        body_kind: BodyKind::Unit,
        body: unit.id.uuid(),
        unit: Some(unit.id),
        from_day,
        to_day,
        deputy: false,
        title: None,
    };
    Ok(Some((phone, name, new)))
}

/// A column that must be there. What does not parse is not repeated: it may be
/// somebody's number.
fn parsed<T: std::str::FromStr>(row: &Row, column: &str, takes: &str, faults: &mut Vec<Fault>) -> Option<T> {
    match row.text(column).map(str::parse) {
        None => faults.push(row.fault(column, "is empty")),
        Some(Ok(value)) => return Some(value),
        Some(Err(_)) => faults.push(row.fault(column, format!("is not {takes}"))),
    }
    None
}
