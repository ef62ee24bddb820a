//! A city as the server has it: streets, places in a database, circles over both.

use std::path::Path;
use std::sync::Arc;

use onegrid::calendar::{Calendar, Hours};
use onegrid::circle::osm::{self, Wanted};
use onegrid::circle::places::extract::{extract, is_wanted};
use onegrid::circle::places::{Catalogue, import_osm_places};
use onegrid::circle::streets::{BuildOptions, Pace, StreetMap, StreetMapBytes, TimeModel, build, wanted};
use onegrid::circle::{Asked, Basis, Circle, Circles};
use onegrid::clock;
use onegrid::coordinates::{LocalMetres, Point};
use onegrid::db::follow::Follow;
use onegrid::db::{self, Db, Target, Tx};
use onegrid::rows::Imported;
use tokio::runtime::{Builder, Runtime};

use crate::random::Random;

/// What a measurement that could not be made tells.
pub type Failed = Box<dyn std::error::Error>;

/// A pace of the time model that is shipped.
pub fn pace(name: &str) -> Result<&'static Pace, Failed> {
    let model = TimeModel::shipped()?;
    Ok(model.pace(name).ok_or("the time model lacks a pace")?)
}

/// The memory for walks that a server has unless told.
const REMEMBERED_BYTES: usize = 64 << 20;

/// Whether circles may remember walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// As a server does.
    Remembering,
    /// Each circle is searched anew.
    Anew,
}

/// A city.
pub struct City {
    pub map: Arc<StreetMap>,
    pub catalogue: Arc<Catalogue>,
    pub circles: Circles,
    /// The same without a memory.
    anew: Circles,
    adult: &'static Pace,
}

/// The bytes of the map of an extract.
pub fn osm_streets(file: &Path) -> Result<StreetMapBytes, Failed> {
    let data = osm::read(file, &wanted(), &mut |_, _| {})?;
    Ok(build(&data, &BuildOptions::default(), &mut |_, _| {})?.0)
}

impl City {
    /// The streets and places of an extract; the database is put into `folder`.
    pub fn of_osm(file: &Path, folder: &Path) -> Result<Self, Failed> {
        let map = StreetMap::from_bytes(&osm_streets(file)?.0)?;
        let places = Wanted {
            node: &is_wanted,
            way: &is_wanted,
            relation: &is_wanted,
        };
        let data = osm::read(file, &places, &mut |_, _| {})?;
        let extract = extract(&data, &|hours| Hours::parse(hours).is_ok());
        let (city, ..) = Self::over(map, folder, move |tx| import_osm_places(tx, &extract))?;
        Ok(city)
    }

    /// These streets with the places that `import` stores, the database that has
    /// them, and what runs its queries.
    pub fn over(
        map: StreetMap,
        folder: &Path,
        import: impl FnMut(&mut Tx<'_>) -> onegrid::error::Result<Imported> + Send + 'static,
    ) -> Result<(Self, Db, Runtime), Failed> {
        let model = TimeModel::shipped()?;
        let (map, adult, wheelchair) = (Arc::new(map), pace("adult")?, pace("wheelchair")?);
        let catalogues = [REMEMBERED_BYTES, 0].map(|bytes| {
            let catalogue = Catalogue::new(Arc::clone(&map), adult, wheelchair);
            Arc::new(catalogue.remembering(bytes))
        });
        let target = Target::Sqlite(folder.join("onegrid.db"));
        db::migrate(&target)?;
        let db = Db::open(&target, 1)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let imported = runtime.block_on(db.write(import))?;
        if let Some(fault) = imported.faults.first() {
            return Err(format!("places: {fault}").into());
        }
        for following in catalogues.clone() {
            runtime.block_on(db.read(move |conn| following.reload(conn)))?;
        }
        let calendar = Arc::new(Calendar::new(chrono_tz::Asia::Shanghai)?);
        let [catalogue, anew] = catalogues;
        let circles = |catalogue: &Arc<Catalogue>| {
            Circles::new(Arc::clone(&map), model, Arc::clone(catalogue), Arc::clone(&calendar))
        };
        let city = Self {
            circles: circles(&catalogue),
            anew: circles(&anew),
            map,
            catalogue,
            adult,
        };
        Ok((city, db, runtime))
    }

    /// Ten minutes of a grown-up around a point, now, by the code that serves HTTP.
    pub fn circle(&self, memory: Memory, origin: Point, beyond: bool) -> Circle {
        let circles = match memory {
            Memory::Remembering => &self.circles,
            Memory::Anew => &self.anew,
        };
        circles.around(&Asked {
            origin,
            starts: &[origin],
            pace: self.adult,
            minutes: 10,
            basis: Basis::Time,
            reverse: false,
            ferry: false,
            beyond,
            at: clock::now(),
            is_now: true,
        })
    }

    /// Where each place is entered first: its first door, else its location.
    pub fn place_points(&self) -> Vec<Point> {
        let snapshot = self.catalogue.now();
        let places = snapshot.by_name(None).map(|entry| &entry.place.facts);
        places
            .map(|facts| facts.doors.first().map_or(facts.location, |door| door.point))
            .collect()
    }
}

/// The places of each of the ten categories in a circle.
pub fn counts(circle: &Circle) -> [usize; 10] {
    let mut counts = [0; 10];
    for reached in &circle.reached {
        if let Some(count) = counts.get_mut(reached.category() as usize) {
            *count += 1;
        }
    }
    counts
}

/// Points where houses may stand: 5 to 25 m off a street, spread over the edges.
pub fn houses(map: &StreetMap, count: usize) -> Vec<Point> {
    let mut random = Random(20_000);
    let edges = map.view().edges.len();
    let house = |random: &mut Random| {
        let edge = random.below(edges);
        let along_m = f64::from(map.view().edges.get(edge)?.length_m) * random.unit();
        let street = map.point_on(edge as u32, along_m as f32)?;
        let (off_m, angle) = (random.between(5.0, 25.0), random.between(0.0, std::f64::consts::TAU));
        Some(LocalMetres::around(street).point([off_m * angle.cos(), off_m * angle.sin()]))
    };
    std::iter::repeat_with(|| house(&mut random))
        .take(if edges == 0 { 0 } else { count })
        .flatten()
        .collect()
}
