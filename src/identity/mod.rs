//! Who somebody is: accounts, the personal fields that are sealed, sessions and
//! the tokens that stand for them.
//!
//! What others may call: [`People`] finds persons and gives what may be shown of
//! them; [`Tokens`] says whose a bearer token is. A person is named by
//! [`PersonId`] everywhere; names and phones leave this room only through
//! [`People`], phones masked unless [`People::reveal_phone`] is asked, which its
//! caller must put into the audit.

mod model;
mod people;
mod phone;
mod revoked;
mod seal;
mod store;
mod tokens;

pub use model::{Person, PersonId, PersonRef, Session, SessionId};
pub use people::{NewPerson, People};
pub use phone::{NotAPhone, Phone};
pub use revoked::Revoked;
pub use seal::Keyring;
pub use tokens::{Signed, Tokens};
