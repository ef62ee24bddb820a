//! Settings: what a wrong one says, where they come from, and what is never printed.

use std::os::unix::fs::PermissionsExt;

use onegrid::config::Config;

use crate::cli_world::{Ran, World, a_place, free_port, on_both, project, wait_for};
use crate::harness::people;

/// The keys that a world sets and the embedded server would make itself.
const KEYS: [&str; 3] = ["ONEGRID_MASTER_KEY", "ONEGRID_LOOKUP_KEY", "ONEGRID_JWT_KEYS"];
/// A wrong value for each setting that has one.
const WRONG: [(&str, &str); 31] = [
    ("DATABASE_URL", "mysql://localhost/onegrid"),
    ("REDIS_URL", "not a redis"),
    ("ONEGRID_LISTEN", "8080"),
    ("ONEGRID_METRICS_LISTEN", "somewhere"),
    ("ONEGRID_MASTER_KEY", "0123456789abcdef"),
    (
        "ONEGRID_MASTER_KEY_PREVIOUS",
        "0000000000000000000000000000000000000000000000000000000000000000",
    ),
    (
        "ONEGRID_LOOKUP_KEY",
        "zz4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6071829",
    ),
    ("ONEGRID_JWT_KEYS", "9a4b5c6d7e8f90a1,b2c3d4e5f6071829"),
    ("ONEGRID_SMS_URL", "http://sms.example.org/send"),
    ("ONEGRID_SMS_SECRET", "short"),
    ("ONEGRID_SMS_BUDGET", "0"),
    ("ONEGRID_CODES_PER_ADDRESS", "many"),
    ("ONEGRID_WECHAT_URL", "https://user:password@wechat.example.org"),
    ("ONEGRID_PUSH_URL", "ftp://push.example.org"),
    ("ONEGRID_PUSH_SECRET", "short"),
    ("ONEGRID_FILES", "ftp://files.example.org"),
    ("ONEGRID_S3_ENDPOINT", "http://s3.example.org"),
    ("ONEGRID_ZONE", "Mars/Olympus"),
    ("ONEGRID_HOLIDAYS", "nowhere-at-all"),
    ("ONEGRID_TRUSTED_PROXIES", "10.0.0.0/33"),
    ("ONEGRID_CORS_ORIGINS", "*"),
    ("ONEGRID_CIRCLE_RATE", "0"),
    ("ONEGRID_CIRCLE_MEMORY_MIB", "65537"),
    ("ONEGRID_DATABASE_CONNECTIONS", "201"),
    ("ONEGRID_WORKERS", "-1"),
    ("ONEGRID_CONCURRENCY", "none"),
    ("ONEGRID_SOCKETS", "9"),
    ("ONEGRID_SOCKET_RATE", "0"),
    ("ONEGRID_BODY_LIMIT", "1"),
    ("ONEGRID_DRAIN_SECONDS", "601"),
    ("ONEGRID_LOG_FORMAT", "xml"),
];
/// Settings that take any text, or whose check is elsewhere in this suite.
const OTHERS: [&str; 9] = [
    "ONEGRID_S3_REGION",
    "ONEGRID_S3_KEY_ID",
    "ONEGRID_S3_SECRET",
    "ONEGRID_REDIS_PREFIX",
    "ONEGRID_MAP",
    "ONEGRID_FACILITIES",
    "ONEGRID_WECHAT_APP_ID",
    "ONEGRID_WECHAT_SECRET",
    "ONEGRID_LOG",
];

#[test]
fn each_wrong_setting_stops_the_start_with_its_name_and_what_it_takes() {
    for setting in Config::SETTINGS {
        if OTHERS.contains(&setting.name) {
            continue;
        }
        let wrong = WRONG.iter().find(|(name, _)| *name == setting.name);
        let (name, value) = wrong.unwrap_or_else(|| panic!("no wrong value for {}", setting.name));
        let world = World::sqlite();
        let ran = world.run_with(&["serve"], &[(name, value)]);
        ran.failed_with(&[&format!("{name} takes {}", setting.takes)]);
        assert!(!world.path("onegrid.db").exists(), "{name}: nothing was begun");
    }
}

