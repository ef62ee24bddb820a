//! Walks on real streets against those of the routing engine Valhalla. The extracts
//! are not ours to ship: where they are missing the tests say so and prove nothing.

use std::path::{Path, PathBuf};

#[path = "../../benches/measure/agreement.rs"]
mod agreement;

use agreement::{JACCARD_AT_LEAST, MEDIAN_AT_MOST_M, agreement};

fn agrees(city: &str) {
    let folder = std::env::var_os("ONEGRID_OSM_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/osm"),
        PathBuf::from,
    );
    if !folder.join(format!("{city}.osm.pbf")).exists() {
        eprintln!("skipped: {city} is not at {}", folder.display());
        return;
    }
    let agreements = agreement(&folder, city).expect("both can be read");
    eprintln!("{agreements}");
    assert!(
        agreements.round_squares.is_enough(),
        "{agreements}\nasked for are {JACCARD_AT_LEAST} and {MEDIAN_AT_MOST_M} m"
    );
    // The reference walks round squares: who is right about them loses a little.
    assert!(agreements.all.mean_jaccard >= 0.92, "{agreements}");
}

#[test]
fn walks_in_monaco_agree_with_valhalla() {
    agrees("monaco");
}

#[test]
fn walks_in_baltimore_agree_with_valhalla() {
    agrees("baltimore");
}
