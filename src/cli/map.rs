//! `onegrid map build` and `onegrid map info`.

use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;

use onegrid::circle::osm::{Bounds, Wanted, read};
use onegrid::circle::places::OSM_ATTRIBUTION;
use onegrid::circle::places::extract::wanted_for_report;
use onegrid::circle::streets::{BuildOptions, MapInfo, StreetMap, TagShare, build as build_map, wanted};
use serde_json::{Value, json};

use super::Done;
use super::findings;
use super::progress::Progress;

/// A box as the command line has it.
#[derive(Clone, Copy)]
pub struct Box4(Bounds);

impl FromStr for Box4 {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|number| number.trim().parse()).collect();
        match numbers.as_deref() {
            Ok(&[min_lon, min_lat, max_lon, max_lat])
                if -180.0 <= min_lon
                    && min_lon < max_lon
                    && max_lon <= 180.0
                    && -90.0 <= min_lat
                    && min_lat < max_lat
                    && max_lat <= 90.0 =>
            {
                Ok(Self(Bounds {
                    min_lon,
                    min_lat,
                    max_lon,
                    max_lat,
                }))
            }
            _ => Err("takes MIN_LON,MIN_LAT,MAX_LON,MAX_LAT in degrees, each minimum below its maximum".into()),
        }
    }
}

/// Reads OpenStreetMap's data and writes a map, and where `findings_file` is given
/// all that a mapper should look at.
pub fn build(input: &Path, output: &Path, bbox: Option<Box4>, findings_file: Option<&Path>) -> Done {
    let mut reading = Progress::new("reading");
    let (streets, report) = (wanted(), wanted_for_report());
    let both = Wanted {
        node: &|tags| (streets.node)(tags) || (report.node)(tags),
        way: &|tags| (streets.way)(tags) || (report.way)(tags),
        relation: &|tags| (streets.relation)(tags) || (report.relation)(tags),
    };
    let data = read(input, &both, &mut |done, total| reading.at(done, total))?;
    reading.done();
    let options = BuildOptions {
        bbox: bbox.map(|bbox| bbox.0),
        attribution: OSM_ATTRIBUTION.to_owned(),
        source: input
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
    };
    let mut building = Progress::new("building");
    let (bytes, report) = build_map(&data, &options, &mut |done, total| building.at(done, total))?;
    building.done();
    if report.edges == 0 && bbox.is_some() {
        return Err(format!(
            "there is no street in the box of --bbox; {} is as it was",
            output.display()
        )
        .into());
    }
    if report.edges == 0 {
        eprintln!("there is no street in {}: the map is empty", input.display());
    }
    bytes
        .write(output)
        .map_err(|error| format!("{}: {error}", output.display()))?;
    say!("{}", report.to_string().trim_end());
    let mut found = findings::of_streets(&report);
    found.extend(findings::of_places(&data, options.bbox));
    findings::tell(&found);
    if let Some(file) = findings_file {
        findings::write(&found, file)?;
        say!("wrote {}", file.display());
    }
    say!("wrote {} ({} bytes)", output.display(), bytes.0.len());
    Ok(ExitCode::SUCCESS)
}

/// Says what a map file holds, in words or as JSON.
pub fn info(file: &Path, as_json: bool) -> Done {
    let map = StreetMap::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let info = map.info();
    if as_json {
        say!("{}", json_of(info));
        return Ok(ExitCode::SUCCESS);
    }
    say!("id           {}", info.id);
    say!("format       {}", info.format_version);
    say!("bytes        {}", info.bytes);
    say!("source       {}", info.source);
    say!("attribution  {}", info.attribution);
    if let Some(timestamp) = &info.timestamp {
        say!("timestamp    {timestamp}");
    }
    if let Some(bounds) = info.bounds {
        say!(
            "bounds       {},{},{},{}",
            bounds.min_lon,
            bounds.min_lat,
            bounds.max_lon,
            bounds.max_lat
        );
    }
    say!("junctions    {}", info.junctions);
    say!("edges        {}", info.edges);
    say!("corners      {}", info.corners);
    say!("barriers     {}", info.barrier_segments);
    say!("components   {}", info.components);
    say!("streets      {:.1} km", info.street_m / 1000.0);
    tell_tags(&info.tag_shares);
    Ok(ExitCode::SUCCESS)
}

/// How much of each tag the map has, a line each.
fn tell_tags(shares: &[TagShare]) {
    say!("tags");
    for share in shares {
        let percent = if share.all > 0.0 {
            format!("{:.1} %", 100.0 * share.told / share.all)
        } else {
            "none there".to_owned()
        };
        let amounts = if share.of == "streets" {
            format!("{:.1} of {:.1} km", share.told / 1000.0, share.all / 1000.0)
        } else {
            format!("{:.0} of {:.0}", share.told, share.all)
        };
        say!("  {:<10} {:<15} {percent:>10}  {amounts}", share.of, share.tag);
    }
}

fn json_of(info: &MapInfo) -> Value {
    json!({
        "id": info.id,
        "format": info.format_version,
        "bytes": info.bytes,
        "source": info.source,
        "attribution": info.attribution,
        "timestamp": info.timestamp,
        "bounds": info.bounds.map(|bounds| [bounds.min_lon, bounds.min_lat, bounds.max_lon, bounds.max_lat]),
        "junctions": info.junctions,
        "edges": info.edges,
        "corners": info.corners,
        "barriers": info.barrier_segments,
        "components": info.components,
        "street_m": info.street_m,
        "tags": info.tag_shares,
    })
}
