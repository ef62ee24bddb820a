//! Appointments at shared facilities: never double-booked, nothing lost, fair.
//!
//! The truth is about time: a day of a resource is a row of 288 five-minute cells (UTC), each
//! with the places that bookings take then, buffers included ([`cells`]). Slots are only the
//! offer drawn over it ([`offer`]). One function says whether a stretch can be booked and why
//! not ([`whether`]), for the list of slots and for a booking alike. What is asked for is
//! decided by the pure [`Book`](book::Book) and goes through a [`lane`] that locks, loads and stores.
//! [`resources`] are what is booked, [`rules`] how.
//!
//! [`bookable`] finds what is free nearby, [`check_in`] is the door, [`calendars`] are what other
//! programs subscribe to, [`due`] what the time does.
//!
//! Others may call: [`Bookings`], what founds rules and resources, and what is registered in
//! `server.rs`.

mod act;
mod book;
mod bookable;
mod bookings;
mod calendars;
mod cells;
mod change;
mod check_in;
mod command;
mod desk;
mod due;
mod fit;
mod holds;
mod instead;
mod lane;
mod lapse;
mod model;
mod offer;
mod resources;
pub mod routes;
mod rules;
mod sharing;
mod slip;
mod slots;
mod step_store;
mod store;
mod trees;
mod undo;
mod utilisation;
mod verify;
mod view;
mod waiting;
mod whether;
mod why;

#[cfg(test)]
mod tests;

pub use bookings::Bookings;
pub use due::Due;
pub use holds::{BookingHolder, HOLDINGS};
pub use resources::{Facts, Kind, ResourceId, found_resource};
pub use rules::{Approval, Limit, NoShowPolicy, Period, Span, Terms, Unit, Whose, found_rules};
pub use sharing::{Agreement, AgreementId, Holder, Mode, Party, Share, ShareId, found_agreement, found_share};
pub use undo::UNDOING;
pub use verify::{Finding, Verified, verify};
pub use waiting::Released;