#[test]
fn all_wrong_settings_are_named_at_once() {
    let world = World::sqlite();
    let ran = world.run_with(&["serve"], &WRONG);
    let names: Vec<String> = WRONG.iter().map(|(name, _)| format!("{name} takes ")).collect();
    ran.failed_with(&names.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn wrong_log_directives_stop_the_start_with_the_name_of_the_setting() {
    let world = World::sqlite();
    let ran = world.run_with(&["serve"], &[("ONEGRID_LOG", "onegrid=loud")]);
    ran.failed_with(&["ONEGRID_LOG takes"]);
}

#[test]
fn an_address_in_use_stops_the_start_with_the_name_of_the_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let world = World::sqlite();
    for name in ["ONEGRID_LISTEN", "ONEGRID_METRICS_LISTEN"] {
        world
            .run_with(&["serve"], &[(name, &address)])
            .failed_with(&[name, &address]);
    }
}

#[test]
fn a_toml_file_is_read_and_the_environment_counts_before_it() {
    let mut world = World::sqlite();
    for name in ["ONEGRID_LISTEN", "ONEGRID_CIRCLE_RATE", "ONEGRID_WORKERS"] {
        world.unset(name);
    }
    let port = free_port();
    world.file(
        "onegrid.toml",
        format!("listen = \"127.0.0.1:{port}\"\ncircle_rate = 3\nworkers = 1\nzone = \"Mars/Olympus\"\n"),
    );
    world.set("ONEGRID_CONFIG", "onegrid.toml");
    world.run(&["serve"]).failed_with(&["ONEGRID_ZONE takes"]);

    let server = world.serve_with(&[("ONEGRID_ZONE", "Asia/Shanghai")]);
    assert!(server.log().contains(&format!("127.0.0.1:{port}")), "{}", server.log());
    let statuses: Vec<u16> = (0..12)
        .map(|_| server.get("/v1/circle?lat=31&lon=112").status)
        .collect();
    assert!(statuses.contains(&429), "three a second, six at once: {statuses:?}");
}

#[test]
fn a_toml_file_at_fault_stops_the_start() {
    let world = World::sqlite();
    let with_file = |content: &str| {
        world.file("onegrid.toml", content);
        world.run_with(&["serve"], &[("ONEGRID_CONFIG", "onegrid.toml")])
    };
    with_file("lisen = \"127.0.0.1:0\"\n").failed_with(&["ONEGRID_CONFIG", "onegrid.toml", "lisen"]);
    with_file("listen = \n").failed_with(&["ONEGRID_CONFIG", "onegrid.toml", "line 1"]);
    with_file("workers = 1.5\n").failed_with(&["ONEGRID_CONFIG", "workers", "a number from 0 to 256"]);
    let secret = with_file("master_key = \"k3yk3yk3yk3yk3yk3yk3yk3y\nlisten = 1\n");
    secret.failed_with(&["ONEGRID_CONFIG"]);
    assert!(!secret.all().contains("k3yk3y"), "{secret:?}");
    let missing = world.run_with(&["serve"], &[("ONEGRID_CONFIG", "nowhere.toml")]);
    missing.failed_with(&["ONEGRID_CONFIG", "nowhere.toml"]);
}

#[test]
fn with_sqlite_keys_are_made_once_for_their_owner_only_and_kept() {
    let mut world = World::sqlite();
    for name in KEYS {
        world.unset(name);
    }
    let server = world.serve();
    let file = world.path("onegrid.secrets.toml");
    let kept = std::fs::read_to_string(&file).expect("beside the database");
    let mode = std::fs::metadata(&file).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let table: toml::Table = kept.parse().expect("TOML");
    let key = table["jwt_key"].as_str().expect("a key").to_owned();
    assert!(key.len() >= 32, "random enough");
    assert!(table.get("operator_key").is_none(), "nobody is allowed everything");
    // The command line signs with the key that the server verifies with.
    server.create(&a_place("店", 31.2, 112.6));
    assert_eq!(server.create_as(&key, &a_place("店", 31.2, 112.6)), 401);
    assert!(!server.log().contains(&key), "{}", server.log());
    drop(server);

    let server = world.serve();
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), kept);
    assert!(!server.log().contains(&key), "{}", server.log());
    let mut other = World::sqlite();
    for name in KEYS {
        other.unset(name);
    }
    let _second = other.serve();
    let others = std::fs::read_to_string(other.path("onegrid.secrets.toml")).expect("made");
    assert!(!others.contains(&key), "each database has keys of its own");
}

on_both! {
    fn a_start_with_the_operators_key_of_earlier_versions_stops_and_says_what_took_its_place(world) {
        let key = "w3Jt8Zq5Yb2Nc7Vx4Hm9Rk6Ds1Pf";
        let why = ["ONEGRID_OPERATOR_KEY", "onegrid roles grant", "onegrid token issue"];
        let ran = world.run_with(&["serve"], &[("ONEGRID_OPERATOR_KEY", key)]);
        ran.failed_with(&why);
        assert!(!ran.all().contains(key), "{ran:?}");
        world.file("onegrid.toml", format!("operator_key = \"{key}\"\n"));
        let ran = world.run_with(&["serve"], &[("ONEGRID_CONFIG", "onegrid.toml")]);
        ran.failed_with(&why);
        assert!(!ran.all().contains(key), "{ran:?}");
    }
}

