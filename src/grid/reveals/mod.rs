//! Looking at the whole phone numbers of many people: one of the staff asks with a reason,
//! a second one approves, and the first is shown them once.
//!
//! One number at a time is looked at elsewhere, so often a day. Every look stands in the
//! audit and in the access log of the person whose number it was.

mod change;
mod model;
pub mod routes;
mod store;
mod view;
