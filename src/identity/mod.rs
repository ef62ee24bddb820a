//! Who somebody is: accounts, the personal fields that are sealed, sessions and
//! the tokens that stand for them.
//!
//! What others may call: [`People`] finds persons and gives what may be shown of
//! them; [`Tokens`] says whose a bearer token is. A person is named by
//! [`PersonId`] everywhere; names and phones leave this room only through
//! [`People`], phones masked unless [`People::reveal_phone`] is asked, which its
//! caller must put into the audit. Staff search by phone through [`PhoneSearch`],
//! which counts and logs it.

mod codes;
pub mod delegations;
pub mod desk;
mod holds;
mod keys;
mod model;
mod people;
mod phone;
mod revoked;
pub mod routes;
mod seal;
mod search;
mod sender;
mod sessions;
mod sign_in;
mod store;
mod tally;
mod tokens;
mod view;
mod wechat;

pub use codes::Codes;
pub use holds::{AccountHolder, HOLDINGS};
pub use keys::{check_keys, rotate_master_key};
pub use model::{EndedBy, Method, Person, PersonId, PersonRef, Session, SessionId};
pub use people::{NewPerson, People, PersonChange, lock_person, present};
pub use phone::{NotAPhone, Phone};
pub use revoked::Revoked;
pub use seal::Keyring;
pub use search::PhoneSearch;
pub use sender::{CodeSender, Gateway};
pub use sessions::{Grant, Sessions};
pub use sign_in::Identity;
pub use tokens::{LIFETIME_S, LONGEST_S, Signed, Tokens};
pub use wechat::WeChat;