on_both! {
    fn no_secret_is_ever_printed(world) {
        let redis = format!("redis://:r3dispassw0rd@127.0.0.1:{}", free_port());
        let server = world.serve_with(&[
            ("REDIS_URL", &redis),
            ("ONEGRID_LOG", "trace"),
        ]);
        server.create(&a_place("店", 31.2, 112.6));
        server.get("/v1/circle?lat=31.2&lon=112.6");
        wait_for("a look at Redis in the log", || server.log().contains("the bus is not connected").then_some(()));
        let log = server.log();
        for key in [people::MASTER_KEY, people::LOOKUP_KEY, people::JWT_KEY] {
            assert!(!log.contains(key), "a key is in the log");
        }
        assert!(!log.contains("r3dispassw0rd"), "Redis' password is in the log");
        if let Some(password) = password_of(&world.url) {
            assert!(!log.contains(&password), "the database's password is in the log");
        }
    }
}

/// The password in a URL, if it has one that is no common word.
fn password_of(url: &str) -> Option<String> {
    let (user_and_password, _) = url.split_once("://")?.1.rsplit_once('@')?;
    let (_, password) = user_and_password.split_once(':')?;
    (password.len() >= 8 && password != "postgres").then(|| password.to_owned())
}

/// Database URLs at fault, each with the word `hunter2` in its password.
const UNUSABLE: [&str; 9] = [
    "postgres://u:hunter2@127.0.0.1:1/d",
    "postgres://u:hunter2@127.0.0.1:1/d?no_such_option=1",
    "postgres://u:hunter2%zz@127.0.0.1/d",
    "postgres://u:hunter2 and more@127.0.0.1/d",
    "postgres://u:hunter2/and/more@127.0.0.1/d",
    "postgres://u:more@hunter2@127.0.0.1:1/d",
    "postgres://u:hunter2@127.0.0.1:port/d",
    "postgres:u:hunter2@127.0.0.1/d",
    "host=127.0.0.1 password=hunter2",
];

#[test]
fn the_password_in_a_database_url_is_not_printed_whatever_is_wrong_with_it() {
    let world = World::sqlite();
    for url in UNUSABLE {
        for command in [&["migrate"][..], &["migrate", "--status"], &["check"], &["serve"]] {
            let ran = world.run_with(command, &[("DATABASE_URL", url)]);
            assert_eq!(ran.code, Some(1), "{url}: {ran:?}");
            assert!(!ran.all().contains("hunter2"), "{command:?} with {url}: {ran:?}");
        }
    }
}

#[test]
fn the_password_in_a_redis_url_is_not_printed_whatever_is_wrong_with_it() {
    let world = World::sqlite();
    let cut: [&str; 4] = [
        "redis://:hunter2@127.0.0.1:port",
        "rediss://:hunter2@127.0.0.1",
        "redis//:hunter2@127.0.0.1",
        "redis://:hunter2@127.0.0.1:6379/not-a-number",
    ];
    for url in cut {
        let ran: Ran = world.run_with(&["check"], &[("REDIS_URL", url)]);
        assert_eq!(ran.code, Some(1), "{url}: {ran:?}");
        assert!(ran.all().contains("REDIS_URL takes"), "{url}: {ran:?}");
        assert!(!ran.all().contains("hunter2"), "{url}: {ran:?}");
    }
}

#[test]
fn the_operating_guide_has_the_table_of_all_settings() {
    const BEGIN: &str = "<!-- settings -->";
    const END: &str = "<!-- /settings -->";
    let path = project().join("docs/operating.md");
    let guide = std::fs::read_to_string(&path).expect("docs/operating.md");
    let (before, rest) = guide.split_once(BEGIN).expect("the marker before the settings");
    let (table, after) = rest.split_once(END).expect("the marker after the settings");
    let expected = format!("\n{}", Config::markdown());
    if std::env::var("ONEGRID_WRITE_DOCS").as_deref() == Ok("1") {
        std::fs::write(&path, format!("{before}{BEGIN}{expected}{END}{after}")).expect("written");
        return;
    }
    assert_eq!(
        table.trim(),
        expected.trim(),
        "docs/operating.md is out of date; run the suite with ONEGRID_WRITE_DOCS=1"
    );
}
