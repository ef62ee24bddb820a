//! Tests of the streets as a whole.

mod cases;
mod files;
mod gates;
mod modes;
mod oracle;
mod properties;
mod random;
mod reached;
mod squares;
mod squares_exact;
mod squares_odd;
mod town;
