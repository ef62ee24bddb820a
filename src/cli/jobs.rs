//! `onegrid jobs`.

use std::process::ExitCode;

use clap::Subcommand;
use onegrid::clock;
use onegrid::config::Config;
use onegrid::db::{self, Db};
use onegrid::error::Result as Outcome;
use onegrid::jobs::{self, Dead, Listed};

use super::{Done, Failed};

#[derive(Subcommand)]
pub enum JobsCommand {
    /// List jobs by when they are due: id, kind, due, tries, state, what went wrong.
    List {
        /// Of this kind only.
        #[arg(long)]
        kind: Option<String>,
        /// Only those that were given up.
        #[arg(long)]
        dead: bool,
        /// At most so many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..))]
        limit: i64,
    },
    /// Try again what was given up.
    Retry {
        /// This one.
        #[arg(required_unless_present_any = ["kind", "all"])]
        id: Option<String>,
        /// All of this kind.
        #[arg(long, conflicts_with = "id")]
        kind: Option<String>,
        /// All.
        #[arg(long, conflicts_with_all = ["id", "kind"])]
        all: bool,
    },
    /// Drop for good what was given up.
    Discard {
        /// This one.
        id: String,
    },
}

/// Does it.
pub fn jobs(command: JobsCommand) -> Done {
    let config = Config::load()?;
    db::migrate(&config.database)?;
    let db = Db::open(&config.database, 1)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        JobsCommand::List { kind, dead, limit } => {
            let listed = db.read(move |conn| jobs::list(conn, kind.as_deref(), dead, limit));
            runtime.block_on(listed)?.iter().for_each(tell);
        }
        JobsCommand::Retry { id, kind, .. } => {
            let which = which(id.as_deref(), kind)?;
            let retried = db.write(move |tx| jobs::retry(tx, &which, clock::now()));
            match runtime.block_on(retried)? {
                0 => return Err("there is no such dead letter".into()),
                some => say!("{some} tried again"),
            }
        }
        JobsCommand::Discard { id } => {
            let id = jobs::id_of(&id)?;
            let discarded: Outcome<bool> = runtime.block_on(db.write(move |tx| jobs::discard(tx, id)));
            if !discarded? {
                return Err("there is no such dead letter".into());
            }
            say!("discarded");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn which(id: Option<&str>, kind: Option<String>) -> Result<Dead, Failed> {
    Ok(match (id, kind) {
        (Some(id), _) => Dead::One(jobs::id_of(id)?),
        (None, Some(kind)) => Dead::OfKind(kind),
        (None, None) => Dead::All,
    })
}

fn tell(job: &Listed) {
    let state = match (job.dead_at, job.leased_until) {
        (Some(_), _) => "dead",
        (None, Some(_)) => "claimed",
        (None, None) => "waits",
    };
    let failure = job.failure.as_deref().unwrap_or_default();
    let (id, kind, due_at, attempts) = (job.id, &job.kind, job.due_at, job.attempts);
    say!("{id}\t{kind}\t{due_at}\t{attempts}\t{state}\t{failure}");
}
