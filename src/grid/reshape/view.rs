//! Changes of the tree as clients write them.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::grid::model::UnitId;
use crate::http::Input;

/// Another name of a unit.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NameInput {
    /// Its name in Chinese.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "幸福社区")]
    pub name: String,
    /// Its name in English.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 120,
        example = "Happiness Community"
    )]
    pub name_en: Option<String>,
    /// Why, in a few words; they are kept.
    #[schema(format = "plain-text", min_length = 1, max_length = 200, example = "区划调整")]
    pub reason: String,
}

impl Input for NameInput {}

/// Another unit above.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveInput {
    /// The id of the unit under which it comes.
    pub parent_id: UnitId,
    /// Why, in a few words; they are kept.
    #[schema(format = "plain-text", min_length = 1, max_length = 200, example = "区划调整")]
    pub reason: String,
}

impl Input for MoveInput {}

/// Another unit that takes the place of one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeInput {
    /// The id of the unit, of the same level, into which it is merged.
    pub into_id: UnitId,
    /// Why, in a few words; they are kept.
    #[schema(format = "plain-text", min_length = 1, max_length = 200, example = "区划调整")]
    pub reason: String,
}

impl Input for MergeInput {}

/// A new unit beside one, which takes some of the units below that.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SplitInput {
    /// The division code of the new unit.
    #[schema(format = "plain-text", min_length = 1, max_length = 64, example = "429901001001002")]
    pub code: String,
    /// Its name in Chinese.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "幸福社区第二网格")]
    pub name: String,
    /// Its name in English.
    #[schema(format = "plain-text", min_length = 1, max_length = 120)]
    pub name_en: Option<String>,
    /// The ids of the units that it takes, right below the one that is split.
    #[schema(min_items = 1, max_items = 500)]
    pub children: Vec<UnitId>,
    /// Why, in a few words; they are kept.
    #[schema(format = "plain-text", min_length = 1, max_length = 200, example = "区划调整")]
    pub reason: String,
}

impl Input for SplitInput {}
