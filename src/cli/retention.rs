//! `onegrid retention`.

use std::process::ExitCode;

use onegrid::config::Config;
use onegrid::db::{self, Db};
use onegrid::{holidays, privacy, server};

use super::Done;

/// Forgets what is older than the table of purposes says, or tells what would go.
pub fn retention(dry_run: bool) -> Done {
    let config = Config::load()?;
    db::migrate(&config.database)?;
    let (db, calendar) = (Db::open(&config.database, 1)?, holidays::calendar(&config)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let holdings = server::holdings();
    let forgotten = runtime.block_on(privacy::forget(&db, &calendar, &holdings, dry_run))?;
    for (name, rows) in forgotten {
        say!("{name}\t{rows}");
    }
    Ok(ExitCode::SUCCESS)
}
