//! What all answers have in common, and what stands outside `/v1`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::circle_lookup::ask;
use crate::harness::{Answer, Client, Server, World, both_databases, place, until};

/// Every path of the API with the methods that it has.
const PATHS: [(&str, &str); 12] = [
    ("/v1/units", "GET, HEAD"),
    ("/v1/units/x", "GET, HEAD"),
    ("/v1/units/x/children", "GET, HEAD"),
    ("/v1/units/x/ancestors", "GET, HEAD"),
    ("/v1/circle", "GET, HEAD"),
    ("/v1/categories", "GET, HEAD"),
    ("/v1/places", "GET, HEAD, POST"),
    ("/v1/places/x", "GET, HEAD, PUT"),
    ("/v1/places/x/close", "POST"),
    ("/v1/places/x/reopen", "POST"),
    ("/v1/places/x/doors", "GET, HEAD, PUT"),
    ("/v1/units/x/doors", "GET, HEAD, PUT"),
];

fn sorted(list: &str) -> Vec<&str> {
    let mut names: Vec<&str> = list.split(',').map(str::trim).collect();
    names.sort_unstable();
    names
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

both_databases! {
    fn a_path_that_is_none_is_a_problem_document(world: &World) {
        let server = world.serve();
        let client = server.anonymous();
        for path in ["/", "/v1", "/v1/", "/v2/units", "/v1/nothing", "/v1/units/x/y", "/v1//units", "/metrics", "/favicon.ico", "/v1/units/"] {
            for method in ["GET", "POST", "DELETE"] {
                client.send(method, path, None).is_problem(404, "no-such-path");
            }
        }
    }

    fn a_method_that_is_none_is_405_with_those_that_are(world: &World) {
        let server = world.serve();
        for (path, allowed) in PATHS {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
                if sorted(allowed).contains(&method) {
                    continue;
                }
                let answer = server.staff().send(method, path, None);
                answer.is_problem(405, "method-not-allowed");
                assert_eq!(sorted(&answer.needed_header("allow")), sorted(allowed), "{method} {path}");
            }
        }
    }

    fn head_is_get_without_a_body(world: &World) {
        world.import_units();
        let server = world.serve();
        let client = server.anonymous();
        let id = crate::harness::unit_id(&client, "4299");
        for path in ["/v1/units", &format!("/v1/units/{id}"), "/v1/categories", "/v1/places", "/v1/circle?lat=31.2&lon=112.6", "/v1/units/x"] {
            let (get, head) = (client.get(path), client.send("HEAD", path, None));
            assert_eq!(head.status, get.status, "{path}");
            assert_eq!(head.text, "", "{path}");
            for name in ["content-type", "etag"] {
                assert_eq!(head.header(name), get.header(name), "{name} of {path}");
            }
        }
    }

    fn health_also_answers_head(world: &World) {
        let server = world.serve();
        for path in ["/health/live", "/health/ready", "/openapi.json"] {
            let head = server.anonymous().send("HEAD", path, None);
            assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        }
    }

    fn every_answer_has_a_request_id_and_keeps_the_callers(world: &World) {
        let server = world.serve();
        let client = server.anonymous();
        let own = client.get("/v1/units").needed_header("x-request-id");
        assert!(own.len() >= 8);
        assert_ne!(client.get("/v1/units").needed_header("x-request-id"), own);
        let given = client.with("x-request-id", "trace-0123456789_abc");
        for path in ["/v1/units", "/v1/nothing", "/v1/units/x", "/v1/circle", "/health/live", "/openapi.json"] {
            assert_eq!(given.get(path).needed_header("x-request-id"), "trace-0123456789_abc", "{path}");
        }
        for harmful in ["short", "has blanks in it", "<script>alert(1)</script>", &"x".repeat(65), "semi;colon;here"] {
            let answer = client.with("x-request-id", harmful).get("/v1/units");
            assert_ne!(answer.needed_header("x-request-id"), harmful);
        }
    }

    fn a_problem_speaks_the_language_of_the_caller(world: &World) {
        let server = world.serve();
        let problem = |header: Option<&str>| -> Answer {
            let client = header.map_or_else(|| server.anonymous(), |tag| server.anonymous().with("accept-language", tag));
            client.get("/v1/units/x")
        };
        for (header, tag, title) in [
            (None, "zh-CN", "未找到"),
            (Some("zh-CN"), "zh-CN", "未找到"),
            (Some("en"), "en", "Not found"),
            (Some("en-GB,en;q=0.9,zh;q=0.8"), "en", "Not found"),
            (Some("en;q=0.3, zh-Hans;q=0.7"), "zh-CN", "未找到"),
            (Some("fr, en;q=0.5"), "en", "Not found"),
            (Some("fr"), "zh-CN", "未找到"),
            (Some("nonsense;;;q=x"), "zh-CN", "未找到"),
        ] {
            let answer = problem(header);
            answer.is_problem(404, "not-found");
            assert_eq!(answer.header("content-language"), Some(tag), "{header:?}");
            assert_eq!(answer.json["title"], title, "{header:?}");
            assert!(answer.needed_header("vary").to_ascii_lowercase().contains("accept-language"));
        }
    }

    fn answers_are_not_to_be_sniffed_or_kept_blindly(world: &World) {
        let server = world.serve();
        for path in ["/v1/units", "/v1/categories", "/v1/units/x", "/v1/circle?lat=31.2&lon=112.6"] {
            let answer = server.anonymous().get(path);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert!(answer.header("cache-control").is_some(), "{path}");
        }
    }

    fn other_web_origins_are_refused_unless_listed(world: &World) {
        let server = world.serve();
        let browser = server.anonymous().with("origin", "https://app.example.org");
        assert!(browser.get("/v1/units").header("access-control-allow-origin").is_none());
        let preflight = browser.with("access-control-request-method", "GET").send("OPTIONS", "/v1/units", None);
        assert!(preflight.header("access-control-allow-origin").is_none());
        drop(server);

        let server = world.serve_with(&[("ONEGRID_CORS_ORIGINS", "https://app.example.org,http://localhost:5173")]);
        for origin in ["https://app.example.org", "http://localhost:5173"] {
            let browser = server.anonymous().with("origin", origin);
            let answer = browser.get("/v1/units").with_status(200);
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert!(answer.needed_header("access-control-expose-headers").to_ascii_lowercase().contains("etag"));
            let preflight = browser
                .with("access-control-request-method", "PUT")
                .with("access-control-request-headers", "if-match,content-type,authorization")
                .send("OPTIONS", "/v1/places/x", None)
                .with_status(200);
            assert_eq!(preflight.header("access-control-allow-origin"), Some(origin));
            assert!(preflight.needed_header("access-control-allow-methods").contains("PUT"));
            // A problem can be read as well.
            let problem = browser.get("/v1/units/x");
            problem.is_problem(404, "not-found");
            assert_eq!(problem.header("access-control-allow-origin"), Some(origin));
        }
        for origin in ["https://evil.example.org", "http://app.example.org", "null", "https://app.example.org.evil.com"] {
            let answer = server.anonymous().with("origin", origin).get("/v1/units");
            assert!(answer.header("access-control-allow-origin").is_none(), "{origin}");
        }
    }

    fn health_is_told(world: &World) {
        let server = world.serve();
        server.anonymous().get("/health/live").with_status(200);
        assert_eq!(server.anonymous().get("/health/ready").ok()["status"], "ready");
    }

    fn metrics_are_on_their_own_address_by_route_template(world: &World) {
        let port = free_port();
        let server = world.serve_with(&[("ONEGRID_METRICS_LISTEN", &format!("127.0.0.1:{port}"))]);
        let client = server.anonymous();
        client.get("/metrics").is_problem(404, "no-such-path");
        for _ in 0..3 {
            client.get("/v1/places/plc_01h455vb4pex5vsknk084sn02q").with_status(404);
        }
        ask(&client, &[]).with_status(200);
        let metrics = Client::new(&format!("127.0.0.1:{port}"));
        let text = metrics.get("/metrics").with_status(200).text;
        let count = |parts: &[&str]| {
            let line = text.lines().find(|line| parts.iter().all(|part| line.contains(part)));
            line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        };
        let requests = "onegrid_http_requests_total";
        assert_eq!(count(&[requests, "route=\"/v1/places/{id}\"", "status=\"404\"", "method=\"GET\""]), Some(3.0), "{text}");
        assert_eq!(count(&[requests, "route=\"/v1/circle\"", "status=\"200\""]), Some(1.0), "{text}");
        assert!(count(&["onegrid_http_request_seconds_count", "route=\"/v1/circle\""]).is_some(), "{text}");
        assert!(!text.contains("plc_01h455vb4pex5vsknk084sn02q"), "an id is in a label");
        for path in ["/", "/v1/units", "/health/live"] {
            assert_eq!(metrics.get(path).status, 404, "{path} is served where only metrics are");
        }
    }

    fn a_request_under_way_is_answered_before_the_server_stops(world: &World) {
        let mut server = world.serve();
        let body = place("最后一家", "shop", 100.0, 0.0).to_string();
        let mut late = under_way(&server, &body);
        server.tell_to_stop();
        until("it takes no new connections", || TcpStream::connect(server.address()).is_err().then_some(()));
        late.write_all(body.as_bytes()).expect("it still reads");
        let mut answer = String::new();
        // An end without a goodbye after the whole answer is an end.
        let _ = late.read_to_string(&mut answer);
        assert!(answer.contains("HTTP/1.1 201"), "{answer}");
        assert_eq!(server.until_ended(), Some(0), "it stopped by itself and in order");
        let again = world.serve();
        until("what it acknowledged", || {
            (again.anonymous().get("/v1/places").listed("name") == ["最后一家"]).then_some(())
        });
    }

    fn more_at_once_than_are_let_in_are_told_to_come_back(world: &World) {
        let server = world.serve_with(&[("ONEGRID_CONCURRENCY", "1")]);
        let body = place("店", "shop", 100.0, 0.0).to_string();
        let mut slow = under_way(&server, &body);
        let refused = server.anonymous().get("/v1/units");
        refused.is_problem(503, "busy");
        assert!(refused.needed_header("retry-after").parse::<u64>().expect("seconds") > 0);
        server.anonymous().get("/health/live").with_status(200);
        slow.write_all(body.as_bytes()).expect("it still reads");
        let mut answer = String::new();
        let _ = slow.read_to_string(&mut answer);
        assert!(answer.contains("HTTP/1.1 201"), "{answer}");
        until("the next is let in", || (server.anonymous().get("/v1/units").status == 200).then_some(()));
    }

    fn what_is_no_http_is_refused_and_harms_nobody(world: &World) {
        let server = world.serve();
        for raw in [
            &b"nonsense\r\n\r\n"[..],
            b"GET /v1/units HTTP/9.9\r\n\r\n",
            b"GET /v1/\x00units HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /v1/places HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST /v1/places HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ] {
            let mut stream = TcpStream::connect(server.address()).expect("a connection");
            stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
            stream.write_all(raw).expect("it reads");
            stream.shutdown(std::net::Shutdown::Write).expect("a socket");
            let mut answer = Vec::new();
            // It may end the connection without a word.
            let _ = stream.read_to_end(&mut answer);
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
        }
        let many = "x".repeat(200_000);
        let mut stream = TcpStream::connect(server.address()).expect("a connection");
        // Whether it reads all of this or hangs up is its own business.
        let _ = stream.write_all(format!("GET /v1/units HTTP/1.1\r\nHost: x\r\nX-Long: {many}\r\n\r\n").as_bytes());
        drop(stream);
        server.anonymous().get("/v1/units").with_status(200);
    }

    fn an_idle_connection_does_not_hold_up_the_stop(world: &World) {
        let mut server = world.serve();
        let idle = TcpStream::connect(server.address()).expect("a connection");
        server.anonymous().get("/health/live").with_status(200);
        server.tell_to_stop();
        assert_eq!(server.until_ended(), Some(0));
        drop(idle);
    }
}

