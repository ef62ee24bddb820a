//! Every setting: its name, what it takes, its default, its check.
//!
//! The environment counts before the TOML file that `ONEGRID_CONFIG` names, and
//! that before the default. `docs/operating.md` is made from this list.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::addr_range::AddrRange;
use crate::db::Target;
use crate::secret::{Secret, SecretKey};

/// A wrong configuration: each setting at fault, with what it takes.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigError(pub Vec<String>);

/// A setting as the documents show it.
pub struct Setting {
    /// The environment variable.
    pub name: &'static str,
    /// The key in the TOML file.
    pub key: &'static str,
    /// What it does.
    pub about: &'static str,
    /// What it takes.
    pub takes: &'static str,
    /// What counts where it is not set; empty where nothing does.
    pub default: &'static str,
}

/// Declares the settings once: the struct, the list for the documents, the reading.
macro_rules! settings {
    ($($(#[doc = $about:literal])+ $field:ident: $type:ty = $read:path, $name:literal, $takes:literal, $default:literal;)+) => {
        /// The settings, checked.
        #[derive(Debug, Clone)]
        pub struct Config {
            $($(#[doc = $about])+ pub $field: $type,)+
        }

        impl Config {
            /// All settings.
            pub const SETTINGS: &'static [Setting] = &[$(Setting {
                name: $name,
                key: stringify!($field),
                about: concat!($($about),+),
                takes: $takes,
                default: $default,
            },)+];

            /// Reads the settings from texts by name; names every one at fault.
            fn from_texts(texts: &BTreeMap<&'static str, String>) -> Result<Self, ConfigError> {
                let mut faults = Vec::new();
                $(let $field: Option<$type> = {
                    let text = texts.get($name).map_or($default, String::as_str);
                    match $read(text) {
                        Ok(value) => Some(value),
                        Err(why) => {
                            let why: String = why;
                            faults.push(format!("{} takes {}{}", $name, $takes, because(&why)));
                            None
                        }
                    }
                };)+
                match ($($field,)+) {
                    ($(Some($field),)+) => Ok(Self { $($field,)+ }),
                    _ => Err(ConfigError(faults)),
                }
            }
        }
    };
}

settings! {
    /// The database: a SQLite file, or a PostgreSQL server for a city.
    database: Target = database, "DATABASE_URL", "sqlite://path/to/file or postgres://user:password@host/database", "sqlite://data/onegrid.db";
    /// Redis 7 or newer: instances ring each other at once and count rates together. Without it a change takes up to half a second to cross, and each instance counts for itself.
    redis: Option<Secret> = redis, "REDIS_URL", "redis://host:port or nothing", "";
    /// What the names in Redis begin with, for several installations on one server.
    redis_prefix: String = text, "ONEGRID_REDIS_PREFIX", "a short text", "onegrid:";
    /// Where clients are served. TLS ends at the balancer in front.
    listen: SocketAddr = parsed, "ONEGRID_LISTEN", "an address and port such as 127.0.0.1:8080", "127.0.0.1:8080";
    /// Where Prometheus reads /metrics. Not for the public.
    metrics_listen: Option<SocketAddr> = optional_address, "ONEGRID_METRICS_LISTEN", "an address and port, or off", "127.0.0.1:9464";
    /// The street map made by `onegrid map build`. Without it walks are straight lines, and the answer says so.
    map: Option<PathBuf> = optional_path, "ONEGRID_MAP", "the path of a map file", "";
    /// The master key, under which each person's own key is wrapped. Without it nobody's name or phone number can be read again. With SQLite one is made at the first start and kept beside the database; with PostgreSQL it must be set.
    master_key: Option<SecretKey> = optional_key, "ONEGRID_MASTER_KEY", "64 hexadecimal digits", "";
    /// The master key before that one, until `onegrid keys rotate` has wrapped every person's key anew.
    master_key_previous: Option<SecretKey> = optional_key, "ONEGRID_MASTER_KEY_PREVIOUS", "64 hexadecimal digits", "";
    /// The key of the hashes by which phone numbers are found. It cannot be changed. Made and set as the master key is.
    lookup_key: Option<SecretKey> = optional_key, "ONEGRID_LOOKUP_KEY", "64 hexadecimal digits", "";
    /// The keys of access tokens (Ed25519): the first signs, all verify. To change it, set the new one second everywhere, then first, then drop the old one a day later. Made and set as the master key is.
    jwt_keys: Vec<SecretKey> = keys, "ONEGRID_JWT_KEYS", "1 to 4 keys of 64 hexadecimal digits, separated by commas", "";
    /// Where sign-in codes are sent as JSON, to be passed on as text messages; `console`, which only the demo takes, writes them to the log. Without it nobody signs in by a code.
    sms_url: Option<SmsUrl> = sms_url, "ONEGRID_SMS_URL", "an https address (http on loopback), or console", "";
    /// The secret by which these requests are signed (Standard Webhooks).
    sms_secret: Option<Secret> = long_secret, "ONEGRID_SMS_SECRET", "whsec_ and base64, or 24 to 256 visible characters", "";
    /// So many text messages are sent a day and no more; at four fifths of them a warning is logged.
    sms_budget: u32 = daily, "ONEGRID_SMS_BUDGET", "a number from 1 to 10000000", "20000";
    /// Codes that may be asked for from one address in a day, and wrong codes that it may try. Many phones share the address of their operator.
    codes_per_address: u32 = daily, "ONEGRID_CODES_PER_ADDRESS", "a number from 1 to 10000000", "300";
    /// WeChat's server, where mini-program logins are checked.
    wechat_url: String = service_url, "ONEGRID_WECHAT_URL", "an https address (http on loopback)", "https://api.weixin.qq.com";
    /// The id of the mini-program. Without it nobody signs in by WeChat.
    wechat_app_id: String = text, "ONEGRID_WECHAT_APP_ID", "the AppID", "";
    /// The secret of the mini-program.
    wechat_secret: Option<Secret> = optional_secret, "ONEGRID_WECHAT_SECRET", "the AppSecret", "";
    /// Where what an inbox got is posted (Standard Webhooks), for the city's push service to bring it to phones. Without it nothing is pushed.
    push_url: Option<String> = optional_service_url, "ONEGRID_PUSH_URL", "an https address (http on loopback)", "";
    /// The secret by which these requests are signed.
    push_secret: Option<Secret> = long_secret, "ONEGRID_PUSH_SECRET", "whsec_ and base64, or 24 to 256 visible characters", "";
    /// Where pictures, voice and bundles lie: a folder that all instances share, or a bucket of S3. With SQLite a folder beside the database where it is not set; with PostgreSQL it must be set.
    files: Option<FilesAt> = files_at, "ONEGRID_FILES", "the path of a folder, or s3://bucket/prefix", "";
    /// Where S3 is, where it is not Amazon's.
    s3_endpoint: Option<String> = optional_service_url, "ONEGRID_S3_ENDPOINT", "an https address (http on loopback)", "";
    /// The region of the bucket.
    s3_region: String = text, "ONEGRID_S3_REGION", "the name of a region", "us-east-1";
    /// The id of the key for S3. Without a key the machine's own role is asked for one.
    s3_key_id: String = text, "ONEGRID_S3_KEY_ID", "the access key id", "";
    /// The key for S3.
    s3_secret: Option<Secret> = optional_secret, "ONEGRID_S3_SECRET", "the secret access key", "";
    /// The time zone of opening hours and days.
    zone: chrono_tz::Tz = parsed, "ONEGRID_ZONE", "a zone of the IANA time zone database", "Asia/Shanghai";
    /// A folder with `cn-YYYY.csv` tables of holidays that count before the built-in ones.
    holidays: Option<PathBuf> = optional_folder, "ONEGRID_HOLIDAYS", "the path of a folder", "";
    /// A table in the form of `data/facilities.toml` whose rows count before the built-in ones.
    facilities: Option<PathBuf> = optional_path, "ONEGRID_FACILITIES", "the path of a file", "";
    /// Proxies whose `X-Forwarded-For` is believed.
    trusted_proxies: Vec<AddrRange> = ranges, "ONEGRID_TRUSTED_PROXIES", "addresses or ranges separated by commas", "";
    /// Web origins that may call from a browser. None unless listed.
    cors_origins: Vec<String> = origins, "ONEGRID_CORS_ORIGINS", "origins such as https://app.example.org separated by commas", "";
    /// Circles that one address may ask for each second in the long run, twice as many at once; one of more than 15 minutes counts as two.
    circle_rate: u32 = rate, "ONEGRID_CIRCLE_RATE", "a number from 1 to 100000", "40";
    /// MiB of memory in which circles remember the walks from street corners, so that neighbours are answered sooner; 0 searches each anew.
    circle_memory: usize = mebibytes, "ONEGRID_CIRCLE_MEMORY_MIB", "a number from 0 to 65536", "64";
    /// Connections to the database. Each instance takes so many.
    database_connections: u32 = connections, "ONEGRID_DATABASE_CONNECTIONS", "a number from 1 to 200", "8";
    /// Threads that serve requests; 0 means one for each processor.
    workers: usize = workers, "ONEGRID_WORKERS", "a number from 0 to 256", "0";
    /// Requests under way at once; more are told to come back.
    concurrency: usize = concurrency, "ONEGRID_CONCURRENCY", "a number from 1 to 100000", "1024";
    /// Live connections (sockets and event streams) at once on an instance; more are told to come back.
    sockets: usize = sockets, "ONEGRID_SOCKETS", "a number from 10 to 1000000", "20000";
    /// Live connections that one address may open each second in the long run, ten times as many at once. Many phones share the address of their operator.
    socket_rate: u32 = rate, "ONEGRID_SOCKET_RATE", "a number from 1 to 100000", "200";
    /// The largest body of a request, in bytes.
    body_limit: usize = body_limit, "ONEGRID_BODY_LIMIT", "a number from 1024 to 10485760", "262144";
    /// How long requests under way may take to end when the server stops.
    drain: Duration = seconds, "ONEGRID_DRAIN_SECONDS", "seconds from 0 to 600", "10";
    /// What is logged, as `tracing` directives: `info`, `onegrid=debug,onegrid::sql=debug`.
    log: String = text, "ONEGRID_LOG", "directives", "info,actix_server=warn";
    /// How the log is written.
    log_format: LogFormat = log_format, "ONEGRID_LOG_FORMAT", "text or json", "text";
}

/// Where sign-in codes go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmsUrl {
    /// To the log, in the demo.
    Console,
    /// To this address.
    Gateway(String),
}

