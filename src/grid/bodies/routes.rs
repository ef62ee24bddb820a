//! What the members of departments and organisations have in common over HTTP.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::db::Tx;
use crate::error::{Error, Result};
use crate::grid::access::{GrantRoles, Office};
use crate::grid::members::routes::{created, find_person, one_shown, refuse_past, shown};
use crate::grid::members::view::AppointInput;
use crate::grid::members::{self, BodyKind, NewMembership, State, Wanted};
use crate::grid::shared::Shared;
use crate::http::{Answer, Body, Caller, Cursor, Input, Once, Page};

/// Which of a body's members to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BodyMembersQuery {
    /// Those that stand so; those active unless told.
    #[param(inline)]
    pub state: Option<State>,
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

fn usual_limit() -> usize {
    100
}

impl Input for BodyMembersQuery {}

/// The members of a body.
pub async fn list_of(shared: &Shared, body: Uuid, query: BodyMembersQuery) -> Answer {
    let (tree, people, today) = shared.now();
    let wanted = Wanted {
        bodies: vec![body],
        state: Some(query.state.unwrap_or(State::Active)),
        after: Cursor::read(query.cursor.as_deref())?,
        most: i64::try_from(query.limit + 1).map_err(Error::internal)?,
        ..Wanted::default()
    };
    let page = shared.db.read(move |conn| {
        let page = Page::cut(members::load_at(conn, &wanted)?, query.limit, |one| one.id);
        let items = shown(conn, &people, &page.items, &tree, today)?;
        Ok(Page { items, next: page.next })
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// Makes somebody a member of a body, which `stays_open` locks or refuses.
pub async fn appoint(
    shared: &web::Data<Shared>,
    caller: Caller<GrantRoles>,
    once: Once,
    body: Body<AppointInput>,
    office: Office,
    stays_open: impl Fn(&mut Tx<'_>) -> Result<()> + Send + 'static,
) -> Answer {
    let (tree, people, today) = shared.now();
    let actor = caller.at(office)?.clone();
    let input = body.value.clone();
    let new = NewMembership {
        person: find_person(shared, &actor, &input.phone).await?,
        role: office.role,
        body_kind: office.role.body().unwrap_or(BodyKind::Unit),
        body: office.body,
        unit: office.unit,
        from_day: input.from.unwrap_or(today),
        to_day: input.to,
        deputy: false,
    };
    refuse_past(&new, today)?;
    let stored = shared.db.write(move |tx| {
        once.run(tx, &actor, &body.digest, |tx| {
            caller.at(office)?;
            stays_open(tx)?;
            let granted = members::grant(tx, &actor.name, &new, None)?;
            created(&one_shown(tx, &people, &granted, &tree, today)?, &granted)
        })
    });
    Ok(stored.await?.answer())
}
