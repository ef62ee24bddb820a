//! The circles of all houses of a county at once.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use onegrid::circle::places::{Source, store_places};
use onegrid::circle::streets::{BuildOptions, StreetMap, build};
use onegrid::clock;
use onegrid::coordinates::Point;
use onegrid::db::Tx;

use crate::city::{City, Failed, Memory, counts, houses, osm_streets};
use crate::cpu;
use crate::grid_city;

/// All houses of a county may take so long on two cores.
const AT_MOST_S: f64 = 10.0;

/// Which county.
#[derive(clap::Args)]
pub struct County {
    /// Streets and places of this extract; else made-up ones.
    #[arg(long)]
    osm: Option<PathBuf>,
    /// Walk nodes of the made-up streets.
    #[arg(long, default_value_t = 250_000)]
    nodes: usize,
    /// Places beside them.
    #[arg(long, default_value_t = 5_000)]
    places: usize,
    /// Houses.
    #[arg(long, default_value_t = 20_000)]
    buildings: usize,
    /// Threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

impl County {
    /// Its name in a table.
    fn name(&self) -> String {
        let file = self.osm.as_ref().and_then(|file| file.file_stem());
        file.map_or_else(
            || format!("made up, {} walk nodes, {} places", self.nodes, self.places),
            |stem| stem.to_string_lossy().into_owned(),
        )
    }

    /// Makes it, with its database in `folder`, and its map there too.
    pub fn make(&self, folder: &Path) -> Result<City, Failed> {
        let Some(file) = &self.osm else {
            let streets = grid_city::streets(self.nodes, 0.1);
            let (bytes, _) = build(&streets, &BuildOptions::default(), &mut |_, _| {})?;
            bytes.write(&folder.join("streets.map"))?;
            let map = StreetMap::open(&folder.join("streets.map"))?;
            let rows = grid_city::places(&map, self.places)?;
            let import = move |tx: &mut Tx<'_>| store_places(tx, Source::Import, rows.clone(), Vec::new(), false);
            let (city, ..) = City::over(map, folder, import)?;
            return Ok(city);
        };
        osm_streets(file)?.write(&folder.join("streets.map"))?;
        City::of_osm(file, folder)
    }

    /// The houses asked about.
    pub fn houses(&self, city: &City) -> Vec<Point> {
        houses(&city.map, self.buildings)
    }
}

/// Asks for all of them, and tells; answers whether the bar holds.
pub fn county(of: &County) -> Result<bool, Failed> {
    let folder = tempfile::tempdir()?;
    let city = of.make(folder.path())?;
    let houses = of.houses(&city);
    println!("{}: {} houses, {} threads", of.name(), houses.len(), of.threads);
    let mut slowest_s: f64 = 0.0;
    for beyond in [false, true] {
        let (start, start_cpu) = (clock::monotonic(), cpu::process_s());
        let found: usize = std::thread::scope(|scope| {
            let share = houses.len().div_ceil(of.threads.max(1)).max(1);
            let threads: Vec<_> = houses
                .chunks(share)
                .map(|houses| scope.spawn(|| summaries(&city, houses, beyond)))
                .collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).sum()
        });
        let (wall_s, cpu_s) = (start.elapsed().as_secs_f64(), cpu::process_s() - start_cpu);
        slowest_s = slowest_s.max(wall_s);
        println!(
            "  {:34}{wall_s:8.2} s{cpu_s:8.2} s CPU{:8.1} µs a house{:8.1} places",
            if beyond {
                "and the nearest beyond"
            } else {
                "every house's circle"
            },
            cpu_s * 1e6 / houses.len() as f64,
            found as f64 / houses.len() as f64
        );
    }
    let holds = slowest_s <= AT_MOST_S;
    let verdict = if holds { "holds" } else { "MISSED" };
    println!("  {verdict}: at most {AT_MOST_S:.0} s");
    Ok(holds)
}

fn summaries(city: &City, houses: &[Point], beyond: bool) -> usize {
    let found = houses.iter().map(|house| {
        let circle = city.circle(Memory::Remembering, *house, beyond);
        counts(black_box(&circle)).iter().sum::<usize>()
    });
    found.sum()
}
