//! Tests of the streets as a whole.

mod cases;
mod figures;
mod files;
mod gates;
mod hostile;
mod hours;
mod modes;
mod oracle;
mod properties;
mod random;
mod reached;
mod remembered;
mod squares;
mod squares_exact;
mod squares_odd;
mod town;
