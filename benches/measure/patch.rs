//! One place among many moves: what it costs to take that into the snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use onegrid::circle::places::{Source, store_places};
use onegrid::circle::streets::{BuildOptions, StreetMap, build};
use onegrid::clock;
use onegrid::coordinates::LocalMetres;
use onegrid::db::Tx;
use onegrid::db::follow::Follow;

use crate::city::{City, Failed};
use crate::cpu;
use crate::grid_city;

const MOVES: usize = 200;
/// A change is in every snapshot within a second: this part of it may not be much.
const AT_MOST_MS: f64 = 50.0;

/// How many places.
#[derive(clap::Args)]
pub struct Patch {
    /// Places.
    #[arg(long, default_value_t = 100_000)]
    places: usize,
    /// Walk nodes of the made-up streets.
    #[arg(long, default_value_t = 1_000_000)]
    nodes: usize,
}

/// Moves places one after the other, and tells; answers whether the bar holds.
pub fn patch(of: &Patch) -> Result<bool, Failed> {
    println!(
        "{:>10}{:>14}{:>16}{:>14}{:>14}",
        "places", "reload, ms", "one moved, ms", "worst, ms", "CPU, ms"
    );
    // The cost of a change must not grow with the number of places.
    let few = moved(of.nodes / 100, of.places / 100)?;
    let many = moved(of.nodes, of.places)?;
    let holds = many <= AT_MOST_MS;
    let verdict = if holds { "holds" } else { "MISSED" };
    println!(
        "\n{verdict}: {many:.2} ms; {:.1} × of what it takes among a hundredth of the places",
        many / few
    );
    Ok(holds)
}

fn moved(nodes: usize, places: usize) -> Result<f64, Failed> {
    let folder = tempfile::tempdir()?;
    let streets = grid_city::streets(nodes, 0.1);
    let (bytes, _) = build(&streets, &BuildOptions::default(), &mut |_, _| {})?;
    drop(streets);
    let map = StreetMap::from_bytes(&bytes.0)?;
    let mut rows = grid_city::places(&map, places)?;
    let stored = rows.clone();
    let import = move |tx: &mut Tx<'_>| store_places(tx, Source::Import, stored.clone(), Vec::new(), false);
    let (city, db, runtime) = City::over(map, folder.path(), import)?;
    let reading = |keys: Option<Vec<String>>| {
        let catalogue = Arc::clone(&city.catalogue);
        runtime.block_on(db.read(move |conn| {
            let (start, start_cpu) = (clock::monotonic(), cpu::thread_s());
            match keys {
                Some(keys) => catalogue.apply(conn, &keys)?,
                None => catalogue.reload(conn)?,
            }
            Ok((start.elapsed().as_secs_f64() * 1e3, (cpu::thread_s() - start_cpu) * 1e3))
        }))
    };
    let (reload_ms, _) = reading(None)?;
    let snapshot = city.catalogue.now();
    let ids: HashMap<String, String> = snapshot
        .by_name(None)
        .map(|entry| (entry.place.reference.clone(), entry.place.id.to_string()))
        .collect();
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for turn in 0..MOVES {
        let number = turn * rows.len() / MOVES;
        let Some(row) = rows.get_mut(number) else { continue };
        row.facts.location = LocalMetres::around(row.facts.location).point([3.0, 3.0]);
        let row = row.clone();
        let key = ids.get(&row.reference).cloned().ok_or("a place was not stored")?;
        let store = move |tx: &mut Tx<'_>| store_places(tx, Source::Import, vec![row.clone()], Vec::new(), false);
        let stored = runtime.block_on(db.write(store))?;
        if stored.changed != 1 {
            return Err("the place was not moved".into());
        }
        let (wall_ms, cpu_ms) = reading(Some(vec![key]))?;
        walls.push(wall_ms);
        cpus.push(cpu_ms);
    }
    let median_ms = cpu::median(&mut walls);
    let worst_ms = walls.last().copied().unwrap_or(f64::NAN);
    println!(
        "{places:10}{reload_ms:14.1}{median_ms:16.2}{worst_ms:14.2}{:14.2}",
        cpu::median(&mut cpus)
    );
    Ok(median_ms)
}
