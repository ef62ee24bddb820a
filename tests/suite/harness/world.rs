//! A folder, a database, and the program in it.

use std::path::PathBuf;

use tempfile::TempDir;

use super::database::{Database, redis_url};
use super::fixtures::{Fixture, UNITS};
use super::people;
use super::program::{Program, Ran};
use super::server::Server;
use super::town::Town;

/// Everything that a test needs of its own.
pub struct World {
    database: Database,
    settings: Vec<(String, String)>,
    folder: TempDir,
}

impl World {
    /// With SQLite and the local bus.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::sqlite(folder.path());
        Self::of(folder, database)
    }

    /// With the suite's PostgreSQL and Redis.
    pub fn postgres() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut world = Self::of(folder, Database::postgres());
        let prefix = format!("{}:", world.folder.path().display());
        world.settings.push(("REDIS_URL".into(), redis_url()));
        world.settings.push(("ONEGRID_REDIS_PREFIX".into(), prefix));
        world
    }

    /// On an empty database of a server that the test started, with the local bus.
    pub fn on(url: String) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::of(folder, Database::Given { url })
    }

    fn of(folder: TempDir, database: Database) -> Self {
        let map = folder.path().join("streets.map");
        let settings = [
            ("DATABASE_URL", database.url()),
            ("ONEGRID_LISTEN", "127.0.0.1:0"),
            ("ONEGRID_METRICS_LISTEN", "off"),
            ("ONEGRID_MASTER_KEY", people::MASTER_KEY),
            ("ONEGRID_LOOKUP_KEY", people::LOOKUP_KEY),
            ("ONEGRID_JWT_KEYS", people::JWT_KEY),
            ("ONEGRID_FILES", &folder.path().join("files").display().to_string()),
            ("ONEGRID_DATABASE_CONNECTIONS", "4"),
            ("ONEGRID_WORKERS", "1"),
            // Limits have tests of their own.
            ("ONEGRID_CIRCLE_RATE", "100000"),
            ("ONEGRID_LOG_FORMAT", "json"),
            ("ONEGRID_LOG", "info,onegrid=debug"),
        ];
        let settings = settings
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain([("ONEGRID_MAP".to_owned(), map.display().to_string())])
            .collect();
        let world = Self {
            database,
            settings,
            folder,
        };
        // A map is there from the start, so that no test is without by mistake.
        world.build_map(&Town::usual());
        world
    }

    /// Whether the database is SQLite.
    pub fn is_sqlite(&self) -> bool {
        matches!(self.database, Database::Sqlite { .. })
    }

    /// The path of a file in the world's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address of the world's database.
    pub fn database_url(&self) -> &str {
        self.database.url()
    }

    /// Writes a file into the world's folder, of which nobody reads half; its path.
    pub fn file(&self, name: &str, content: &str) -> String {
        let (path, draft) = (self.path(name), self.path(&format!("{name}.draft")));
        std::fs::write(&draft, content).expect("the folder can be written");
        std::fs::rename(draft, &path).expect("the folder can be written");
        path.display().to_string()
    }

    /// Builds the street map that the world's servers open.
    pub fn build_map(&self, town: &Town) {
        let xml = self.file("town.osm", &town.xml());
        let map = self.path("streets.map").display().to_string();
        self.run(&["map", "build", &xml, "-o", &map]).succeeded();
    }

    /// Imports the usual units.
    pub fn import_units(&self) {
        let file = self.file("units.csv", UNITS);
        self.run(&["import", "units", &file]).succeeded();
    }

    /// Imports places.
    pub fn import_places(&self, places: &Fixture) {
        let file = self.file("places.csv", places.csv());
        self.run(&["import", "places", &file]).succeeded();
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// The same with further settings; an empty value takes a setting away.
    pub fn run_with(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Ran {
        self.program().with(settings).run(arguments)
    }

    /// Starts a server.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// Starts a server with further settings; an empty value takes a setting away.
    pub fn serve_with(&self, settings: &[(&str, &str)]) -> Server {
        Server::start(self.program().with(settings))
    }

    /// The program with the world's settings.
    pub fn program(&self) -> Program {
        Program {
            folder: self.folder.path().to_owned(),
            settings: self.settings.clone(),
        }
    }
}
