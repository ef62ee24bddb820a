//! Agreements, withheld shares, and what is known of those whom they are for.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::booking::model::named;
use crate::booking::resources::ResourceId;
use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::grid::UnitId;

named! {
    /// In which of four ways a resource is shared: 共有, 共享, 共建, 协议共用.
    Mode as SharingMode {
        /// It belongs to all parties: a centre of the Party and the public.
        CoOwned "co_owned",
        /// Its owner lets others use it: a school's court, an elders' canteen.
        Shared "shared",
        /// The parties built it together.
        CoBuilt "co_built",
        /// It is used by agreement, for its time and on its terms.
        ByAgreement "by_agreement",
    }
}

named! {
    /// For whom places are withheld.
    Holder as ShareHolder {
        /// The residents of a unit, and of those below it.
        Unit "unit",
        /// Those who are sixty or older this year.
        Elders "elders",
        /// Those who walk in or telephone: the staff book for them at the desk.
        Desk "desk",
    }
}

/// From this age on somebody counts as an elder: 老年人权益保障法, article 2.
pub const ELDER_YEARS: i32 = 60;

/// The id of an agreement.
pub type AgreementId = Id<Agreement>;
/// The id of a withheld share.
pub type ShareId = Id<Share>;

/// Who shares a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The unit whose residents they are; none where they are no unit.
    pub unit_id: Option<UnitId>,
    /// What they are called, for everybody to read.
    pub name: String,
    /// What they are bound to do, for everybody to read.
    pub duties: String,
}

/// An agreement by which a resource, and what is part of it, is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// Of which resource.
    pub resource_id: ResourceId,
    /// In which way.
    pub mode: Mode,
    /// What it is called.
    pub name: String,
    /// The first day on which it holds.
    pub from_day: NaiveDate,
    /// The last.
    pub to_day: NaiveDate,
    /// In which hours, in the grammar of OpenStreetMap's `opening_hours`.
    pub hours: String,
    /// Whether everybody may book in its hours, or the residents of its parties only.
    pub is_public: bool,
    /// Who shares by it.
    pub parties: Vec<Party>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was ended before its last day.
    pub ended_at: Option<Timestamp>,
}

impl Named for Agreement {
    const PREFIX: &'static str = "agr";
}

/// Places of a resource that are withheld for some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// Of which resource.
    pub resource_id: ResourceId,
    /// For whom.
    pub holder: Holder,
    /// For whose residents, where it is a unit's.
    pub unit_id: Option<UnitId>,
    /// So many places; of a pool so many of its parts; of what is one party's at a time all of it.
    pub places: i64,
    /// In which hours only.
    pub hours: Option<String>,
    /// Why, for everybody to read.
    pub reason: String,
    /// So many seconds before a slot begins, what nobody of them has booked is for everybody.
    pub release_seconds: i64,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl Named for Share {
    const PREFIX: &'static str = "shr";
}

impl Share {
    /// From when on its places in a slot are for everybody.
    pub fn released_at(&self, start: Timestamp) -> Timestamp {
        Timestamp::from_micros(start.micros() - self.release_seconds * 1_000_000)
    }

    /// Whether somebody is of those for whom it is.
    pub fn admits(&self, standing: &Standing, at_desk: bool) -> bool {
        match self.holder {
            Holder::Unit => self.unit_id.is_some_and(|unit| standing.units.contains(&unit)),
            Holder::Elders => standing.is_elder,
            Holder::Desk => at_desk,
        }
    }
}

/// What is known of somebody where it counts who may book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Where they live, and all units above.
    pub units: Vec<UnitId>,
    /// Whether they are sixty or older this year.
    pub is_elder: bool,
}

/// By what right somebody books.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Right {
    /// By which agreement; in the owner's own hours by none.
    pub agreement_id: Option<AgreementId>,
    /// As a resident of which party.
    pub party_id: Option<UnitId>,
}
