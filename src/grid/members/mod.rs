//! Memberships: who is what at which body, from a day to a day.
//!
//! Others call [`homes`], [`all_staff`] and [`staff_of`] for what memory holds, and
//! [`grant`], [`request`] and [`end_all_at`] within their own transactions; each writes
//! the audit.

mod change;
pub mod finding;
mod import;
mod model;
mod offices;
mod role;
pub mod routes;
mod store;
mod telling;
pub mod view;

pub use crate::identity::PersonId;
pub use change::{
    By, NewMembership, carry_over, end_all_at, end_all_of, end_at, end_untitled, grant, grant_once, home_locked,
    request, take_back,
};
pub use import::import_people;
pub use model::{Held, Membership, MembershipId, State, day_number, day_of};
pub use offices::{Office, OfficeHolder, offices_of};
pub use role::{BodyKind, Role};
pub use store::{
    BodyId, KIND, Wanted, all_of, all_staff, blank_reasons, homes, homes_of, list_at, load_at, load_many, staff_of,
};