/// Where the bytes of files lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesAt {
    /// In this folder.
    Folder(PathBuf),
    /// In S3.
    S3 {
        /// The bucket.
        bucket: String,
        /// What the names of all objects begin with; may be empty.
        prefix: String,
    },
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object a line.
    Json,
}

impl Config {
    /// Reads the process's environment and the file that it names.
    pub fn load() -> Result<Self, ConfigError> {
        let file = std::env::var_os("ONEGRID_CONFIG").map(PathBuf::from);
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::read(environment, file.as_deref())
    }

    /// Variables that look like settings and are none: a typing error, most likely.
    pub fn unknown_variables() -> Vec<String> {
        const OTHERS: [&str; 5] = [
            "ONEGRID_CONFIG",
            "ONEGRID_CLOCK_FILE",
            "ONEGRID_OSM_DIR",
            "ONEGRID_TORTURE",
            "ONEGRID_WRITE_DOCS",
        ];
        let is_unknown = |name: &String| {
            name.starts_with("ONEGRID_")
                && !OTHERS.contains(&name.as_str())
                && !Self::SETTINGS.iter().any(|setting| setting.name == name)
        };
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        names.filter(is_unknown).collect()
    }

    /// Reads these variables and this file.
    pub fn read(
        environment: impl IntoIterator<Item = (String, String)>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let mut texts = match file {
            Some(file) => from_file(file).map_err(|fault| ConfigError(vec![fault]))?,
            None => BTreeMap::new(),
        };
        for (name, value) in environment {
            if name == "ONEGRID_OPERATOR_KEY" && !value.is_empty() {
                return Err(ConfigError(vec![NO_OPERATOR_KEY.to_owned()]));
            }
            if let Some(setting) = Self::SETTINGS.iter().find(|setting| setting.name == name) {
                texts.insert(setting.name, value);
            }
        }
        Self::from_texts(&texts)
    }

