//! Kernels of the circle on real streets, ten minutes of a grown-up: each later one
//! has the earlier ones inside, but the last, which stands alone.
//!
//! The extracts are not ours to ship: where they are missing nothing is measured.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use onegrid::circle::streets::{Ask, DoorIndex, Far, Reach, Snapper, Walker};
use onegrid::clock;
use onegrid::coordinates::Point;

#[path = "measure/city.rs"]
mod city;
#[path = "measure/random.rs"]
mod random;

use city::{City, Failed, Memory, counts, houses, pace};

const ORIGINS: usize = 1_000;
/// What lies beyond is looked for as far as this.
const BEYOND_S: f64 = 1_800.0;

/// Where the extracts of real cities lie.
fn osm_folder() -> PathBuf {
    std::env::var_os("ONEGRID_OSM_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/osm"),
        PathBuf::from,
    )
}

fn kernels(criterion: &mut Criterion) {
    for name in ["monaco", "baltimore"] {
        let file = osm_folder().join(format!("{name}.osm.pbf"));
        if !file.exists() {
            eprintln!("skipped: {} is not there", file.display());
            continue;
        }
        if let Err(error) = kernels_of(criterion, name, &file) {
            panic!("{name}: {error}");
        }
    }
}

fn kernels_of(criterion: &mut Criterion, name: &str, file: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let city = City::of_osm(file, folder.path())?;
    let (adult, origins) = (pace("adult")?, houses(&city.map, ORIGINS));
    println!("{name}: {} houses, {} places", origins.len(), city.place_points().len());
    let mut group = criterion.benchmark_group(name);
    let mut kernel = |name: &str, work: &mut dyn FnMut(Point)| {
        let mut next = origins.iter().copied().cycle();
        group.bench_function(name, |bencher| bencher.iter(|| next.next().map(&mut *work)));
    };

    let mut snapper = Snapper::default();
    kernel("1 snap", &mut |origin| {
        black_box(snapper.snap(&city.map.view(), origin, adult));
    });

    let (mut walker, mut reach) = (Walker::default(), Reach::default());
    let nowhere = DoorIndex::build(&city.map, &[]);
    kernel("2 search", &mut |origin| {
        walker.reach_into(&city.map, &nowhere, &Ask::new(&[origin], adult, 600.0), &mut reach);
        black_box(&reach);
    });

    let places = city.catalogue.now();
    kernel("3 gather", &mut |origin| {
        walker.reach_into(
            &city.map,
            places.doors(),
            &Ask::new(&[origin], adult, 600.0),
            &mut reach,
        );
        black_box(&reach);
    });

    for (memory, told) in [(Memory::Anew, "anew"), (Memory::Remembering, "remembering")] {
        kernel(&format!("4 whole lookup, {told}"), &mut |origin| {
            black_box(counts(&city.circle(memory, origin, false)));
        });

        kernel(&format!("5 whole lookup with beyond, {told}"), &mut |origin| {
            black_box(counts(&city.circle(memory, origin, true)));
        });
    }

    // All ten are looked for, as where a circle has none of them.
    let category = |door: u32| {
        let target = places.targets().get(door as usize)?;
        Some(places.entry(target.entry)?.place.facts.kind.category as u8)
    };
    let far = Far {
        wanted: (1 << 10) - 1,
        category: &category,
        good_until: &clock::now,
    };
    kernel("6 gather and the nearest of all ten beyond", &mut |origin| {
        let origins = [origin];
        let ask = Ask {
            horizon_s: BEYOND_S,
            ..Ask::new(&origins, adult, 600.0)
        };
        walker.reach_into(&city.map, places.doors(), &ask, &mut reach);
        black_box(walker.beyond(&city.map, places.doors(), &ask, &reach, far.wanted, &far));
    });
    group.finish();
    Ok(())
}

criterion_group!(benches, kernels);
criterion_main!(benches);
