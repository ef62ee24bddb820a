//! Tables that people bring: rows that know their line, faults that name line
//! and column, and what an import did.

use std::collections::HashMap;
use std::fmt;

use crate::text::is_plain;

/// What is wrong in a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1; the header is line 1.
    pub line: u64,
    /// The column's name; none where the whole row is at fault.
    pub column: Option<String>,
    /// What is wrong and what would be right.
    pub why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}, column {column}: {}", self.line, self.why),
            None => write!(f, "line {}: {}", self.line, self.why),
        }
    }
}

/// A row with its texts by column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins.
    pub line: u64,
    cells: HashMap<String, String>,
}

impl Row {
    /// A row of these cells; empty ones count as missing, and a run of blanks or
    /// line ends within one is a blank.
    pub fn new(line: u64, cells: impl IntoIterator<Item = (String, String)>) -> Self {
        let cells = cells
            .into_iter()
            .map(|(column, text)| (column, text.split_whitespace().collect::<Vec<_>>().join(" ")))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        Self { line, cells }
    }

    /// The text of a column, if it has one.
    pub fn text(&self, column: &str) -> Option<&str> {
        self.cells.get(column).map(String::as_str)
    }

    /// A fault in a column of this row.
    pub fn fault(&self, column: &str, why: impl Into<String>) -> Fault {
        Fault {
            line: self.line,
            column: Some(column.to_owned()),
            why: why.into(),
        }
    }

    /// The text of a column that must be there, of at most `most` characters.
    pub fn needed(&self, column: &str, most: usize, faults: &mut Vec<Fault>) -> String {
        match self.short(column, most, faults) {
            Some(text) => text,
            None => {
                if self.text(column).is_none() {
                    faults.push(self.fault(column, "is empty"));
                }
                String::new()
            }
        }
    }

    /// The text of a column that may be empty, of at most `most` characters.
    pub fn short(&self, column: &str, most: usize, faults: &mut Vec<Fault>) -> Option<String> {
        let text = self.text(column)?;
        if !is_plain(text) {
            faults.push(self.fault(column, "has control characters or shows nothing"));
            return None;
        }
        if text.chars().count() > most {
            faults.push(self.fault(column, format!("is longer than {most} characters")));
            return None;
        }
        Some(text.to_owned())
    }

    /// The value of a column that may be empty.
    pub fn parsed<T: std::str::FromStr>(&self, column: &str, takes: &str, faults: &mut Vec<Fault>) -> Option<T> {
        let text = self.text(column)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => {
                faults.push(self.fault(column, format!("{text:?} is not {takes}")));
                None
            }
        }
    }

    /// The position in two columns, both or neither.
    pub fn position(&self, lat: &str, lon: &str, faults: &mut Vec<Fault>) -> Option<(f64, f64)> {
        let takes = "a number of degrees";
        let before = faults.len();
        let pair = (
            self.degrees(lat, 90.0, takes, faults),
            self.degrees(lon, 180.0, takes, faults),
        );
        match pair {
            (Some(lat), Some(lon)) => Some((lat, lon)),
            (None, None) => None,
            _ if faults.len() > before => None,
            (None, _) => {
                faults.push(self.fault(lat, "is empty"));
                None
            }
            (_, None) => {
                faults.push(self.fault(lon, "is empty"));
                None
            }
        }
    }

    fn degrees(&self, column: &str, most: f64, takes: &str, faults: &mut Vec<Fault>) -> Option<f64> {
        let value: f64 = self.parsed(column, takes, faults)?;
        if value.is_finite() && value.abs() <= most {
            return Some(value);
        }
        faults.push(self.fault(column, format!("{value} is not between -{most} and {most}")));
        None
    }
}

