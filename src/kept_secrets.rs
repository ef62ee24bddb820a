//! The secrets that a start needs: configured, or made once by the embedded server
//! and kept beside its database.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::config::Config;
use crate::db::{self, Target};
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
    let lacking = not_configured(config);
    let kept = match &config.database {
        Target::Sqlite(database) if !lacking.is_empty() => kept(database, &lacking)?,
        _ => Kept::default(),
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
        [] => vec![one("ONEGRID_JWT_KEYS", &None, kept.jwt_key)?],
        set => set.to_vec(),
    };
    Ok(Keys {
        master: one("ONEGRID_MASTER_KEY", &config.master_key, kept.master_key)?,
        previous_master: config.master_key_previous.clone(),
        lookup: one("ONEGRID_LOOKUP_KEY", &config.lookup_key, kept.lookup_key)?,
        jwt,
    })
}

const MASTER: &str = "master_key";
const LOOKUP: &str = "lookup_key";
const JWT: &str = "jwt_key";

/// The names in the file of those that are not set.
fn not_configured(config: &Config) -> Vec<&'static str> {
    let set = [
        (MASTER, config.master_key.is_some()),
        (LOOKUP, config.lookup_key.is_some()),
        (JWT, !config.jwt_keys.is_empty()),
    ];
    set.into_iter()
        .filter(|(_, is_set)| !is_set)
        .map(|(name, _)| name)
        .collect()
}

/// Where the embedded server keeps its secrets.
pub fn secrets_file(database: &Path) -> PathBuf {
    database.with_extension("secrets.toml")
}

/// What the file has of what is asked.
#[derive(Default)]
struct Kept {
    master_key: Option<SecretKey>,
    lookup_key: Option<SecretKey>,
    jwt_key: Option<SecretKey>,
}

/// These secrets of a database, made where they do not stand in its file.
fn kept(database: &Path, names: &[&'static str]) -> Result<Kept, String> {
    let file = secrets_file(database);
    let fault = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    let mut table = read(&file)?;
    let lacking = |table: &toml::Table| {
        names
            .iter()
            .copied()
            .filter(|name| !table.contains_key(*name))
            .collect::<Vec<_>>()
    };
    if lacking(&table).iter().any(|name| *name != JWT)
        && db::has_rows(database, "key_mark").map_err(|error| fault(&error))?
    {
        return Err(fault(&format!(
            "{} was begun with keys that do not stand here; put this file back as it was, or set ONEGRID_MASTER_KEY and \
             ONEGRID_LOOKUP_KEY",
            database.display()
        )));
    }
    if !lacking(&table).is_empty() {
        table = complete(&file, names)?;
    }
    let key = |name: &'static str| {
        let text = table.get(name).filter(|_| names.contains(&name));
        let parsed = text.map(|text| text.as_str().unwrap_or_default().parse());
        parsed
            .transpose()
            .map_err(|why: String| fault(&format!("{name}: {why}")))
    };
    Ok(Kept {
        master_key: key(MASTER)?,
        lookup_key: key(LOOKUP)?,
        jwt_key: key(JWT)?,
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
fn complete(file: &Path, names: &[&'static str]) -> Result<toml::Table, String> {
    let fault = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| fault(&error))?;
    }
    // The secrets themselves are replaced by renaming, so the lock is on another file.
    let lock = File::create(file.with_extension("lock")).map_err(|error| fault(&error))?;
    lock.lock().map_err(|error| fault(&error))?;
    let mut table = read(file)?;
    for name in names {
        if !table.contains_key(*name) {
            table.insert((*name).to_owned(), SecretKey::random()?.to_hex().into());
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

    const ALL: [&str; 3] = [MASTER, LOOKUP, JWT];

    #[test]
    fn a_kept_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("x.db");
        let first = kept(&database, &ALL).expect("made");
        let again = kept(&database, &ALL).expect("read");
        assert!(first.master_key.is_some());
        assert_eq!(first.master_key, again.master_key);
        assert_ne!(first.master_key, first.lookup_key);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(secrets_file(&database))
                .expect("there")
                .permissions()
                .mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_set_is_not_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("x.db");
        let made = kept(&database, &[JWT]).expect("made");
        assert!(made.jwt_key.is_some() && made.master_key.is_none());
        let text = std::fs::read_to_string(secrets_file(&database)).expect("there");
        assert!(!text.contains("lookup_key"), "nor does it stand there");
    }

    #[test]
    fn a_file_of_an_older_version_gets_what_it_lacks() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = folder.path().join("x.db");
        let old = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
        std::fs::write(secrets_file(&database), format!("operator_key = \"{old}\"\n")).expect("written");
        let keys: Vec<Kept> = std::thread::scope(|scope| {
            let readers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| kept(&database, &ALL).expect("completed")))
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
