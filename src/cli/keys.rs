//! `onegrid keys rotate`.

use std::process::ExitCode;
use std::sync::Arc;

use onegrid::config::Config;
use onegrid::db::{self, Db};
use onegrid::identity::{self, Keyring, People};
use onegrid::kept_secrets;

use super::Done;

/// Wraps every person's key under the master key of the configuration.
pub fn rotate() -> Done {
    let config = Config::load()?;
    let keys = kept_secrets::keys(&config)?;
    db::migrate(&config.database)?;
    let people = People::new(Arc::new(Keyring::new(keys.master, keys.previous_master, &keys.lookup)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rotated = runtime.block_on(async {
        let db = Db::open(&config.database, 1)?;
        identity::check_keys(&db, &people).await?;
        identity::rotate_master_key(&db, &people).await
    })?;
    say!("wrapped the keys of {rotated} people anew; ONEGRID_MASTER_KEY_PREVIOUS is needed no more");
    Ok(ExitCode::SUCCESS)
}
