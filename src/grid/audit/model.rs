//! Entries of the audit.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::{Id, Named};
use crate::gate::FOR;
use crate::grid::members::{BodyKind, PersonId, Role};
use crate::grid::model::UnitId;

/// In whose name the command line acts.
pub const OPERATOR: &str = "operator";

/// Declares [`Act`]: variant and name.
macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident $text:literal;)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Act { $($(#[$doc])* $name,)+ }

        impl Act {
            /// Its name in tables and API.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }

        impl FromStr for Act {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                [$(Self::$name),+].into_iter().find(|act| act.name() == text).ok_or(())
            }
        }
    };
}

acts! {
    /// A role was asked for.
    RoleRequested "role_requested";
    /// A role was granted, or a request for it confirmed.
    RoleGranted "role_granted";
    /// A request was refused.
    RoleRefused "role_refused";
    /// A role ended, or a request was taken back.
    RoleEnded "role_ended";
    /// Somebody's whole phone number was looked at.
    PhoneSeen "phone_seen";
    /// Somebody was searched for by their phone number; whose it is stands there
    /// only where that is somebody of the unit.
    PhoneSearched "phone_searched";
    /// Somebody asked to see the phone numbers of many.
    NumbersAsked "numbers_asked";
    /// A second person approved that.
    NumbersApproved "numbers_approved";
    /// A second person refused it.
    NumbersRefused "numbers_refused";
    /// A department was founded.
    DepartmentFounded "department_founded";
    /// A department got another name.
    DepartmentRenamed "department_renamed";
    /// A department was closed.
    DepartmentClosed "department_closed";
    /// A unit got another name.
    UnitRenamed "unit_renamed";
    /// A unit came under another.
    UnitMoved "unit_moved";
    /// A unit gave some of those below it to a new one.
    UnitSplit "unit_split";
    /// A unit was merged into another.
    UnitMerged "unit_merged";
    /// The buildings of an estate were drawn.
    EstateDrawn "estate_drawn";
    /// An estate was closed.
    EstateClosed "estate_closed";
    /// An organisation was founded.
    OrganisationFounded "organisation_founded";
    /// An organisation got another name.
    OrganisationRenamed "organisation_renamed";
    /// An organisation was closed.
    OrganisationClosed "organisation_closed";
    /// A department published a duty.
    DutyPublished "duty_published";
    /// A department withdrew a duty.
    DutyWithdrawn "duty_withdrawn";
    /// Somebody was served at the desk.
    DeskOpened "desk_opened";
    /// Somebody without a phone got an account at the desk.
    PersonRegistered "person_registered";
    /// Somebody who had no phone got one at the desk.
    PhoneGiven "phone_given";
    /// One of the staff proposed that somebody acts for another.
    DelegationProposed "delegation_proposed";
    /// A second one countersigned it.
    DelegationCountersigned "delegation_countersigned";
    /// The command line made a token in somebody's name.
    TokenIssued "token_issued";
    /// A resource was entered.
    ResourceEntered "resource_entered";
    /// Other facts were written about a resource.
    ResourceChanged "resource_changed";
    /// A resource was given up.
    ResourceClosed "resource_closed";
    /// A resource was offered again.
    ResourceReopened "resource_reopened";
    /// A resource was closed for a time.
    ClosureEntered "closure_entered";
    /// That was lifted.
    ClosureLifted "closure_lifted";
    /// Rules of booking were made or changed.
    RulesWritten "rules_written";
    /// An agreement to share a resource was entered.
    AgreementEntered "agreement_entered";
    /// An agreement to share a resource was ended.
    AgreementEnded "agreement_ended";
    /// Places of a resource were withheld for some.
    ShareWithheld "share_withheld";
    /// Places of a resource were withheld no more.
    ShareEnded "share_ended";
}

impl Act {
    /// Those in which somebody was looked at, or could be in their name: what the person is
    /// shown of.
    pub const LOOKS: [Self; 5] = [
        Self::PhoneGiven,
        Self::PhoneSeen,
        Self::PhoneSearched,
        Self::DeskOpened,
        Self::TokenIssued,
    ];
}

/// The person who did it, of the name of an actor; none where it was the command line or
/// an import.
pub fn who(actor: &str) -> Option<PersonId> {
    let agent = actor.split_once(FOR).map_or(actor, |(agent, _)| agent);
    agent.parse().ok()
}

/// The person for whom they did it, where it was not for themselves.
pub fn for_whom(actor: &str) -> Option<PersonId> {
    let (_, principal) = actor.split_once(FOR)?;
    principal.parse().ok()
}

/// An entry to be written.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    /// In whose name.
    pub actor: &'a str,
    /// What was done.
    pub act: Act,
    /// To whom.
    pub person: Option<PersonId>,
    /// As to which role.
    pub role: Option<Role>,
    /// At which body.
    pub body: Option<(BodyKind, Uuid)>,
    /// The unit that this is or belongs to; under it the entry is found.
    pub unit: Option<UnitId>,
    /// Why, in the actor's words.
    pub reason: Option<&'a str>,
}

impl<'a> Entry<'a> {
    /// Of what was done to a body of a unit, and to nobody in particular.
    pub const fn of_body(
        actor: &'a str,
        act: Act,
        body: (BodyKind, Uuid),
        unit: UnitId,
        reason: Option<&'a str>,
    ) -> Self {
        Self {
            actor,
            act,
            person: None,
            role: None,
            body: Some(body),
            unit: Some(unit),
            reason,
        }
    }
}

/// An entry that was written.
#[derive(Debug, Clone)]
pub struct AuditEntry;

impl Named for AuditEntry {
    const PREFIX: &'static str = "aud";
}

/// The id of an entry.
pub type AuditId = Id<AuditEntry>;
