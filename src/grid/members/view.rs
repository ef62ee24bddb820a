//! Memberships as clients write and read them.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::model::{Membership, MembershipId, State};
use super::role::{BodyKind, Role};
use crate::clock::Timestamp;
use crate::error::FieldError;
use crate::grid::departments::DepartmentId;
use crate::grid::model::UnitId;
use crate::grid::organisations::OrganisationId;
use crate::grid::routes::{UnitRef, in_short};
use crate::grid::tree::Tree;
use crate::http::Input;
use crate::identity::{PersonId, PersonRef};

/// A person as those who may see them are shown them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonView {
    /// Their id.
    pub id: PersonId,
    /// Their name, where they have said it.
    pub name: Option<String>,
    /// Their phone number, masked.
    pub phone: Option<String>,
}

impl PersonView {
    /// Of a person, as far as they are known.
    pub fn of(id: PersonId, people: &HashMap<PersonId, PersonRef>) -> Self {
        let known = people.get(&id);
        Self {
            id,
            name: known.and_then(|person| person.name.clone()),
            phone: known.and_then(|person| person.phone.clone()),
        }
    }
}

/// What a role is held at.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BodyView {
    /// What kind of body it is.
    pub kind: BodyKind,
    /// Its id.
    pub id: String,
    /// The unit, where it is one.
    pub unit: Option<UnitRef>,
    /// Its name, where it is none.
    pub name: Option<String>,
}

impl BodyView {
    /// Of a body, whose name the tree knows where it is a unit, and `names` elsewhere.
    pub fn of(kind: BodyKind, id: Uuid, names: &HashMap<Uuid, String>, tree: &Tree) -> Self {
        let unit = UnitId::from_uuid(id);
        let known = (kind == BodyKind::Unit).then(|| tree.node(unit)).flatten();
        Self {
            kind,
            id: shown_id(kind, id),
            unit: known.map(|node| in_short(node)),
            name: names.get(&id).cloned(),
        }
    }
}

/// The id of a body as clients see it.
fn shown_id(kind: BodyKind, id: Uuid) -> String {
    match kind {
        BodyKind::Unit => UnitId::from_uuid(id).to_string(),
        BodyKind::Organisation => OrganisationId::from_uuid(id).to_string(),
        BodyKind::Department => DepartmentId::from_uuid(id).to_string(),
    }
}

/// Somebody in a role.
#[derive(Debug, Serialize, ToSchema)]
pub struct MembershipView {
    /// Its id.
    pub id: MembershipId,
    /// Who.
    pub person: PersonView,
    /// As what.
    pub role: Role,
    /// At what.
    pub body: BodyView,
    /// The first day on which it counts.
    pub from: NaiveDate,
    /// The last; null where it has no end.
    pub to: Option<NaiveDate>,
    /// Whether they stand in for whoever holds the office.
    pub deputy: bool,
    /// The named office that they hold in an organisation.
    pub title: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Whether it gives its rights today.
    pub counts: bool,
    /// Why it was refused or ended.
    pub reason: Option<String>,
    /// When it was asked for or granted.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl MembershipView {
    /// Of a membership on a day.
    pub fn of(
        membership: &Membership,
        people: &HashMap<PersonId, PersonRef>,
        names: &HashMap<Uuid, String>,
        tree: &Tree,
        today: NaiveDate,
    ) -> Self {
        Self {
            id: membership.id,
            person: PersonView::of(membership.person_id, people),
            role: membership.role,
            body: BodyView::of(membership.body_kind, membership.body_id, names, tree),
            from: membership.from_day,
            to: membership.to_day,
            deputy: membership.deputy,
            title: membership.title.clone(),
            state: membership.state_on(today),
            counts: membership.counts_on(today),
            reason: membership.reason.clone(),
            created_at: membership.created_at,
            updated_at: membership.updated_at,
        }
    }
}

/// All of somebody's own.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnMemberships {
    /// Those that are asked for or active.
    pub items: Vec<MembershipView>,
}

/// Somebody who answers for an office.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfficeHolderView {
    /// Who; their phone number is masked.
    pub person: PersonView,
    /// The role that they hold.
    pub role: Role,
    /// Where they hold it.
    pub unit: Option<UnitRef>,
    /// Whether they stand in for whoever holds the office.
    pub deputy: bool,
}

/// A role at a unit, whoever holds it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfficeView {
    /// The role.
    pub role: Role,
    /// Where; null where there is no unit for it above the home.
    pub unit: Option<UnitRef>,
    /// Whether nobody holds it: then a deputy answers, or the office above.
    pub vacant: bool,
    /// Who answers for it.
    pub holders: Vec<OfficeHolderView>,
}

/// Where somebody stands in the tree.
#[derive(Debug, Serialize, ToSchema)]
pub struct Standing {
    /// The building where they live; null as long as nobody confirmed one.
    pub home: Option<UnitRef>,
    /// From that building up to the city.
    pub path: Vec<UnitRef>,
    /// The building head and the grid leader of the home.
    pub offices: Vec<OfficeView>,
    /// What they are, and have asked to be.
    pub memberships: Vec<MembershipView>,
}

