//! The table as anybody reads it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::holdings::{Both, Erased, Holding, Kept};
use crate::language::Language;

/// What is held about people.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurposeList {
    /// A row for each thing.
    pub items: Vec<PurposeView>,
}

/// Something that is held about people, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct PurposeView {
    /// A name that stays.
    pub name: String,
    /// What it is, in the language of the request.
    pub what: String,
    /// Why it is kept.
    pub purpose: String,
    /// Where it stands: table and column.
    pub fields: Vec<String>,
    /// For how many days it is kept, from `from`; 0 where it goes within the hour, null where no number of days ends it.
    pub days: Option<i64>,
    /// From when the days count, or until when it is kept.
    pub kept: String,
    /// Why it stays, without the name of anybody, when the account is erased; null where it goes with it.
    pub stays: Option<String>,
}

impl PurposeView {
    pub(super) fn of(holding: &Holding, language: Language) -> Self {
        let text = |both: Both| match language {
            Language::Zh => both.0.to_owned(),
            Language::En => both.1.to_owned(),
        };
        let (days, kept) = match holding.kept {
            Kept::Until(what) => (None, text(what)),
            Kept::Days { days, from, .. } => (Some(days), text(from)),
        };
        let stays = match holding.erased {
            Erased::Goes => None,
            Erased::Stays(why) => Some(text(why)),
        };
        Self {
            name: holding.name.to_owned(),
            what: text(holding.what),
            purpose: text(holding.purpose),
            fields: holding.columns.iter().map(|column| (*column).to_owned()).collect(),
            days,
            kept,
            stays,
        }
    }
}