    /// The settings as the table of `docs/operating.md`.
    pub fn markdown() -> String {
        let mut table = String::from(
            "| environment | TOML key | takes | default | what it does |\n| --- | --- | --- | --- | --- |\n",
        );
        for setting in Self::SETTINGS {
            let default = match setting.default {
                "" => "–".to_owned(),
                text => format!("`{text}`"),
            };
            table.push_str(&format!(
                "| `{}` | `{}` | {} | {default} | {} |\n",
                setting.name,
                setting.key,
                setting.takes,
                setting.about.trim()
            ));
        }
        table
    }
}

/// Earlier versions had one key that was allowed everything.
const NO_OPERATOR_KEY: &str = "ONEGRID_OPERATOR_KEY is no setting any more: whoever changes places is a person with a role \
     (`onegrid roles grant`), and `onegrid token issue` makes a token for them; take the key out of the configuration";

fn because(why: &str) -> String {
    if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    }
}

/// The texts of a TOML file, whose keys must be known.
fn from_file(file: &Path) -> Result<BTreeMap<&'static str, String>, String> {
    let at = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| format!("ONEGRID_CONFIG: cannot read {at}: {error}"))?;
    // The parser's own message quotes the line, which may hold a secret.
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error
            .span()
            .map_or(0, |span| text[..span.start.min(text.len())].lines().count().max(1));
        format!("ONEGRID_CONFIG: {at} is not TOML near line {line}: {}", error.message())
    })?;
    let mut texts = BTreeMap::new();
    for (key, value) in table {
        if key == "operator_key" {
            return Err(NO_OPERATOR_KEY.to_owned());
        }
        let Some(setting) = Config::SETTINGS.iter().find(|setting| setting.key == key) else {
            return Err(format!("ONEGRID_CONFIG: {at} has an unknown key {key:?}"));
        };
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Array(items) => {
                let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
                texts
                    .ok_or_else(|| format!("ONEGRID_CONFIG: {key} in {at} takes a list of texts"))?
                    .join(",")
            }
            _ => return Err(format!("ONEGRID_CONFIG: {key} in {at} takes {}", setting.takes)),
        };
        texts.insert(setting.name, text);
    }
    Ok(texts)
}

