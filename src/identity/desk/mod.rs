//! The desk: one of the staff serves somebody who stands before them, for half an hour at
//! the most, with a reason that is kept. Also persons without a phone are served: they get a
//! household card with a number by which they are found.

mod card;
mod model;
pub mod routes;
mod slip;
mod store;
mod view;

pub(in crate::identity) use card::new_card;
pub(in crate::identity) use model::may_be_under_age;
pub use model::{DeskSession, DeskSessionId};
pub(in crate::identity) use store::{end_all_of, is_open_locked, of_person, session_of};
