//! The audit as it is read.

use std::collections::HashMap;

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{Act, AuditId, for_whom, who};
use super::store::Row;
use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::grid::members::view::{BodyView, PersonView};
use crate::grid::members::{BodyKind, Role};
use crate::grid::routes::{UnitRef, in_short};
use crate::grid::tree::Tree;
use crate::identity::{PersonId, PersonRef};

/// Something that was done, and by whom.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// In whose name: a person's id, or `operator` for the command line; `A for B` where one acted for another.
    pub actor: String,
    /// Who that is, where it is a person.
    pub by: Option<PersonView>,
    /// For whom they acted, where it was for another.
    pub acted_for: Option<PersonView>,
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
        let (by, acted_for) = (who(&row.actor), for_whom(&row.actor));
        let kind: Option<BodyKind> = row
            .body_kind
            .map(|kind| kind.parse().map_err(|()| wrong("kind of body")))
            .transpose()?;
        Ok(Self {
            id: row.id,
            at: row.at,
            by: by.map(|id| PersonView::of(id, people)),
            acted_for: acted_for.map(|id| PersonView::of(id, people)),
            act: act_of(&row.act)?,
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

/// A look at what is usually masked of somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct LookView {
    /// Its id.
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub act: Act,
    /// Who looked; null where it was the operator, at the command line.
    pub by: Option<PersonView>,
    /// The unit in whose name they did.
    pub unit: Option<UnitRef>,
    /// Why, in their words.
    pub reason: Option<String>,
}

impl LookView {
    pub(super) fn of(row: Row, people: &HashMap<PersonId, PersonRef>, tree: &Tree) -> Result<Self> {
        let by = who(&row.actor);
        let node = row.unit_id.and_then(|unit| tree.node(unit));
        Ok(Self {
            id: row.id,
            at: row.at,
            act: act_of(&row.act)?,
            by: by.map(|id| PersonView::of(id, people)),
            unit: node.map(|node| in_short(node)),
            reason: row.reason,
        })
    }
}

fn act_of(text: &str) -> Result<Act> {
    text.parse().map_err(|()| wrong("act"))
}

fn wrong(what: &str) -> Error {
    Error::internal(format!("the audit has an unknown {what}"))
}
