//! Units from a table: whole or not at all, and twice is once.

use std::collections::{HashMap, HashSet};

use super::model::{Level, Setting, Unit, UnitId};
use super::{estates, store};
use crate::clock;
use crate::coordinates::Point;
use crate::db::{Id, Tx};
use crate::error::Result;
use crate::rows::{Fault, Imported, Row, read_csv};

const NEEDED: [&str; 4] = ["code", "level", "name", "setting"];
const OPTIONAL: [&str; 5] = ["parent_code", "name_en", "population", "lat", "lon"];
/// A change of so many units is told as "reload", not one by one.
const ONE_BY_ONE: usize = 100;

/// A unit as a table has it.
#[derive(Debug, Clone, PartialEq)]
pub struct UnitRow {
    /// Where it stands in the file, for its faults.
    pub line: u64,
    /// Its division code, by which it is known again.
    pub code: String,
    /// The code of the unit above; none for a root.
    pub parent_code: Option<String>,
    /// Its level.
    pub level: Level,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Town or country.
    pub setting: Setting,
    /// How many people live there.
    pub population: Option<i64>,
    /// Where it is, WGS-84.
    pub location: Option<Point>,
}

impl UnitRow {
    fn read(row: &Row, faults: &mut Vec<Fault>) -> Option<Self> {
        let mut own = Vec::new();
        let code = row.needed("code", 64, &mut own);
        let name = row.needed("name", 80, &mut own);
        let level: Option<Level> = row.parsed(
            "level",
            "a level (city, county, street, community, grid, group, building)",
            &mut own,
        );
        let setting: Option<Setting> = row.parsed("setting", "urban or rural", &mut own);
        for column in ["level", "setting"] {
            if row.text(column).is_none() {
                own.push(row.fault(column, "is empty"));
            }
        }
        let population: Option<i64> = row.parsed("population", "a whole number", &mut own);
        if population.is_some_and(|people| people < 0) {
            own.push(row.fault("population", "is below 0"));
        }
        let unit = Self {
            line: row.line,
            parent_code: row.short("parent_code", 64, &mut own),
            name_en: row.short("name_en", 120, &mut own),
            location: row
                .position("lat", "lon", &mut own)
                .map(|(lat, lon)| Point { lat, lon }),
            code,
            name,
            level: level.unwrap_or(Level::City),
            setting: setting.unwrap_or(Setting::Urban),
            population,
        };
        let fine = own.is_empty();
        faults.extend(own);
        fine.then_some(unit)
    }

    fn fault(&self, column: &str, why: String) -> Fault {
        Fault {
            line: self.line,
            column: Some(column.to_owned()),
            why,
        }
    }
}

/// Imports a CSV file of units, known again by their codes. Nothing is taken
/// where a row is at fault, unless `keep_going`; then the rest is.
pub fn import_units(tx: &mut Tx<'_>, csv: &[u8], keep_going: bool) -> Result<Imported> {
    let (rows, mut faults) = match read_csv(csv, &NEEDED, &OPTIONAL) {
        Ok(read) => read,
        Err(fault) => {
            return Ok(Imported {
                faults: vec![fault],
                ..Imported::default()
            });
        }
    };
    let units = rows.iter().filter_map(|row| UnitRow::read(row, &mut faults)).collect();
    store_units(tx, units, faults, keep_going)
}

/// Stores rows that were read already; `faults` are those found in reading.
pub fn store_units(tx: &mut Tx<'_>, rows: Vec<UnitRow>, mut faults: Vec<Fault>, keep_going: bool) -> Result<Imported> {
    store::lock_shape(tx)?;
    let known: HashMap<String, Unit> = store::load_all_to_change(tx)?
        .into_iter()
        .map(|unit| (unit.code.clone(), unit))
        .collect();
    let drawn = estates::drawn(tx)?;
    let rows = sound(rows, &known, &drawn, &mut faults);
    faults.sort_by(|a, b| (a.line, &a.column).cmp(&(b.line, &b.column)));
    if !faults.is_empty() && !keep_going {
        return Ok(Imported {
            faults,
            ..Imported::default()
        });
    }
    let mut imported = write(tx, rows, &known)?;
    imported.faults = faults;
    Ok(imported)
}

