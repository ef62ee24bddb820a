//! `onegrid serve` and `onegrid demo`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use onegrid::circle::streets::StreetMap;
use onegrid::config::{Config, LogFormat, SmsUrl};
use onegrid::db::Target;
use onegrid::demo;
use onegrid::grid;
use onegrid::grid::members::Role;
use onegrid::identity::Phone;
use onegrid::server::{self, Running, Stage};
use tracing_subscriber::EnvFilter;

use super::people::Hands;
use super::{Done, Failed};

/// Where the demo keeps its things.
const DEMO: &str = "data/demo";

/// Serves until told to stop.
pub fn serve(config: Config) -> Done {
    start_log(&config)?;
    run(async {
        let running = server::start(config, Stage::Real).await?;
        running.until_told_to_stop().await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Serves the demo city.
pub fn demo() -> Done {
    let config = demo_config()?;
    start_log(&config)?;
    let hands = Hands::on(&config)?;
    let map = PathBuf::from(DEMO).join("streets.map");
    if StreetMap::open(&map).is_err() {
        eprintln!("drawing the streets of the demo city …");
        demo::write_map(&map)?;
    }
    if hands.run(hands.db.read(grid::is_empty))? {
        eprintln!("settling the demo city …");
        let loaded = hands.run(demo::load(&hands.db, &hands.people, hands.today()))?;
        let (units, places, people, resources) = (loaded.units, loaded.places, loaded.people, loaded.resources);
        eprintln!("units: {units}; places: {places}; people: {people}; resources to book: {resources}");
    }
    // A token opens the doors of a role: none is printed where others may read it.
    let mut cast = Vec::new();
    for (role, phone) in demo::CAST.iter().filter(|_| config.listen.ip().is_loopback()) {
        let number: Phone = phone.parse()?;
        cast.push((*role, *phone, hands.token(&number, None, None)?));
    }
    drop(hands);
    run(async {
        let running = server::start(config, Stage::Demo).await?;
        greet(&running, &cast);
        running.until_told_to_stop().await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The usual configuration, with the demo's database and map unless others are set.
fn demo_config() -> Result<Config, Failed> {
    let folder = Path::new(DEMO);
    let mut config = Config::load()?;
    if std::env::var_os("DATABASE_URL").is_none() {
        config.database = Target::Sqlite(folder.join("onegrid.db"));
    }
    if std::env::var_os("ONEGRID_LOG").is_none() {
        config.log = "warn".into();
    }
    if std::env::var_os("ONEGRID_METRICS_LISTEN").is_none() {
        config.metrics_listen = None;
    }
    if config.sms_url.is_none() {
        config.sms_url = Some(SmsUrl::Console);
    }
    if config.map.is_none() {
        config.map = Some(folder.join("streets.map"));
    }
    std::fs::create_dir_all(folder)?;
    Ok(config)
}

fn run(work: impl Future<Output = Done>) -> Done {
    actix_web::rt::System::new().block_on(work)
}

fn start_log(config: &Config) -> Result<(), Failed> {
    let filter: EnvFilter = config
        .log
        .parse()
        .map_err(|error| format!("ONEGRID_LOG takes tracing directives: {error}"))?;
    // What goes out to other services may hold secrets and phone numbers; the crates
    // that carry it say addresses and heads when asked for more.
    let quiet = ["ureq=info", "ureq_proto=info", "rustls=info"];
    let filter = quiet
        .into_iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    for name in Config::unknown_variables() {
        tracing::warn!(name, "there is no such setting; check its spelling");
    }
    Ok(())
}

/// What a stranger needs: the address, the docs page, and lines to paste.
fn greet(running: &Running, cast: &[(Role, &str, String)]) {
    let at = format!("http://{}", running.address);
    say!("OneGrid demo: 澄河县, an invented county");
    say!("  address  {at}");
    say!("  docs     {at}/docs/");
    say!("  sign in  POST /v1/auth/codes with a phone; the code is written here");
    say!();
    say!("Try (Ctrl-C stops; the data stays in ./{DEMO}):");
    say!("  curl -s '{at}/v1/circle?lat=31.2&lon=112.6&minutes=10'");
    say!("  curl -s '{at}/v1/places?q=yaodian&limit=3'");
    say!("  curl -s '{at}/v1/units?q=%E9%95%BF%E4%B9%90'");
    if let Some((_, _, token)) = cast.first() {
        say!("  curl -s '{at}/v1/me/grid' -H 'Authorization: Bearer {token}'");
    }
    if !cast.is_empty() {
        say!();
        say!("People of one building and all above it, each with a token for 12 hours:");
    }
    for (role, phone, token) in cast {
        say!("  {:<16} {phone}  {token}", role.name());
    }
}
