//! The audit as it is read.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Act, AuditId};
use super::store::Row;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::grid::members::view::{BodyView, PersonView};
use crate::grid::members::{BodyKind, Role};
use crate::grid::tree::Tree;
use crate::identity::{PersonId, PersonRef};

/// Something that was done, and by whom.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// In whose name: a person's id, or `operator` for the command line.
    pub actor: String,
    /// Who that is, where it is a person.
    pub by: Option<PersonView>,
    /// What was done.
    pub act: Act,
    /// To whom.
    pub person: Option<PersonView>,
    /// As to which role.
    pub role: Option<Role>,
    /// At which body.
    pub body: Option<BodyView>,
    /// Why, in the actor's words.
    pub reason: Option<String>,
}

impl AuditView {
    pub(super) fn of(
        row: Row,
        people: &HashMap<PersonId, PersonRef>,
        names: &HashMap<Uuid, String>,
        tree: &Tree,
    ) -> Result<Self> {
        let wrong = |what: &str| Error::internal(format!("the audit has an unknown {what}"));
        let by: Option<PersonId> = row.actor.parse().ok();
        let kind: Option<BodyKind> = row
            .body_kind
            .map(|kind| kind.parse().map_err(|()| wrong("kind of body")))
            .transpose()?;
        Ok(Self {
            id: row.id,
            at: row.at,
            by: by.map(|id| PersonView::of(id, people)),
            act: row.act.parse().map_err(|()| wrong("act"))?,
            person: row.person_id.map(|id| PersonView::of(id, people)),
            role: row
                .role
                .map(|role| role.parse().map_err(|()| wrong("role")))
                .transpose()?,
            body: kind
                .zip(row.body_id)
                .map(|(kind, id)| BodyView::of(kind, id.uuid(), names, tree)),
            reason: row.reason,
            actor: row.actor,
        })
    }
}