/// A unit as it will be: from the file, or as the database has it.
#[derive(Clone, Copy)]
struct Future<'a> {
    level: Level,
    parent_code: Option<&'a str>,
    /// Whether it was merged into another.
    closed: bool,
}

/// The rows that make a tree together with what the database has.
fn sound(
    mut rows: Vec<UnitRow>,
    known: &HashMap<String, Unit>,
    drawn: &[(UnitId, UnitId)],
    faults: &mut Vec<Fault>,
) -> Vec<UnitRow> {
    let mut seen = HashSet::new();
    rows.retain(|row| {
        let first = seen.insert(row.code.clone());
        if !first {
            faults.push(row.fault("code", format!("{} stands in the file twice", row.code)));
        }
        first
    });
    let codes_by_id: HashMap<UnitId, &str> = known.values().map(|unit| (unit.id, unit.code.as_str())).collect();
    // A row that falls may take others with it, which named it as their parent.
    loop {
        let mut future: HashMap<&str, Future<'_>> = known
            .values()
            .map(|unit| {
                let parent_code = unit.parent_id.and_then(|id| codes_by_id.get(&id).copied());
                let (level, closed) = (unit.level, unit.merged_into.is_some());
                let future = Future {
                    level,
                    parent_code,
                    closed,
                };
                (unit.code.as_str(), future)
            })
            .collect();
        for row in &rows {
            let (level, parent_code) = (row.level, row.parent_code.as_deref());
            let closed = known.get(&row.code).is_some_and(|unit| unit.merged_into.is_some());
            let changed = Future {
                level,
                parent_code,
                closed,
            };
            future.insert(&row.code, changed);
        }
        let found: Vec<(String, Fault)> = rows
            .iter()
            .filter_map(|row| Some((row.code.clone(), misplaced(row, &future)?)))
            .chain(orphaned(&rows, known, &codes_by_id, &future))
            .chain(torn(&rows, drawn, known, &codes_by_id, &future))
            .collect();
        if found.is_empty() {
            return rows;
        }
        let fallen: HashSet<String> = found.iter().map(|(code, _)| code.clone()).collect();
        faults.extend(found.into_iter().map(|(_, fault)| fault));
        rows.retain(|row| !fallen.contains(&row.code));
    }
}

/// What is wrong with where a row stands: no parent, a cycle, the wrong level, or a unit
/// that is no more.
fn misplaced(row: &UnitRow, future: &HashMap<&str, Future<'_>>) -> Option<Fault> {
    let merged = |code: &str| format!("{code} was merged into another unit");
    if future.get(row.code.as_str()).is_some_and(|unit| unit.closed) {
        return Some(row.fault("code", merged(&row.code)));
    }
    let parent_code = row.parent_code.as_deref()?;
    let Some(parent) = future.get(parent_code) else {
        return Some(row.fault("parent_code", format!("there is no unit {parent_code}")));
    };
    if parent.closed {
        return Some(row.fault("parent_code", merged(parent_code)));
    }
    let mut above = Some(parent_code);
    for _ in 0..future.len() {
        let Some(code) = above else { break };
        if code == row.code {
            return Some(row.fault("parent_code", format!("{} would be above itself", row.code)));
        }
        above = future.get(code).and_then(|unit| unit.parent_code);
    }
    (parent.level >= row.level).then(|| {
        row.fault(
            "level",
            format!("a {} cannot be below the {} {parent_code}", row.level, parent.level),
        )
    })
}

