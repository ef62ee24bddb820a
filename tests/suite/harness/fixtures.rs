//! What tests put into a world.

use serde_json::{Value, json};

use super::client::Client;
use super::town::at;

/// The city of that tree alone.
pub const CITY: &str = "\
code,parent_code,level,name,name_en,setting,population,lat,lon
4299,,city,X市,City X,urban,2600000,31.2,112.6
";

/// A small tree, one unit of each level and some siblings.
pub const UNITS: &str = "\
code,parent_code,level,name,name_en,setting,population,lat,lon
4299,,city,X市,City X,urban,2600000,31.2,112.6
429901,4299,county,澄河县,Chenghe County,rural,480000,,
429902,4299,county,重山县,Chongshan County,rural,350000,,
429901001,429901,street,长乐街道,Changle Street,urban,64000,31.21,112.61
429901002,429901,street,重庆路街道,Chongqing Road Street,urban,58000,,
429901100,429901,street,龙门镇,Longmen Town,rural,41000,,
429901001001,429901001,community,幸福社区,Happiness Community,urban,5200,31.2,112.6
429901001002,429901001,community,平安社区,Pingan Community,urban,4800,,
429901100201,429901100,community,龙门村,Longmen Village,rural,2100,,
429901001001001,429901001001,grid,幸福社区第一网格,,urban,900,,
429901001001001A,429901001001001,group,第一小组,,urban,300,,
429901001001001A1,429901001001001A,building,幸福里1号楼,,urban,120,31.19982,112.6
429901001001001A2,429901001001001A,building,幸福里2号楼,,urban,130,,
";

/// The id of the unit with this code.
#[track_caller]
pub fn unit_id(client: &Client, code: &str) -> String {
    for level in ["city", "county", "street", "community", "grid", "group", "building"] {
        let list = client.get(&format!("/v1/units?level={level}&limit=500"));
        for unit in list.ok()["items"].as_array().into_iter().flatten() {
            if unit["code"] == code {
                return unit["id"].as_str().expect("an id").to_owned();
            }
        }
    }
    panic!("there is no unit {code}");
}

/// A place as the API takes it, so many metres east and north of the origin.
pub fn place(name: &str, kind: &str, east_m: f64, north_m: f64) -> Value {
    let (lat, lon) = at(east_m, north_m);
    json!({ "name": name, "kind": kind, "location": { "lat": lat, "lon": lon } })
}

/// A table of places to import.
pub struct Fixture(String);

impl Fixture {
    /// No place yet.
    pub fn places() -> Self {
        Self("reference,name,name_en,kind,lat,lon,opening_hours,phone,unit_code,stops\n".into())
    }

    /// One more, so many metres east and north of the origin; its reference is its name.
    #[must_use]
    pub fn place(self, name: &str, kind: &str, east_m: f64, north_m: f64) -> Self {
        self.row(name, kind, (east_m, north_m), "", "")
    }

    /// One more with opening hours.
    #[must_use]
    pub fn open(self, name: &str, kind: &str, east_m: f64, north_m: f64, hours: &str) -> Self {
        self.row(name, kind, (east_m, north_m), hours, "")
    }

    /// A mobile service that stands at these points, at these hours.
    #[must_use]
    pub fn mobile(self, name: &str, kind: &str, stops: &[(f64, f64, &str)]) -> Self {
        let stops: Vec<String> = stops
            .iter()
            .map(|(east_m, north_m, hours)| {
                let (lat, lon) = at(*east_m, *north_m);
                format!("{lat:.7} {lon:.7} {hours}")
            })
            .collect();
        // The place itself is at home far away.
        self.row(name, kind, (50_000.0, 0.0), "", &stops.join(" | "))
    }

    fn row(mut self, name: &str, kind: &str, position: (f64, f64), hours: &str, stops: &str) -> Self {
        let (lat, lon) = at(position.0, position.1);
        self.0.push_str(&format!(
            "{name},{name},,{kind},{lat:.7},{lon:.7},\"{hours}\",,,\"{stops}\"\n"
        ));
        self
    }

    /// As CSV.
    pub fn csv(&self) -> &str {
        &self.0
    }
}
