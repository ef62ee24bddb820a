//! Sharing: agreements by which others use a resource in hours of their own, and shares of its
//! places that are withheld for some until a stated time.
//!
//! [`admit`] says by what right somebody books, [`keep`] which places are kept from them.

pub mod admit;
pub mod keep;
mod model;
pub mod routes;
mod store;
mod view;

pub use model::{Agreement, AgreementId, Holder, Mode, Party, Right, Share, ShareId, Standing};
pub use store::{found_agreement, found_share, in_force, standings, withheld};
