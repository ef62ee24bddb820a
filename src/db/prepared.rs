//! Statements of PostgreSQL that take whole columns, so that their text is the same for any
//! number of rows and they are prepared once: with many rows a list of values is parsed and
//! planned anew each time, which costs as much as doing it.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Binary, Bool, Nullable, Text, Untyped};
use diesel::{PgConnection, RunQueryDsl};

/// The values of a column, row by row.
#[derive(Debug, Clone)]
pub enum Column {
    /// Ids and other bytes.
    Binary(Vec<Vec<u8>>),
    /// The same, some of which are missing.
    MaybeBinary(Vec<Option<Vec<u8>>>),
    /// Numbers and times.
    BigInt(Vec<i64>),
    /// The same, some of which are missing.
    MaybeBigInt(Vec<Option<i64>>),
    /// Texts.
    Text(Vec<String>),
    /// The same, some of which are missing.
    MaybeText(Vec<Option<String>>),
    /// Whether or not.
    Bool(Vec<bool>),
}

/// A statement: pieces of text, and between each two of them a column.
#[derive(Debug, Clone)]
pub struct Prepared {
    pieces: Vec<String>,
    columns: Vec<Column>,
}

impl Prepared {
    /// Of so many pieces of text, one more than there are columns.
    pub fn new(pieces: &[&str], columns: Vec<Column>) -> Self {
        Self {
            pieces: pieces.iter().map(|piece| (*piece).to_owned()).collect(),
            columns,
        }
    }

    /// Adds rows to a table, column by column; what comes after the rows, such as what to do
    /// with those that are there.
    pub fn insert(table: &str, columns: Vec<(&str, Column)>, after: &str) -> Self {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let last = columns.len();
        let mut pieces = vec![format!(
            "INSERT INTO {table} ({}) SELECT * FROM unnest(",
            names.join(", ")
        )];
        pieces.extend((1..last).map(|_| ", ".to_owned()));
        pieces.push(format!(") {after}"));
        Self {
            pieces,
            columns: columns.into_iter().map(|(_, column)| column).collect(),
        }
    }

    /// Does it; how many rows.
    ///
    /// # Errors
    /// Where the database fails.
    pub fn execute(self, conn: &mut PgConnection) -> QueryResult<usize> {
        RunQueryDsl::execute(self, conn)
    }
}

impl QueryFragment<Pg> for Prepared {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut columns = self.columns.iter();
        for piece in &self.pieces {
            out.push_sql(piece);
            match columns.next() {
                None => {}
                Some(Column::Binary(values)) => out.push_bind_param::<Array<Binary>, _>(values)?,
                Some(Column::MaybeBinary(values)) => out.push_bind_param::<Array<Nullable<Binary>>, _>(values)?,
                Some(Column::BigInt(values)) => out.push_bind_param::<Array<BigInt>, _>(values)?,
                Some(Column::MaybeBigInt(values)) => out.push_bind_param::<Array<Nullable<BigInt>>, _>(values)?,
                Some(Column::Text(values)) => out.push_bind_param::<Array<Text>, _>(values)?,
                Some(Column::MaybeText(values)) => out.push_bind_param::<Array<Nullable<Text>>, _>(values)?,
                Some(Column::Bool(values)) => out.push_bind_param::<Array<Bool>, _>(values)?,
            }
        }
        Ok(())
    }
}

impl QueryId for Prepared {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Prepared {
    type SqlType = Untyped;
}

impl RunQueryDsl<PgConnection> for Prepared {}

/// The bytes of an id.
pub fn bytes<T>(id: super::Id<T>) -> Vec<u8> {
    id.uuid().as_bytes().to_vec()
}