/// Rows whose new level no longer stands above what hangs on them in the database.
fn orphaned(
    rows: &[UnitRow],
    known: &HashMap<String, Unit>,
    codes_by_id: &HashMap<UnitId, &str>,
    future: &HashMap<&str, Future<'_>>,
) -> Vec<(String, Fault)> {
    let by_code: HashMap<&str, &UnitRow> = rows.iter().map(|row| (row.code.as_str(), row)).collect();
    let mut found = Vec::new();
    for child in known.values().filter(|unit| !by_code.contains_key(unit.code.as_str())) {
        let parent_code = child.parent_id.and_then(|id| codes_by_id.get(&id).copied());
        let Some(row) = parent_code.and_then(|code| by_code.get(code)) else {
            continue;
        };
        if future
            .get(row.code.as_str())
            .is_some_and(|unit| unit.level >= child.level)
        {
            let why = format!("the {} {} is below it and would not fit", child.level, child.code);
            found.push((row.code.clone(), row.fault("level", why)));
        }
    }
    found
}

/// Rows that would take a building out of the grid whose estate it is of.
fn torn(
    rows: &[UnitRow],
    drawn: &[(UnitId, UnitId)],
    known: &HashMap<String, Unit>,
    codes_by_id: &HashMap<UnitId, &str>,
    future: &HashMap<&str, Future<'_>>,
) -> Vec<(String, Fault)> {
    let by_code: HashMap<&str, &UnitRow> = rows.iter().map(|row| (row.code.as_str(), row)).collect();
    let mut found = Vec::new();
    for (building, grid) in drawn {
        let code_of = |id: &UnitId| codes_by_id.get(id).copied();
        let (Some(building), Some(grid)) = (code_of(building), code_of(grid)) else {
            continue;
        };
        let next = |code: &&str| future.get(*code).and_then(|unit| unit.parent_code);
        let longest = Level::ALL.len();
        if std::iter::successors(Some(building), next)
            .take(longest)
            .any(|code| code == grid)
        {
            continue;
        }
        let was = |code: &&str| known.get(*code)?.parent_id.as_ref().and_then(code_of);
        let mut path = std::iter::successors(Some(building), was).take(longest);
        let moved = path.find_map(|code| by_code.get(code).filter(|row| row.parent_code.as_deref() != was(&code)));
        if let Some(row) = moved {
            let why = format!("the building {building} is of an estate of {grid}; redraw that first");
            found.push((row.code.clone(), row.fault("parent_code", why)));
        }
    }
    found
}

fn write(tx: &mut Tx<'_>, mut rows: Vec<UnitRow>, known: &HashMap<String, Unit>) -> Result<Imported> {
    // Parents before children.
    rows.sort_by_key(|row| row.level);
    let now = clock::now();
    let mut imported = Imported::default();
    let mut ids: HashMap<String, UnitId> = known.values().map(|unit| (unit.code.clone(), unit.id)).collect();
    let mut touched = Vec::new();
    for row in rows {
        let old = known.get(&row.code);
        let mut unit = Unit {
            id: old.map_or_else(Id::new, |unit| unit.id),
            parent_id: row.parent_code.and_then(|code| ids.get(&code).copied()),
            level: row.level,
            code: row.code,
            name: row.name,
            name_en: row.name_en,
            setting: row.setting,
            population: row.population,
            location: row.location,
            updated_at: old.map_or(now, |unit| unit.updated_at),
            version: old.map_or(1, |unit| unit.version),
            merged_into: None,
            closed_at: None,
            // A table says nothing of doors: a unit keeps those that it has.
            doors: old.map_or_else(Vec::new, |unit| unit.doors.clone()),
        };
        ids.insert(unit.code.clone(), unit.id);
        match old {
            Some(old) if *old == unit => {
                imported.unchanged += 1;
                continue;
            }
            Some(_) => {
                unit.updated_at = now;
                store::update(tx, &unit, "import")?;
                imported.changed += 1;
            }
            None => {
                store::insert(tx, &unit)?;
                imported.added += 1;
            }
        }
        touched.push(unit.id);
    }
    tell(tx, &touched);
    Ok(imported)
}

fn tell(tx: &mut Tx<'_>, touched: &[UnitId]) {
    if touched.len() > ONE_BY_ONE {
        tx.changed_all(store::KIND);
    } else {
        for id in touched {
            tx.changed(store::KIND, id);
        }
    }
}
