//! The desk: who comes today, who walks in, and what only the staff do to bookings.

pub mod routes;
