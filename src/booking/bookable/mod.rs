//! What can be booked within the circle, and when it is free first.

mod find;
pub mod routes;
mod view;
