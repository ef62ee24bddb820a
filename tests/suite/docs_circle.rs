//! The tables of `docs/circle.md` are those of `data/`: every figure of the time
//! model with its source, every row of the facilities.

use std::fmt::Write;

use toml::{Table, Value};

use crate::cli_world::project;

/// What a figure of `data/paces.toml` is, by its table and key.
const FIGURES: [(&str, &str, &str); 10] = [
    (
        "steps",
        "seconds_a_step",
        "stairs: seconds a step, where `step_count` is mapped",
    ),
    ("steps", "metres_a_second", "stairs: metres a second, where it is not"),
    (
        "crossing",
        "signals_wait_s",
        "crossing with signals: mean wait, seconds",
    ),
    (
        "slope",
        "exponent",
        "slope: exponent *k* of exp(*k* · (\\|*s* + *o*\\| − *o*))",
    ),
    (
        "slope",
        "offset",
        "slope: offset *o*; *s* is the slope as a fraction, upwards positive",
    ),
    ("lift", "ride_s", "lift: wait and ride, seconds"),
    ("escalator", "metres_a_second", "escalator: metres a second, standing"),
    ("ferry", "km_per_hour", "ferry: km/h, where no duration is mapped"),
    ("ferry", "wait_s", "ferry: wait in seconds, where no interval is mapped"),
    (
        "straight_line",
        "detour_factor",
        "straight line: metres walked for a metre",
    ),
];

fn data(name: &str) -> Table {
    let text = std::fs::read_to_string(project().join("data").join(name)).expect(name);
    text.parse().expect(name)
}

fn rows<'a>(table: &'a Table, key: &str) -> Vec<&'a Table> {
    let rows = table[key].as_array().expect(key);
    rows.iter().map(|row| row.as_table().expect(key)).collect()
}

fn text<'a>(row: &'a Table, key: &str) -> &'a str {
    row[key].as_str().expect(key)
}

fn figure(row: &Table, key: &str) -> String {
    row.get(key).map_or("–".to_owned(), Value::to_string)
}

fn paces() -> String {
    let table = data("paces.toml");
    let mut out = format!("The model is `{}`.\n\n", text(&table, "model"));
    out += "| pace | km/h on the level | stairs | steepest slope | source |\n| --- | --- | --- | --- | --- |\n";
    for row in rows(&table, "pace") {
        let stairs = row
            .get("step_factor")
            .map_or("none".to_owned(), |factor| format!("× {factor}"));
        let steepest = row
            .get("max_incline_percent")
            .map_or("any".to_owned(), |most| format!("{most} %"));
        let (name, speed, source) = (text(row, "name"), figure(row, "km_per_hour"), text(row, "source"));
        writeln!(out, "| `{name}` | {speed} | {stairs} | {steepest} | {source} |").expect("a line");
    }
    out += "\n| figure | value | source |\n| --- | --- | --- |\n";
    let mut told = 0;
    for (section, key, words) in FIGURES {
        let row = table[section].as_table().expect(section);
        writeln!(out, "| {words} | {} | {} |", row[key], text(row, "source")).expect("a line");
        told += 1;
    }
    let figures = table.values().filter_map(Value::as_table).flatten();
    assert_eq!(
        told,
        figures.filter(|(key, _)| *key != "source").count(),
        "a figure has no words here"
    );
    out
}

fn facilities() -> String {
    let table = data("facilities.toml");
    let mut out =
        "| code | facility | category | kinds | tier, min | metres | requirement | source | national | checked |\n"
            .to_owned();
    out += "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for row in rows(&table, "facility") {
        let kinds: Vec<String> = row["kinds"]
            .as_array()
            .expect("kinds")
            .iter()
            .map(ToString::to_string)
            .collect();
        let requirement = match text(row, "requirement") {
            "must" => "▲ must",
            _ => "△ should",
        };
        writeln!(
            out,
            "| `{}` | {} {} | `{}` | {} | {} | {} | {requirement} | {} | {} | {} |",
            text(row, "code"),
            text(row, "zh"),
            text(row, "en"),
            text(row, "category"),
            kinds.join(", ").replace('"', "`"),
            row["tier"],
            figure(row, "metres"),
            text(row, "source"),
            if row.get("national").and_then(Value::as_bool) == Some(true) {
                "yes"
            } else {
                "–"
            },
            if row["checked"].as_bool() == Some(true) {
                "yes"
            } else {
                "**no**"
            },
        )
        .expect("a line");
    }
    out
}

/// What stands between two marks of the page is `expected`, or is made so.
fn keeps(mark: &str, expected: &str) {
    let path = project().join("docs/circle.md");
    let page = std::fs::read_to_string(&path).expect("docs/circle.md");
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- /{mark} -->"));
    let (before, rest) = page.split_once(&begin).expect("the mark before the table");
    let (table, after) = rest.split_once(&end).expect("the mark after the table");
    if std::env::var("ONEGRID_WRITE_DOCS").as_deref() == Ok("1") {
        std::fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).expect("written");
        return;
    }
    assert_eq!(
        table, expected,
        "docs/circle.md is out of date; run the suite with ONEGRID_WRITE_DOCS=1"
    );
}

#[test]
fn the_page_on_the_circle_has_the_tables_in_force() {
    keeps("paces", &paces());
    keeps("facilities", &facilities());
}
