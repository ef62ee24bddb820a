//! The ten categories.

use serde::{Deserialize, Serialize};

use super::{CategoryNames, Kinds};

/// One of the ten categories of a service circle, 党政居医养教文体娱商, in the
/// order in which they are always listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// 党: the party's service to residents.
    Party,
    /// 政: government services.
    Government,
    /// 居: what a home needs around it.
    Household,
    /// 医: health.
    Medical,
    /// 养: care for elders.
    ElderCare,
    /// 教: nurseries, schools, training.
    Education,
    /// 文: culture.
    Culture,
    /// 体: sports.
    Sports,
    /// 娱: leisure and parks.
    Leisure,
    /// 商: shops, food, banks, post.
    Commerce,
}

impl Category {
    /// All ten, in order.
    pub const ALL: [Self; 10] = [
        Self::Party,
        Self::Government,
        Self::Household,
        Self::Medical,
        Self::ElderCare,
        Self::Education,
        Self::Culture,
        Self::Sports,
        Self::Leisure,
        Self::Commerce,
    ];

    /// The code used in the API, the tables and the files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Party => "party",
            Self::Government => "government",
            Self::Household => "household",
            Self::Medical => "medical",
            Self::ElderCare => "elder_care",
            Self::Education => "education",
            Self::Culture => "culture",
            Self::Sports => "sports",
            Self::Leisure => "leisure",
            Self::Commerce => "commerce",
        }
    }

    /// The category of a code, or none.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.code() == code)
    }

    /// The one character of 党政居医养教文体娱商.
    #[must_use]
    pub fn zh(self) -> &'static str {
        self.names().map_or("", |names| &names.zh)
    }

    /// The Chinese word for a sentence: 医疗卫生.
    #[must_use]
    pub fn zh_word(self) -> &'static str {
        self.names().map_or("", |names| &names.zh_word)
    }

    /// The English name.
    #[must_use]
    pub fn en(self) -> &'static str {
        self.names().map_or("", |names| &names.en)
    }

    /// Always there: [`Kinds::parse`] takes no table without all ten.
    fn names(self) -> Option<&'static CategoryNames> {
        Kinds::table().category_names.get(self as usize)
    }
}
