//! The question that every request is asked: who are you, and may you?
//!
//! The HTTP layer asks it, [`grid::access`](crate::grid::access) answers it; neither
//! needs to know the other.

use uuid::Uuid;

use crate::error::Result;

/// A permission that an operation can need.
pub trait Permission: 'static {
    /// Its name in the API document and in the gate's table.
    const NAME: &'static str;
}

/// Anybody, also without an account.
pub struct Public;
impl Permission for Public {
    const NAME: &'static str = "public";
}

/// Whoever is signed in.
pub struct SignedIn;
impl Permission for SignedIn {
    const NAME: &'static str = "signed_in";
}

/// Whoever holds the operator's key of the configuration.
pub struct Operator;
impl Permission for Operator {
    const NAME: &'static str = "operator";
}

/// The one place that decides who may do what.
pub trait Gate: Send + Sync {
    /// Admits a request that carries this bearer credential, or refuses it.
    fn admit(&self, bearer: Option<&str>, permission: &'static str) -> Result<Actor>;
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
    fn verify(&self, bearer: &str) -> Result<Signed>;
}

/// In whose name a request is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `anonymous`, `operator`, or a person's id.
    pub name: String,
    /// The person and their session; none where nobody signed in.
    pub signed: Option<Signed>,
}
