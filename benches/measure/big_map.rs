//! A map of millions of walk nodes: what it takes to build, to keep and to ask.

use std::hint::black_box;
use std::path::Path;

use onegrid::circle::osm;
use onegrid::circle::places::{Source, store_places};
use onegrid::circle::streets::{BuildOptions, StreetMap, build, wanted};
use onegrid::clock;
use onegrid::coordinates::Point;
use onegrid::db::Tx;

use crate::city::{City, Failed, Memory, counts, houses};
use crate::cpu;
use crate::grid_city;
use crate::write_pbf::write_pbf;

/// A map of 5 million walk nodes may take so much.
const MAPPED_AT_MOST_MIB: f64 = 400.0;
/// A lookup on it may take so many times what it takes on a small map.
const LOOKUP_AT_MOST: f64 = 1.3;
/// A small map has so many walk nodes, and places as dense.
const SMALL: usize = 50_000;
const ORIGINS: usize = 2_000;
const ROUNDS: usize = 5;

/// What to make.
#[derive(clap::Args)]
pub struct BigMap {
    /// Walk nodes.
    #[arg(long, default_value_t = 5_000_000)]
    nodes: usize,
    /// Places.
    #[arg(long, default_value_t = 100_000)]
    places: usize,
    /// Pieces of wall a walk node. Baltimore, with its shores and railways, has 0.6.
    #[arg(long, default_value_t = 0.1)]
    walls: f64,
    /// Do not write the streets as .osm.pbf and read them again, only build.
    #[arg(long)]
    no_pbf: bool,
}

/// Builds, asks, and tells; answers whether the bars hold.
pub fn big_map(of: &BigMap) -> Result<bool, Failed> {
    let folder = tempfile::tempdir()?;
    let big = folder.path().join("big.map");
    make(of.nodes, of.walls, &big, (!of.no_pbf).then_some(folder.path()))?;
    let start = clock::monotonic();
    let map = StreetMap::open(&big)?;
    let mib = map.info().bytes as f64 / 1024.0 / 1024.0;
    tell(&format!("opened and checked: {mib:.0} MiB"), start);
    let start = clock::monotonic();
    let big = city(map, of.places, &folder.path().join("big"))?;
    tell(&format!("{} places stored, loaded and tied", of.places), start);
    let small = folder.path().join("small.map");
    make(SMALL, of.walls, &small, None)?;
    let small_places = of.places as f64 * SMALL as f64 / of.nodes as f64;
    let small = city(
        StreetMap::open(&small)?,
        small_places as usize,
        &folder.path().join("small"),
    )?;

    println!(
        "\n{:36}{:>11}{:>11}{:>8}",
        "µs CPU a circle", "small map", "this map", "ratio"
    );
    let all_over = |city: &City| houses(&city.map, ORIGINS);
    compare("houses of one quarter, anew", &small, &big, Memory::Anew, one_quarter);
    compare("houses all over the map, anew", &small, &big, Memory::Anew, all_over);
    compare("houses of one quarter", &small, &big, Memory::Remembering, one_quarter);
    let ratio = compare("houses all over the map", &small, &big, Memory::Remembering, all_over);
    println!("\nbars: at most {MAPPED_AT_MOST_MIB:.0} MiB for 5 million, and {LOOKUP_AT_MOST} × the small map's time");
    let verdict = |holds: bool| if holds { "holds" } else { "MISSED" };
    let (is_small, is_quick) = (mib <= MAPPED_AT_MOST_MIB, ratio <= LOOKUP_AT_MOST);
    println!("  {:8}{mib:.0} MiB", verdict(is_small));
    println!("  {:8}{ratio:.2} ×", verdict(is_quick));
    Ok(is_small && is_quick)
}

fn tell(what: &str, since: std::time::Instant) {
    println!(
        "{:64}{:8.1} s   peak {:6.0} MiB",
        what,
        since.elapsed().as_secs_f64(),
        cpu::peak_mib()
    );
}

