//! Walks on real streets against those of the routing engine Valhalla. The extracts
//! are not ours to ship: where they are missing the tests say so and prove nothing.

use std::path::{Path, PathBuf};

#[path = "../../benches/measure/agreement.rs"]
mod agreement;

use agreement::{Agreement, MEDIAN_AT_MOST_M, agreement};

fn agrees(city: &str) {
    let folder = std::env::var_os("ONEGRID_OSM_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/osm"),
        PathBuf::from,
    );
    if !folder.join(format!("{city}.osm.pbf")).exists() {
        eprintln!("skipped: {city} is not at {}", folder.display());
        return;
    }
    let agreement: Agreement = agreement(&folder, city).expect("both can be read");
    eprintln!("{agreement}");
    assert!(
        agreement.is_enough(),
        "{agreement}\nasked for is a median of {MEDIAN_AT_MOST_M} m"
    );
}

#[test]
fn walks_in_monaco_agree_with_valhalla() {
    agrees("monaco");
}

#[test]
fn walks_in_baltimore_agree_with_valhalla() {
    agrees("baltimore");
}
