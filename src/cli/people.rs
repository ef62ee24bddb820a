//! `onegrid token …` and `onegrid roles …`: what the operator does on the server itself.

use std::process::ExitCode;

use chrono::NaiveDate;
use clap::Subcommand;
use onegrid::operator::{Operator, Wanted};

use super::{Done, Failed};

/// Tokens.
#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a token in somebody's name, good for 12 hours, with a role where one is named. The account is
    /// made where there is none.
    Issue {
        /// Their phone number, such as +8613900000000.
        #[arg(long)]
        phone: String,
        /// The role that they get, unless they have it.
        #[arg(long, requires = "unit")]
        role: Option<String>,
        /// The code or the id of the unit at which they get it.
        #[arg(long, requires = "role")]
        unit: Option<String>,
    },
}

/// Roles.
#[derive(Subcommand)]
pub enum RolesCommand {
    /// Give somebody a role at a unit; the account is made where there is none.
    Grant(Role),
    /// End somebody's role at a unit, at once.
    End {
        #[command(flatten)]
        role: Role,
        /// Why; it stands in the audit.
        #[arg(long)]
        reason: Option<String>,
    },
    /// List who is what at a unit.
    List {
        /// The code or the id of the unit.
        #[arg(long)]
        unit: String,
        /// Also in the units below.
        #[arg(long)]
        below: bool,
    },
}

/// Who, as what, and where.
#[derive(clap::Args)]
pub struct Role {
    /// Their phone number, such as +8613900000000.
    #[arg(long)]
    phone: String,
    /// The role, such as grid_leader.
    #[arg(long)]
    role: String,
    /// The code or the id of the unit.
    #[arg(long)]
    unit: String,
    /// From this day on; today unless told.
    #[arg(long)]
    from: Option<NaiveDate>,
    /// To this day; without an end unless told.
    #[arg(long)]
    to: Option<NaiveDate>,
}
