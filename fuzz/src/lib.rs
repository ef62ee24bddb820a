//! What the fuzz targets share: a town made by code in three forms, and all
//! that there is to ask of a map.

pub mod pbf;
pub mod town;

use onegrid::calendar::Calendar;
use onegrid::circle::osm::{OsmData, read};
use onegrid::circle::streets::{
    Ask, BuildOptions, DoorIndex, DoorTie, Far, Pace, Reach, Rows, Snapper, StreetMap, TimeModel, Walker, When, build,
    wanted,
};
use onegrid::clock::Timestamp;
use onegrid::coordinates::Point;
use std::path::PathBuf;
use std::sync::LazyLock;

/// China's calendar with the tables of the program.
pub static CALENDAR: LazyLock<Calendar> =
    LazyLock::new(|| Calendar::new(chrono_tz::Asia::Shanghai).expect("the program's own tables"));

fn pace(name: &str) -> &'static Pace {
    let model = TimeModel::shipped().expect("the program's own table");
    model.pace(name).expect("a pace of that table")
}

/// Asks everything there is to ask of a map, around its first junctions.
pub fn ask_everything(map: &StreetMap) {
    let view = map.view();
    let mut points: Vec<Point> = view.junctions.iter().take(4).map(|one| one.position.point()).collect();
    points.extend([town::at(20.0, 10.0), town::at(-200.0, 150.0)]);
    let mut snapper = Snapper::default();
    let ties: Vec<DoorTie> = (points.iter())
        .map(|point| DoorTie::new(&mut snapper, &view, *point, pace("adult"), pace("wheelchair")))
        .collect();
    let doors = DoorIndex::build(map, &ties);
    let (mut walker, mut reach) = (Walker::default(), Reach::default());
    let rows = Rows::new(1 << 20);
    let far = Far {
        wanted: 7,
        category: &|door| Some((door % 3) as u8),
        good_until: &|| Timestamp::from_micros(i64::MAX),
    };
    for own in [pace("adult"), pace("wheelchair")] {
        let in_metres = own.in_metres();
        for mode in 0..4_u8 {
            let when = When {
                calendar: &CALENDAR,
                at: Timestamp::from_micros(1_772_722_800_000_000),
                is_now: true,
            };
            let ask = Ask {
                reverse: mode & 1 != 0,
                ferry: mode & 2 != 0,
                in_metres: (mode == 3).then_some(&in_metres),
                when: (mode == 1).then_some(when),
                horizon_s: 1_800.0,
                ..Ask::new(&points[..1 + usize::from(mode & 1)], own, 600.0)
            };
            walker.reach_into(map, &doors, &ask, &mut reach);
            let beyond = walker.beyond(map, &doors, &ask, &reach, 7, &far);
            walker.streets(map, &doors, &ask, &reach);
            for arrival in reach.arrivals.iter().chain(beyond.iter().flatten()) {
                let path = walker.path(map, &doors, &ask, &reach, arrival.door);
                for stretch in path.iter().flat_map(|path| &path.stretches) {
                    let _ = map.point_on(stretch.edge, stretch.leaves_m);
                    let _ = view.edge_name(stretch.edge);
                }
            }
            // The first time it searches, the second time it makes rows of it.
            for _ in 0..3 {
                walker.reach_remembered(map, &doors, &rows, &ask, &far, &mut reach);
                let _ = walker.beyond(map, &doors, &ask, &reach, 7, &far);
            }
        }
    }
}

/// Reads a file of these bytes; where it is OpenStreetMap's data, what is built of
/// it is a map that opens and answers.
pub fn read_and_build(bytes: &[u8]) {
    static PATH: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = std::path::Path::new("/dev/shm");
        let folder = if folder.is_dir() { folder.to_owned() } else { std::env::temp_dir() };
        folder.join(format!("onegrid-fuzz-{}.osm", std::process::id()))
    });
    std::fs::write(&*PATH, bytes).expect("a place for a file");
    if let Ok(data) = read(&PATH, &wanted(), &mut |_, _| {}) {
        opens(&data);
    }
}

/// Builds a map of `data`, opens it and asks it everything.
pub fn opens(data: &OsmData) {
    let Ok((bytes, _)) = build(data, &BuildOptions::default(), &mut |_, _| {}) else {
        return;
    };
    match StreetMap::from_bytes(&bytes.0) {
        Ok(map) => ask_everything(&map),
        Err(error) => panic!("a map was built that does not open: {error}"),
    }
}
