//! Measurements that are more than a kernel: each is a command of its own, prints a
//! table, and says whether its bar holds. The scripts in `bench/` start them.

mod access;
mod agreement;
mod big_city;
mod big_map;
mod booking;
mod city;
mod county;
mod cpu;
mod grid_city;
mod jobs;
mod live;
mod patch;
mod random;
mod rounds;
mod serve;
mod write_pbf;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use agreement::{JACCARD_AT_LEAST, JACCARD_OF_THE_QUICKEST_AT_LEAST, MEDIAN_AT_MOST_M};
use city::Failed;

/// Measurements; see bench/README.md.
#[derive(Parser)]
#[command(name = "measure")]
struct Measure {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Our side of the comparison with pandana.
    Rounds(rounds::Rounds),
    /// The circles of all houses of a county.
    County(county::County),
    /// A map of millions of walk nodes.
    BigMap(big_map::BigMap),
    /// One place among many moves.
    Patch(patch::Patch),
    /// Who may do what in a large city.
    Access(access::Measured),
    /// Jobs done a second, on the database of the environment.
    Jobs(jobs::Measured),
    /// People who book, with tokens.
    Residents(booking::Residents),
    /// Bookings by many at once over HTTP.
    BookingLoad(booking::Load),
    /// People who talk in groups, with tokens.
    LiveWorld(live::World),
    /// Messages to many sockets.
    LiveLoad(live::Load),
    /// Sockets that do nothing.
    LiveIdle(live::Idle),
    /// Map, database and houses for a server.
    Prepare(serve::Prepare),
    /// The service, configured by the environment.
    Serve,
    /// A server that answers the same bytes to everybody.
    Constant {
        /// The file with the bytes.
        #[arg(long)]
        body: PathBuf,
        /// Where to serve.
        #[arg(long)]
        listen: SocketAddr,
        /// Threads that serve.
        #[arg(long, default_value_t = 1)]
        workers: usize,
    },
    /// Agreement with Valhalla.
    Agree {
        /// Where CITY.osm.pbf and CITY.valhalla.jsonl lie.
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    // Cargo adds this word of its own.
    let words = std::env::args_os().filter(|word| word != "--bench");
    match act(Measure::parse_from(words).what) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("measure: {error}");
            ExitCode::FAILURE
        }
    }
}

fn act(what: Option<What>) -> Result<bool, Failed> {
    let done = match what {
        None => Ok(Measure::command().print_help()?),
        Some(What::County(county)) => return county::county(&county),
        Some(What::BigMap(big_map)) => return big_map::big_map(&big_map),
        Some(What::Patch(patch)) => return patch::patch(&patch),
        Some(What::Access(measured)) => return access::access(&measured),
        Some(What::Agree { folder }) => return agree(&folder),
        Some(What::Residents(of)) => booking::residents(&of),
        Some(What::BookingLoad(of)) => booking::load(&of),
        Some(What::LiveWorld(of)) => live::world(&of),
        Some(What::LiveLoad(of)) => live::load(&of),
        Some(What::LiveIdle(of)) => live::idle(&of),
        Some(What::Jobs(measured)) => jobs::jobs(&measured),
        Some(What::Rounds(rounds)) => rounds::rounds(&rounds),
        Some(What::Prepare(prepare)) => serve::prepare(&prepare),
        Some(What::Serve) => serve::serve(),
        Some(What::Constant { body, listen, workers }) => serve::constant(&body, listen, workers),
    };
    done.map(|()| true)
}

/// Every city of the folder that has a reference.
fn agree(folder: &Path) -> Result<bool, Failed> {
    let mut cities: Vec<String> = std::fs::read_dir(folder)?
        .filter_map(|file| {
            let name = file.ok()?.file_name().into_string().ok()?;
            name.strip_suffix(".valhalla.jsonl").map(str::to_owned)
        })
        .collect();
    cities.sort();
    if cities.is_empty() {
        return Err(format!("{} has no CITY.valhalla.jsonl", folder.display()).into());
    }
    let mut all_agree = true;
    for city in cities {
        let agreements = agreement::agreement(folder, &city)?;
        all_agree &= agreements.is_enough();
        println!("{agreements}");
    }
    let verdict = if all_agree { "holds" } else { "MISSED" };
    println!(
        "{verdict}: mean Jaccard at least {JACCARD_AT_LEAST} (of the quickest walks, squares among them, \
         {JACCARD_OF_THE_QUICKEST_AT_LEAST}), median difference at most {MEDIAN_AT_MOST_M} m"
    );
    Ok(all_agree)
}