/// Writes the map of made-up streets; over an .osm.pbf in `through`, where one is
/// given.
fn make(nodes: usize, walls: f64, to: &Path, through: Option<&Path>) -> Result<(), Failed> {
    let start = clock::monotonic();
    let mut streets = grid_city::streets(nodes, walls);
    let made = format!(
        "streets of {} nodes and {} ways made",
        streets.nodes.len(),
        streets.ways.len()
    );
    tell(&made, start);
    if let Some(folder) = through {
        let pbf = folder.join("streets.osm.pbf");
        write_pbf(&streets, &pbf)?;
        drop(streets);
        let mib = pbf.metadata()?.len() as f64 / 1024.0 / 1024.0;
        let start = clock::monotonic();
        streets = osm::read(&pbf, &wanted(), &mut |_, _| {})?;
        tell(&format!("read from an .osm.pbf of {mib:.0} MiB"), start);
        std::fs::remove_file(pbf)?;
    }
    let start = clock::monotonic();
    let (bytes, report) = build(&streets, &BuildOptions::default(), &mut |_, _| {})?;
    tell("built", start);
    let walk_nodes = report.corners + report.junctions - 2 * report.edges;
    println!("  {report}");
    println!(
        "  {walk_nodes} walk nodes, of which {:.0} % junctions; {:.1} bytes a walk node",
        100.0 * report.junctions as f64 / walk_nodes as f64,
        bytes.0.len() as f64 / walk_nodes as f64
    );
    Ok(bytes.write(to)?)
}

fn city(map: StreetMap, places: usize, folder: &Path) -> Result<City, Failed> {
    std::fs::create_dir_all(folder)?;
    let rows = grid_city::places(&map, places)?;
    let import = move |tx: &mut Tx<'_>| store_places(tx, Source::Import, rows.clone(), Vec::new(), false);
    let (city, ..) = City::over(map, folder, import)?;
    Ok(city)
}

/// The houses nearest to the middle of the map, from among many.
fn one_quarter(city: &City) -> Vec<Point> {
    let mut all = houses(&city.map, ORIGINS * 500);
    let middle = all
        .iter()
        .fold([0.0; 2], |[lat, lon], house| [lat + house.lat, lon + house.lon]);
    let middle = Point::new(middle[0] / all.len() as f64, middle[1] / all.len() as f64);
    all.sort_by(|a, b| middle.metres_to(*a).total_cmp(&middle.metres_to(*b)));
    // Not in the order in which they lie.
    let mut near: Vec<Point> = all.into_iter().take(ORIGINS).collect();
    near.sort_by(|a, b| (a.lat * 1e9 % 1.0).total_cmp(&(b.lat * 1e9 % 1.0)));
    near
}

/// Prints a row and answers its ratio.
fn compare(words: &str, small: &City, big: &City, memory: Memory, origins: impl Fn(&City) -> Vec<Point>) -> f64 {
    let (on_small, on_big) = (origins(small), origins(big));
    let (mut small_us, mut big_us, mut found) = (Vec::new(), Vec::new(), [0.0; 2]);
    for _ in 0..ROUNDS {
        let (us, places) = round(small, memory, &on_small);
        small_us.push(us);
        found[0] = places;
        let (us, places) = round(big, memory, &on_big);
        big_us.push(us);
        found[1] = places;
    }
    let (small_us, big_us) = (cpu::median(&mut small_us), cpu::median(&mut big_us));
    let ratio = big_us / small_us;
    println!(
        "{words:36}{small_us:11.1}{big_us:11.1}{ratio:8.2}   ({:.1} and {:.1} places)",
        found[0], found[1]
    );
    ratio
}

/// Microseconds of CPU and places found, a lookup.
fn round(city: &City, memory: Memory, origins: &[Point]) -> (f64, f64) {
    let (start, mut found) = (cpu::thread_s(), 0);
    for origin in origins {
        found += counts(black_box(&city.circle(memory, *origin, false)))
            .iter()
            .sum::<usize>();
    }
    let each = |sum: f64| sum / origins.len().max(1) as f64;
    (each((cpu::thread_s() - start) * 1e6), each(found as f64))
}
