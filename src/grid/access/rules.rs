//! Every permission, and the whole rule of each as data. Whatever stands in no row
//! is denied.

use crate::error::Reason;
use crate::gate::{Permission, Scoped, Subject, Unscoped};
use crate::grid::members::Role;
use crate::grid::members::Role::{
    BuildingHead, CityStaff, CommunityStaff, CountyStaff, DepartmentOfficer, GridLeader, OrganisationMember,
    StreetStaff,
};
use crate::grid::model::UnitId;

/// Where a role must be held for a permission at a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// At the subject's unit, or at any unit above it.
    AtOrAbove,
    /// At a unit above the subject's, not at it: nobody watches over themselves.
    Above,
    /// At the very organisation or department.
    Body,
    /// At the very organisation, as one of its named officers, of somebody who is a member
    /// or asks to be: whoever adds others by their phone numbers learns their names.
    Officer,
    /// At any unit.
    Anywhere,
}
use Reach::{Above, Anywhere, AtOrAbove, Body, Officer};

/// Who has a permission.
#[derive(Debug)]
pub struct Rule {
    /// The permission's name; for [`GRANTS`] the role that is given or taken.
    pub name: &'static str,
    /// The roles that have it, and where each must be held.
    pub holders: &'static [(Role, Reach)],
    /// Whether whom it is about has it as well.
    pub holder_too: bool,
    /// What those who do not have it are told: that they may not, or nothing at all.
    pub refusal: Reason,
}

