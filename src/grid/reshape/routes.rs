//! Units renamed, moved, split and merged over HTTP.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web;

use super::merge::{Merger, merge};
use super::model::refuse_wrong_level;
use super::view::{MergeInput, MoveInput, NameInput, SplitInput};
use crate::clock;
use crate::coordinates::Crs;
use crate::db::{Id, Tx};
use crate::error::{Error, FieldError, Reason, Result};
use crate::grid::access::ManageUnits;
use crate::grid::audit::{self, Act, Entry};
use crate::grid::members::BodyKind;
use crate::grid::members::routes::by;
use crate::grid::model::{Level, Unit, UnitId};
use crate::grid::routes::{UnitView, unit_entity};
use crate::grid::shared::Shared;
use crate::grid::tree::Tree;
use crate::grid::{estates, store};
use crate::http::{Answer, Body, Caller, IfMatch, Nothing, Once, Operation, Path, Query, Stored};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_rename_unit, _, _>(rename_unit),
        Operation::new::<__path_move_unit, _, _>(move_unit),
        Operation::new::<__path_split_unit, _, _>(split_unit),
        Operation::new::<__path_merge_unit, _, _>(merge_unit),
    ]
}

/// The unit, which nobody else changes until the transaction ends, as the client has seen it.
fn seen(tx: &mut Tx<'_>, id: UnitId, expected: &IfMatch, tree: &Tree) -> Result<Unit> {
    let unit = store::load_locked(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let shown = Crs::ALL.into_iter().map(|crs| unit_entity(tree, &unit, crs));
    expected.allows_shown(shown)?;
    store::refuse_closed(&unit)?;
    Ok(unit)
}

pub(super) fn note(tx: &mut Tx<'_>, actor: &str, act: Act, unit: UnitId, read_at: UnitId, reason: &str) -> Result<()> {
    let body = (BodyKind::Unit, unit.uuid());
    audit::record(tx, &Entry::of_body(actor, act, body, read_at, Some(reason)))
}

/// Gives a unit another name: fetch the unit, and send its `ETag`.
#[utoipa::path(
    put,
    path = "/units/{id}/name",
    tag = "units",
    params(("id" = String, Path, description = "The unit's id"), ("If-Match" = String, Header, description = "The ETag of the unit as it was seen")),
    request_body = NameInput,
    responses((status = 200, description = "The unit as it is now", body = UnitView)),
)]
async fn rename_unit(
    caller: Caller<ManageUnits>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<NameInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    caller.at(id.0)?;
    let renamed = shared.db.write({
        let tree = Arc::clone(&tree);
        move |tx| {
            let actor = caller.at(id.0)?;
            let mut unit = seen(tx, id.0, &expected, &tree)?;
            unit.name.clone_from(&body.value.name);
            unit.name_en.clone_from(&body.value.name_en);
            note(tx, &actor.name, Act::UnitRenamed, unit.id, unit.id, &body.value.reason)?;
            changed(tx, unit, &actor.name)
        }
    });
    Ok(unit_entity(&tree, &renamed.await?, Crs::Wgs84).answer_with(StatusCode::OK))
}

/// Writes a unit and tells every process of it.
pub(super) fn changed(tx: &mut Tx<'_>, mut unit: Unit, actor: &str) -> Result<Unit> {
    unit.updated_at = clock::now();
    store::update(tx, &unit, actor)?;
    unit.version += 1;
    tx.changed(store::KIND, unit.id);
    Ok(unit)
}

/// Moves a unit, with all that is below it and hangs on it, under another of a higher level. It takes the
/// permission at either side; fetch the unit, and send its `ETag`.
#[utoipa::path(
    post,
    path = "/units/{id}/move",
    tag = "units",
    params(("id" = String, Path, description = "The unit's id"), ("If-Match" = String, Header, description = "The ETag of the unit as it was seen")),
    request_body = MoveInput,
    responses((status = 200, description = "The unit as it is now", body = UnitView)),
)]
async fn move_unit(
    caller: Caller<ManageUnits>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<MoveInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    caller.at(id.0)?;
    let to = body.value.parent_id;
    tree.node(to).ok_or_else(no_such_parent)?;
    caller.at(to)?;
    let moved = shared.db.write({
        let tree = Arc::clone(&tree);
        move |tx| {
            let actor = &caller.at(id.0)?.name;
            caller.at(to)?;
            store::lock_shape(tx)?;
            let mut unit = seen(tx, id.0, &expected, &tree)?;
            let parent = store::load_locked(tx, to)?.ok_or_else(no_such_parent)?;
            store::refuse_closed(&parent)?;
            refuse_wrong_level(unit.level, &parent)?;
            refuse_torn_estates(tx, &unit, Some(to))?;
            let before = unit.parent_id.replace(to);
            note(tx, actor, Act::UnitMoved, unit.id, unit.id, &body.value.reason)?;
            // Those who stood above it read of it as well.
            if let Some(before) = before {
                note(tx, actor, Act::UnitMoved, unit.id, before, &body.value.reason)?;
            }
            changed(tx, unit, actor)
        }
    });
    Ok(unit_entity(&tree, &moved.await?, Crs::Wgs84).answer_with(StatusCode::OK))
}

fn no_such_parent() -> Error {
    no_such_unit("/parent_id")
}

fn no_such_unit(pointer: &str) -> Error {
    Error::field(FieldError::body(
        pointer,
        "unknown_unit",
        "没有这个单元。",
        "There is no such unit.",
    ))
}

