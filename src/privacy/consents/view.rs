//! Consents as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::model::{Given, Matter};
use crate::clock::Timestamp;
use crate::http::Input;
use crate::language::Language;

/// What there is to agree to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatterList {
    /// Each on its own.
    pub items: Vec<MatterView>,
}

/// Something that takes a consent of its own.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatterView {
    /// A name that stays.
    pub name: String,
    /// Of the wording.
    pub version: i64,
    /// What one agrees to, in the language of the request.
    pub wording: String,
}

impl MatterView {
    pub(super) fn of(matter: &Matter, language: Language) -> Self {
        let wording = match language {
            Language::Zh => matter.wording.0,
            Language::En => matter.wording.1,
        };
        Self {
            name: matter.name.to_owned(),
            version: matter.version,
            wording: wording.to_owned(),
        }
    }
}

/// Where the caller stands with each.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentList {
    /// One of each matter.
    pub items: Vec<ConsentView>,
}

/// Where the caller stands with a matter.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentView {
    /// What it is about.
    pub matter: MatterView,
    /// Whether the caller agrees.
    pub state: ConsentState,
    /// What was given and taken back, the newest first.
    pub history: Vec<GivenView>,
}

/// Whether somebody agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentState {
    /// Never asked, or never given.
    NotGiven,
    /// To the wording of now.
    Given,
    /// To a wording that was replaced: it counts for nothing new.
    Outdated,
    /// Taken back.
    Withdrawn,
}

/// A consent that was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct GivenView {
    /// In which wording.
    pub version: i64,
    /// When.
    pub given_at: Timestamp,
    /// When it was taken back, or another wording took its place; null as long as it stands.
    pub withdrawn_at: Option<Timestamp>,
}

impl ConsentView {
    pub(super) fn of(matter: &Matter, given: &[Given], language: Language) -> Self {
        let own: Vec<&Given> = given.iter().filter(|one| one.matter == matter.name).collect();
        let state = match own.first() {
            None => ConsentState::NotGiven,
            Some(last) if last.withdrawn_at.is_some() => ConsentState::Withdrawn,
            Some(last) if last.version == matter.version => ConsentState::Given,
            Some(_) => ConsentState::Outdated,
        };
        let history = own.iter().map(|one| GivenView {
            version: one.version,
            given_at: one.given_at,
            withdrawn_at: one.withdrawn_at,
        });
        Self {
            matter: MatterView::of(matter, language),
            state,
            history: history.collect(),
        }
    }
}

/// To which wording somebody agrees.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentInput {
    /// The version of the wording that was shown to them.
    #[schema(minimum = 1, maximum = 1000000)]
    pub version: i64,
}

impl Input for ConsentInput {}
