//! The secrets that a start needs: configured, or made once by the embedded server
//! and kept beside its database.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::config::Config;
use crate::db::Target;
use crate::secret::Secret;

/// The operator's key: the configured one; with SQLite the one in the file
/// beside the database, which is made once with mode 0600.
pub fn operator_key(config: &Config) -> Result<Secret, String> {
    if let Some(key) = &config.operator_key {
        return Ok(key.clone());
    }
    match &config.database {
        Target::Sqlite(database) => kept_key(&secrets_file(database)),
        Target::Postgres(_) => Err(
            "ONEGRID_OPERATOR_KEY takes a secret of 24 to 256 visible characters: with PostgreSQL it must be set, \
             the same for all instances; make one with bin/secrets"
                .into(),
        ),
    }
}

/// Where the embedded server keeps its secrets.
pub fn secrets_file(database: &Path) -> PathBuf {
    database.with_extension("secrets.toml")
}

fn kept_key(file: &Path) -> Result<Secret, String> {
    let fault = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    if !file.exists() {
        make_once(file).map_err(|error| fault(&error))?;
    }
    let text = std::fs::read_to_string(file).map_err(|error| fault(&error))?;
    let table: toml::Table = text.parse().map_err(|_| fault(&"is not TOML"))?;
    match table.get("operator_key").and_then(toml::Value::as_str) {
        Some(key) if key.len() >= 24 => Ok(Secret::new(key.to_owned())),
        _ => Err(fault(&"has no operator_key of 24 or more characters")),
    }
}

/// Writes the file whole or not at all: of two processes that start together one
/// wins, and both then read the same key.
fn make_once(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = file.with_extension(format!("draft-{}", Uuid::new_v4().simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut created = options.open(&draft)?;
    let key = Secret::random();
    writeln!(
        created,
        "# Made at the first start. Whoever reads this may change places.\noperator_key = \"{}\"",
        key.reveal()
    )?;
    created.sync_all()?;
    let linked = std::fs::hard_link(&draft, file);
    std::fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.secrets.toml");
        let first = kept_key(&file).expect("made");
        let again = kept_key(&file).expect("read");
        assert!(first.is(again.reveal()));
        assert!(!first.is("another"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
