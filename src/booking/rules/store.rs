//! The tables of rules.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::prelude::*;

use super::model::{Rules, RulesId, RulesVersionId, Terms, Version};
use crate::clock::{self, Timestamp};
use crate::db::schema::{booking_rules as table, booking_rules_version as version};
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::grid::UnitId;

type Row = (RulesId, UnitId, String, i64, Timestamp, Timestamp);

fn read((id, unit_id, name, version, created_at, updated_at): Row) -> Rules {
    Rules {
        id,
        unit_id,
        name,
        version,
        created_at,
        updated_at,
    }
}

/// One set of rules.
pub fn load_set(conn: &mut Conn, id: RulesId) -> Result<Option<Rules>> {
    let row: Option<Row> = table::table.find(id).first(conn).optional()?;
    Ok(row.map(read))
}

/// The same, which nobody else changes until the transaction ends. Whoever locks wholes of
/// resources as well does so after this.
pub fn load_locked(tx: &mut Tx<'_>, id: RulesId) -> Result<Rules> {
    if let Conn::Postgres(conn) = &mut **tx {
        table::table
            .select(table::version)
            .find(id)
            .for_no_key_update()
            .first::<i64>(conn)
            .optional()?;
    }
    load_set(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))
}

/// The sets of a unit behind this one, in the order in which they were made.
pub(super) fn of_unit(conn: &mut Conn, unit: UnitId, after: Option<RulesId>, most: i64) -> Result<Vec<Rules>> {
    let mut query = table::table
        .filter(table::unit_id.eq(unit))
        .order(table::id)
        .limit(most)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(table::id.gt(after));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(read).collect())
}

/// These versions, by their ids.
pub fn versions(conn: &mut Conn, ids: &[RulesVersionId]) -> Result<HashMap<RulesVersionId, Arc<Version>>> {
    let rows: Vec<(RulesVersionId, RulesId, i64, String)> = version::table
        .filter(version::id.eq_any(ids))
        .select((version::id, version::rules_id, version::number, version::terms))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, rules_id, number, terms)| {
            let terms: Terms = serde_json::from_str(&terms).map_err(Error::internal)?;
            let version = Version {
                id,
                rules_id,
                number,
                terms,
            };
            Ok((id, Arc::new(version)))
        })
        .collect()
}

/// The version of a set that is in force.
pub fn current_of(conn: &mut Conn, rules: &Rules) -> Result<Arc<Version>> {
    let id: RulesVersionId = version::table
        .filter(version::rules_id.eq(rules.id))
        .filter(version::number.eq(rules.version))
        .select(version::id)
        .first(conn)?;
    let found = versions(conn, &[id])?.remove(&id);
    found.ok_or_else(|| Error::internal("a set of rules has no current version"))
}

/// Adds a set with its first version.
pub fn insert_set(tx: &mut Tx<'_>, rules: &Rules, terms: &Terms, actor: &str) -> Result<Version> {
    diesel::insert_into(table::table)
        .values((
            table::id.eq(rules.id),
            table::unit_id.eq(rules.unit_id),
            table::name.eq(&rules.name),
            table::version.eq(rules.version),
            table::created_at.eq(rules.created_at),
            table::updated_at.eq(rules.updated_at),
        ))
        .execute(&mut **tx)?;
    insert_version(tx, rules, terms, actor)
}

/// Makes a set of rules; its version in force.
///
/// # Errors
/// Where the database fails.
pub fn found_rules(tx: &mut Tx<'_>, unit: UnitId, name: &str, terms: &Terms, by: &str) -> Result<Version> {
    let now = clock::now();
    let rules = Rules {
        id: RulesId::new(),
        unit_id: unit,
        name: name.to_owned(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    insert_set(tx, &rules, terms, by)
}

fn insert_version(tx: &mut Tx<'_>, rules: &Rules, terms: &Terms, actor: &str) -> Result<Version> {
    let made = Version {
        id: RulesVersionId::new(),
        rules_id: rules.id,
        number: rules.version,
        terms: terms.clone(),
    };
    diesel::insert_into(version::table)
        .values((
            version::id.eq(made.id),
            version::rules_id.eq(made.rules_id),
            version::number.eq(made.number),
            version::terms.eq(serde_json::to_string(terms).map_err(Error::internal)?),
            version::actor.eq(actor),
            version::at.eq(clock::now()),
        ))
        .execute(&mut **tx)?;
    Ok(made)
}

/// Writes another version of a set, which is in force from now on.
pub(super) fn add_version(tx: &mut Tx<'_>, rules: &mut Rules, terms: &Terms, actor: &str) -> Result<Version> {
    rules.version += 1;
    rules.updated_at = clock::now();
    diesel::update(table::table.find(rules.id))
        .set((
            table::name.eq(&rules.name),
            table::version.eq(rules.version),
            table::updated_at.eq(rules.updated_at),
        ))
        .execute(&mut **tx)?;
    insert_version(tx, rules, terms, actor)
}
