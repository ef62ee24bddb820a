//! Asking over HTTP.

use std::time::Duration;

use serde_json::Value;
use ureq::http::{HeaderMap, Request};

/// Where the types of problems live.
const PROBLEM_BASE: &str = "https://onegrid.dev/problems/";

/// A client that takes every status as an answer and follows nothing.
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(60)))
        .build()
        .into()
}

/// Somebody who asks, with the headers that they always send.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    headers: Vec<(String, String)>,
}

impl Client {
    /// Without any credential.
    pub fn new(address: &str) -> Self {
        Self {
            agent: agent(),
            base: format!("http://{address}"),
            headers: Vec::new(),
        }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// The same on a connection of its own.
    #[must_use]
    pub fn on_own_connection(&self) -> Self {
        Self {
            agent: agent(),
            ..self.clone()
        }
    }

    /// GET.
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    /// GET with query parameters, which are encoded here.
    pub fn ask(&self, path: &str, query: &[(&str, &str)]) -> Answer {
        self.get(&with_query(path, query))
    }

    /// POST of JSON.
    pub fn post(&self, path: &str, json: &Value) -> Answer {
        self.send("POST", path, Some(&json.to_string()))
    }

    /// PUT of JSON.
    pub fn put(&self, path: &str, json: &Value) -> Answer {
        self.send("PUT", path, Some(&json.to_string()))
    }

    /// POST of bytes that are no JSON.
    pub fn upload(&self, path: &str, bytes: &[u8]) -> Answer {
        let client = self.with("content-type", "application/octet-stream");
        client.send_bytes("POST", path, Some(bytes))
    }

    /// Any method; a body is JSON unless a header says otherwise.
    pub fn send(&self, method: &str, path: &str, body: Option<&str>) -> Answer {
        self.send_bytes(method, path, body.map(str::as_bytes))
    }

    /// POST of JSON to a server that may be away: nothing where no whole answer came.
    pub fn try_post(&self, path: &str, json: &Value) -> Option<Answer> {
        self.try_send("POST", path, Some(json.to_string().as_bytes())).ok()
    }

    fn send_bytes(&self, method: &str, path: &str, body: Option<&[u8]>) -> Answer {
        self.try_send(method, path, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    fn try_send(&self, method: &str, path: &str, body: Option<&[u8]>) -> Result<Answer, String> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let says_its_type = self
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let answer = match body {
            None => self.agent.run(request.body(()).expect("a request")),
            Some(body) => {
                if !says_its_type {
                    request = request.header("content-type", "application/json");
                }
                self.agent.run(request.body(body).expect("a request"))
            }
        };
        let mut response = answer.map_err(|error| format!("no answer: {error}"))?;
        let bytes = response.body_mut().with_config().limit(64 * 1024 * 1024).read_to_vec();
        let bytes = bytes.map_err(|error| format!("the body broke off: {error}"))?;
        // Pictures are no text, and nobody looks at theirs as one.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer {
            asked: format!("{method} {path}"),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            json: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
            bytes,
        })
    }
}

fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(query)
        .finish();
    format!("{path}?{query}")
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    asked: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
    /// The body as text.
    pub text: String,
    /// The body as JSON; null where it is none.
    pub json: Value,
}

impl Answer {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A header that must be there.
    #[track_caller]
    pub fn needed_header(&self, name: &str) -> String {
        match self.header(name) {
            Some(value) => value.to_owned(),
            None => panic!("{}: no header {name}: {self:?}", self.asked),
        }
    }

    /// The body of an answer that must have this status.
    #[track_caller]
    pub fn with_status(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        self
    }

    /// The JSON of a 200.
    #[track_caller]
    pub fn ok(self) -> Value {
        self.with_status(200).json
    }

    /// That it is a problem document of this type, complete and true to its own answer.
    #[track_caller]
    pub fn is_problem(&self, status: u16, slug: &str) -> &Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        assert_eq!(self.json["type"], format!("{PROBLEM_BASE}{slug}"), "{self:?}");
        assert_eq!(self.json["status"], status, "{self:?}");
        for field in ["title", "detail", "request_id"] {
            let text = self.json[field].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{field} is missing: {self:?}");
        }
        assert_eq!(
            self.json["request_id"].as_str(),
            self.header("x-request-id"),
            "{self:?}"
        );
        self
    }

    /// That exactly these fields are at fault: `in`, pointer and code of each, in any order.
    #[track_caller]
    pub fn is_invalid_at(&self, expected: &[(&str, &str, &str)]) -> &Self {
        self.is_problem(422, "invalid-input");
        let mut found: Vec<(String, String, String)> = self.faults();
        let mut expected: Vec<(String, String, String)> = expected
            .iter()
            .map(|(place, pointer, code)| ((*place).to_owned(), (*pointer).to_owned(), (*code).to_owned()))
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{}: {}", self.asked, self.text);
        self
    }

    /// `in`, pointer and code of each field at fault.
    pub fn faults(&self) -> Vec<(String, String, String)> {
        let text = |fault: &Value, field: &str| fault[field].as_str().unwrap_or_default().to_owned();
        self.json["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|fault| (text(fault, "in"), text(fault, "pointer"), text(fault, "code")))
            .collect()
    }

    /// The field `name` of each of the listed things.
    #[track_caller]
    pub fn listed(&self, name: &str) -> Vec<String> {
        let items = self.json["items"].as_array().or(self.json["places"].as_array());
        let Some(items) = items else {
            panic!("{}: no list: {}", self.asked, self.text)
        };
        items
            .iter()
            .map(|item| item[name].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}
