//! Who is what, in memory: all roles but `resident` for everybody, residents' on
//! first use.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use uuid::Uuid;

use crate::db::follow::Follow;
use crate::db::{Conn, Db};
use crate::error::Result;
use crate::grid::members::{self, Held, PersonId};

/// So many residents are remembered since the last time that their number was
/// reached, and as many from before: 48 bytes and a home each, a few megabytes.
const REMEMBERED: usize = 20_000;

/// Roles at units and bodies, kept true.
#[derive(Default)]
pub struct Standing {
    staff: ArcSwap<HashMap<Uuid, Arc<[Held]>>>,
    homes: Mutex<Homes>,
}

/// Residents' roles: two generations, of which the older is dropped whole when the
/// younger is full. Whoever is asked for moves to the younger.
#[derive(Default)]
struct Homes {
    young: HashMap<Uuid, Arc<[Held]>>,
    old: HashMap<Uuid, Arc<[Held]>>,
    /// Grows with each change, so that what was read before it is not kept after it.
    changes: u64,
}

impl Homes {
    fn get(&mut self, person: Uuid) -> Option<Arc<[Held]>> {
        if let Some(known) = self.young.get(&person) {
            return Some(Arc::clone(known));
        }
        let known = self.old.remove(&person)?;
        self.keep(person, Arc::clone(&known));
        Some(known)
    }

    fn keep(&mut self, person: Uuid, held: Arc<[Held]>) {
        if self.young.len() >= REMEMBERED {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(person, held);
    }
}

impl Standing {
    /// The roles that a person holds, but `resident`; whether they count today is
    /// for whoever asks.
    pub fn staff(&self, person: Uuid) -> Option<Arc<[Held]>> {
        self.staff.load().get(&person).cloned()
    }

    /// The homes of a person, from memory or else from the database.
    pub async fn homes(&self, db: &Db, person: PersonId) -> Result<Arc<[Held]>> {
        let seen = {
            let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = homes.get(person.uuid()) {
                return Ok(known);
            }
            homes.changes
        };
        let held: Arc<[Held]> = db.read(move |conn| members::homes(conn, person)).await?.into();
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        if homes.changes == seen {
            homes.keep(person.uuid(), Arc::clone(&held));
        }
        Ok(held)
    }

    fn forget(&self, people: Option<&[PersonId]>) {
        let mut homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        homes.changes += 1;
        match people {
            None => {
                homes.young.clear();
                homes.old.clear();
            }
            Some(people) => {
                for person in people {
                    homes.young.remove(&person.uuid());
                    homes.old.remove(&person.uuid());
                }
            }
        }
    }
}

impl Follow for Standing {
    fn kind(&self) -> &'static str {
        members::KIND
    }

    fn reload(&self, conn: &mut Conn) -> Result<()> {
        let mut rows = members::all_staff(conn)?;
        rows.sort_unstable_by_key(|(person, _)| *person);
        let staff = rows
            .chunk_by(|a, b| a.0 == b.0)
            .filter_map(|of_one| Some((of_one.first()?.0, of_one.iter().map(|(_, held)| *held).collect())))
            .collect();
        self.staff.store(Arc::new(staff));
        self.forget(None);
        Ok(())
    }

    fn apply(&self, conn: &mut Conn, keys: &[String]) -> Result<()> {
        let people: Vec<PersonId> = keys.iter().filter_map(|key| key.parse().ok()).collect();
        let rows = members::staff_of(conn, &people)?;
        let mut staff = HashMap::clone(&self.staff.load());
        for person in &people {
            let held: Arc<[Held]> = rows
                .iter()
                .filter(|(of, _)| *of == person.uuid())
                .map(|(_, held)| *held)
                .collect();
            if held.is_empty() {
                staff.remove(&person.uuid());
            } else {
                staff.insert(person.uuid(), held);
            }
        }
        self.staff.store(Arc::new(staff));
        self.forget(Some(&people));
        Ok(())
    }
}
