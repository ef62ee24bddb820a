//! Calendars that other programs subscribe to (iCalendar, RFC 5545 and 7986): one's own
//! bookings, those of a resource, and without any names when a resource is taken.

mod feed;
pub mod routes;
mod store;
mod view;

pub use store::{forget_of, own_feeds};
