//! Who may do what: the one place that decides.
//!
//! [`Access`] answers the [`Gate`]'s question from the roles and the tree in memory,
//! which follow `changes`. The rules are data in `rules`: a permission that has no
//! row there, and a role that stands in none, is denied. A permission's type stands in the
//! signature of the handler that needs it; `/v1` operations take theirs from here.

mod decide;
mod rules;
mod standing;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use rules::{
    BodyOf, DecideRoles, EndRoles, FindPeople, GRANTS, GrantRoles, ManageDepartments, ManageEstates,
    ManageOrganisations, ManagePlaces, ManageResources, ManageUnits, Office, OverrideBookings, PublishDuties, RULES,
    Reach, ReadAudit, Rule, RunBatches, SeeMembers, SeeOfficers, SeeOrganisation, SeePhones, ServeAtDesk,
    ServeBookings,
};
pub use standing::Standing;

use super::members::{Held, PersonId, day_number};
use super::tree::LiveTree;
use crate::calendar::Calendar;
use crate::clock::{self, Timestamp};
use crate::db::Db;
use crate::db::follow::Follower;
use crate::error::{Error, Reason, Result};
use crate::gate::{
    Actor, ActsBy, Admission, Credentials, FOR, Gate, Pass, Permission, Public, Shown, SignedIn, Subject,
};
use crate::identity::delegations;

/// Decides from memberships and the tree.
#[derive(Clone)]
pub struct Access(Arc<Parts>);

struct Parts {
    credentials: Arc<dyn Credentials>,
    standing: Arc<Standing>,
    tree: Arc<LiveTree>,
    calendar: Arc<Calendar>,
    follower: Arc<Follower>,
    db: Db,
    today: Today,
}

impl Access {
    /// Of what is followed by `follower`, which is trusted as long as it is fresh.
    pub fn new(
        credentials: Arc<dyn Credentials>,
        standing: Arc<Standing>,
        tree: Arc<LiveTree>,
        calendar: Arc<Calendar>,
        follower: Arc<Follower>,
        db: Db,
    ) -> Self {
        Self(Arc::new(Parts {
            credentials,
            standing,
            tree,
            calendar,
            follower,
            db,
            today: Today::default(),
        }))
    }

    /// Whoever shows a credential that is not good is told so also where none is needed.
    fn identify(&self, bearer: Option<&str>) -> Result<Actor> {
        let Some(bearer) = bearer else {
            return Ok(Actor {
                name: "anonymous".into(),
                signed: None,
                acting: None,
            });
        };
        let signed = self.0.credentials.verify(bearer)?;
        Ok(Actor {
            name: PersonId::from_uuid(signed.person).to_string(),
            signed: Some(signed),
            acting: None,
        })
    }

    /// Somebody who acts for another, if they may under this scope now.
    async fn deputed(&self, actor: Actor, acting_for: &str, scope: Option<&'static str>) -> Result<Actor> {
        let scope = scope.ok_or_else(|| Error::refused(Reason::NotForAnother))?;
        let signed = actor.signed.ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
        let (agent, by) = (PersonId::from_uuid(signed.person), acting_for.to_owned());
        let today = i64::from(self.today());
        let acting = self
            .0
            .db
            .read(move |conn| delegations::admit(conn, agent, &by, scope, today));
        let acting = acting.await?;
        // Whose office at the desk has ended serves nobody there any more.
        if let ActsBy::Desk { unit, .. } = acting.by {
            let staff = Admitted {
                access: self.clone(),
                actor: actor.clone(),
                homes: Arc::from([]),
            };
            let serves = staff.decide(ServeAtDesk::NAME, Subject::Unit(unit));
            serves.map_err(|_| Error::refused(Reason::NotDelegated))?;
        }
        let principal = PersonId::from_uuid(acting.principal);
        Ok(Actor {
            name: format!("{agent}{FOR}{principal}"),
            acting: Some(acting),
            ..actor
        })
    }

    /// The homes of a person that count today, the newest first.
    pub async fn homes(&self, person: PersonId) -> Result<Vec<Held>> {
        self.trusted()?;
        let today = self.today();
        let mut homes = self.0.standing.homes(&self.0.db, person).await?.to_vec();
        homes.retain(|held| held.counts_on(today));
        homes.sort_by_key(|held| std::cmp::Reverse(held.from_day));
        Ok(homes)
    }

