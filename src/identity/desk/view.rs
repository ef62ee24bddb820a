//! The desk as its clients see it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::model::{DeskSession, DeskSessionId};
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::grid::members::view::PersonView;
use crate::http::Input;
use crate::identity::PersonId;
use crate::identity::delegations::ScopeName;

/// Who stands at the desk: by one of their phone, their card and their id; and why they are served.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskInput {
    /// Their phone number.
    #[schema(
        pattern = r"^(1[3-9][0-9]{9}|\+861[3-9][0-9]{9}|\+[1-79][0-9]{6,14}|\+8[0-57-9][0-9]{5,13})$",
        example = "13800138000"
    )]
    pub phone: Option<String>,
    /// The number of their household card.
    #[schema(pattern = "^[0-9][0-9 -]{10,18}[0-9]$", example = "1234 5678 9012")]
    pub card: Option<String>,
    /// Their id.
    pub person_id: Option<PersonId>,
    /// Why they are served; they read it in their access log.
    #[schema(format = "plain-text", min_length = 1, max_length = 200, example = "代办入住登记")]
    pub reason: String,
}

impl Input for DeskInput {
    fn cross_check(value: &Value, _: &actix_web::HttpRequest, faults: &mut Vec<FieldError>) {
        let given = ["phone", "card", "person_id"]
            .iter()
            .filter(|name| value[**name].is_string())
            .count();
        if given != 1 {
            faults.push(FieldError::body(
                "",
                "one_of",
                "请填写手机号、卡号、人员编号中的一项。",
                "Give one of phone, card and person_id.",
            ));
        }
    }
}

/// Somebody without a phone, who is to have an account.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskPersonInput {
    /// What they are called.
    #[schema(format = "plain-text", min_length = 1, max_length = 64, example = "赵秀英")]
    pub name: String,
    /// The year in which they were born.
    #[schema(minimum = 1900, maximum = 2100, example = 1948)]
    pub birth_year: i32,
    /// The phone of the guardian of a child, who has an account and is present.
    #[schema(
        pattern = r"^(1[3-9][0-9]{9}|\+861[3-9][0-9]{9}|\+[1-79][0-9]{6,14}|\+8[0-57-9][0-9]{5,13})$",
        example = "13800138000"
    )]
    pub guardian_phone: Option<String>,
    /// Why.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 200,
        example = "本人无手机，到窗口办理"
    )]
    pub reason: String,
}

impl Input for DeskPersonInput {}

/// A number that is to be theirs.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskPhoneInput {
    /// The number; a code goes there.
    #[schema(
        pattern = r"^(1[3-9][0-9]{9}|\+861[3-9][0-9]{9}|\+[1-79][0-9]{6,14}|\+8[0-57-9][0-9]{5,13})$",
        example = "13800138000"
    )]
    pub phone: String,
}

impl Input for DeskPhoneInput {}

/// Who is to act for the person at the desk, in what, and until when.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeskDelegationInput {
    /// The phone of who is to act.
    #[schema(
        pattern = r"^(1[3-9][0-9]{9}|\+861[3-9][0-9]{9}|\+[1-79][0-9]{6,14}|\+8[0-57-9][0-9]{5,13})$",
        example = "13800138000"
    )]
    pub phone: String,
    /// In what.
    #[schema(min_items = 1, max_items = 4)]
    pub scopes: Vec<ScopeName>,
    /// The last day on which it counts, within a year.
    pub until: NaiveDate,
    /// Why.
    #[schema(
        format = "plain-text",
        min_length = 1,
        max_length = 200,
        example = "女儿代办，本人到场"
    )]
    pub reason: String,
}

impl Input for DeskDelegationInput {}

/// One of the staff serves somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeskSessionView {
    /// Its id: what goes into the header `Acting-For`.
    pub id: DeskSessionId,
    /// Who is served.
    pub person: PersonView,
    /// The number of their household card; null where they have none.
    pub card: Option<String>,
    /// Since when.
    pub begun_at: Timestamp,
    /// Until when at the most.
    pub expires_at: Timestamp,
    /// When it was ended; null as long as it goes on.
    pub ended_at: Option<Timestamp>,
}

impl DeskSessionView {
    pub(super) fn of(session: &DeskSession, person: PersonView, card: Option<String>) -> Self {
        Self {
            id: session.id,
            person,
            card,
            begun_at: session.begun_at,
            expires_at: session.expires_at,
            ended_at: session.ended_at,
        }
    }
}
