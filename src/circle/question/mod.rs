//! What may be asked of the circle: the parameters that its operations share, and
//! where an origin is.

pub mod view;
