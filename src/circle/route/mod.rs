//! The walk to one place: its line, its figures, and its steps in words.

pub mod routes;
pub mod words;
