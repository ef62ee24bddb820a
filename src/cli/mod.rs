//! The commands: what each takes, and how it reports.

/// A line on standard output. Whoever reads it may have had enough (`| head`),
/// which is no failure.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

mod check;
mod draw;
mod findings;
mod import;
mod jobs;
mod keys;
mod map;
mod people;
mod progress;
mod retention;
mod run;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use onegrid::config::Config;
use onegrid::db;
use onegrid::server;

/// The backend of a grid-based smart community.
#[derive(Parser)]
#[command(name = "onegrid", version, about, long_about = None)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API until Ctrl-C or SIGTERM.
    Serve,
    /// Serve the synthetic demo city from ./data/demo, which is made at the first start.
    Demo,
    /// Bring the database up to this version's tables (serve does so too).
    Migrate {
        /// Only say which steps are applied.
        #[arg(long)]
        status: bool,
    },
    /// Build and look at street maps.
    Map {
        #[command(subcommand)]
        command: MapCommand,
    },
    /// Bring units, places or people in; the same file twice changes nothing.
    Import {
        #[command(subcommand)]
        command: ImportCommand,
    },
    /// Make tokens in somebody's name, on the server itself.
    Token {
        #[command(subcommand)]
        command: people::TokenCommand,
    },
    /// Give, end and list roles, on the server itself; a running server knows within a second.
    Roles {
        #[command(subcommand)]
        command: people::RolesCommand,
    },
    /// Write the API documents to openapi/onegrid.yaml and openapi/asyncapi.yaml.
    Openapi {
        /// Only compare, and fail where the file is out of date.
        #[arg(long)]
        check: bool,
    },
    /// Look after the keys of personal fields.
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// See the work that waits, and what was given up.
    Jobs {
        #[command(subcommand)]
        command: jobs::JobsCommand,
    },
    /// Forget what is older than `GET /v1/privacy/purposes` says (a server does so each hour):
    /// a line each, with how many rows.
    Retention {
        /// Only say what would go.
        #[arg(long)]
        dry_run: bool,
    },
    /// Check that what is stored is true to itself.
    Verify {
        #[command(subcommand)]
        command: verify::VerifyCommand,
    },
    /// Check configuration, database, Redis, map and holiday tables: a line each.
    Check,
}

#[derive(Subcommand)]
enum MapCommand {
    /// Make a street map out of OpenStreetMap's data.
    Build {
        /// An .osm.pbf or OSM XML file.
        input: PathBuf,
        /// The map file to write; an old one is replaced whole.
        #[arg(short, long)]
        output: PathBuf,
        /// Only this box, in degrees: MIN_LON,MIN_LAT,MAX_LON,MAX_LAT.
        #[arg(long, allow_hyphen_values = true)]
        bbox: Option<map::Box4>,
        /// Write all that is worth a mapper's look (islands, near misses, places
        /// without a door, compounds without a gate …) as GeoJSON to this file.
        #[arg(long)]
        report: Option<PathBuf>,
    },
    /// Write the streets within reach of a point as GeoJSON.
    Draw(draw::Drawing),
    /// Say what a map file holds.
    Info {
        /// The map file.
        file: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Wrap every person's key under ONEGRID_MASTER_KEY; the master key before it is
    /// ONEGRID_MASTER_KEY_PREVIOUS. Servers may go on that know both.
    Rotate,
}

#[derive(Subcommand)]
enum ImportCommand {
    /// Units of the administrative tree, from a CSV file.
    Units(import::FromTable),
    /// Places, from a CSV or GeoJSON file.
    Places(import::FromTable),
    /// People with their roles at units, from a CSV file.
    People(import::FromTable),
    /// Places out of OpenStreetMap's data.
    OsmPlaces {
        /// An .osm.pbf or OSM XML file.
        file: PathBuf,
    },
}

/// What a command that failed tells.
type Failed = Box<dyn std::error::Error>;
/// Success or a failure in words.
type Done = Result<ExitCode, Failed>;

/// Reads the command line and does it.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match act(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("onegrid: {error}");
            ExitCode::FAILURE
        }
    }
}

fn act(command: Command) -> Done {
    match command {
        Command::Serve => run::serve(Config::load()?),
        Command::Demo => run::demo(),
        Command::Migrate { status } => migrate(status),
        Command::Map { command } => match command {
            MapCommand::Build {
                input,
                output,
                bbox,
                report,
            } => map::build(&input, &output, bbox, report.as_deref()),
            MapCommand::Draw(drawing) => draw::draw(&drawing),
            MapCommand::Info { file, json } => map::info(&file, json),
        },
        Command::Import { command } => match command {
            ImportCommand::Units(table) => import::units(&table),
            ImportCommand::Places(table) => import::places(&table),
            ImportCommand::People(table) => import::people(&table),
            ImportCommand::OsmPlaces { file } => import::osm_places(&file),
        },
        Command::Token { command } => people::token(command),
        Command::Roles { command } => people::roles(command),
        Command::Keys {
            command: KeysCommand::Rotate,
        } => keys::rotate(),
        Command::Jobs { command } => jobs::jobs(command),
        Command::Retention { dry_run } => retention::retention(dry_run),
        Command::Openapi { check } => openapi(check),
        Command::Verify { command } => verify::verify(&command),
        Command::Check => check::check(),
    }
}

fn migrate(status_only: bool) -> Done {
    let config = Config::load()?;
    if !status_only {
        let applied = db::migrate(&config.database)?;
        for name in &applied {
            say!("applied {name}");
        }
        if applied.is_empty() {
            say!("nothing to apply");
        }
        return Ok(ExitCode::SUCCESS);
    }
    let status = db::status(&config.database)?;
    for (name, applied) in &status.steps {
        say!("{} {name}", if *applied { "applied" } else { "missing" });
    }
    Ok(if status.is_current() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn openapi(check_only: bool) -> Done {
    let documents = [
        ("openapi/onegrid.yaml", server::document().to_yaml()?),
        ("openapi/asyncapi.yaml", server::socket_document()?),
    ];
    for (path, document) in documents {
        let path = PathBuf::from(path);
        if !check_only {
            std::fs::create_dir_all("openapi")?;
            std::fs::write(&path, document)?;
            say!("wrote {}", path.display());
        } else if std::fs::read_to_string(&path).unwrap_or_default() == document {
            say!("{} is up to date", path.display());
        } else {
            return Err(format!("{} is out of date; run `onegrid openapi`", path.display()).into());
        }
    }
    Ok(ExitCode::SUCCESS)
}