/// An estate lies in one grid: its buildings leave that together with it, or not at all.
fn refuse_torn_estates(tx: &mut Tx<'_>, unit: &Unit, to: Option<UnitId>) -> Result<()> {
    if unit.level <= Level::Grid {
        return Ok(());
    }
    let below = store::below(tx, unit.id)?;
    let path = match to {
        Some(to) => store::upwards(tx, to)?,
        None => Vec::new(),
    };
    match estates::would_be_torn(tx, &below, &path)? {
        false => Ok(()),
        true => Err(Error::because(
            Reason::StateConflict,
            "有楼栋属于原网格的小区，请先调整小区。",
            "A building belongs to an estate of the grid that it would leave; redraw that first.",
        )),
    }
}

/// Splits a unit: a new one beside it, of its level, takes some of the units right below it. Fetch the unit, and
/// send its `ETag`.
#[utoipa::path(
    post,
    path = "/units/{id}/split",
    tag = "units",
    params(("id" = String, Path, description = "The unit's id"), ("If-Match" = String, Header, description = "The ETag of the unit as it was seen"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = SplitInput,
    responses((status = 201, description = "The new unit", body = UnitView)),
)]
async fn split_unit(
    caller: Caller<ManageUnits>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    expected: IfMatch,
    once: Once,
    body: Body<SplitInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    caller.at(id.0)?;
    let stored = shared.db.write(move |tx| {
        let actor = caller.at(id.0)?;
        once.run(tx, actor, &body.digest, |tx| {
            store::lock_shape(tx)?;
            let unit = seen(tx, id.0, &expected, &tree)?;
            if unit.parent_id.is_none() {
                return Err(Error::because(
                    Reason::StateConflict,
                    "最上级单元不能拆分。",
                    "The unit at the top cannot be split: nobody would answer for the new one.",
                ));
            }
            let new = beside(&unit, &body.value);
            store::insert(tx, &new)?;
            tx.changed(store::KIND, new.id);
            let mut children = body.value.children.clone();
            // In one order, as all who lock several units do.
            children.sort_unstable();
            for child in children {
                take(tx, child, unit.id, new.id, &actor.name)?;
            }
            for read_at in [unit.id, new.id] {
                note(tx, &actor.name, Act::UnitSplit, unit.id, read_at, &body.value.reason)?;
            }
            let location = format!("/v1/units/{}", new.id);
            let shown = unit_entity(&tree, &new, Crs::Wgs84);
            Stored::created(shown.value, shown.version, location)
        })
    });
    Ok(stored.await?.answer())
}

/// Merges a unit into another of its level, which takes all that hangs on it: the units below, residents and who asks
/// to be one, estates, organisations and departments. Offices at it end. The unit stays to be read, and what names it
/// (a place, an entry of the audit) is the other's from then on. It takes the permission at either side; fetch the
/// unit, and send its `ETag`.
#[utoipa::path(
    post,
    path = "/units/{id}/merge",
    tag = "units",
    params(("id" = String, Path, description = "The unit's id"), ("If-Match" = String, Header, description = "The ETag of the unit as it was seen")),
    request_body = MergeInput,
    responses((status = 200, description = "The unit as it is now", body = UnitView)),
)]
async fn merge_unit(
    caller: Caller<ManageUnits>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<MergeInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let (tree, _, today) = shared.now();
    caller.at(id.0)?;
    let into = body.value.into_id;
    tree.node(into).ok_or_else(|| no_such_unit("/into_id"))?;
    caller.at(into)?;
    let merged = shared.db.write({
        let tree = Arc::clone(&tree);
        move |tx| {
            let by = by(caller.at(id.0)?, today);
            caller.at(into)?;
            store::lock_shape(tx)?;
            let unit = seen(tx, id.0, &expected, &tree)?;
            let into = store::load_locked(tx, into)?.ok_or_else(|| no_such_unit("/into_id"))?;
            refuse_torn_estates(tx, &unit, Some(into.id))?;
            merge(
                tx,
                Merger {
                    unit,
                    into,
                    by,
                    reason: &body.value.reason,
                },
            )
        }
    });
    Ok(unit_entity(&tree, &merged.await?, Crs::Wgs84).answer_with(StatusCode::OK))
}

fn beside(unit: &Unit, input: &SplitInput) -> Unit {
    Unit {
        id: Id::new(),
        parent_id: unit.parent_id,
        level: unit.level,
        code: input.code.clone(),
        name: input.name.clone(),
        name_en: input.name_en.clone(),
        setting: unit.setting,
        population: None,
        location: None,
        updated_at: clock::now(),
        version: 1,
        merged_into: None,
        closed_at: None,
        doors: Vec::new(),
    }
}

/// Hangs a child of the unit that is split under the new one.
fn take(tx: &mut Tx<'_>, child: UnitId, from: UnitId, new: UnitId, actor: &str) -> Result<()> {
    let found = store::load_locked(tx, child)?.filter(|unit| unit.above() == Some(from));
    let Some(mut unit) = found else {
        return Err(Error::field(FieldError::body(
            "/children",
            "not_right_below",
            "只能分出直属的下级单元，且不重复。",
            "It takes units right below this one, each once.",
        )));
    };
    // The new unit is in no tree yet, and has no estates.
    refuse_torn_estates(tx, &unit, None)?;
    unit.parent_id = Some(new);
    changed(tx, unit, actor).map(drop)
}
