//! A small S3 in the test's own process: put, get, delete and list of one bucket.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should.
    Well,
    /// It answers 503.
    Failing,
    /// It takes so many milliseconds for an answer.
    Slow(u64),
}

/// What it has, and what it was asked.
#[derive(Debug)]
struct State {
    mood: Mood,
    objects: BTreeMap<String, Vec<u8>>,
    faults: Vec<String>,
}

/// The store; its thread ends with the test.
pub struct SmallS3 {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// The key that it takes.
pub const KEY_ID: &str = "ONEGRIDTESTKEY";
/// Its bucket.
pub const BUCKET: &str = "onegrid-test";

impl SmallS3 {
    /// On a free port of this machine.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        let state = Arc::new(Mutex::new(State {
            mood: Mood::Well,
            objects: BTreeMap::new(),
            faults: Vec::new(),
        }));
        let kept = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&kept);
                std::thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The settings of a server that keeps its files here, under a prefix.
    pub fn settings(&self) -> Vec<(String, String)> {
        [
            ("ONEGRID_FILES", format!("s3://{BUCKET}/city/files")),
            ("ONEGRID_S3_ENDPOINT", format!("http://{}", self.address)),
            ("ONEGRID_S3_KEY_ID", KEY_ID.to_owned()),
            ("ONEGRID_S3_SECRET", "a-key-of-nobody-at-all".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }

    /// From now on it behaves so.
    pub fn feels(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// The names of its objects.
    pub fn names(&self) -> Vec<String> {
        self.state().objects.keys().cloned().collect()
    }

    /// All bytes that it has.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().objects.values().flatten().copied().collect()
    }

    /// What was wrong about requests.
    pub fn faults(&self) -> Vec<String> {
        self.state().faults.clone()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    if reader.read_line(&mut line).is_err() || line.is_empty() {
        return;
    }
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).is_err() {
            return;
        }
        let Some((name, value)) = header.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    if reader.read_exact(&mut body).is_err() {
        return;
    }
    let mood = state.lock().unwrap_or_else(PoisonError::into_inner).mood;
    if let Mood::Slow(milliseconds) = mood {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }
    let (status, answer) = match mood {
        Mood::Failing => (503, b"<Error><Code>SlowDown</Code></Error>".to_vec()),
        _ => answered(&line, &headers, body, state),
    };
    let stream = reader.into_inner();
    let _ = respond(stream, status, &answer, line.starts_with("HEAD"));
}

fn respond(mut stream: TcpStream, status: u16, answer: &[u8], is_head: bool) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\netag: \"x\"\r\nlast-modified: Wed, 01 Jan 2020 00:00:00 GMT\r\n\
         connection: close\r\n\r\n",
        answer.len()
    )?;
    if !is_head {
        stream.write_all(answer)?;
    }
    Ok(())
}

fn answered(line: &str, headers: &BTreeMap<String, String>, body: Vec<u8>, state: &Mutex<State>) -> (u16, Vec<u8>) {
    let mut parts = line.split(' ');
    let (method, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let authorization = headers.get("authorization").map_or("", String::as_str);
    if !authorization.starts_with(&format!("AWS4-HMAC-SHA256 Credential={KEY_ID}/"))
        || !authorization.contains("Signature=")
    {
        state.faults.push(format!("not signed: {line}"));
        return (403, Vec::new());
    }
    let hash: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    if headers.get("x-amz-content-sha256") != Some(&hash) {
        state.faults.push(format!("signed for another body: {line}"));
    }
    let Some(name) = path
        .strip_prefix(&format!("/{BUCKET}"))
        .map(|name| name.trim_start_matches('/'))
    else {
        state.faults.push(format!("another bucket: {line}"));
        return (404, Vec::new());
    };
    match method {
        "PUT" => {
            state.objects.insert(name.to_owned(), body);
            (200, Vec::new())
        }
        "GET" if query.contains("list-type=2") => (200, listed(&state.objects).into_bytes()),
        "GET" | "HEAD" => match state.objects.get(name) {
            Some(bytes) => (200, bytes.clone()),
            None => (404, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
        },
        "DELETE" => {
            state.objects.remove(name);
            (204, Vec::new())
        }
        _ => {
            state.faults.push(format!("not known here: {line}"));
            (400, Vec::new())
        }
    }
}

fn listed(objects: &BTreeMap<String, Vec<u8>>) -> String {
    let one = |(name, bytes): (&String, &Vec<u8>)| {
        format!(
            "<Contents><Key>{name}</Key><LastModified>2020-01-01T00:00:00.000Z</LastModified><ETag>x</ETag><Size>{}</Size></Contents>",
            bytes.len()
        )
    };
    let contents: String = objects.iter().map(one).collect();
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")
}
