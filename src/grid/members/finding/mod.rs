//! Finding somebody of one's own units by their phone number.

pub mod routes;