fn database(text: &str) -> Result<Target, String> {
    Target::parse(text)
}

fn redis(text: &str) -> Result<Option<Secret>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.starts_with("rediss://") {
        return Err("TLS to Redis is not built in; keep Redis on a private network".into());
    }
    match redis::Client::open(text) {
        Ok(_) => Ok(Some(Secret::new(text.to_owned()))),
        Err(_) => Err("this is no address of a Redis".into()),
    }
}

fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("not {text:?}"))
}

fn optional_address(text: &str) -> Result<Option<SocketAddr>, String> {
    match text {
        "" | "off" => Ok(None),
        text => parsed(text).map(Some),
    }
}

fn optional_path(text: &str) -> Result<Option<PathBuf>, String> {
    Ok((!text.is_empty()).then(|| text.into()))
}

fn optional_folder(text: &str) -> Result<Option<PathBuf>, String> {
    match optional_path(text)? {
        Some(folder) if !folder.is_dir() => Err(format!("{text:?} is no folder")),
        folder => Ok(folder),
    }
}

fn optional_key(text: &str) -> Result<Option<SecretKey>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    text.trim().parse().map(Some)
}

fn keys(text: &str) -> Result<Vec<SecretKey>, String> {
    let keys: Vec<SecretKey> = listed(text).map(str::parse).collect::<Result<_, _>>()?;
    let twice = (1..keys.len()).any(|at| keys[..at].contains(&keys[at]));
    if keys.len() > 4 || twice {
        return Err("at most four, and none twice".into());
    }
    Ok(keys)
}

fn sms_url(text: &str) -> Result<Option<SmsUrl>, String> {
    match text {
        "" => Ok(None),
        "console" => Ok(Some(SmsUrl::Console)),
        text => service_url(text).map(SmsUrl::Gateway).map(Some),
    }
}

fn files_at(text: &str) -> Result<Option<FilesAt>, String> {
    let Some(place) = text.strip_prefix("s3://") else {
        return match text {
            "" => Ok(None),
            text if text.contains("://") => Err("this is neither a folder nor s3://".into()),
            text => Ok(Some(FilesAt::Folder(text.into()))),
        };
    };
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(is_plain) {
        return Err(format!("{bucket:?} is no name of a bucket"));
    }
    Ok(Some(FilesAt::S3 {
        bucket: bucket.to_owned(),
        prefix: prefix.trim_matches('/').to_owned(),
    }))
}

fn optional_service_url(text: &str) -> Result<Option<String>, String> {
    match text {
        "" => Ok(None),
        text => service_url(text).map(Some),
    }
}

/// The address of a service: what is sent there is nobody else's business.
fn service_url(text: &str) -> Result<String, String> {
    let url = url::Url::parse(text).map_err(|_| "this is no address".to_owned())?;
    let is_loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        _ => return Err("only https, or http on loopback".into()),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("no password in the address".into());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn optional_secret(text: &str) -> Result<Option<Secret>, String> {
    Ok((!text.is_empty()).then(|| Secret::new(text.to_owned())))
}

fn long_secret(text: &str) -> Result<Option<Secret>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let visible = text.chars().all(|c| c.is_ascii_graphic());
    if !visible || !(24..=256).contains(&text.len()) {
        return Err("make one with `openssl rand -base64 32`, behind whsec_".into());
    }
    if let Some(said) = text.strip_prefix("whsec_") {
        // Who says so means the bytes.
        return match STANDARD.decode(said) {
            Ok(bytes) if bytes.len() >= 16 => Ok(Some(Secret::new(text.to_owned()))),
            _ => Err("behind whsec_ comes base64 of at least 16 bytes".into()),
        };
    }
    let lower = text.to_ascii_lowercase();
    if ["example", "changeme", "change-me", "secret", "password", "xxxx"]
        .iter()
        .any(|word| lower.contains(word))
    {
        return Err("this looks like an example; make one with `openssl rand -base64 32`, behind whsec_".into());
    }
    Ok(Some(Secret::new(text.to_owned())))
}