/// A role to be given.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantInput {
    /// The phone number with which they sign in, in E.164.
    #[schema(format = "plain-text", min_length = 5, max_length = 20, example = "+8613900000000")]
    pub phone: String,
    /// As what; a resident asks themselves.
    pub role: Role,
    /// From this day on; today unless told.
    pub from: Option<NaiveDate>,
    /// To this day; without an end unless told.
    pub to: Option<NaiveDate>,
    /// Whether they stand in for whoever holds the office.
    #[serde(default)]
    pub deputy: bool,
}

impl Input for GrantInput {
    fn cross_check(value: &Value, _: &actix_web::HttpRequest, faults: &mut Vec<FieldError>) {
        check_phone_and_days(value, faults);
    }
}

/// Somebody to be made a member.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppointInput {
    /// The phone number with which they sign in, in E.164.
    #[schema(format = "plain-text", min_length = 5, max_length = 20, example = "+8613900000000")]
    pub phone: String,
    /// From this day on; today unless told.
    pub from: Option<NaiveDate>,
    /// To this day; without an end unless told.
    pub to: Option<NaiveDate>,
}

/// Somebody to be made a member of an organisation.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationMemberInput {
    /// The phone number with which they sign in, in E.164.
    #[schema(format = "plain-text", min_length = 5, max_length = 20, example = "+8613900000000")]
    pub phone: String,
    /// As what: `organisation_member`, `social_worker` or `expert`.
    pub role: Role,
    /// The named office that they hold; whoever is signed in may read it with their name.
    #[schema(format = "plain-text", min_length = 1, max_length = 20, example = "书记")]
    pub title: Option<String>,
    /// From this day on; today unless told.
    pub from: Option<NaiveDate>,
    /// To this day; without an end unless told.
    pub to: Option<NaiveDate>,
}

impl Input for OrganisationMemberInput {
    fn cross_check(value: &Value, _: &actix_web::HttpRequest, faults: &mut Vec<FieldError>) {
        check_phone_and_days(value, faults);
        let role: Option<Role> = value["role"].as_str().and_then(|text| text.parse().ok());
        if role.is_some_and(|role| role.body() != Some(BodyKind::Organisation)) {
            faults.push(FieldError::body(
                "/role",
                "not_of_organisations",
                "应为 organisation_member、social_worker 或 expert。",
                "It takes organisation_member, social_worker or expert.",
            ));
        }
    }
}

impl Input for AppointInput {
    fn cross_check(value: &Value, _: &actix_web::HttpRequest, faults: &mut Vec<FieldError>) {
        check_phone_and_days(value, faults);
    }
}

fn check_phone_and_days(value: &Value, faults: &mut Vec<FieldError>) {
    let day = |name: &str| value[name].as_str().and_then(|text| text.parse::<NaiveDate>().ok());
    if let (Some(from), Some(to)) = (day("from"), day("to"))
        && to < from
    {
        faults.push(FieldError::body(
            "/to",
            "before_from",
            "结束日期早于开始日期。",
            "This is before from.",
        ));
    }
    check_phone(value, faults);
}

/// Names a number that is none.
fn check_phone(value: &Value, faults: &mut Vec<FieldError>) {
    let phone = value["phone"].as_str();
    if phone.is_some_and(|text| text.parse::<crate::identity::Phone>().is_err()) {
        faults.push(FieldError::body(
            "/phone",
            "phone",
            "应为手机号，如 +8613900000000。",
            "It takes a phone number such as +8613900000000.",
        ));
    }
}

/// Whom to find, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FindInput {
    /// The phone number with which they sign in, in E.164.
    #[schema(format = "plain-text", min_length = 5, max_length = 20, example = "+8613900000000")]
    pub phone: String,
    /// Why, in a few words; they are kept.
    #[schema(format = "plain-text", min_length = 1, max_length = 200, example = "来电求助")]
    pub reason: String,
}

impl Input for FindInput {
    fn cross_check(value: &Value, _: &actix_web::HttpRequest, faults: &mut Vec<FieldError>) {
        check_phone(value, faults);
    }
}

/// What somebody is within a unit.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundView {
    /// What they are there, and ask to be; nothing where nobody there has this number.
    pub items: Vec<MembershipView>,
}

/// Why something is done.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonInput {
    /// In a few words; they are kept.
    #[schema(format = "plain-text", min_length = 1, max_length = 200, example = "已搬离")]
    pub reason: String,
}

impl Input for ReasonInput {}

/// A whole phone number.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhoneView {
    /// In E.164; null where the account has none.
    pub phone: Option<String>,
}

/// Which members to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MembersQuery {
    /// Only those in this role.
    #[param(inline)]
    pub role: Option<Role>,
    /// Those that stand so; those active unless told.
    #[param(inline)]
    pub state: Option<State>,
    /// Also those of the units below.
    #[serde(default)]
    pub below: bool,
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

fn usual_limit() -> usize {
    100
}

impl Input for MembersQuery {}
