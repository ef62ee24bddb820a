//! Exports as clients see them.

use serde::Serialize;
use utoipa::ToSchema;

use super::model::{ExportId, ExportState, Exported};
use crate::clock::{self, Timestamp};

/// A copy of what is held of the caller.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportView {
    /// Its id.
    pub id: ExportId,
    /// Where it stands.
    pub state: ExportState,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was made; null until then.
    pub ready_at: Option<Timestamp>,
    /// Until when it can be fetched; null until it is made.
    pub expires_at: Option<Timestamp>,
    /// When it was fetched; null until then.
    pub fetched_at: Option<Timestamp>,
}

impl ExportView {
    pub(super) fn of(export: &Exported) -> Self {
        Self {
            id: export.id,
            state: export.state_at(clock::now()),
            asked_at: export.asked_at,
            ready_at: export.ready_at,
            expires_at: export.expires_at(),
            fetched_at: export.fetched_at,
        }
    }
}

/// The caller's exports, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportList {
    /// Those of the last 90 days.
    pub items: Vec<ExportView>,
}

/// All that is held of the caller: a member for each room, and `file_contents` with pictures and voice in base64.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportBundle {
    /// The form of the bundle.
    #[schema(example = "onegrid-export-1")]
    pub form: String,
    /// When it was made.
    pub made_at: Timestamp,
}
