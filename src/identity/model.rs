//! Persons and sessions.

use std::str::FromStr;

use super::phone::Phone;
use crate::clock::Timestamp;
use crate::db::{Id, Named};
use crate::language::Language;

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Its id.
    pub id: PersonId,
    /// What the person is called; none until they have said it.
    pub name: Option<String>,
    /// The number that they sign in with; none once the account is erased.
    pub phone: Option<Phone>,
    /// Whether a WeChat account is tied to it.
    pub has_wechat: bool,
    /// The year in which they were born, where they said it.
    pub birth_year: Option<i32>,
    /// The number of their household card, where they have one.
    pub card: Option<String>,
    /// The language in which they are written to.
    pub language: Language,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Grows with each change.
    pub version: i64,
}

/// The id of a person.
pub type PersonId = Id<Person>;

impl Named for Person {
    const PREFIX: &'static str = "per";
}

/// What others are shown of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRef {
    /// The id.
    pub id: PersonId,
    /// The name, where it is known.
    pub name: Option<String>,
    /// The phone number, masked.
    pub phone: Option<String>,
}

/// One sign-in on one device, until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub person: PersonId,
    /// By which door they came in.
    pub method: Method,
    /// What the app calls the device.
    pub device: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When its tokens were last renewed.
    pub used_at: Timestamp,
    /// When it ends by itself unless its tokens are renewed.
    pub expires_at: Timestamp,
}

/// The id of a session.
pub type SessionId = Id<Session>;

impl Named for Session {
    const PREFIX: &'static str = "ses";
}

/// Declares the names by which a choice is stored and shown: the variant's in small
/// letters, since the API document is deaf to names that come through a macro.
macro_rules! named {
    ($(#[$about:meta])* $choice:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "lowercase")]
        pub enum $choice { $($(#[$doc])* $variant,)+ }

        impl $choice {
            /// The name in the table and in answers.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl FromStr for $choice {
            type Err = ();

            fn from_str(name: &str) -> Result<Self, ()> {
                match name { $($name => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }
    };
}

named! {
    /// The door by which somebody came in.
    Method {
        /// A code sent to their phone.
        Code = "code",
        /// Their WeChat account.
        WeChat = "wechat",
        /// A token made on the server itself.
        Operator = "operator",
    }
}

named! {
    /// What ended a session before its time.
    EndedBy {
        /// Its own person signed out with it.
        Logout = "logout",
        /// Its own person ended it from another session.
        Another = "another",
        /// A refresh token came that had been exchanged before.
        Reuse = "reuse",
        /// The person signed in on more devices than one may have.
        Crowded = "crowded",
        /// The command line.
        Operator = "operator",
        /// The account was erased.
        Erasure = "erasure",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_stored_shown_and_documented_by_one_name() {
        let document = serde_json::to_value(<Method as utoipa::PartialSchema>::schema()).expect("JSON");
        for (number, method) in [Method::Code, Method::WeChat, Method::Operator].into_iter().enumerate() {
            assert_eq!(serde_json::to_value(method).expect("JSON"), method.name());
            assert_eq!(document["enum"][number], method.name());
        }
    }
}
