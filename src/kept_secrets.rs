//! The secrets that a start needs: configured, or made once by the embedded server
//! and kept beside its database.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::config::Config;
use crate::db::Target;
use crate::secret::SecretKey;

/// The keys of personal fields and of tokens.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Under which persons' keys are wrapped.
    pub master: SecretKey,
    /// The one before.
    pub previous_master: Option<SecretKey>,
    /// Of the hashes by which phone numbers are found.
    pub lookup: SecretKey,
    /// Of access tokens, the one that signs first.
    pub jwt: Vec<SecretKey>,
}

/// The keys: each the configured one; with SQLite those that are not set stand in
/// the file beside the database.
pub fn keys(config: &Config) -> Result<Keys, String> {
    let kept = match &config.database {
        Target::Sqlite(database) if !has_all_keys(config) => Some(kept(&secrets_file(database))?),
        _ => None,
    };
    let one = |name: &str, set: &Option<SecretKey>, kept: Option<SecretKey>| {
        set.clone().or(kept).ok_or_else(|| {
            format!(
                "{name} takes 64 hexadecimal digits: with PostgreSQL it must be set, the same for all instances; make \
                 one with bin/secrets"
            )
        })
    };
    let jwt = match config.jwt_keys.as_slice() {
        [] => vec![one(
            "ONEGRID_JWT_KEYS",
            &None,
            kept.as_ref().map(|kept| kept.jwt_key.clone()),
        )?],
        set => set.to_vec(),
    };
    let master = kept.as_ref().map(|kept| kept.master_key.clone());
    let lookup = kept.map(|kept| kept.lookup_key);
    Ok(Keys {
        master: one("ONEGRID_MASTER_KEY", &config.master_key, master)?,
        previous_master: config.master_key_previous.clone(),
        lookup: one("ONEGRID_LOOKUP_KEY", &config.lookup_key, lookup)?,
        jwt,
    })
}

fn has_all_keys(config: &Config) -> bool {
    config.master_key.is_some() && config.lookup_key.is_some() && !config.jwt_keys.is_empty()
}

/// Where the embedded server keeps its secrets.
pub fn secrets_file(database: &Path) -> PathBuf {
    database.with_extension("secrets.toml")
}

/// What the file has.
struct Kept {
    master_key: SecretKey,
    lookup_key: SecretKey,
    jwt_key: SecretKey,
}

const NAMES: [&str; 3] = ["master_key", "lookup_key", "jwt_key"];

fn kept(file: &Path) -> Result<Kept, String> {
    let fault = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    let mut table = read(file)?;
    if NAMES.iter().any(|name| !table.contains_key(*name)) {
        table = complete(file)?;
    }
    let text = |name: &str| {
        table
            .get(name)
            .and_then(toml::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let key = |name: &str| {
        text(name)
            .parse()
            .map_err(|why: String| fault(&format!("{name}: {why}")))
    };
    Ok(Kept {
        master_key: key("master_key")?,
        lookup_key: key("lookup_key")?,
        jwt_key: key("jwt_key")?,
    })
}

fn read(file: &Path) -> Result<toml::Table, String> {
    let fault = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    if !file.exists() {
        return Ok(toml::Table::new());
    }
    let text = std::fs::read_to_string(file).map_err(|error| fault(&error))?;
    text.parse().map_err(|_| fault(&"is not TOML"))
}

/// Adds the secrets that the file lacks; what stands there stays. Of processes that
/// start together one adds and the others read what it added.
fn complete(file: &Path) -> Result<toml::Table, String> {
    let fault = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| fault(&error))?;
    }
    // The secrets themselves are replaced by renaming, so the lock is on another file.
    let lock = File::create(file.with_extension("lock")).map_err(|error| fault(&error))?;
    lock.lock().map_err(|error| fault(&error))?;
    let mut table = read(file)?;
    for name in NAMES {
        if !table.contains_key(name) {
            table.insert(name.to_owned(), SecretKey::random()?.to_hex().into());
        }
    }
    write(file, &table).map_err(|error| fault(&error))?;
    Ok(table)
}

/// Writes the file whole or not at all, for its owner only.
fn write(file: &Path, table: &toml::Table) -> std::io::Result<()> {
    let draft = file.with_extension(format!("draft-{}", Uuid::new_v4().simple()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut created = options.open(&draft)?;
    writeln!(
        created,
        "# Made at the first start. Without master_key nobody's name or phone number can be read\n\
         # again: keep a copy in a safe place, apart from the database.\n{table}"
    )?;
    created.sync_all()?;
    std::fs::rename(&draft, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.secrets.toml");
        let first = kept(&file).expect("made");
        let again = kept(&file).expect("read");
        assert_eq!(first.master_key, again.master_key);
        assert_ne!(first.master_key, first.lookup_key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_of_an_older_version_gets_what_it_lacks() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.secrets.toml");
        let old = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
        std::fs::write(&file, format!("operator_key = \"{old}\"\n")).expect("written");
        let keys: Vec<Kept> = std::thread::scope(|scope| {
            let readers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| kept(&file).expect("completed")))
                .collect();
            readers
                .into_iter()
                .map(|reader| reader.join().expect("ended"))
                .collect()
        });
        for kept in &keys {
            assert_eq!(
                kept.master_key, keys[0].master_key,
                "all that start together read the same"
            );
        }
    }
}
