//! `onegrid verify`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use onegrid::booking;
use onegrid::config::Config;
use onegrid::db::{self, Db};
use onegrid::error::Error;
use onegrid::holidays;

use super::Done;

#[derive(Subcommand)]
pub enum VerifyCommand {
    /// Recompute from the bookings what every five minutes of every resource hold, and look
    /// whether all fits at every instant. A line for each finding: `error` where that should
    /// not be, `excess` where a change of a resource left it so.
    Bookings,
}

/// Does it; fails where there is an error.
pub fn verify(command: &VerifyCommand) -> Done {
    let VerifyCommand::Bookings = command;
    let config = Config::load()?;
    db::migrate(&config.database)?;
    let calendar = Arc::new(holidays::calendar(&config).map_err(Error::internal)?);
    let db = Db::open(&config.database, 1)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let looking = db.read_long(move |conn| booking::verify(conn, &calendar));
    let verified = runtime.block_on(looking)?;
    for finding in &verified.findings {
        let kind = if finding.is_error { "error" } else { "excess" };
        say!("{kind} {} {}", finding.resource, finding.what);
    }
    let errors = verified.findings.iter().filter(|finding| finding.is_error).count();
    say!(
        "{} resources, {} bookings that take places, {} days: {errors} errors, {} excess",
        verified.resources,
        verified.bookings,
        verified.days,
        verified.findings.len() - errors
    );
    Ok(if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
