//! `onegrid check`: is everything there that a start needs?

use std::fmt::Display;
use std::process::ExitCode;

use onegrid::circle::streets::StreetMap;
use onegrid::config::Config;
use onegrid::db::{self, Db, Target};
use onegrid::files::Objects;
use onegrid::{clock, holidays, kept_secrets};

use super::Done;

/// A line a part; fails where one is at fault.
pub fn check() -> Done {
    let config = match Config::load() {
        Ok(config) => config,
        Err(error) => {
            line("configuration", &Err(error.to_string().replace('\n', "; ")));
            return Ok(ExitCode::FAILURE);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let parts = [
        ("configuration", secrets(&config)),
        ("database", runtime.block_on(database(&config))),
        ("redis", runtime.block_on(redis(&config))),
        ("files", runtime.block_on(files(&config))),
        ("map", map(&config)),
        ("holidays", holiday_tables(&config)),
    ];
    for (name, outcome) in &parts {
        line(name, outcome);
    }
    let fine = parts.iter().all(|(_, outcome)| outcome.is_ok());
    Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn line(name: &str, outcome: &Result<String, String>) {
    match outcome {
        Ok(about) => say!("ok     {name}: {about}"),
        Err(why) => say!("FAULT  {name}: {why}"),
    }
}

fn words(error: impl Display) -> String {
    let text = error.to_string();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a start would have its secrets; none is made here.
fn secrets(config: &Config) -> Result<String, String> {
    let unknown = Config::unknown_variables();
    if !unknown.is_empty() {
        return Err(format!(
            "there is no setting {}; check its spelling",
            unknown.join(", ")
        ));
    }
    if let Err(error) = config.log.parse::<tracing_subscriber::EnvFilter>() {
        return Err(format!("ONEGRID_LOG takes tracing directives: {error}"));
    }
    match &config.database {
        Target::Postgres(_) => {
            // Nothing is made with PostgreSQL, so this only looks.
            kept_secrets::keys(config)?;
            Ok("every setting is fine".into())
        }
        Target::Sqlite(_) => Ok("every setting is fine; keys that are not set are kept beside the database".into()),
    }
}

async fn database(config: &Config) -> Result<String, String> {
    if let Target::Sqlite(path) = &config.database
        && !path.exists()
    {
        return Ok(format!("{} is made at the first start", path.display()));
    }
    let status = db::status(&config.database).map_err(words)?;
    let open = Db::open(&config.database, 1).map_err(words)?;
    open.ping().await.map_err(words)?;
    let missing = status.steps.iter().filter(|(_, applied)| !applied).count();
    Ok(match missing {
        0 => format!(
            "{} answers and has all {} steps",
            config.database.kind(),
            status.steps.len()
        ),
        missing => format!(
            "{} answers; {missing} steps are applied at the next start",
            config.database.kind()
        ),
    })
}

async fn redis(config: &Config) -> Result<String, String> {
    let Some(url) = &config.redis else {
        return Ok("not configured; one instance only".into());
    };
    let client = redis::Client::open(url.reveal()).map_err(words)?;
    let connect = client.get_multiplexed_async_connection();
    let connected = tokio::time::timeout(std::time::Duration::from_secs(3), connect).await;
    let mut connection = connected.map_err(|_| "no answer in 3 s".to_owned())?.map_err(words)?;
    let info: String = redis::cmd("INFO")
        .arg("server")
        .query_async(&mut connection)
        .await
        .map_err(words)?;
    let version = info
        .lines()
        .find_map(|line| line.strip_prefix("redis_version:"))
        .unwrap_or("unknown")
        .trim();
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(major) if major >= 7 => Ok(format!("version {version} answers")),
        _ => Err(format!("version {version} is older than 7")),
    }
}

/// Writes and reads an object where files lie.
async fn files(config: &Config) -> Result<String, String> {
    if config.files.is_none() && matches!(config.database, Target::Sqlite(_)) {
        return Ok("not configured; a folder beside the database is made at the first start".into());
    }
    let objects = Objects::open(config).map_err(words)?;
    objects.check().await.map_err(|_| {
        format!(
            "{} does not take, give and remove an object; the log says more",
            objects.about()
        )
    })?;
    Ok(format!("{} takes, gives and removes an object", objects.about()))
}

fn map(config: &Config) -> Result<String, String> {
    match &config.map {
        None => Ok("not configured; walks are straight lines".into()),
        Some(path) => {
            let map = StreetMap::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let info = map.info();
            Ok(format!("{} with {} edges from {}", info.id, info.edges, info.source))
        }
    }
}

fn holiday_tables(config: &Config) -> Result<String, String> {
    use chrono::Datelike;
    let calendar = holidays::calendar(config)?;
    let years: Vec<i32> = calendar.years().collect();
    let listed: Vec<String> = years.iter().map(ToString::to_string).collect();
    let this_year = calendar.date_of(clock::now().to_utc()).year();
    if years.contains(&this_year) {
        Ok(format!("tables for {}", listed.join(", ")))
    } else {
        Err(format!(
            "no table for {this_year}, only for {}; put cn-{this_year}.csv into the folder of ONEGRID_HOLIDAYS",
            listed.join(", ")
        ))
    }
}
