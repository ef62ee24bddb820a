//! `onegrid import …`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use onegrid::calendar::Hours;
use onegrid::circle::osm::read;
use onegrid::circle::places::extract::{ExtractReport, extract, wanted};
use onegrid::circle::places::{import_osm_places, import_places_csv, import_places_geojson};
use onegrid::config::Config;
use onegrid::db::{self, Db, Tx};
use onegrid::error::Result;
use onegrid::grid::import_units;
use onegrid::rows::Imported;

use super::Done;
use super::people::Hands;
use super::progress::Progress;

/// A table to import.
#[derive(clap::Args)]
pub struct FromTable {
    /// The file.
    file: PathBuf,
    /// Take the good rows although others are at fault.
    #[arg(long)]
    keep_going: bool,
}

/// Imports units.
pub fn units(table: &FromTable) -> Done {
    let bytes = bytes_of(&table.file)?;
    let keep_going = table.keep_going;
    let imported = in_database(move |tx| import_units(tx, &bytes, keep_going))?;
    report(&table.file, &imported, keep_going)
}

/// Imports people with their roles.
pub fn people(table: &FromTable) -> Done {
    let bytes = bytes_of(&table.file)?;
    let keep_going = table.keep_going;
    let imported = Hands::open()?.import(bytes, keep_going)?;
    report(&table.file, &imported, keep_going)
}

/// Imports places.
pub fn places(table: &FromTable) -> Done {
    let bytes = bytes_of(&table.file)?;
    let keep_going = table.keep_going;
    let extension = table.file.extension().map(|extension| extension.to_ascii_lowercase());
    let imported = match extension.as_ref().and_then(|extension| extension.to_str()) {
        Some("csv") => in_database(move |tx| import_places_csv(tx, &bytes, keep_going))?,
        Some("geojson" | "json") => {
            let text = String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", table.file.display()))?;
            in_database(move |tx| import_places_geojson(tx, &text, keep_going))?
        }
        _ => return Err(format!("{} is neither .csv nor .geojson", table.file.display()).into()),
    };
    report(&table.file, &imported, keep_going)
}

/// Imports OpenStreetMap's places.
pub fn osm_places(file: &Path) -> Done {
    let mut reading = Progress::new("reading");
    let data = read(file, &wanted(), &mut |done, total| reading.at(done, total))?;
    reading.done();
    let extract = extract(&data, &|hours| Hours::parse(hours).is_ok());
    let told = extract.report.clone();
    let imported = in_database(move |tx| import_osm_places(tx, &extract))?;
    tell(&told);
    report(file, &imported, false)
}

/// What was taken of OpenStreetMap's data, and what was left out.
fn tell(told: &ExtractReport) {
    let categories: Vec<String> = told
        .taken
        .iter()
        .map(|(category, count)| format!("{category} {count}"))
        .collect();
    say!("found: {}", categories.join(", "));
    say!("with doors of their own: {}", told.with_doors);
    say!("entered where the streets meet their outline: {}", told.by_the_street);
    say!("areas that no street comes to: {}", told.without_door);
    let named = told
        .unreadable
        .iter()
        .map(|(key, count)| (format!("unreadable {key}, left out"), *count))
        .chain(
            told.not_for_public
                .iter()
                .map(|(kind, count)| (format!("not for the public: {kind}"), *count)),
        )
        .chain(
            told.unknown
                .iter()
                .map(|(tag, count)| (format!("unknown {tag}"), *count)),
        );
    let counted = [
        ("mapped twice, taken once", told.twins),
        ("left out on purpose (benches, bins …)", told.left_out),
        ("ways that are no outline", told.open_ways),
        ("relations that are no area", told.other_relations),
        ("broken outlines, taken at a corner", told.broken_areas),
        ("areas without a corner in the file", told.lost_areas),
    ];
    let all = named.chain(counted.map(|(what, count)| (what.to_owned(), count)));
    for (what, count) in all.filter(|(_, count)| *count > 0) {
        say!("{what}: {count}");
    }
}

fn bytes_of(file: &Path) -> std::result::Result<Vec<u8>, String> {
    std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Runs a transaction on the configured database, which gets its tables first.
fn in_database(
    transaction: impl FnMut(&mut Tx<'_>) -> Result<Imported> + Send + 'static,
) -> std::result::Result<Imported, super::Failed> {
    let config = Config::load()?;
    db::migrate(&config.database)?;
    let db = Db::open(&config.database, 1)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(db.write(transaction))?)
}

fn report(file: &Path, imported: &Imported, keep_going: bool) -> Done {
    for fault in &imported.faults {
        eprintln!("{}: {fault}", file.display());
    }
    say!("{imported}");
    if imported.faults.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    if keep_going {
        eprintln!("the rows above were left out");
    } else {
        eprintln!("nothing was taken; mend the file, or take the rest with --keep-going");
    }
    Ok(ExitCode::FAILURE)
}