/// Reads a CSV file (RFC 4180, UTF-8, with or without a byte order mark) whose
/// header has all of `needed` and nothing beyond `needed` and `optional`.
pub fn read_csv(bytes: &[u8], needed: &[&str], optional: &[&str]) -> Result<(Vec<Row>, Vec<Fault>), Fault> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let at_header = |why: String| Fault {
        line: 1,
        column: None,
        why,
    };
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
            return Err(at_header("is not UTF-8; save the file as UTF-8".into()));
        }
        Err(error) => return Err(at_header(error.to_string())),
    };
    for name in needed {
        if !header.iter().any(|column| column == *name) {
            return Err(at_header(format!("the column {name} is missing")));
        }
    }
    for (at, name) in header.iter().enumerate() {
        if !needed.contains(&name) && !optional.contains(&name) {
            let known: Vec<&str> = needed.iter().chain(optional).copied().collect();
            return Err(at_header(format!(
                "there is no column {name:?}; known are {}",
                known.join(", ")
            )));
        }
        if header.iter().take(at).any(|earlier| earlier == name) {
            return Err(at_header(format!("the column {name} stands twice")));
        }
    }
    let mut rows = Vec::new();
    let mut faults = Vec::new();
    let mut lines = Lines::new(bytes);
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = lines.of(record.position());
                let cells = header.iter().zip(record.iter());
                rows.push(Row::new(
                    line,
                    cells.map(|(column, text)| (column.to_owned(), text.to_owned())),
                ));
            }
            Err(error) => faults.push(unread(&error, &header, &mut lines)),
        }
    }
    Ok((rows, faults))
}

/// Why a record could not be read, and where.
fn unread(error: &csv::Error, header: &csv::StringRecord, lines: &mut Lines<'_>) -> Fault {
    let line = lines.of(error.position());
    let (column, why) = match error.kind() {
        csv::ErrorKind::Utf8 { err, .. } => (
            header.get(err.field()).map(str::to_owned),
            "is not UTF-8; save the file as UTF-8".to_owned(),
        ),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            (None, format!("has {len} cells where the header has {expected_len}"))
        }
        _ => (None, error.to_string()),
    };
    Fault { line, column, why }
}

/// Counts lines by the bytes before a record. The reader's own count stands still
/// at the line ends that it skips before a record.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            counted: 0,
            line: 1,
        }
    }

    /// The line on which the record at this position really begins. Positions
    /// come in the order of the file.
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.map_or(0, |position| position.byte() as usize);
        let skipped = self.bytes.get(start..).unwrap_or_default();
        let ends = skipped.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let begin = (start + ends).min(self.bytes.len());
        let passed = self.bytes.get(self.counted..begin).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counted = self.counted.max(begin);
        self.line
    }
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Things that were not there before.
    pub added: usize,
    /// Things that were there and differ.
    pub changed: usize,
    /// Things that were there as they are.
    pub unchanged: usize,
    /// Rows left out, or the reason why nothing was taken.
    pub faults: Vec<Fault>,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} added, {} changed, {} unchanged, {} faults",
            self.added,
            self.changed,
            self.unchanged,
            self.faults.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_name_their_line_and_column() {
        let text = "\u{feff}code,name,lat,lon\nA,甲,31.5,\nB,,91,120\n\"C\",\"丙\n丁\",x,120\nD,1\nE,戊,1,2\n";
        let (rows, faults) = read_csv(text.as_bytes(), &["code", "name"], &["lat", "lon"]).expect("a header");
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [6]);
        let mut found = Vec::new();
        for row in &rows {
            row.needed("name", 10, &mut found);
            row.position("lat", "lon", &mut found);
        }
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "line 2, column lon: is empty",
                "line 3, column name: is empty",
                "line 3, column lat: 91 is not between -90 and 90",
                "line 4, column lat: \"x\" is not a number of degrees",
            ]
        );
    }

    #[test]
    fn lines_are_counted_as_an_editor_shows_them() {
        let text = "code,name\r\nA,x\r\n\r\nB,\"two\r\nlines\"\r\nC\r\nD,\r\n";
        let (rows, faults) = read_csv(text.as_bytes(), &["code", "name"], &[]).expect("a header");
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4, 7]);
        assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [6]);
        let (_, faults) = read_csv(b"code,name\nA,\xff\n", &["code", "name"], &[]).expect("a header");
        assert_eq!((faults[0].line, faults[0].column.as_deref()), (2, Some("name")));
    }

    #[test]
    fn a_wrong_header_is_refused_whole() {
        let why = |text: &str| {
            read_csv(text.as_bytes(), &["code"], &["name"])
                .expect_err("refused")
                .why
        };
        assert!(why("name\n").contains("code is missing"));
        assert!(why("code,nmae\n").contains("nmae"));
        assert!(why("code,code\n").contains("twice"));
    }
}
