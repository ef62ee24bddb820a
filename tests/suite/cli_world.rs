//! What the tests of the command line and of faults share: a folder and a
//! database of one's own, commands, servers as processes, and SQL beside them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, SqliteConnection};
use onegrid::clock;
use onegrid::db::Conn;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::roles::staff_token;
pub use crate::harness::{CEILING, until as wait_for};
use crate::harness::{Program, agent, people};

/// Declares tests that run on both back ends, each with a world of its own.
macro_rules! on_both {
    ($($(#[$attribute:meta])* fn $name:ident($world:ident) $body:block)+) => {
        $(
            fn $name($world: &$crate::cli_world::World) $body

            $(#[$attribute])*
            mod $name {
                #[test]
                fn on_sqlite() {
                    super::$name(&$crate::cli_world::World::sqlite());
                }

                #[test]
                fn on_postgres() {
                    super::$name(&$crate::cli_world::World::postgres());
                }
            }
        )+
    };
}
pub(crate) use on_both;

/// A port where nothing listens at the moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

/// The URL with another database's name.
pub fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(a, q)| (a, Some(q)));
    let server = address.rsplit_once('/').expect("a URL of a database").0;
    query.map_or_else(
        || format!("{server}/{name}"),
        |query| format!("{server}/{name}?{query}"),
    )
}

/// The maintenance database of the PostgreSQL that `bin/test` names.
pub fn test_database_url() -> String {
    std::env::var("TEST_DATABASE_URL").expect("TEST_DATABASE_URL is not set; run bin/test")
}

/// A folder and an empty database of one's own, both gone at the end.
pub struct World {
    pub folder: TempDir,
    pub url: String,
    /// The maintenance database from which this one is dropped.
    maintenance: Option<(String, String)>,
    settings: BTreeMap<String, String>,
}

impl World {
    /// On a SQLite file that is not there yet.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("onegrid.db").display());
        Self::of(folder, url, None)
    }

    /// On an empty database of the suite's PostgreSQL.
    pub fn postgres() -> Self {
        Self::on_server(&test_database_url())
    }

    /// On an empty database of this PostgreSQL.
    pub fn on_server(maintenance: &str) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!(
            "onegrid_cli_{}_{}_{number}",
            std::process::id(),
            clock::now().micros() % 1_000_000
        );
        let mut conn = PgConnection::establish(maintenance).expect("the suite's PostgreSQL answers");
        conn.batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("the user may create databases");
        let url = with_database(maintenance, &name);
        let folder = tempfile::tempdir().expect("a folder");
        Self::of(folder, url, Some((maintenance.to_owned(), name)))
    }

    fn of(folder: TempDir, url: String, maintenance: Option<(String, String)>) -> Self {
        let mut world = Self {
            folder,
            url,
            maintenance,
            settings: BTreeMap::new(),
        };
        let url = world.url.clone();
        world.set("DATABASE_URL", &url);
        world.set("ONEGRID_LISTEN", "127.0.0.1:0");
        world.set("ONEGRID_METRICS_LISTEN", "off");
        world.set("ONEGRID_MASTER_KEY", people::MASTER_KEY);
        world.set("ONEGRID_LOOKUP_KEY", people::LOOKUP_KEY);
        world.set("ONEGRID_JWT_KEYS", people::JWT_KEY);
        let files = world.folder.path().join("files").display().to_string();
        world.set("ONEGRID_FILES", &files);
        world.set("ONEGRID_DATABASE_CONNECTIONS", "4");
        world.set("ONEGRID_WORKERS", "2");
        world.set("ONEGRID_CIRCLE_RATE", "100000");
        world
    }

    pub fn is_sqlite(&self) -> bool {
        self.maintenance.is_none()
    }

    /// Gives the world's processes this variable from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    /// Takes this variable from the world's processes.
    pub fn unset(&mut self, name: &str) {
        self.settings.remove(name);
    }

    /// The path of a file in the world's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the world's folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the folder can be written");
        path
    }

    /// The program with these arguments and the world's settings, in the world's folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onegrid"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(
                ["PATH", "HOME", "TMPDIR"]
                    .iter()
                    .filter_map(|name| Some((name, std::env::var_os(name)?))),
            )
            .envs(&self.settings)
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// The same with further settings for this run.
    pub fn run_with(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Ran {
        let output = self
            .command(arguments)
            .envs(settings.iter().copied())
            .output()
            .expect("the program runs");
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs the program, which must succeed.
    pub fn do_run(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        ran
    }

    /// Starts a server, which must come up.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// The same with further settings for this server.
    pub fn serve_with(&self, settings: &[(&str, &str)]) -> Server {
        let server = self.start(settings);
        server.until_up();
        server
    }

    /// Starts a server and does not wait for it.
    pub fn start(&self, settings: &[(&str, &str)]) -> Server {
        let mut command = self.command(&["serve"]);
        command
            .env("ONEGRID_LOG_FORMAT", "json")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let program = self.program().with(settings);
        Server::watch(command.spawn().expect("the program starts"), program)
    }

    /// The program with the world's settings.
    fn program(&self) -> Program {
        Program {
            folder: self.folder.path().to_owned(),
            settings: self.settings.clone().into_iter().collect(),
        }
    }

    /// A connection beside the product's.
    pub fn sql(&self) -> Sql {
        Sql::connect(&self.url)
    }

    /// How many rows each table has that an import or a request may write.
    pub fn row_counts(&self) -> BTreeMap<&'static str, i64> {
        const TABLES: [&str; 9] = [
            "unit",
            "unit_door",
            "place",
            "place_door",
            "place_stop",
            "place_history",
            "search_entry",
            "changes",
            "idempotency",
        ];
        let mut sql = self.sql();
        TABLES.iter().map(|table| (*table, sql.count(table))).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some((maintenance, name)) = &self.maintenance
            && let Ok(mut conn) = PgConnection::establish(maintenance)
        {
            // A server that is gone has taken the database with it.
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// What a run of the program left.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Everything that it printed.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// That it failed by itself, and said all of this on stderr.
    #[track_caller]
    pub fn failed_with(&self, words: &[&str]) {
        assert_eq!(self.code, Some(1), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word:?} is missing: {self:?}");
        }
        assert!(!self.err.contains("panicked"), "{self:?}");
    }

    /// The faults of a file on stderr, without its name.
    pub fn faults(&self) -> Vec<&str> {
        self.err
            .lines()
            .filter_map(|line| line.split_once(": ").map(|(_, fault)| fault))
            .filter(|fault| fault.starts_with("line "))
            .collect()
    }
}

/// A server as a process of its own; ended when dropped.
pub struct Server {
    child: Child,
    log: Arc<Mutex<String>>,
    program: Program,
    staff: OnceLock<String>,
}

impl Server {
    fn watch(mut child: Child, program: Program) -> Self {
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().expect("piped");
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = kept.lock().unwrap_or_else(PoisonError::into_inner);
                log.push_str(&line);
                log.push('\n');
            }
        });
        Self {
            child,
            log,
            program,
            staff: OnceLock::new(),
        }
    }

    /// What it wrote to stderr so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn address(&self) -> Option<String> {
        self.log().lines().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            let fields = line.get("fields")?;
            let serving = fields.get("message")? == "serving";
            serving.then(|| fields.get("address")?.as_str().map(str::to_owned))?
        })
    }

    /// Waits until it serves.
    pub fn until_up(&self) {
        wait_for_server(self);
    }

    /// Asks for a path.
    pub fn get(&self, path: &str) -> Answer {
        self.try_get(path).expect("an answer")
    }

    /// Asks for a path; none where the server did not answer.
    pub fn try_get(&self, path: &str) -> Option<Answer> {
        let url = format!("http://{}{path}", self.address()?);
        Answer::of(agent().get(url).call())
    }

    /// Asks for a path with a token; none where the server did not answer.
    pub fn get_as(&self, token: &str, path: &str) -> Option<Answer> {
        let url = format!("http://{}{path}", self.address()?);
        let request = agent().get(url).header("authorization", format!("Bearer {token}"));
        Answer::of(request.call())
    }

    /// A token of the city's staff, whom this server knows already.
    pub fn staff_token(&self) -> &str {
        self.staff.get_or_init(|| {
            let token = staff_token(&self.program);
            wait_for("the server knows the city's staff", || {
                let url = format!("http://{}/v1/circle/batch", self.address()?);
                let request = agent().post(url).header("authorization", format!("Bearer {token}"));
                (Answer::of(request.send_empty())?.status != 403).then_some(())
            });
            token
        })
    }

    /// Enters a place as the city's staff; none where the server did not answer.
    pub fn try_create(&self, idempotency_key: &str, place: &Value) -> Option<Answer> {
        let url = format!("http://{}/v1/places", self.address()?);
        let request = agent()
            .post(url)
            .header("authorization", format!("Bearer {}", self.staff_token()))
            .header("content-type", "application/json")
            // The header takes visible ASCII only.
            .header("idempotency-key", idempotency_key.escape_default().to_string());
        Answer::of(request.send(place.to_string()))
    }

    /// The status of entering a place with this token.
    pub fn create_as(&self, token: &str, place: &Value) -> u16 {
        let url = format!("http://{}/v1/places", self.address().expect("it serves"));
        let request = agent()
            .post(url)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        Answer::of(request.send(place.to_string())).expect("an answer").status
    }

    /// Enters a place as the city's staff, which must succeed; answers its id.
    pub fn create(&self, place: &Value) -> String {
        let key = format!("create-{}", place["name"]);
        let answer = self.try_create(&key, place).expect("an answer");
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json["id"].as_str().expect("an id").to_owned()
    }

    /// The names of the places around a point, far enough for every test.
    pub fn names_around(&self, lat: f64, lon: f64) -> Vec<String> {
        let answer = self.get(&format!("/v1/circle?lat={lat}&lon={lon}&minutes=30&limit=1000"));
        assert_eq!(answer.status, 200, "{answer:?}");
        let places = answer.json["places"].as_array().expect("places").clone();
        places
            .iter()
            .filter_map(|place| Some(place["name"].as_str()?.to_owned()))
            .collect()
    }

    /// Ends it at once, as a power cut does.
    pub fn kill(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        self.child.wait().expect("it ended");
    }

    /// The same while others still talk to it; see to it that `kill` follows.
    pub fn kill_at_once(&self) {
        self.signal(libc::SIGKILL);
    }

    /// Asks it to end, as a service manager does.
    pub fn tell_to_stop(&self) {
        self.signal(libc::SIGTERM);
    }

    fn signal(&self, signal: libc::c_int) {
        let id = libc::pid_t::try_from(self.child.id()).expect("a process id");
        // SAFETY: kill only takes numbers, and the child has not been waited for,
        // so that its id is still its own.
        let sent = unsafe { libc::kill(id, signal) };
        assert_eq!(sent, 0, "{}", std::io::Error::last_os_error());
    }

    /// Its exit code, once it has ended by itself.
    pub fn ended(&mut self) -> Option<i32> {
        self.child.try_wait().expect("it is our child")?.code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !std::thread::panicking() {
            assert_eq!(
                people::phones_in(&self.log()),
                [""; 0],
                "the log of a server names people"
            );
        }
    }
}

