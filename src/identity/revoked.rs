//! The sessions that ended while tokens of theirs may still be out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::model::SessionId;
use super::{sessions, tokens};
use crate::clock::{self, Timestamp};
use crate::db::Conn;
use crate::db::follow::Follow;
use crate::error::{Error, Result};

/// The kind under which the end of sessions is followed.
pub(super) const SESSION: &str = "session";

/// Which sessions ended, and when; kept until the last token of each has run out.
#[derive(Default)]
pub struct Revoked {
    ended: ArcSwap<HashMap<SessionId, Timestamp>>,
    writing: Mutex<()>,
}

impl Revoked {
    /// Whether this session ended.
    pub fn has(&self, session: SessionId) -> bool {
        self.ended.load().contains_key(&session)
    }

    fn replace(&self, change: impl FnOnce(&mut HashMap<SessionId, Timestamp>)) {
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ended = HashMap::clone(&self.ended.load());
        let since = outlived();
        ended.retain(|_, at| *at > since);
        change(&mut ended);
        self.ended.store(Arc::new(ended));
    }
}

/// Of a session that ended before this no token is valid.
fn outlived() -> Timestamp {
    Timestamp::from_micros(clock::now().micros() - tokens::OUTLIVED_S * 1_000_000)
}

impl Follow for Revoked {
    fn kind(&self) -> &'static str {
        SESSION
    }

    fn reload(&self, conn: &mut Conn) -> Result<()> {
        let rows = sessions::ended_since(conn, outlived())?;
        self.replace(|ended| *ended = rows.into_iter().collect());
        Ok(())
    }

    fn apply(&self, conn: &mut Conn, keys: &[String]) -> Result<()> {
        let ids: Result<Vec<SessionId>, _> = keys.iter().map(|key| key.parse()).collect();
        let rows = sessions::ended_among(conn, &ids.map_err(Error::internal)?)?;
        self.replace(|ended| ended.extend(rows));
        Ok(())
    }
}
