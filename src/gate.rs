//! The question that every request is asked: who are you, and may you?
//!
//! The HTTP layer asks it, [`grid::access`](crate::grid::access) answers it; neither
//! needs to know the other. A permission is a type that stands in a handler's
//! signature. One that is about something ([`Scoped`]) hands out its [`Actor`] only
//! for a [`Subject`] that the handler names, so that no handler can forget to say
//! what it is about to touch.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use uuid::Uuid;

use crate::clock::Timestamp;
use crate::error::Result;

/// A permission that an operation can need.
pub trait Permission: 'static {
    /// Its name in the API document and in the gate's table.
    const NAME: &'static str;
    /// Whether a credential that is sent along is not looked at.
    const IGNORES_CREDENTIAL: bool = false;
    /// Under which scope it can be used for another; without one it cannot.
    const SCOPE: Option<&'static str> = None;
}

/// A permission that is about nothing in particular: who is let in has it.
pub trait Unscoped: Permission {}

/// A permission at something: the handler names it and only then learns its actor.
pub trait Scoped: Permission {
    /// What the handler names.
    type Of: Into<Subject>;
}

/// Anybody, also without an account.
pub struct Public;
impl Permission for Public {
    const NAME: &'static str = "public";
}
impl Unscoped for Public {}

/// Anybody, also with a credential that is out of date: who comes for a new one may
/// well send the old one along.
pub struct SigningIn;
impl Permission for SigningIn {
    const NAME: &'static str = Public::NAME;
    const IGNORES_CREDENTIAL: bool = true;
}
impl Unscoped for SigningIn {}

/// Whoever is signed in.
pub struct SignedIn;
impl Permission for SignedIn {
    const NAME: &'static str = "signed_in";
}
impl Unscoped for SignedIn {}

/// What one may do for another, as a delegation has it.
pub trait Scope: 'static {
    /// Its name.
    const NAME: &'static str;
}

macro_rules! scopes {
    ($($(#[$about:meta])+ $scope:ident $name:literal;)+) => {
        $(
            $(#[$about])+
            pub struct $scope;
            impl Scope for $scope {
                const NAME: &'static str = $name;
            }
        )+

        /// The names of all scopes.
        pub const SCOPES: &[&str] = &[$($name),+];
    };
}

scopes! {
    /// Read where somebody stands.
    Read "read";
    /// Ask for what takes a decision: a home, a household.
    Apply "apply";
    /// Raise requests and follow them.
    Report "report";
    /// Book a place at a facility.
    Book "book";
}

/// Whoever is signed in, about what is their own; or somebody who acts for another, about
/// what is the other's.
pub struct OnesOwn<S>(std::marker::PhantomData<S>);
impl<S: Scope> Permission for OnesOwn<S> {
    const NAME: &'static str = SignedIn::NAME;
    const SCOPE: Option<&'static str> = Some(S::NAME);
}
impl<S: Scope> Unscoped for OnesOwn<S> {}

/// What a permission is asked about, by the ids of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A unit.
    Unit(Uuid),
    /// What belongs to no unit, and so to the whole city.
    City,
    /// An organisation or a department, and the unit that it belongs to.
    Body {
        /// Its id.
        id: Uuid,
        /// The id of its unit; none where those above have no say.
        unit: Option<Uuid>,
    },
    /// A role at a body, to be given to somebody or taken from them.
    Office {
        /// The role's name.
        role: &'static str,
        /// The id of the unit or other body.
        body: Uuid,
        /// The id of the unit that this is or belongs to; none where those above have no say.
        unit: Option<Uuid>,
        /// Who holds it or asks for it, where that is known.
        holder: Option<Uuid>,
    },
}

/// Who a bearer credential names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signed {
    /// The person's id.
    pub person: Uuid,
    /// The id of their session.
    pub session: Uuid,
}

/// Knows good credentials from bad ones.
pub trait Credentials: Send + Sync {
    /// Who a credential names; refused where it is not ours, out of date or ended.
    fn verify(&self, bearer: &str) -> Result<Signed> {
        self.good_until(bearer).map(|(signed, _)| signed)
    }

    /// The same, and when it runs out.
    fn good_until(&self, bearer: &str) -> Result<(Signed, Timestamp)>;

    /// Whether the session ended: what was given to it counts no more.
    fn is_over(&self, signed: Signed) -> bool;
}

/// By what somebody acts for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActsBy {
    /// A delegation, by its id.
    Delegation(Uuid),
    /// A desk session, by its id, at the desk of a unit.
    Desk {
        /// The id of the session.
        session: Uuid,
        /// The id of the unit.
        unit: Uuid,
    },
}

/// For whom somebody acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acting {
    /// By what.
    pub by: ActsBy,
    /// The id of the person for whom.
    pub principal: Uuid,
}

/// In whose name a request is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// A person's id, or `anonymous`; `A for B` where one acts for another. What history
    /// and idempotency keep.
    pub name: String,
    /// The person and their session; none where nobody signed in.
    pub signed: Option<Signed>,
    /// For whom they act, where it is not for themselves.
    pub acting: Option<Acting>,
}

impl Actor {
    /// The id of the person whose own it is about: of the other where one acts for
    /// another.
    pub fn whose(&self) -> Option<Uuid> {
        match self.acting {
            Some(acting) => Some(acting.principal),
            None => self.signed.map(|signed| signed.person),
        }
    }
}

/// What stands between the two in the name of an actor who acts for another.
pub const FOR: &str = " for ";

/// What a request shows at the gate.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Its credential.
    pub bearer: Option<&'a str>,
    /// By what it acts for another: the id of a delegation or of a desk session.
    pub acting_for: Option<&'a str>,
    /// The permission that the operation needs.
    pub permission: &'static str,
    /// Under which scope the operation can be used for another.
    pub scope: Option<&'static str>,
}

/// Somebody who is let in, or not, once that is known.
pub type Admission<'a> = Pin<Box<dyn Future<Output = Result<Arc<dyn Pass>>> + 'a>>;

/// The one place that decides who may do what.
pub trait Gate: Send + Sync {
    /// Lets a request in that carries this, or refuses it. Whether it may do a scoped act
    /// is decided later, by its [`Pass`].
    fn admit<'a>(&'a self, shown: Shown<'a>) -> Admission<'a>;
}

/// Somebody who was let in.
pub trait Pass: Send + Sync {
    /// Who.
    fn actor(&self) -> &Actor;
    /// Refuses unless they have the permission at the subject.
    fn decide(&self, permission: &'static str, subject: Subject) -> Result<()>;
}