/// A request to enter a place whose body is still to come, and which the server
/// has begun to answer.
fn under_way(server: &Server, body: &str) -> TcpStream {
    // From now on the server knows them.
    server.staff();
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a socket");
    let head = format!(
        "POST /v1/places HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        server.address(),
        server.staff_token(),
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("it reads");
    let mut first = [0; 25];
    stream.read_exact(&mut first).expect("it asks for the body");
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

/// The addresses that a page or a style sheet loads by itself.
fn loaded(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mark in ["src=", "href=", "url(", "@import"] {
        for (at, _) in text.match_indices(mark) {
            let rest = text[at + mark.len()..].trim_start_matches([' ', '"', '\'']);
            let end = rest.find(['"', '\'', ')', ' ', '>', ';']).unwrap_or(rest.len());
            found.push(rest[..end].to_owned());
        }
    }
    found
}

#[test]
fn the_docs_page_loads_nothing_from_elsewhere() {
    let world = World::sqlite();
    let server = world.serve();
    let client = server.anonymous();
    let page = client.get("/docs/").with_status(200);
    assert!(page.needed_header("content-type").starts_with("text/html"));
    let redirect = client.get("/docs");
    assert!((300..400).contains(&redirect.status), "{redirect:?}");
    assert_eq!(redirect.needed_header("location"), "/docs/");
    let references = loaded(&page.text);
    assert!(
        references.iter().any(|reference| reference.ends_with(".js")),
        "{references:?}"
    );
    let mut scripts = Vec::new();
    for reference in &references {
        let elsewhere = reference.contains("://") || reference.starts_with("//");
        assert!(!elsewhere, "{reference}");
        let path = format!("/docs/{}", reference.trim_start_matches("./"));
        let part = client.get(&path).with_status(200);
        if reference.ends_with(".css") {
            for inner in loaded(&part.text) {
                assert!(
                    !inner.contains("://") && !inner.starts_with("//"),
                    "{reference} loads {inner}"
                );
            }
        }
        if reference.ends_with(".js") {
            scripts.push((reference.clone(), part.text));
        }
    }
    let (_, starter) = scripts
        .iter()
        .find(|(name, _)| name.contains("initializer"))
        .expect("the script that starts the page");
    for scheme in ["http://", "https://"] {
        assert!(!starter.contains(scheme), "{starter}");
    }
    assert!(starter.contains("/openapi.json"), "{starter}");
    // Swagger UI sends the document to a validator elsewhere unless that is turned off.
    let validator = starter.replace([' ', '"', '\''], "");
    assert!(
        ["validatorUrl:none", "validatorUrl:null", "validatorUrl:,"]
            .iter()
            .any(|off| validator.contains(off)),
        "the online validator is not turned off: {starter}"
    );
}
