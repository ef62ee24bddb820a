//! What `map build` finds worth a mapper's look: a few examples in words, all of
//! them as GeoJSON.

use std::path::Path;

use onegrid::circle::osm::{Bounds, OsmData, Point};
use onegrid::circle::places::OSM_ATTRIBUTION;
use onegrid::circle::places::extract::{compounds_without_gate, extract};
use onegrid::circle::streets::{BuildReport, Finding};
use serde_json::{Value, json};

/// How many examples of each finding are told on the terminal.
const TOLD: usize = 10;

/// Something of one kind, each by its element and a point.
pub struct Findings {
    /// As the file has it: `island`.
    kind: &'static str,
    /// As people read it.
    words: &'static str,
    count: u64,
    all: Vec<(String, Point)>,
}

/// The areas that are places without any door, and the compounds without a gate.
pub fn of_places(data: &OsmData, bbox: Option<Bounds>) -> Vec<Findings> {
    let is_inside = |(_, point): &(String, Point)| bbox.is_none_or(|bbox| bbox.contains(*point));
    let findings = |kind, words, all: Vec<(String, Point)>| Findings {
        kind,
        words,
        count: all.len() as u64,
        all,
    };
    let doorless = extract(data, &|_| true)
        .places
        .into_iter()
        .filter(|place| place.doors.is_empty() && !place.reference.starts_with("node/"))
        .map(|place| (place.reference, place.point));
    let gateless = compounds_without_gate(data)
        .into_iter()
        .map(|compound| (compound.reference, compound.point));
    vec![
        findings(
            "area_without_door",
            "areas without a door",
            doorless.filter(is_inside).collect(),
        ),
        findings(
            "private_area_without_gate",
            "private areas without a gate",
            gateless.filter(is_inside).collect(),
        ),
    ]
}

/// What the build itself found.
pub fn of_streets(report: &BuildReport) -> Vec<Findings> {
    let findings = |kind, words, element: &str, finding: &Finding| Findings {
        kind,
        words,
        count: finding.count,
        all: finding
            .examples
            .iter()
            .map(|(id, point)| (format!("{element}/{id}"), *point))
            .collect(),
    };
    vec![
        findings("island", "islands under 200 m", "node", &report.islands),
        findings("near_miss", "near misses under 2 m", "node", &report.near_misses),
        findings(
            "unjoined_crossing",
            "crossings not joined",
            "way",
            &report.unjoined_crossings,
        ),
        findings(
            "broken_square",
            "squares whose outline does not close",
            "way",
            &report.broken_squares,
        ),
    ]
}

/// Says how many there are of each, and some of them.
pub fn tell(all: &[Findings]) {
    for finding in all.iter().filter(|finding| finding.count > 0) {
        say!("{}: {}", finding.words, finding.count);
        for (element, point) in finding.all.iter().take(TOLD) {
            say!("  {element} at {:.6},{:.6}", point.lat, point.lon);
        }
        if finding.count > TOLD as u64 {
            say!("  …");
        }
    }
}

/// Writes all as a GeoJSON `FeatureCollection` of points (RFC 7946), which a
/// mapper's editor opens.
pub fn write(all: &[Findings], file: &Path) -> Result<(), String> {
    let counts: serde_json::Map<String, Value> = all
        .iter()
        .map(|finding| (finding.kind.to_owned(), json!(finding.count)))
        .collect();
    let feature = |finding: &Findings, element: &str, point: Point| {
        json!({
            "type": "Feature",
            "geometry": { "type": "Point", "coordinates": [point.lon, point.lat] },
            "properties": {
                "finding": finding.kind,
                "words": finding.words,
                "osm": element,
                "url": format!("https://www.openstreetmap.org/{element}"),
            },
        })
    };
    let features: Vec<Value> = all
        .iter()
        .flat_map(|finding| {
            let found = finding.all.iter();
            found.map(move |(element, point)| feature(finding, element, *point))
        })
        .collect();
    let collection = json!({
        "type": "FeatureCollection",
        "attribution": OSM_ATTRIBUTION,
        "counts": counts,
        "features": features,
    });
    std::fs::write(file, format!("{collection}\n")).map_err(|error| format!("{}: {error}", file.display()))
}
