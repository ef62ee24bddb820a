//! `onegrid map draw`: the streets within reach of a point, for a picture.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use onegrid::circle::streets::{DoorIndex, DoorTie, Snapper, StreetMap, TimeModel, Walker};
use onegrid::coordinates::Point;
use serde_json::{Value, json};

use super::{Done, Failed};

/// What to draw.
#[derive(clap::Args)]
pub struct Drawing {
    /// The map file.
    file: PathBuf,
    /// Degrees north of the origin.
    #[arg(long, allow_negative_numbers = true)]
    lat: f64,
    /// Degrees east of the origin.
    #[arg(long, allow_negative_numbers = true)]
    lon: f64,
    /// How many minutes one walks at the most.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=30))]
    minutes: u32,
    /// How one walks: adult, elder, child or wheelchair.
    #[arg(long, default_value = "adult")]
    pace: String,
    /// The GeoJSON file to write: a line a street, with the `seconds` to its nearer end.
    #[arg(short, long)]
    output: PathBuf,
}

/// Writes the streets between two junctions that are both within reach.
pub fn draw(drawing: &Drawing) -> Done {
    let origin = Point::new(drawing.lat, drawing.lon);
    if !origin.is_valid() {
        return Err("--lat takes -90 to 90 and --lon -180 to 180".into());
    }
    let map = open(&drawing.file)?;
    let model = TimeModel::shipped()?;
    let pace = model
        .pace(&drawing.pace)
        .ok_or_else(|| format!("there is no pace {:?}", drawing.pace))?;
    let view = map.view();
    let mut snapper = Snapper::default();
    let junctions: Vec<DoorTie> = view
        .junctions
        .iter()
        .map(|junction| DoorTie::new(&mut snapper, &view, junction.position.point(), pace, pace))
        .collect();
    let doors = DoorIndex::build(&map, &junctions);
    let reach = Walker::default().reach(&map, &doors, origin, pace, f64::from(drawing.minutes) * 60.0);
    let mut seconds = vec![None; junctions.len()];
    for arrival in &reach.arrivals {
        if let Some(slot) = seconds.get_mut(arrival.door as usize) {
            *slot = Some(arrival.seconds);
        }
    }
    let at = |junction: u32| seconds.get(junction as usize).copied().flatten();
    let features: Vec<Value> = (0..)
        .zip(view.edges)
        .filter_map(|(number, edge)| {
            let nearer = at(edge.from)?.min(at(edge.to)?);
            let corners = view.corners.get(view.corner_range(number))?;
            let line: Vec<[f64; 2]> = corners
                .iter()
                .map(|corner| [corner.point().lon, corner.point().lat])
                .collect();
            Some(json!({
                "type": "Feature",
                "geometry": { "type": "LineString", "coordinates": line },
                "properties": { "seconds": nearer.round() },
            }))
        })
        .collect();
    let count = features.len();
    let collection = json!({
        "type": "FeatureCollection",
        "attribution": map.info().attribution,
        "features": features,
    });
    std::fs::write(&drawing.output, serde_json::to_vec(&collection)?)?;
    say!("wrote {} with {count} streets", drawing.output.display());
    Ok(ExitCode::SUCCESS)
}

fn open(file: &Path) -> Result<StreetMap, Failed> {
    Ok(StreetMap::open(file).map_err(|error| format!("{}: {error}", file.display()))?)
}
