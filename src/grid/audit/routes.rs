//! The audit over HTTP.

use std::collections::HashSet;

use actix_web::{HttpResponse, web};

use super::model::{AuditId, for_whom, who};
use super::store::{self, Of, Row};
use super::view::{AuditView, LookView};
use crate::clock::Timestamp;
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::gate::SignedIn;
use crate::grid::access::ReadAudit;
use crate::grid::bodies;
use crate::grid::members::routes::person;
use crate::grid::model::UnitId;
use crate::grid::shared::Shared;
use crate::grid::tree::Tree;
use crate::http::{Answer, Caller, Cursor, Operation, Page, PageQuery, Path, Query};
use crate::identity::PersonId;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_read_audit, _, _>(read_audit),
        Operation::new::<__path_read_access_log, _, _>(read_access_log),
    ]
}

/// Below so many units their entries are asked for by unit; above, the newest are
/// looked through until the page is full.
const BY_UNIT: usize = 2_000;
/// How many entries are looked through at once.
const SLICE: i64 = 1_000;

/// Who granted, ended and looked at what in a unit and all below it, the newest first.
#[utoipa::path(
    get,
    path = "/units/{id}/audit",
    tag = "people",
    params(("id" = String, Path, description = "The unit's id"), PageQuery),
    responses((status = 200, description = "A page of entries", body = Page<AuditView>)),
)]
async fn read_audit(
    caller: Caller<ReadAudit>,
    id: Path<UnitId>,
    query: Query<PageQuery>,
    shared: web::Data<Shared>,
) -> Answer {
    caller.at(id.0)?;
    let (tree, people, _) = shared.now();
    tree.node(id.0).ok_or_else(|| Error::refused(Reason::NotFound))?;
    let after: Option<(Timestamp, AuditId)> = Cursor::read(query.0.cursor.as_deref())?;
    let limit = query.0.limit;
    let page = shared.db.read(move |conn| {
        let rows = entries(conn, &tree, id.0, after, limit + 1)?;
        let page = Page::cut(rows, limit, |row| (row.at, row.id));
        let ids: HashSet<PersonId> = page.items.iter().flat_map(named).collect();
        let people = people.load_people(conn, &ids.into_iter().collect::<Vec<_>>())?;
        let names = bodies::names(conn, page.items.iter().filter_map(Row::body))?;
        let items = page
            .items
            .into_iter()
            .map(|row| AuditView::of(row, &people, &names, &tree));
        Ok(Page {
            items: items.collect::<Result<Vec<_>>>()?,
            next: page.next,
        })
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// Who looked at what is usually masked of me, when and why, the newest first; and where the operator made a token in my
/// name.
#[utoipa::path(
    get,
    path = "/me/access-log",
    tag = "privacy",
    params(PageQuery),
    responses((status = 200, description = "A page of looks", body = Page<LookView>)),
)]
async fn read_access_log(caller: Caller<SignedIn>, query: Query<PageQuery>, shared: web::Data<Shared>) -> Answer {
    let (tree, people, _) = shared.now();
    let person = person(caller.actor())?;
    let load = move |conn: &mut Conn, after, most| {
        let rows = store::load(conn, Of::Looks(person), after, most)?;
        let by: HashSet<PersonId> = rows.iter().filter_map(|row| who(&row.actor)).collect();
        let people = people.load_people(conn, &by.into_iter().collect::<Vec<_>>())?;
        let looks = rows.into_iter().map(|row| LookView::of(row, &people, &tree));
        looks.collect::<Result<Vec<_>>>()
    };
    let (limit, cursor) = (query.0.limit, query.0.cursor.as_deref());
    let page = Page::load(&shared.db, limit, cursor, load, |look| (look.at, look.id));
    Ok(HttpResponse::Ok().json(page.await?))
}

fn named(row: &Row) -> impl Iterator<Item = PersonId> + use<> {
    [row.person_id, who(&row.actor), for_whom(&row.actor)]
        .into_iter()
        .flatten()
}

fn entries(
    conn: &mut Conn,
    tree: &Tree,
    root: UnitId,
    mut after: Option<(Timestamp, AuditId)>,
    wanted: usize,
) -> Result<Vec<Row>> {
    let most = i64::try_from(wanted).map_err(Error::internal)?;
    if let Some(units) = tree.subtree_with_merged(root, BY_UNIT) {
        return store::load(conn, Of::Units(&units), after, most);
    }
    let mut found = Vec::new();
    loop {
        let rows = store::load(conn, Of::All, after, SLICE)?;
        let is_last = rows.len() < usize::try_from(SLICE).unwrap_or(usize::MAX);
        after = rows.last().map(|row| (row.at, row.id));
        let within = |row: &Row| row.unit_id.is_some_and(|unit| tree.is_within(unit, root));
        found.extend(rows.into_iter().filter(within));
        if is_last || found.len() >= wanted {
            found.truncate(wanted);
            return Ok(found);
        }
    }
}
