//! Whoever gets or gives up a role, and whose units are drawn anew, may see other streams.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use uuid::Uuid;

use crate::db::Conn;
use crate::db::follow::Follow;
use crate::error::Result;
use crate::grid::access::Access;
use crate::grid::{estates, members};
use crate::identity::PersonId;
use crate::live::hub::Hub;

/// How often it is looked whether another day has begun, on which roles begin and end.
const LOOK: Duration = Duration::from_secs(1);

/// Tells of whom something changed; nobody for everybody. It stands behind those who keep it in
/// memory, so that they know it already.
pub(super) struct Rechecks {
    kind: &'static str,
    changed: mpsc::UnboundedSender<Option<Uuid>>,
}

impl Rechecks {
    /// Of roles, of units and of estates.
    pub(super) fn all() -> ([Arc<dyn Follow>; 3], mpsc::UnboundedReceiver<Option<Uuid>>) {
        let (sender, changed) = mpsc::unbounded_channel();
        let of = |kind| -> Arc<dyn Follow> {
            let changed = sender.clone();
            Arc::new(Self { kind, changed })
        };
        ([of(members::KIND), of("unit"), of(estates::KIND)], changed)
    }

    fn tell(&self, person: Option<Uuid>) {
        // Nobody listens any more while the process ends.
        let _ = self.changed.send(person);
    }
}

impl Follow for Rechecks {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn reload(&self, _: &mut Conn) -> Result<()> {
        self.tell(None);
        Ok(())
    }

    fn apply(&self, _: &mut Conn, keys: &[String]) -> Result<()> {
        if self.kind != members::KIND {
            self.tell(None);
            return Ok(());
        }
        for key in keys {
            self.tell(key.parse().ok().map(PersonId::uuid));
        }
        Ok(())
    }
}

/// Has the hub look again, also when another day begins.
pub(super) async fn follow(mut changed: mpsc::UnboundedReceiver<Option<Uuid>>, access: Access, hub: Hub) {
    let mut looks = tokio::time::interval(LOOK);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut today = access.today();
    loop {
        tokio::select! {
            person = changed.recv() => {
                let Some(person) = person else { return };
                // What comes together is looked at once.
                let mut people = std::collections::BTreeSet::from([person]);
                while let Ok(another) = changed.try_recv() {
                    people.insert(another);
                }
                match people.contains(&None) {
                    true => hub.recheck(None),
                    false => people.into_iter().for_each(|person| hub.recheck(person)),
                }
            }
            _ = looks.tick() => {
                if std::mem::replace(&mut today, access.today()) != today {
                    hub.recheck(None);
                }
            }
        }
    }
}
