//! Our side of the comparison with pandana: writes the streets and places down for
//! it, then does a round of lookups for each line on standard input, so that the two
//! can take turns.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{BufRead, Write as _};
use std::path::{Path, PathBuf};

use onegrid::circle::streets::{Ask, Reach, Walker};
use onegrid::coordinates::Point;
use serde_json::json;

use crate::city::{City, Failed, Memory, counts, houses, pace};
use crate::cpu;

/// A round takes at least so many seconds, or the clock is too coarse.
const ROUND_S: f64 = 0.5;

/// What to compare.
#[derive(clap::Args)]
pub struct Rounds {
    /// An extract of a city.
    #[arg(long)]
    osm: PathBuf,
    /// Where to write nodes.csv, edges.csv and places.csv.
    #[arg(long)]
    dump: PathBuf,
}

/// Writes the files, then does rounds until there is no further line. Each line
/// names what is done: `walk`, `circle`, `beyond`, `circle-anew`, `beyond-anew` (without
/// what is remembered), or one of them with ` houses`.
pub fn rounds(of: &Rounds) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let city = City::of_osm(&of.osm, folder.path())?;
    dump(&city, &of.dump)?;
    let view = city.map.view();
    // pandana asks from every node, and so do we.
    let nodes: Vec<Point> = view
        .junctions
        .iter()
        .map(|junction| junction.position.point())
        .collect();
    let houses = houses(&city.map, nodes.len());
    let mut out = std::io::stdout();
    writeln!(out, "{}", json!({ "nodes": nodes.len(), "edges": view.edges.len() }))?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (kind, origins) = match line.trim().split_once(' ') {
            Some((kind, "houses")) => (kind, &houses),
            _ => (line.trim(), &nodes),
        };
        writeln!(out, "{}", round(&city, kind, origins)?)?;
        out.flush()?;
    }
    Ok(())
}

fn round(city: &City, kind: &str, origins: &[Point]) -> Result<serde_json::Value, Failed> {
    let adult = pace("adult")?;
    let snapshot = city.catalogue.now();
    let (mut walker, mut reach) = (Walker::default(), Reach::default());
    let mut lookup: Box<dyn FnMut(Point) -> usize> = match kind {
        "walk" => Box::new(|origin| {
            walker.reach_into(
                &city.map,
                snapshot.doors(),
                &Ask::new(&[origin], adult, 600.0),
                &mut reach,
            );
            reach.arrivals.len()
        }),
        "circle" | "beyond" | "circle-anew" | "beyond-anew" => {
            let beyond = kind.starts_with("beyond");
            let memory = if kind.ends_with("-anew") {
                Memory::Anew
            } else {
                Memory::Remembering
            };
            Box::new(move |origin| {
                let circle = city.circle(memory, origin, beyond);
                let found = counts(black_box(&circle)).iter().sum();
                // Of the nearest beyond one wants to know that there are some.
                if beyond {
                    circle.beyond.iter().flatten().count()
                } else {
                    found
                }
            })
        }
        _ => return Err(format!("there is no round {kind:?}").into()),
    };
    let (mut found, mut lookups) = (0, 0);
    let start = cpu::thread_s();
    let spent = loop {
        for origin in origins {
            found += black_box(lookup(*origin));
        }
        lookups += origins.len();
        let spent = cpu::thread_s() - start;
        if spent >= ROUND_S || origins.is_empty() {
            break spent;
        }
    };
    let each = |sum: f64| sum / lookups.max(1) as f64;
    Ok(json!({ "us": each(spent * 1e6), "found": each(found as f64) }))
}

fn dump(city: &City, folder: &Path) -> Result<(), Failed> {
    let view = city.map.view();
    let point = |text: &mut String, point: Point| writeln!(text, "{:.7},{:.7}", point.lon, point.lat);
    let mut nodes = String::from("x,y\n");
    for junction in view.junctions {
        point(&mut nodes, junction.position.point())?;
    }
    let mut edges = String::from("from,to,metres\n");
    for edge in view.edges.iter().filter(|edge| edge.from != edge.to) {
        writeln!(edges, "{},{},{:.3}", edge.from, edge.to, edge.length_m)?;
    }
    let mut places = String::from("x,y\n");
    for place in city.place_points() {
        point(&mut places, place)?;
    }
    for (name, text) in [("nodes.csv", nodes), ("edges.csv", edges), ("places.csv", places)] {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}
