//! Writes what the targets begin with into `corpus/`: `cargo run --bin seeds`.

use onegrid_fuzz::{pbf, town};
use std::io::Result;
use std::path::Path;

const HOURS: [&str; 12] = [
    "24/7",
    "Mo-Fr 08:00-17:30; Sa,Su off",
    "Mo-Su,PH 06:00-22:00",
    "Apr-Oct 08:00-19:00 \"by appointment\"",
    "Mo[1],We[-1] 09:00-12:00 || \"call\"",
    "sunrise-sunset; PH -1 day off",
    "22:00-02:00",
    "2025 Dec 24-2026 Jan 02: 10:00-14:00",
    "week 01-10/2 Tu 10:00+",
    "(sunset-01:00)-24:30",
    "easter +1 day 10:00-12:00 unknown",
    "no @ (20:00-08:00); private @ (Sa 10:00-12:00)",
];

fn main() -> Result<()> {
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = Path::new("corpus").join(target);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(name), bytes)
    };
    let map = town::map();
    write("map_file", "whole", &[&[0][..], &map].concat())?;
    write("map_file", "signed", &[&[1][..], &map].concat())?;
    write("map_file", "patched", &[2, 0, 4, 1, 2, 3, 4])?;
    let data = town::data();
    write("osm_pbf", "dense", &pbf::file(&data, true))?;
    write("osm_pbf", "plain", &pbf::file(&data, false))?;
    write("osm_xml", "town", town::xml().as_bytes())?;
    for (hours, number) in HOURS.iter().zip(0_u8..) {
        let bytes = [&[number; 8][..], hours.as_bytes()].concat();
        write("opening_hours", &format!("{number}"), &bytes)?;
    }
    for (number, (lat, lon)) in [(0.0, 0.0), (30.66, 104.06), (90.0, 180.0), (f64::NAN, -180.0), (50.275, 127.4568)]
        .into_iter()
        .enumerate()
    {
        let bytes = [f64::to_le_bytes(lat), f64::to_le_bytes(lon)].concat();
        write("coordinates", &format!("{number}"), &bytes)?;
    }
    Ok(())
}
