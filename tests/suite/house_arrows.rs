//! The rules of the house that the sources themselves show.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// All that a source file may be or use, from the top down. An arrow goes down.
/// Whoever adds a room or a file puts it where it belongs, here as well.
const TOP_DOWN: [&str; 35] = [
    "main",
    "cli",
    "server",
    // Every `routes.rs` and the `view.rs` beside it, whatever room they stand in.
    "routes",
    "http",
    // The rooms; one may call those below it.
    "demo",
    "booking",
    "chat",
    "circle",
    "grid",
    "privacy",
    "files",
    "identity",
    // What is set up once.
    "holidays",
    "kept_secrets",
    "config",
    // What the rooms stand on.
    "live",
    "jobs",
    "holdings",
    "db",
    "bus",
    "kv",
    // What anybody may use.
    "gate",
    "outgoing",
    "rows",
    "error",
    "metrics",
    "calendar",
    "coordinates",
    "text",
    "language",
    "secret",
    "addr_range",
    "clock",
    "lib",
];

const ROOMS: [&str; 8] = [
    "demo", "booking", "chat", "circle", "grid", "privacy", "files", "identity",
];

struct Source {
    /// Below `src/`, with slashes.
    name: String,
    text: String,
}

impl Source {
    /// Where it stands in [`TOP_DOWN`].
    fn place(&self) -> &str {
        if self.name.ends_with("/routes.rs") || self.name.ends_with("/view.rs") {
            return "routes";
        }
        let first = self.name.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    fn room(&self) -> Option<&str> {
        let first = self.name.split('/').next()?;
        ROOMS.into_iter().find(|room| *room == first)
    }

    /// Its lines of code, numbered, without those that are comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_comment = |line: &str| line.trim_start().starts_with("//");
        (1..).zip(self.text.lines()).filter(move |(_, line)| !is_comment(line))
    }

    /// What it uses of the crate: `crate::grid::Tree` gives `["grid", "Tree"]`. Of a
    /// list in braces each member is one.
    fn uses(&self) -> Vec<Vec<String>> {
        let code: String = self.code().flat_map(|(_, line)| [line, "\n"]).collect();
        let mark = if self.place() == "cli" || self.place() == "main" {
            "onegrid::"
        } else {
            "crate::"
        };
        let mut found = Vec::new();
        for (at, _) in code.match_indices(mark) {
            let before = code[..at].chars().next_back();
            if !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_') {
                paths(&code[at + mark.len()..], &mut Vec::new(), &mut found);
            }
        }
        found
    }
}

/// Reads one path, or a list of them in braces, and says where it ends.
fn paths(text: &str, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) -> usize {
    let start = text.len() - text.trim_start().len();
    let mut rest = &text[start..];
    if let Some(inner) = rest.strip_prefix('{') {
        let mut at = 1;
        let mut inner = inner;
        while !inner.trim_start().starts_with('}') && !inner.trim_start().is_empty() {
            let read = paths(inner, before, found).max(1);
            inner = &inner[read..];
            at += read;
            let skipped = inner.len() - inner.trim_start_matches([',', ' ', '\n', '\t']).len();
            inner = &inner[skipped..];
            at += skipped;
        }
        return start + at + (inner.len() - inner.trim_start().len()) + 1;
    }
    let length = rest
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(rest.len());
    let depth = before.len();
    before.push(rest[..length].to_owned());
    rest = &rest[length..];
    let mut at = start + length;
    match rest.strip_prefix("::") {
        Some(further) => at += 2 + paths(further, before, found),
        None => found.push(before.clone()),
    }
    before.truncate(depth);
    at
}

fn sources_below(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut open = vec![root.clone()];
    let mut files: Vec<PathBuf> = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let name = |path: &Path| {
        path.strip_prefix(&root)
            .expect("below")
            .to_string_lossy()
            .replace('\\', "/")
    };
    files
        .iter()
        .map(|path| Source {
            name: name(path),
            text: std::fs::read_to_string(path).expect("a source"),
        })
        .collect()
}

fn rank(place: &str) -> Option<usize> {
    TOP_DOWN.iter().position(|known| *known == place)
}

#[test]
fn what_a_file_uses_is_read_right() {
    let source = |text: &str| Source {
        name: "grid/store.rs".into(),
        text: text.into(),
    };
    let read = |text: &str| -> Vec<String> { source(text).uses().iter().map(|path| path.join("::")).collect() };
    assert_eq!(
        read("use crate::db::{self, Conn, schema::unit};\n// crate::http::X"),
        ["db::self", "db::Conn", "db::schema::unit"]
    );
    assert_eq!(
        read("use crate::{bus, kv::Kv,\n    db::{A, B}};\nlet x = crate::clock::now();"),
        ["bus", "kv::Kv", "db::A", "db::B", "clock::now"]
    );
}

