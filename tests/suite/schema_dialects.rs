//! Both dialects end with the same tables.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli_world::{Sql, World};

/// SQLite's full-text index and its shadow tables, which PostgreSQL has as an index,
/// and the table in which each migration tool keeps its own list.
fn is_ours(table: &str) -> bool {
    !table.starts_with("search_fts") && !table.starts_with("sqlite_") && table != "__diesel_schema_migrations"
}

/// The one column whose default differs: numbered by the database itself, since
/// FTS5 knows rows by number.
const NUMBERED_BY_THE_DATABASE: (&str, &str) = ("search_entry", "number");

/// A table as both dialects can tell it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// In order: name, type as diesel has it, nullable, and the default.
    columns: Vec<(String, &'static str, bool, Option<String>)>,
    primary_key: Vec<String>,
    /// The columns of each further unique constraint.
    unique: BTreeSet<Vec<String>>,
    /// Column, other table, other column, what a deletion there does.
    foreign_keys: BTreeSet<(String, String, String, String)>,
    /// Of each check: its words and its quoted values.
    checks: BTreeSet<(String, Vec<String>)>,
    /// The columns of each index that is no constraint.
    indexes: BTreeSet<Vec<String>>,
    /// What a row is kept from: `UPDATE`, `DELETE`.
    kept_from: BTreeSet<String>,
}

fn diesel_type(declared: &str) -> &'static str {
    match declared.to_ascii_lowercase().as_str() {
        "text" => "Text",
        "bigint" | "integer" => "BigInt",
        "boolean" => "Bool",
        "double precision" | "double" => "Double",
        "bytea" | "blob" => "Binary",
        other => panic!("the type {other:?} is none of Text, BigInt, Bool, Double and Binary"),
    }
}

/// Rows of a query whose `value` joins its columns by `|`.
fn rows(sql: &mut Sql, query: &str) -> Vec<Vec<String>> {
    let rows = sql.texts(query);
    rows.iter()
        .map(|row| row.split('|').map(str::to_owned).collect())
        .collect()
}

fn of_sqlite(sql: &mut Sql) -> BTreeMap<String, Table> {
    let names = sql.texts("SELECT name AS value FROM sqlite_master WHERE type = 'table' ORDER BY name");
    names
        .into_iter()
        .filter(|name| is_ours(name))
        .map(|name| {
            let table = sqlite_table(sql, &name);
            (name, table)
        })
        .collect()
}

fn sqlite_table(sql: &mut Sql, name: &str) -> Table {
    let mut table = Table::default();
    let columns = format!(
        "SELECT name || '|' || type || '|' || \"notnull\" || '|' || pk || '|' || coalesce(dflt_value, '') AS value \
         FROM pragma_table_info('{name}') ORDER BY cid"
    );
    let mut keys = Vec::new();
    for row in rows(sql, &columns) {
        let [column, declared, not_null, key, default] = row.as_slice() else {
            panic!("{row:?}")
        };
        let is_integer = declared.eq_ignore_ascii_case("integer");
        assert!(
            !is_integer || (name, column.as_str()) == NUMBERED_BY_THE_DATABASE,
            "{name}.{column} is INTEGER, which makes it a row number"
        );
        let default = (!default.is_empty()).then(|| default.clone());
        table
            .columns
            .push((column.clone(), diesel_type(declared), not_null == "0", default));
        if key != "0" {
            keys.push((key.parse::<u32>().expect("a place in the key"), column.clone()));
        }
    }
    keys.sort();
    table.primary_key = keys.into_iter().map(|(_, column)| column).collect();
    let indexes =
        format!("SELECT name || '|' || \"unique\" || '|' || origin AS value FROM pragma_index_list('{name}')");
    for row in rows(sql, &indexes) {
        let columns = sql.texts(&format!(
            "SELECT name AS value FROM pragma_index_info('{}') ORDER BY seqno",
            row[0]
        ));
        match (row[2].as_str(), row[1].as_str()) {
            ("pk", _) => {}
            ("u", _) | (_, "1") => {
                table.unique.insert(columns);
            }
            _ => {
                table.indexes.insert(columns);
            }
        }
    }
    let foreign = format!(
        "SELECT group_concat(\"from\") || '|' || \"table\" || '|' || group_concat(\"to\") || '|' || on_delete AS value \
         FROM (SELECT * FROM pragma_foreign_key_list('{name}') ORDER BY id, seq) GROUP BY id"
    );
    for row in rows(sql, &foreign) {
        table
            .foreign_keys
            .insert((row[0].clone(), row[1].clone(), row[2].clone(), row[3].clone()));
    }
    let definition = sql.texts(&format!(
        "SELECT sql AS value FROM sqlite_master WHERE type = 'table' AND name = '{name}'"
    ));
    table.checks = checks_in(&definition[0]).iter().map(|check| gist(check)).collect();
    let triggers = sql.texts(&format!(
        "SELECT sql AS value FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{name}' AND sql LIKE '%append-only%'"
    ));
    for trigger in triggers {
        for event in ["UPDATE", "DELETE"] {
            if trigger.contains(&format!("BEFORE {event} ON")) {
                table.kept_from.insert(event.to_owned());
            }
        }
    }
    table
}

