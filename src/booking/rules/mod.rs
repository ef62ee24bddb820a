//! Rules of booking: data that the staff write, of one resource or of several.
//!
//! A set has a name and versions, of which the last is in force; a booking keeps the one that
//! it was made under.

mod model;
pub mod routes;
mod store;
mod view;

pub use model::{
    Approval, Limit, NoShowPolicy, Overlap, Period, Rules, RulesId, RulesVersionId, Span, Terms, Unit, Version,
    WaitingPolicy, Whose,
};
pub use store::{current_of, found_rules, load_locked, versions};
