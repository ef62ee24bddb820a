//! TLS to PostgreSQL, in builds that have it: a server of one's own with a
//! certificate that nobody but the test knows.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::cli_world::{World, a_place};
use crate::faults_servers::{PrivatePostgres, Turn};

/// A certificate for 127.0.0.1 and localhost that signs itself, and its key.
fn certificate(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join(format!("{name}.crt")), folder.join(format!("{name}.key")));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("the program openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}

/// A server that takes nothing but TLS.
fn server(certificates: &TempDir) -> (PrivatePostgres, PathBuf) {
    let (root, key) = certificate(certificates.path(), "server");
    let server = PrivatePostgres::prepare();
    server.keep("server.crt", &std::fs::read(&root).expect("made"));
    server.keep("server.key", &std::fs::read(&key).expect("made"));
    server.keep("pg_hba.conf", b"hostssl all all 127.0.0.1/32 trust\n");
    (server.start_with(&["ssl=on"]), root)
}

#[test]
fn a_server_with_a_certificate_is_trusted_by_its_root_and_refused_by_another() {
    let _turn = Turn::wait();
    let certificates = tempfile::tempdir().expect("a folder");
    let (server, root) = server(&certificates);
    let (wrong, _) = certificate(certificates.path(), "other");
    let with = |query: &str| format!("{}?{query}", server.url());

    let full = with(&format!("sslmode=verify-full&sslrootcert={}", root.display()));
    for url in [full.as_str(), &with("sslmode=require")] {
        let world = World::on_server(url);
        let running = world.serve();
        running.create(&a_place("店", 31.2, 112.6));
        let encrypted = "SELECT count(*) AS value FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                         WHERE application_name = 'onegrid' AND NOT ssl";
        assert_eq!(world.sql().numbers(encrypted), [0], "every session is encrypted");
    }

    let mut world = World::sqlite();
    for (query, why) in [
        (
            format!("sslmode=verify-full&sslrootcert={}", wrong.display()),
            "certificate verify failed",
        ),
        ("sslmode=verify-full&sslrootcert=nowhere.crt".to_owned(), "nowhere.crt"),
        ("sslmode=disable".to_owned(), "no pg_hba.conf entry"),
    ] {
        world.set("DATABASE_URL", &with(&query));
        for command in [&["migrate"][..], &["serve"]] {
            world.run(command).failed_with(&[why]);
        }
    }
}
