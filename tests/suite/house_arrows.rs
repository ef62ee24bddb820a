//! Arrows between rooms run one way, downwards; time has one source; files stay
//! short enough to be read.

use std::path::{Path, PathBuf};

/// The floors of the house, the top first. A part uses parts of floors below its
/// own, and itself.
const FLOORS: [&[&str]; 12] = [
    &["main", "cli"],
    &["server"],
    &["demo"],
    &["routes"],
    &["http"],
    &["circle"],
    &["grid"],
    &["kept_secrets", "holidays"],
    &["config"],
    &["bus", "db", "gate", "kv"],
    &["error", "metrics", "secret", "rows"],
    &["addr_range", "calendar", "clock", "coordinates", "language", "text"],
];

/// Files of a room that count as the top row: they alone know HTTP.
const TOP_ROW: [&str; 2] = ["routes.rs", "view.rs"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file, by its path below `src`, with its text.
fn house() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&root, &mut found);
    found
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).expect("below src").display().to_string();
            (name, std::fs::read_to_string(&path).expect("readable"))
        })
        .collect()
}

fn floor_of(part: &str) -> usize {
    let floor = FLOORS.iter().position(|parts| parts.contains(&part));
    floor.unwrap_or_else(|| panic!("the part {part:?} stands on no floor of this test"))
}

/// The part that a file belongs to: its folder or its own name below `src`.
fn part_of(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap_or_default()
}

/// The parts that a text names as `crate::part` or, in the binary, `onegrid::part`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1).chain(line.split("onegrid::").skip(1)))
        .map(|rest| {
            let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '_')).unwrap_or(rest.len());
            &rest[..end]
        })
        .filter(|part| FLOORS.iter().any(|parts| parts.contains(part)))
}

#[test]
fn arrows_run_downwards_and_only_routes_know_http() {
    let mut upwards = Vec::new();
    let mut arrows = 0;
    for (file, text) in house() {
        let part = part_of(&file);
        if part == "lib" {
            continue;
        }
        let is_top_row = TOP_ROW.iter().any(|name| file.ends_with(name)) && file.contains('/');
        let floor = if is_top_row { floor_of("routes") } else { floor_of(part) };
        for used in named(&text).filter(|used| *used != part) {
            arrows += 1;
            let below = floor_of(used) > floor;
            // `#[macro_use]`-like helpers aside, leafs of one floor may use each other.
            let among_leafs = floor_of(used) == floor && floor >= FLOORS.len() - 1;
            if !(below || among_leafs) {
                upwards.push(format!("{file} uses {used}"));
            }
        }
    }
    assert!(arrows > 100, "only {arrows} arrows were found: the test looks in the wrong place");
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn only_the_clock_asks_the_system_for_the_time() {
    let askers = ["SystemTime::now", "Instant::now", "Utc::now", "Local::now"];
    for (file, text) in house() {
        for asker in askers {
            assert!(file == "clock.rs" || !text.contains(asker), "{file} asks {asker}");
        }
    }
}

#[test]
fn no_source_is_longer_than_600_lines() {
    let long: Vec<String> = house()
        .iter()
        .map(|(file, text)| (file, text.lines().count()))
        .filter(|(_, lines)| *lines > 600)
        .map(|(file, lines)| format!("{file}: {lines}"))
        .collect();
    assert!(long.is_empty(), "{long:?}");
}
