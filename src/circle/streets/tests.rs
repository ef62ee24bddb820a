//! Tests of the streets as a whole.

mod cases;
mod files;
mod gates;
mod properties;
mod squares;
mod squares_exact;
mod town;