    /// All that a person holds today.
    pub async fn held(&self, person: PersonId) -> Result<Vec<Held>> {
        let mut held = self.homes(person).await?;
        let staff = self.0.standing.staff(person.uuid());
        let today = self.today();
        held.extend(
            staff
                .iter()
                .flat_map(|held| held.iter())
                .filter(|held| held.counts_on(today)),
        );
        Ok(held)
    }

    /// The civil day now, as tables count days.
    pub fn today(&self) -> i32 {
        self.0.today.now(&self.0.calendar)
    }

    async fn let_in(&self, shown: Shown<'_>) -> Result<Arc<dyn Pass>> {
        let permission = shown.permission;
        let mut actor = self.identify(shown.bearer)?;
        if let Some(acting_for) = shown.acting_for {
            self.trusted()?;
            actor = self.deputed(actor, acting_for, shown.scope).await?;
        }
        let admitted = |homes| Admitted {
            access: self.clone(),
            actor: actor.clone(),
            homes,
        };
        if permission == Public::NAME {
            return Ok(Arc::new(admitted(Arc::from([]))));
        }
        self.trusted()?;
        let signed = actor.signed.ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
        if permission == SignedIn::NAME {
            return Ok(Arc::new(admitted(Arc::from([]))));
        }
        let rule = rules::rule(permission).ok_or_else(|| Error::refused(Reason::Forbidden))?;
        let homes = if decide::may_need_homes(rule) {
            let person = PersonId::from_uuid(signed.person);
            self.0.standing.homes(&self.0.db, person).await?
        } else {
            Arc::from([])
        };
        let pass = admitted(homes);
        // Who holds none of its roles anywhere is not let in at all, so that nothing of
        // what they send is looked at.
        if !rule.holder_too {
            pass.anywhere(rule)?;
        }
        Ok(Arc::new(pass))
    }

    /// Memory that may be out of date decides nothing.
    fn trusted(&self) -> Result<()> {
        match self.0.follower.is_fresh() {
            true => Ok(()),
            false => Err(Error::refused(Reason::Stale)),
        }
    }
}

impl Gate for Access {
    fn admit<'a>(&'a self, shown: Shown<'a>) -> Admission<'a> {
        Box::pin(self.let_in(shown))
    }
}

/// Somebody whose credential is good.
struct Admitted {
    access: Access,
    actor: Actor,
    homes: Arc<[Held]>,
}

impl Admitted {
    fn anywhere(&self, rule: &Rule) -> Result<()> {
        let staff = self.staff();
        let held = staff.iter().flat_map(|held| held.iter()).chain(self.homes.iter());
        match decide::holds_anywhere(rule, held, self.access.today()) {
            true => Ok(()),
            false => Err(Error::refused(rule.refusal)),
        }
    }

    fn staff(&self) -> Option<Arc<[Held]>> {
        self.access.0.standing.staff(self.actor.signed?.person)
    }
}

impl Pass for Admitted {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn decide(&self, permission: &'static str, subject: Subject) -> Result<()> {
        self.access.trusted()?;
        let rule = rules::rule(permission).ok_or_else(|| Error::refused(Reason::Forbidden))?;
        let person = self.actor.signed.map(|signed| signed.person);
        let tree = self.access.0.tree.now();
        let staff = self.staff();
        let held = staff.iter().flat_map(|held| held.iter()).chain(self.homes.iter());
        match decide::may(rule, person, held, subject, &tree, self.access.today()) {
            true => Ok(()),
            false => Err(Error::refused(rule.refusal)),
        }
    }
}

/// The civil day, worked out once a quarter of an hour: every zone's midnight is a
/// whole number of them from UTC's.
#[derive(Default)]
struct Today(AtomicU64);

const QUARTER_MICROS: i64 = 15 * 60 * 1_000_000;

impl Today {
    fn now(&self, calendar: &Calendar) -> i32 {
        let now: Timestamp = clock::now();
        let quarter = now.micros().div_euclid(QUARTER_MICROS) as u32;
        let known = self.0.load(Ordering::Relaxed);
        if (known >> 32) as u32 == quarter {
            return known as u32 as i32;
        }
        let day = day_number(calendar.date_of(now.to_utc()));
        self.0
            .store(u64::from(quarter) << 32 | u64::from(day as u32), Ordering::Relaxed);
        day
    }
}
