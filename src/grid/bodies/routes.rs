//! What the members of departments and organisations have in common over HTTP.

use actix_web::{HttpResponse, web};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::db::Tx;
use crate::error::{Error, Reason, Result};
use crate::grid::access::{GrantRoles, Office};
use crate::grid::bodies::At;
use crate::grid::members::routes::{by, find_person, made, person, refuse_past, shown};
use crate::grid::members::{self, BodyKind, NewMembership, State, Wanted};
use crate::grid::shared::Shared;
use crate::http::{Answer, Caller, Cursor, Input, Once, Page};

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
        state: Some((query.state.unwrap_or(State::Active), today)),
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

/// Somebody to be made a member of a body.
pub struct Appointment {
    /// Their phone number, which was checked.
    pub phone: String,
    /// In a named office.
    pub title: Option<String>,
    /// From this day on.
    pub from: Option<NaiveDate>,
    /// To this day.
    pub to: Option<NaiveDate>,
    /// As what, and where.
    pub office: Office,
    /// Where the body stands.
    pub at: At,
    /// Of the request's body.
    pub digest: String,
}

/// Makes somebody a member of a body, which `stays_open` locks or refuses.
pub async fn appoint(
    shared: &web::Data<Shared>,
    caller: Caller<GrantRoles>,
    once: Once,
    appointment: Appointment,
    stays_open: impl Fn(&mut Tx<'_>) -> Result<()> + Send + 'static,
) -> Answer {
    let (tree, people, today) = shared.now();
    let Appointment { office, at, digest, .. } = appointment;
    let actor = caller.at(office)?.clone();
    let new = NewMembership {
        person: find_person(shared, &actor, &appointment.phone).await?,
        role: office.role,
        body_kind: office.role.body().unwrap_or(BodyKind::Unit),
        body: office.body,
        unit: office.unit,
        from_day: appointment.from.unwrap_or(today),
        to_day: appointment.to,
        deputy: false,
        title: appointment.title,
    };
    refuse_past(&new, today)?;
    // Or whoever may give its offices would see all its members.
    if at.is_closed_circle && new.person == person(&actor)? {
        return Err(Error::refused(Reason::Forbidden));
    }
    let stored = shared.db.write(move |tx| {
        let by = by(&actor, today);
        let give = |tx: &mut Tx<'_>| {
            caller.at(office)?;
            stays_open(tx)?;
            if new.title.is_some() {
                members::end_untitled(tx, by, &new, at)?;
            }
            Ok(members::grant(tx, by, &new, None)?.id)
        };
        once.run_shown(tx, &actor, &digest, give, |tx, id| made(tx, &people, id, &tree, today))
    });
    Ok(stored.await?.answer())
}