#[test]
fn every_arrow_goes_down() {
    let mut wrong = Vec::new();
    let mut arrows = 0;
    for source in sources_below("src") {
        let place = source.place();
        let Some(own) = rank(place) else {
            wrong.push(format!("{} has no place in the picture", source.name));
            continue;
        };
        for used in source.uses() {
            arrows += 1;
            let target = used[0].as_str();
            let own_room = source.room() == Some(target) || place == target;
            // A room's routes are called by nothing but the server and other routes.
            let routes = used.iter().any(|part| part == "routes");
            let target = if routes { "routes" } else { target };
            let Some(other) = rank(target) else {
                wrong.push(format!(
                    "{} uses {}, which has no place in the picture",
                    source.name,
                    used.join("::")
                ));
                continue;
            };
            let down = if own_room && !routes {
                true
            } else {
                other > own || target == place
            };
            if !down {
                wrong.push(format!("{} uses {}", source.name, used.join("::")));
            }
        }
    }
    assert!(
        arrows > 100,
        "only {arrows} arrows were found: the test looks in the wrong place"
    );
    assert!(wrong.is_empty(), "arrows upwards:\n{}", wrong.join("\n"));
}

#[test]
fn only_routes_and_the_server_know_http_and_http_knows_no_room() {
    let mut wrong = Vec::new();
    for source in sources_below("src") {
        let knows_http = source.uses().iter().any(|used| used[0] == "http");
        if knows_http && !["routes", "http", "server"].contains(&source.place()) {
            wrong.push(format!("{} uses http", source.name));
        }
        let mentions_actix = source
            .code()
            .any(|(_, line)| line.contains("actix_web::") || line.contains("utoipa_swagger_ui"));
        if mentions_actix && !["routes", "http", "server", "cli"].contains(&source.place()) {
            wrong.push(format!("{} uses actix", source.name));
        }
        for used in source.uses() {
            if source.place() == "http" && ROOMS.contains(&used[0].as_str()) {
                wrong.push(format!("{} uses {}", source.name, used.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_room_is_called_by_what_its_mod_offers_and_never_by_its_store() {
    let mut wrong = Vec::new();
    for source in sources_below("src") {
        if source.name.ends_with("mod.rs") {
            for (number, line) in source.code() {
                if line.trim_start().starts_with("pub mod store") || line.trim_start().starts_with("pub mod model") {
                    wrong.push(format!("{}:{number}: {line}", source.name));
                }
            }
        }
        for used in source.uses() {
            let other_room = ROOMS.contains(&used[0].as_str()) && source.room() != Some(used[0].as_str());
            if other_room && used.iter().any(|part| part == "store") {
                wrong.push(format!("{} uses {}", source.name, used.join("::")));
            }
        }
        // Nothing but the store touches a room's tables.
        let is_store = source.name.ends_with("store.rs");
        let is_below = ["db", "http"].contains(&source.place());
        for used in source.uses() {
            let table = used.len() > 2 && used[0] == "db" && used[1] == "schema";
            if table && !is_store && !is_below {
                wrong.push(format!("{} uses {}", source.name, used.join("::")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_clock_asks_for_the_time() {
    let mut wrong = Vec::new();
    let forbidden = [
        "SystemTime::now",
        "Instant::now",
        "Utc::now",
        "Local::now",
        ".elapsed_since_epoch",
    ];
    for (folder, source) in ["src", "tests"]
        .iter()
        .flat_map(|folder| sources_below(folder).into_iter().map(move |s| (folder, s)))
    {
        // This file names them in order to forbid them.
        if source.name == "clock.rs" || source.name.ends_with("house_arrows.rs") {
            continue;
        }
        for (number, line) in source.code() {
            if forbidden.iter().any(|call| line.contains(call)) {
                wrong.push(format!("{folder}/{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_over_600_lines() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests"] {
        for source in sources_below(folder) {
            let lines = source.text.lines().count();
            if lines > 600 {
                wrong.push(format!("{folder}/{}: {lines}", source.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_module_is_named_for_nothing() {
    let empty: BTreeSet<&str> = ["utils", "util", "common", "helpers", "helper", "manager", "misc"].into();
    let wrong: Vec<String> = sources_below("src")
        .into_iter()
        .map(|source| source.name)
        .filter(|name| name.split('/').any(|part| empty.contains(part.trim_end_matches(".rs"))))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_room_says_what_it_is_for() {
    for source in sources_below("src") {
        if source.name.ends_with("/mod.rs") || source.name == "lib.rs" {
            assert!(
                source.text.starts_with("//!"),
                "{} does not say what it is for",
                source.name
            );
        }
    }
}