/// What stands between the parentheses of each CHECK of a definition.
fn checks_in(definition: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = definition;
    while let Some(at) = rest.find("CHECK (") {
        rest = &rest[at + "CHECK (".len()..];
        let mut depth = 1;
        let end = rest.find(|c| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        });
        found.push(rest[..end.expect("a closed check")].to_owned());
    }
    found
}

/// A check without what the dialects write differently: its first name, and the
/// values that it compares with.
fn gist(check: &str) -> (String, Vec<String>) {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let start = check.find(is_name).expect("a check names a column");
    let name: String = check[start..].chars().take_while(|c| is_name(*c)).collect();
    let mut values: Vec<String> = check.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
    values.extend(
        check
            .split(|c: char| !c.is_ascii_digit())
            .filter(|digits| !digits.is_empty())
            .map(str::to_owned),
    );
    values.sort();
    (name, values)
}

fn of_postgres(sql: &mut Sql) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    let columns = "SELECT table_name || '|' || column_name || '|' || data_type || '|' || is_nullable || '|' || \
                   coalesce(column_default, '') AS value \
                   FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position";
    for row in rows(sql, columns).into_iter().filter(|row| is_ours(&row[0])) {
        let default = (!row[4].is_empty()).then(|| row[4].clone());
        let column = (row[1].clone(), diesel_type(&row[2]), row[3] == "YES", default);
        tables.entry(row[0].clone()).or_default().columns.push(column);
    }
    let constraints = "SELECT r.relname || '|' || c.contype::text || '|' || \
                       coalesce((SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(at, n) \
                                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.at), '') || '|' || \
                       coalesce(f.relname, '') || '|' || \
                       coalesce((SELECT string_agg(a.attname, ',' ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(at, n) \
                                 JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.at), '') || '|' || \
                       CASE c.confdeltype WHEN 'a' THEN 'NO ACTION' ELSE c.confdeltype::text END || '|' || \
                       pg_get_constraintdef(c.oid) AS value \
                       FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid \
                       JOIN pg_namespace n ON n.oid = r.relnamespace LEFT JOIN pg_class f ON f.oid = c.confrelid \
                       WHERE n.nspname = 'public'";
    for row in rows(sql, constraints).into_iter().filter(|row| is_ours(&row[0])) {
        let table = tables.get_mut(&row[0]).expect("a table with columns");
        let columns: Vec<String> = row[2].split(',').map(str::to_owned).collect();
        match row[1].as_str() {
            "p" => table.primary_key = columns,
            "u" => {
                table.unique.insert(columns);
            }
            "f" => {
                table
                    .foreign_keys
                    .insert((row[2].clone(), row[3].clone(), row[4].clone(), row[5].clone()));
            }
            "c" => {
                table.checks.insert(gist(row[6].trim_start_matches("CHECK ")));
            }
            other => panic!("a constraint of the kind {other:?}: {row:?}"),
        }
    }
    let indexes = "SELECT r.relname || '|' || (SELECT string_agg(pg_get_indexdef(i.indexrelid, k, true), ',' ORDER BY k) \
                   FROM generate_series(1, i.indnatts) k) || '|' || i.indisunique::text AS value \
                   FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid JOIN pg_namespace n ON n.oid = r.relnamespace \
                   WHERE n.nspname = 'public' AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid \
                                                             AND c.contype IN ('p', 'u'))";
    for row in rows(sql, indexes).into_iter().filter(|row| is_ours(&row[0])) {
        // The full-text index, which SQLite has as the table search_fts.
        if row[1].contains("to_tsvector") {
            continue;
        }
        let columns: Vec<String> = row[1].split(',').map(str::to_owned).collect();
        let table = tables.get_mut(&row[0]).expect("a table with columns");
        match row[2].as_str() {
            "true" => table.unique.insert(columns),
            _ => table.indexes.insert(columns),
        };
    }
    let triggers = "SELECT event_object_table || '|' || event_manipulation AS value FROM information_schema.triggers \
                    WHERE trigger_schema = 'public' AND action_statement LIKE '%refuse_append_only%'";
    for row in rows(sql, triggers) {
        let table = tables.get_mut(&row[0]).expect("a table with columns");
        table.kept_from.insert(row[1].clone());
    }
    tables
}