fn wait_for_server(server: &Server) {
    let started = clock::monotonic();
    while server.address().is_none() {
        let log = server.log();
        assert!(!log.contains("onegrid: "), "the server did not start: {log}");
        assert!(started.elapsed() < CEILING, "the server does not serve: {log}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<u64>,
    /// A text where the body is no JSON.
    pub json: Value,
}

impl Answer {
    fn of(result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Self> {
        let mut response = result.ok()?;
        let text = response.body_mut().read_to_string().ok()?;
        let retry_after = response.headers().get("retry-after");
        Some(Self {
            status: response.status().as_u16(),
            retry_after: retry_after.and_then(|value| value.to_str().ok()?.parse().ok()),
            json: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        })
    }

    /// That it is a problem of this type which says when to try again.
    #[track_caller]
    pub fn is_unavailable_because(&self, reasons: &[&str]) {
        assert_eq!(self.status, 503, "{self:?}");
        let kind = self.json["type"].as_str().unwrap_or_default();
        let slug = kind.rsplit('/').next().unwrap_or_default();
        assert!(reasons.contains(&slug), "{self:?}");
        assert!(self.retry_after.is_some_and(|seconds| seconds > 0), "{self:?}");
    }
}

/// A place that the API takes.
pub fn a_place(name: &str, lat: f64, lon: f64) -> Value {
    serde_json::json!({ "name": name, "kind": "pharmacy", "location": { "lat": lat, "lon": lon } })
}

/// A connection to look and to meddle with.
pub struct Sql(pub Conn);

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    value: String,
}

impl Sql {
    pub fn connect(url: &str) -> Self {
        match url.strip_prefix("sqlite://") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).expect("the file opens");
                conn.batch_execute(
                    "PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON;",
                )
                .expect("set up");
                Self(Conn::Sqlite(conn))
            }
            None => Self(Conn::Postgres(
                PgConnection::establish(url).expect("the server answers"),
            )),
        }
    }

    /// Runs statements that must succeed.
    #[track_caller]
    pub fn execute(&mut self, statements: &str) {
        self.try_execute(statements).expect(statements);
    }

    /// Runs statements.
    pub fn try_execute(&mut self, statements: &str) -> QueryResult<()> {
        self.0.batch_execute(statements)
    }

    /// The column `value` of a query, in whole numbers.
    #[track_caller]
    pub fn numbers(&mut self, query: &str) -> Vec<i64> {
        let rows: Vec<Number> = diesel::sql_query(query).load(&mut self.0).expect(query);
        rows.into_iter().map(|row| row.value).collect()
    }

    /// The column `value` of a query, in texts.
    #[track_caller]
    pub fn texts(&mut self, query: &str) -> Vec<String> {
        let rows: Vec<Words> = diesel::sql_query(query).load(&mut self.0).expect(query);
        rows.into_iter().map(|row| row.value).collect()
    }

    /// How many rows a table has.
    pub fn count(&mut self, table: &str) -> i64 {
        self.numbers(&format!("SELECT count(*) AS value FROM {table}"))[0]
    }
}

/// The folder of the project's sources.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An extract of OpenStreetMap, from the folder that `ONEGRID_OSM_DIR` names, else
/// from `../shared/osm`; none, said so, where it is not there.
pub fn extract(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ONEGRID_OSM_DIR").map_or_else(|| project().join("../shared/osm"), PathBuf::from);
    let path = folder.join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("SKIPPED: {} is not there; set ONEGRID_OSM_DIR", path.display());
    None
}