/// Declares the permissions about something, with their rules.
macro_rules! permissions {
    ($($(#[$doc:meta])* $type:ident $name:literal of $of:ty, else $refusal:ident, $(holder $holder:tt,)? [$(($role:expr, $reach:expr)),* $(,)?];)+) => {
        $($(#[$doc])*
        pub struct $type;
        impl Permission for $type {
            const NAME: &'static str = $name;
        }
        impl Scoped for $type {
            type Of = $of;
        })+

        /// The rule of each permission, in the order of the API document's areas.
        pub const RULES: &[Rule] = &[
            $(Rule {
                name: $name,
                holders: &[$(($role, $reach)),*],
                holder_too: false $(|| $holder)?,
                refusal: Reason::$refusal,
            },)+
            Rule {
                name: <RunBatches as Permission>::NAME,
                holders: &[
                    (CommunityStaff, Anywhere),
                    (StreetStaff, Anywhere),
                    (CountyStaff, Anywhere),
                    (CityStaff, Anywhere),
                ],
                holder_too: false,
                refusal: Reason::Forbidden,
            },
        ];
    };
}

/// Ask for many circles at once, which costs; about no unit in particular.
pub struct RunBatches;
impl Permission for RunBatches {
    const NAME: &'static str = "run_batches";
}
impl Unscoped for RunBatches {}

permissions! {
    /// Change places, doors and hours of a unit; of no unit where they belong to none.
    ManagePlaces "manage_places" of Option<UnitId>, else Forbidden,
        [(CommunityStaff, AtOrAbove), (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// Enter and change resources that are booked, their closures and their rules.
    ManageResources "manage_resources" of BodyOf, else Forbidden,
        [(DepartmentOfficer, Body), (CommunityStaff, AtOrAbove), (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// Serve those who have booked: see who comes, approve, check in, and book for who walks in. Others are not told
    /// that anybody booked.
    ServeBookings "serve_bookings" of BodyOf, else NotFound,
        [(DepartmentOfficer, Body), (GridLeader, AtOrAbove), (CommunityStaff, AtOrAbove), (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove),
         (CityStaff, AtOrAbove)];
    /// Pass over limits, lead time, horizon and approval when booking for somebody, with a reason that is kept.
    OverrideBookings "override_bookings" of BodyOf, else Forbidden,
        [(DepartmentOfficer, Body), (CommunityStaff, AtOrAbove), (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// See who is what at a unit, and who asks to be. Others are not told that anybody is.
    SeeMembers "see_members" of UnitId, else NotFound,
        [(BuildingHead, AtOrAbove), (GridLeader, AtOrAbove), (CommunityStaff, AtOrAbove),
         (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// See a member's phone number unmasked, with a reason that is kept.
    SeePhones "see_phones" of UnitId, else NotFound,
        [(BuildingHead, AtOrAbove), (GridLeader, AtOrAbove), (CommunityStaff, AtOrAbove),
         (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// Find a member by their phone number, with a reason that is kept.
    FindPeople "find_people" of UnitId, else NotFound,
        [(CommunityStaff, AtOrAbove), (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// Help somebody of a unit at the desk: act for them, make an account for who has no phone, and countersign.
    ServeAtDesk "serve_at_desk" of UnitId, else NotFound,
        [(CommunityStaff, AtOrAbove), (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// Read who granted, ended and looked at what in a unit. The city's own is read by the city.
    ReadAudit "read_audit" of UnitId, else NotFound,
        [(CommunityStaff, Above), (StreetStaff, Above), (CountyStaff, Above), (CityStaff, AtOrAbove)];
    /// Give a role to somebody; [`GRANTS`] says who.
    GrantRoles "grant_roles" of Office, else Forbidden, [];
    /// Take a role away, or answer who asks for it; [`GRANTS`] says who. Others are not told of it.
    DecideRoles "decide_roles" of Office, else NotFound, [];
    /// Give up a role, or take it away.
    EndRoles "end_roles" of Office, else NotFound, holder true, [];
    /// Rename, merge, split and move a unit.
    ManageUnits "manage_units" of UnitId, else Forbidden,
        [(CommunityStaff, Above), (StreetStaff, Above), (CountyStaff, Above), (CityStaff, AtOrAbove)];
    /// Draw the estates of a unit.
    ManageEstates "manage_estates" of UnitId, else Forbidden,
        [(CommunityStaff, AtOrAbove), (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// Found and close the organisations of a unit.
    ManageOrganisations "manage_organisations" of UnitId, else Forbidden,
        [(CommunityStaff, AtOrAbove), (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// See who is a member of an organisation; of a party branch its own members do.
    SeeOrganisation "see_organisation" of BodyOf, else NotFound,
        [(OrganisationMember, Body), (GridLeader, AtOrAbove), (CommunityStaff, AtOrAbove),
         (StreetStaff, AtOrAbove), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// Found and close the departments of a unit.
    ManageDepartments "manage_departments" of UnitId, else Forbidden,
        [(CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// See who the officers of a department are.
    SeeOfficers "see_officers" of BodyOf, else NotFound,
        [(DepartmentOfficer, Body), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
    /// Publish what a department is bound to do.
    PublishDuties "publish_duties" of BodyOf, else Forbidden,
        [(DepartmentOfficer, Body), (CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)];
}

/// Who gives and takes each role, and the named offices of organisations. The command line on the server gives and takes all.
pub const GRANTS: &[Rule] = &[
    grants(
        Role::Resident,
        &[
            (BuildingHead, AtOrAbove),
            (GridLeader, AtOrAbove),
            (CommunityStaff, AtOrAbove),
            (StreetStaff, AtOrAbove),
            (CountyStaff, AtOrAbove),
            (CityStaff, AtOrAbove),
        ],
    ),
    grants(
        Role::BuildingHead,
        &[
            (CommunityStaff, Above),
            (StreetStaff, Above),
            (CountyStaff, Above),
            (CityStaff, Above),
        ],
    ),
    grants(
        Role::GridLeader,
        &[
            (CommunityStaff, Above),
            (StreetStaff, Above),
            (CountyStaff, Above),
            (CityStaff, Above),
        ],
    ),
    grants(
        Role::CommunityStaff,
        &[(StreetStaff, Above), (CountyStaff, Above), (CityStaff, Above)],
    ),
    grants(Role::StreetStaff, &[(CountyStaff, Above), (CityStaff, Above)]),
    grants(Role::CountyStaff, &[(CityStaff, Above)]),
    grants(Role::CityStaff, &[]),
    grants(
        Role::DepartmentOfficer,
        &[(CountyStaff, AtOrAbove), (CityStaff, AtOrAbove)],
    ),
    grants(
        Role::OrganisationMember,
        &[
            (OrganisationMember, Officer),
            (CommunityStaff, AtOrAbove),
            (StreetStaff, AtOrAbove),
            (CountyStaff, AtOrAbove),
            (CityStaff, AtOrAbove),
        ],
    ),
    Rule {
        name: NAMED_OFFICE,
        holders: &[
            (CommunityStaff, AtOrAbove),
            (StreetStaff, AtOrAbove),
            (CountyStaff, AtOrAbove),
            (CityStaff, AtOrAbove),
        ],
        holder_too: false,
        refusal: Reason::Forbidden,
    },
    grants(
        Role::SocialWorker,
        &[
            (CommunityStaff, AtOrAbove),
            (StreetStaff, AtOrAbove),
            (CountyStaff, AtOrAbove),
            (CityStaff, AtOrAbove),
        ],
    ),
    grants(Role::MerchantOperator, &[]),
    grants(
        Role::Expert,
        &[
            (CommunityStaff, AtOrAbove),
            (StreetStaff, AtOrAbove),
            (CountyStaff, AtOrAbove),
            (CityStaff, AtOrAbove),
        ],
    ),
];

/// The row of [`GRANTS`] for the named offices of organisations.
pub const NAMED_OFFICE: &str = "named_office";

const fn grants(role: Role, holders: &'static [(Role, Reach)]) -> Rule {
    Rule {
        name: role.name(),
        holders,
        holder_too: false,
        refusal: Reason::Forbidden,
    }
}

/// The rule of a permission.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// The rule of who gives and takes a role.
pub fn grant_rule(role: &str) -> Option<&'static Rule> {
    GRANTS.iter().find(|rule| rule.name == role)
}

/// An organisation or a department with its unit.
#[derive(Debug, Clone, Copy)]
pub struct BodyOf {
    /// Its id.
    pub id: uuid::Uuid,
    /// Its unit; none where those above have no say.
    pub unit: Option<UnitId>,
}

/// A role at a body.
#[derive(Debug, Clone, Copy)]
pub struct Office {
    /// The role.
    pub role: Role,
    /// The unit or other body at which it is held.
    pub body: uuid::Uuid,
    /// The unit that this is or belongs to; none where those above have no say.
    pub unit: Option<UnitId>,
    /// Whether it is a named office of an organisation.
    pub is_named: bool,
    /// Who holds it or asks for it, where somebody does.
    pub holder: Option<uuid::Uuid>,
}

impl From<UnitId> for Subject {
    fn from(unit: UnitId) -> Self {
        Self::Unit(unit.uuid())
    }
}

impl From<Option<UnitId>> for Subject {
    fn from(unit: Option<UnitId>) -> Self {
        unit.map_or(Self::City, Self::from)
    }
}

/// What is a unit's own and no body's.
impl From<UnitId> for BodyOf {
    fn from(unit: UnitId) -> Self {
        Self {
            id: uuid::Uuid::nil(),
            unit: Some(unit),
        }
    }
}

impl From<BodyOf> for Subject {
    fn from(body: BodyOf) -> Self {
        Self::Body {
            id: body.id,
            unit: body.unit.map(UnitId::uuid),
        }
    }
}

impl From<Office> for Subject {
    fn from(office: Office) -> Self {
        Self::Office {
            role: if office.is_named {
                NAMED_OFFICE
            } else {
                office.role.name()
            },
            body: office.body,
            unit: office.unit.map(UnitId::uuid),
            holder: office.holder,
        }
    }
}
