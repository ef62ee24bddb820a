//! All that a database has, as text.

use onegrid::db::Conn;

use crate::cli_world::Sql;

impl Sql {
    /// The names of all tables.
    pub fn tables(&mut self) -> Vec<String> {
        match &self.0 {
            Conn::Sqlite(_) => self.texts("SELECT name AS value FROM sqlite_master WHERE type = 'table'"),
            Conn::Postgres(_) => {
                self.texts("SELECT quote_ident(tablename) AS value FROM pg_tables WHERE schemaname = 'public'")
            }
        }
    }

    /// All rows of a table as text, bytes in hexadecimal.
    pub fn rows_as_text(&mut self, table: &str) -> Vec<String> {
        let row = match &self.0 {
            Conn::Postgres(_) => "t::text".to_owned(),
            Conn::Sqlite(_) => {
                let columns = self.texts(&format!("SELECT name AS value FROM pragma_table_info('{table}')"));
                let quoted: Vec<String> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
                quoted.join(" || ',' || ")
            }
        };
        self.texts(&format!("SELECT {row} AS value FROM {table} AS t"))
    }
}
