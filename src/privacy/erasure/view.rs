//! Erasure as clients see it.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{Erasure, GRACE_DAYS};
use crate::clock::Timestamp;
use crate::holdings::{Erased, Holding};
use crate::language::Language;
use crate::privacy::view::PurposeView;

/// Whether and when the caller's account is erased, and what that does.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureView {
    /// Whether it is to be erased.
    pub asked: bool,
    /// When the caller asked; null where they did not.
    pub asked_at: Option<Timestamp>,
    /// When it is erased unless the caller thinks again; null where they did not ask.
    pub due_at: Option<Timestamp>,
    /// For how many days one may think again.
    pub grace_days: i64,
    /// What goes.
    pub goes: Vec<PurposeView>,
    /// What stays, under an id that leads to nobody; `stays` says why.
    pub stays: Vec<PurposeView>,
}

impl ErasureView {
    pub(super) fn of(open: Option<&Erasure>, holdings: &[Holding], language: Language) -> Self {
        let (goes, stays): (Vec<&Holding>, Vec<&Holding>) = holdings
            .iter()
            .partition(|holding| matches!(holding.erased, Erased::Goes));
        let views = |some: Vec<&Holding>| some.into_iter().map(|one| PurposeView::of(one, language)).collect();
        Self {
            asked: open.is_some(),
            asked_at: open.map(|one| one.asked_at),
            due_at: open.map(|one| one.due_at),
            grace_days: GRACE_DAYS,
            goes: views(goes),
            stays: views(stays),
        }
    }
}
