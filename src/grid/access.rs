//! Who may do what: the one place that decides.

use std::sync::Arc;

use crate::db::follow::Follower;
use crate::error::{Error, Reason, Result};
use crate::gate::{Actor, Credentials, Gate, Operator, Permission, Public, SignedIn};
use crate::identity::PersonId;
use crate::secret::Secret;

/// Decides from the configuration's operator key and from who is signed in.
pub struct Access {
    operator_key: Secret,
    credentials: Arc<dyn Credentials>,
    follower: Arc<Follower>,
}

impl Access {
    /// With this key, trusting memory only as long as the follower keeps it fresh.
    pub fn new(operator_key: Secret, credentials: Arc<dyn Credentials>, follower: Arc<Follower>) -> Self {
        Self {
            operator_key,
            credentials,
            follower,
        }
    }

    /// Whoever holds a key that is not ours is told so also where none is needed.
    fn identify(&self, bearer: Option<&str>) -> Result<Option<Actor>> {
        match bearer {
            None => Ok(None),
            Some(key) if self.operator_key.is(key) => Ok(Some(Actor {
                name: "operator".into(),
                signed: None,
            })),
            Some(token) => {
                let signed = self.credentials.verify(token)?;
                Ok(Some(Actor {
                    name: PersonId::from_uuid(signed.person).to_string(),
                    signed: Some(signed),
                }))
            }
        }
    }
}

impl Gate for Access {
    fn admit(&self, bearer: Option<&str>, permission: &'static str) -> Result<Actor> {
        let actor = self.identify(bearer)?;
        if permission == Public::NAME {
            return Ok(actor.unwrap_or(Actor {
                name: "anonymous".into(),
                signed: None,
            }));
        }
        if !self.follower.is_fresh() {
            return Err(Error::refused(Reason::Stale));
        }
        match actor {
            Some(actor) if permission == Operator::NAME && actor.signed.is_none() => Ok(actor),
            Some(actor) if permission == SignedIn::NAME && actor.signed.is_some() => Ok(actor),
            Some(_) => Err(Error::refused(Reason::Forbidden)),
            None => Err(Error::refused(Reason::Unauthenticated)),
        }
    }
}
