//! Agreements and withheld shares as clients write and read them.

use actix_web::HttpRequest;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::model::{Agreement, AgreementId, Holder, Mode, Party, Share, ShareId};
use crate::booking::resources::ResourceId;
use crate::booking::resources::view::{ConflictsView, unknown_unit};
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::grid::UnitId;
use crate::http::Input;

/// Who shares a resource.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SharingParty)]
pub struct PartyInput {
    /// The unit whose residents they are; null where they are no unit.
    pub unit_id: Option<UnitId>,
    /// What they are called, for everybody to read.
    #[schema(format = "plain-text", min_length = 1, max_length = 80, example = "文苑社区")]
    pub name: String,
    /// What they are bound to do, for everybody to read.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 500,
        example = "承担夜间保洁和看护"
    )]
    pub duties: String,
}

/// An agreement to share a resource.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementInput {
    /// In which way.
    pub mode: Mode,
    /// What it is called.
    #[schema(format = "plain-text", min_length = 1, max_length = 120, example = "体育馆共享协议")]
    pub name: String,
    /// The first day on which it holds.
    pub from: NaiveDate,
    /// The last day on which it holds.
    pub to: NaiveDate,
    /// In which hours the resource is shared, in the opening-hours grammar of OpenStreetMap. Those
    /// outside of its own hours are offered by this agreement only.
    #[schema(format = "opening-hours", max_length = 512, example = "Mo-Fr 18:00-21:00")]
    pub hours: String,
    /// Whether everybody may book in these hours, or the residents of the parties only.
    #[serde(default)]
    pub public: bool,
    /// Who shares by it.
    #[schema(min_items = 1, max_items = 20)]
    pub parties: Vec<PartyInput>,
}

impl Input for AgreementInput {
    fn cross_check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
        let day = |name: &str| value[name].as_str().and_then(|text| text.parse::<NaiveDate>().ok());
        if let (Some(from), Some(to)) = (day("from"), day("to"))
            && to < from
        {
            let words = ("最后一天不早于第一天。", "Its last day is not before its first.");
            faults.push(FieldError::body("/to", "order", words.0, words.1));
        }
        for (index, party) in value["parties"].as_array().into_iter().flatten().enumerate() {
            unknown_unit(format!("/parties/{index}/unit_id"), &party["unit_id"], request, faults);
        }
    }
}

/// An agreement to share a resource, for everybody to read.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementView {
    /// Its id.
    pub id: AgreementId,
    /// Of which resource, and of what is part of it.
    pub resource_id: ResourceId,
    /// In which way.
    pub mode: Mode,
    /// What it is called.
    pub name: String,
    /// The first day on which it holds.
    pub from: NaiveDate,
    /// The last day on which it holds.
    pub to: NaiveDate,
    /// In which hours, in the opening-hours grammar of OpenStreetMap.
    pub hours: String,
    /// Whether everybody may book in these hours.
    pub public: bool,
    /// Who shares by it.
    pub parties: Vec<PartyInput>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was ended before its last day.
    pub ended_at: Option<Timestamp>,
}

impl From<Agreement> for AgreementView {
    fn from(one: Agreement) -> Self {
        let parties = one.parties.into_iter();
        let parties = parties.map(|Party { unit_id, name, duties }| PartyInput { unit_id, name, duties });
        Self {
            id: one.id,
            resource_id: one.resource_id,
            mode: one.mode,
            name: one.name,
            from: one.from_day,
            to: one.to_day,
            hours: one.hours,
            public: one.is_public,
            parties: parties.collect(),
            created_at: one.created_at,
            ended_at: one.ended_at,
        }
    }
}

/// The agreements that a resource has or had.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgreementList {
    /// In the order in which they were entered.
    pub items: Vec<AgreementView>,
}

/// An agreement that was ended, and what that leaves.
#[derive(Debug, Serialize, ToSchema)]
pub struct EndedAgreement {
    /// The agreement as it is now.
    pub agreement: AgreementView,
    /// Bookings to come at times that are not offered any more: they stay.
    pub conflicts: ConflictsView,
}

/// Places to be withheld for some.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareInput {
    /// For whom.
    pub holder: Holder,
    /// For the residents of which unit, where it is a unit's.
    pub unit_id: Option<UnitId>,
    /// So many places; of a pool so many of its parts; of what is one party's at a time all of it.
    #[schema(minimum = 1, maximum = 10_000)]
    pub places: i64,
    /// In these hours only, in the opening-hours grammar of OpenStreetMap.
    #[schema(format = "opening-hours", max_length = 512, example = "Mo-Fr 09:00-11:00")]
    pub hours: Option<String>,
    /// Why, for everybody to read.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 120,
        example = "为不用手机的老人保留"
    )]
    pub reason: String,
    /// So many seconds before a slot begins, what nobody of them has booked is for everybody.
    #[schema(minimum = 0, maximum = 31_622_400)]
    pub release_seconds: i64,
}

impl Input for ShareInput {
    fn cross_check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
        if (value["holder"] == Holder::Unit.name()) == value["unit_id"].is_null() {
            let words = (
                "为单元保留时填写单元，否则不填。",
                "Say which unit where it is a unit's, and only then.",
            );
            faults.push(FieldError::body("/unit_id", "one_of", words.0, words.1));
        }
        unknown_unit("/unit_id".into(), &value["unit_id"], request, faults);
    }
}

/// Places that are withheld for some, for everybody to read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareView {
    /// Its id.
    pub id: ShareId,
    /// Of which resource.
    pub resource_id: ResourceId,
    /// For whom.
    pub holder: Holder,
    /// For the residents of which unit.
    pub unit_id: Option<UnitId>,
    /// So many places; of a pool so many of its parts; of what is one party's at a time all of it.
    pub places: i64,
    /// In these hours only.
    pub hours: Option<String>,
    /// Why.
    pub reason: String,
    /// So many seconds before a slot begins, what nobody of them has booked is for everybody.
    pub release_seconds: i64,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
}

impl From<Share> for ShareView {
    fn from(one: Share) -> Self {
        Self {
            id: one.id,
            resource_id: one.resource_id,
            holder: one.holder,
            unit_id: one.unit_id,
            places: one.places,
            hours: one.hours,
            reason: one.reason,
            release_seconds: one.release_seconds,
            created_at: one.created_at,
            ended_at: one.ended_at,
        }
    }
}

/// What of a resource is withheld.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareList {
    /// In the order in which they were entered.
    pub items: Vec<ShareView>,
}