fn both() -> (BTreeMap<String, Table>, BTreeMap<String, Table>) {
    let (sqlite, postgres) = (World::sqlite(), World::postgres());
    sqlite.do_run(&["migrate"]);
    postgres.do_run(&["migrate"]);
    (of_sqlite(&mut sqlite.sql()), of_postgres(&mut postgres.sql()))
}

#[test]
fn both_dialects_end_with_the_same_tables_columns_and_constraints() {
    let (sqlite, postgres) = both();
    let names = |tables: &BTreeMap<String, Table>| tables.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&sqlite), names(&postgres));
    assert!(sqlite.len() >= 9, "{:?}", names(&sqlite));
    for (name, table) in &sqlite {
        assert_eq!(table, &postgres[name], "{name}: SQLite left, PostgreSQL right");
        assert!(!table.primary_key.is_empty(), "{name} has no primary key");
    }
}

#[test]
fn the_comparison_sees_what_it_compares() {
    let (tables, _) = both();
    let unit = &tables["unit"];
    assert_eq!(unit.primary_key, ["id"]);
    assert!(unit.unique.contains(&vec!["code".to_owned()]));
    assert!(
        unit.foreign_keys
            .iter()
            .any(|key| key.0 == "parent_id" && key.1 == "unit")
    );
    let settings = ("setting".to_owned(), vec!["rural".to_owned(), "urban".to_owned()]);
    assert!(unit.checks.contains(&settings), "{:?}", unit.checks);
    assert!(unit.columns.contains(&("population".to_owned(), "BigInt", true, None)));
    assert_eq!(tables["place_history"].kept_from.len(), 2);
    assert_eq!(tables["place_door"].primary_key, ["place_id", "number"]);
}

/// The statements of a step.
fn step(world: &World, name: &str, way: &str) -> String {
    let dialect = if world.is_sqlite() { "sqlite" } else { "postgres" };
    let file = crate::cli_world::project().join(format!("migrations/{dialect}/{name}/{way}.sql"));
    std::fs::read_to_string(file).expect("a step")
}

#[test]
fn doors_survive_the_step_that_names_them_and_the_way_back() {
    const GROUND: &str = "2026-11-23-000001_ground";
    const DOORS: &str = "2026-11-24-000002_doors";
    for world in [World::sqlite(), World::postgres()] {
        let mut sql = world.sql();
        let id = if world.is_sqlite() { "x'01'" } else { "'\\x01'" };
        let door = |number: i64, kind: &str| {
            format!("INSERT INTO place_door (place_id, number, kind, lat, lon) VALUES ({id}, {number}, '{kind}', 1, 2)")
        };
        sql.execute(&step(&world, GROUND, "up"));
        sql.execute(&format!(
            "INSERT INTO unit (id, level, code, name, setting, updated_at) VALUES ({id}, 'city', 'A', '甲', 'urban', 0);
             INSERT INTO place (id, source, reference, name, category, kind, lat, lon, status, version, created_at, updated_at)
             VALUES ({id}, 'operator', 'a', '乙', 'party', 'x', 1, 2, 'open', 1, 0, 0);"
        ));
        sql.execute(&door(0, "main"));
        sql.execute(&door(1, "gate"));
        sql.try_execute(&door(2, "street")).expect_err("no such kind yet");
        sql.execute(&step(&world, DOORS, "up"));
        sql.execute(&door(2, "street"));
        sql.try_execute(&door(3, "window")).expect_err("no such kind");
        let kinds = "SELECT kind AS value FROM place_door WHERE name IS NULL AND lat = 1 AND lon = 2 ORDER BY number";
        assert_eq!(sql.texts(kinds), ["main", "gate", "street"]);
        assert_eq!(sql.numbers("SELECT version AS value FROM unit"), [1]);
        sql.execute(&format!(
            "INSERT INTO unit_door (unit_id, number, kind, lat, lon, name) VALUES ({id}, 0, 'main', 1, 2, '东门')"
        ));
        sql.execute(&step(&world, DOORS, "down"));
        let kinds = "SELECT kind AS value FROM place_door ORDER BY number";
        assert_eq!(sql.texts(kinds), ["main", "gate", "entrance"]);
        sql.try_execute(&door(3, "street")).expect_err("no such kind any more");
        sql.execute(&step(&world, DOORS, "up"));
    }
}

#[test]
fn the_steps_of_both_dialects_have_the_same_names() {
    let names = |dialect: &str| {
        let folder = crate::cli_world::project().join("migrations").join(dialect);
        let entries = std::fs::read_dir(folder).expect("a folder of steps");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("read").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}