fn ranges(text: &str) -> Result<Vec<AddrRange>, String> {
    listed(text).map(str::parse).collect()
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    listed(text)
        .map(|origin| {
            let host = origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"));
            match host {
                Some(host) if !host.is_empty() && !host.contains(['/', '*', ' ']) => Ok(origin.to_owned()),
                _ => Err(format!("{origin:?} is no origin")),
            }
        })
        .collect()
}

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn within<T: std::str::FromStr + PartialOrd>(text: &str, low: T, high: T) -> Result<T, String> {
    let value: T = parsed(text)?;
    if value < low || value > high {
        return Err(format!("not {text:?}"));
    }
    Ok(value)
}

fn rate(text: &str) -> Result<u32, String> {
    within(text, 1, 100_000)
}

fn daily(text: &str) -> Result<u32, String> {
    within(text, 1, 10_000_000)
}

fn connections(text: &str) -> Result<u32, String> {
    within(text, 1, 200)
}

fn workers(text: &str) -> Result<usize, String> {
    within(text, 0, 256)
}

fn mebibytes(text: &str) -> Result<usize, String> {
    within(text, 0, 65_536)
}

fn concurrency(text: &str) -> Result<usize, String> {
    within(text, 1, 100_000)
}

fn sockets(text: &str) -> Result<usize, String> {
    within(text, 10, 1_000_000)
}

fn body_limit(text: &str) -> Result<usize, String> {
    within(text, 1024, 10_485_760)
}

fn seconds(text: &str) -> Result<Duration, String> {
    within(text, 0, 600).map(Duration::from_secs)
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("not {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::read(pairs, None)
    }

    #[test]
    fn nothing_set_is_a_working_configuration() {
        let config = read(&[]).expect("the defaults hold");
        assert_eq!(config.database, Target::Sqlite("data/onegrid.db".into()));
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert!(config.redis.is_none());
    }

    #[test]
    fn each_wrong_setting_is_named_with_what_it_takes() {
        let wrong = read(&[
            ("ONEGRID_LISTEN", "nowhere"),
            ("ONEGRID_ZONE", "Mars/Olympus"),
            ("ONEGRID_CIRCLE_RATE", "0"),
            ("DATABASE_URL", "mysql://x"),
        ]);
        let text = wrong.expect_err("four are wrong").to_string();
        for name in ["ONEGRID_LISTEN", "ONEGRID_ZONE", "ONEGRID_CIRCLE_RATE", "DATABASE_URL"] {
            assert!(text.contains(&format!("{name} takes")), "{text}");
        }
    }

    #[test]
    fn the_operators_key_of_earlier_versions_is_refused_with_what_took_its_place() {
        let error = read(&[("ONEGRID_OPERATOR_KEY", "k3yk3yk3yk3yk3yk3yk3yk3yk3y")]).expect_err("refused");
        let error = error.to_string();
        assert!(
            error.contains("onegrid token issue") && !error.contains("k3yk3y"),
            "{error}"
        );
        read(&[("ONEGRID_OPERATOR_KEY", "")]).expect("nothing is set");
    }

    #[test]
    fn a_secret_is_never_printed() {
        let config = read(&[
            ("REDIS_URL", "redis://:hunter2@localhost:6379"),
            ("DATABASE_URL", "postgres://u:hunter2@localhost/d"),
        ])
        .expect("both are fine");
        let shown = format!("{config:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn the_file_counts_before_the_default_and_the_environment_before_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("onegrid.toml");
        std::fs::write(
            &file,
            "listen = \"127.0.0.1:9\"\ncircle_rate = 7\ncors_origins = [\"https://a.cn\", \"https://b.cn\"]\n",
        )
        .expect("written");
        let environment = [("ONEGRID_LISTEN".to_owned(), "127.0.0.1:10".to_owned())];
        let config = Config::read(environment, Some(&file)).expect("reads");
        assert_eq!(config.listen.port(), 10);
        assert_eq!(config.circle_rate, 7);
        assert_eq!(config.cors_origins, ["https://a.cn", "https://b.cn"]);

        std::fs::write(&file, "lisen = \"127.0.0.1:9\"\n").expect("written");
        let error = Config::read([], Some(&file)).expect_err("an unknown key").to_string();
        assert!(error.contains("lisen"), "{error}");
    }
}
