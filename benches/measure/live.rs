//! Messages to many sockets: those who talk, and the load that they make, over our socket and
//! over socket.io, by the same client.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use onegrid::clock;
use onegrid::config::Config;
use onegrid::db::{self, Db};
use onegrid::error::Error;
use onegrid::identity::{Keyring, LONGEST_S, People, Phone, Revoked, Sessions, Tokens};
use onegrid::{grid, holidays, kept_secrets};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;

use crate::city::Failed;

/// People who live in groups of these sizes, each of which has a channel, on the database of the
/// environment: a line each, the number of the group and a token.
#[derive(clap::Args)]
pub struct World {
    /// The sizes of the groups.
    #[arg(long, value_delimiter = ',', default_value = "1000")]
    sizes: Vec<u32>,
}

/// Makes them.
pub fn world(of: &World) -> Result<(), Failed> {
    let config = Config::load()?;
    let keys = kept_secrets::keys(&config)?;
    let people = People::new(Arc::new(Keyring::new(keys.master, keys.previous_master, &keys.lookup)));
    let tokens = Arc::new(Tokens::new(&keys.jwt, Arc::new(Revoked::default()))?);
    let today = holidays::calendar(&config)?.date_of(clock::now().to_utc());
    let mut units = String::from(
        "code,level,name,setting\n9901,city,市,urban\n990101,county,区,urban\n990101001,street,街道,urban\n\
         990101001001,community,社区,urban\n",
    );
    let mut rows = String::from("phone,role,unit_code\n");
    let mut phones = Vec::new();
    for (group, size) in (1..).zip(&of.sizes) {
        let grid = format!("990101001001{group:03}");
        units.push_str(&format!("{grid},grid,网格{group},urban\n{grid}A1,building,楼,urban\n"));
        for _ in 0..*size {
            let phone = format!("+86198{:08}", phones.len());
            rows.push_str(&format!("{phone},resident,{grid}A1\n"));
            phones.push((group, phone));
        }
    }
    db::migrate(&config.database)?;
    let db = Db::open(&config.database, 1)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let made = runtime.block_on(db.write(move |tx| {
        let imported = grid::import_units(tx, units.as_bytes(), false)?;
        let settled = grid::members::import_people(tx, &people, rows.as_bytes(), today, false)?;
        if let Some(fault) = imported.faults.first().or(settled.faults.first()) {
            return Err(Error::internal(format!("{fault:?}")));
        }
        let sessions = Sessions::new(people.clone(), Arc::clone(&tokens));
        let token = |(group, phone): &(u32, String)| {
            let phone: Phone = phone.parse().map_err(Error::internal)?;
            let person = people.find_by_phone(tx, &phone)?;
            let person = person.ok_or_else(|| Error::internal("somebody was not imported"))?;
            Ok((*group, sessions.open_by_operator(tx, person, LONGEST_S)?.1))
        };
        phones.iter().map(token).collect::<onegrid::error::Result<Vec<_>>>()
    }))?;
    made.iter().for_each(|(group, token)| println!("{group} {token}"));
    Ok(())
}

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Dialect {
    /// Our socket.
    Onegrid,
    /// socket.io 4 (Engine.IO 4 over a WebSocket).
    Socketio,
}

/// Messages in groups; prints how many were delivered a second, the milliseconds in which half and
/// 99 of 100 came, and how many were sent and delivered.
#[derive(clap::Args)]
pub struct Load {
    /// What is spoken.
    #[arg(long)]
    dialect: Dialect,
    /// The servers; sockets take them by turns.
    #[arg(long, value_delimiter = ',')]
    addresses: Vec<String>,
    /// A file with a line for each socket: the number of its group, a space, and its token.
    #[arg(long)]
    people: PathBuf,
    /// So many messages a second in all; 0 for as many as it carries: each who talks says the
    /// next word when they hear their own.
    #[arg(long, default_value_t = 0)]
    rate: u32,
    /// So many talk in each group.
    #[arg(long, default_value_t = 4)]
    talkers: usize,
    /// For so long.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
}

/// Sockets that do nothing, after each has sent and received one message of 16 kB; says when they
/// are there and goes when its input ends.
#[derive(clap::Args)]
pub struct Idle {
    /// The server.
    #[arg(long)]
    address: String,
    /// A file with a line for each of those whose the sockets are.
    #[arg(long)]
    people: PathBuf,
    /// How many.
    #[arg(long, default_value_t = 5_000)]
    sockets: usize,
}

/// What was heard.
#[derive(Default)]
struct Heard {
    took_us: Vec<u32>,
    sent: usize,
}

struct Shared {
    dialect: Dialect,
    started: Instant,
    counting: std::cell::Cell<bool>,
    heard: RefCell<Heard>,
}

/// Makes the load.
pub fn load(of: &Load) -> Result<(), Failed> {
    let people = read_people(&of.people)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let shared = Rc::new(Shared {
            dialect: of.dialect,
            started: clock::monotonic(),
            counting: false.into(),
            heard: RefCell::default(),
        });
        let (there, mut arrived) = mpsc::unbounded_channel();
        let mut talkers: Vec<mpsc::UnboundedSender<()>> = Vec::new();
        let mut in_group: std::collections::HashMap<u32, usize> = std::collections::HashMap::new();
        for (number, (group, token)) in people.iter().enumerate() {
            let address = of.addresses[number % of.addresses.len()].clone();
            let (stream, channel) = open(of.dialect, &address, *group, token).await?;
            let (reading, writing) = stream.into_split();
            let (say, mut said) = mpsc::unbounded_channel::<()>();
            let talks = in_group.entry(*group).or_default();
            let is_talker = *talks < of.talkers;
            *talks += 1;
            if is_talker {
                talkers.push(say.clone());
            }
            let (shared, there) = (Rc::clone(&shared), there.clone());
            let echo = (is_talker && of.rate == 0).then_some(say);
            tokio::task::spawn_local(listen(reading, Rc::clone(&shared), number, echo, there));
            if !is_talker {
                continue;
            }
            tokio::task::spawn_local(async move {
                let mut writing = writing;
                let mut words = 0_u64;
                while said.recv().await.is_some() {
                    words += 1;
                    let at = shared.started.elapsed().as_micros();
                    let text = format!("t={at};s={number};{}", "x".repeat(60));
                    let frame = match shared.dialect {
                        Dialect::Onegrid => format!(
                            r#"{{"type":"send","stream":"{channel}","message":{{"client_id":"{number}.{words}.{at}","text":"{text}"}}}}"#
                        ),
                        Dialect::Socketio => format!(r#"42["say","{channel}","{text}"]"#),
                    };
                    if shared.counting.get() {
                        shared.heard.borrow_mut().sent += 1;
                    }
                    if writing.write_all(&client_frame(&frame)).await.is_err() {
                        return;
                    }
                }
            });
        }
        for _ in 0..people.len() {
            arrived.recv().await.ok_or("a socket was closed")?;
        }
        let talk = |number: usize| talkers.get(number % talkers.len()).map(|talker| talker.send(()));
        if of.rate == 0 {
            for number in 0..talkers.len() {
                let _ = talk(number);
            }
        } else {
            let each = Duration::from_secs(1) / of.rate;
            let talkers = talkers.clone();
            tokio::task::spawn_local(async move {
                let mut turns = tokio::time::interval(each);
                for number in 0.. {
                    turns.tick().await;
                    let _ = talkers[number % talkers.len()].send(());
                }
            });
        }
        // What the first messages cost is left out.
        tokio::time::sleep(Duration::from_secs(1)).await;
        println!("counting");
        shared.counting.set(true);
        let counted = clock::monotonic();
        tokio::time::sleep(Duration::from_secs(of.seconds)).await;
        shared.counting.set(false);
        let seconds = counted.elapsed().as_secs_f64();
        let Heard { mut took_us, sent } = shared.heard.take();
        took_us.sort_unstable();
        let at = |share: f64| took_us.get((took_us.len() as f64 * share) as usize).map_or(0.0, |us| f64::from(*us) / 1e3);
        println!("{:.0} {:.2} {:.2} {sent} {}", took_us.len() as f64 / seconds, at(0.5), at(0.99), took_us.len());
        Ok(())
    })
}

/// Opens sockets, and waits.
pub fn idle(of: &Idle) -> Result<(), Failed> {
    let people = read_people(&of.people)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut sockets = Vec::with_capacity(of.sockets);
        for number in 0..of.sockets {
            let (group, token) = &people[number % people.len()];
            let (mut stream, _) = open(Dialect::Onegrid, &of.address, *group, token).await?;
            let long = "x".repeat(16_000);
            stream
                .write_all(&client_frame(&format!(r#"{{"type":"ping","id":"{long}"}}"#)))
                .await?;
            let mut inbound = Inbound::default();
            while !inbound.next(&mut stream).await?.contains("\"pong\"") {}
            sockets.push(stream);
        }
        println!("there");
        let mut nothing = String::new();
        std::io::stdin().read_line(&mut nothing)?;
        Ok(())
    })
}

fn read_people(path: &PathBuf) -> Result<Vec<(u32, String)>, Failed> {
    let text = std::fs::read_to_string(path)?;
    let one = |line: &str| -> Option<(u32, String)> {
        let (group, token) = line.split_once(' ')?;
        Some((group.parse().ok()?, token.to_owned()))
    };
    text.lines()
        .map(|line| one(line).ok_or_else(|| "a line has a group and a token".into()))
        .collect()
}

/// A socket that is in its group, and what that is called.
async fn open(dialect: Dialect, address: &str, group: u32, token: &str) -> Result<(TcpStream, String), Failed> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let path = match dialect {
        Dialect::Onegrid => "/v1/socket",
        Dialect::Socketio => "/socket.io/?EIO=4&transport=websocket",
    };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut inbound = Inbound::default();
    inbound.head(&mut stream).await?;
    match dialect {
        Dialect::Socketio => {
            inbound.next(&mut stream).await?;
            stream.write_all(&client_frame("40")).await?;
            inbound.next(&mut stream).await?;
            let channel = format!("group{group}");
            stream
                .write_all(&client_frame(&format!(r#"42["join","{channel}"]"#)))
                .await?;
            inbound.next(&mut stream).await?;
            Ok((stream, channel))
        }
        Dialect::Onegrid => {
            stream
                .write_all(&client_frame(&format!(r#"{{"type":"hello","token":"{token}"}}"#)))
                .await?;
            inbound.until(&mut stream, "\"welcome\"").await?;
            let channel = channel_of(address, token).await?;
            let subscribe = format!(r#"{{"type":"subscribe","streams":{{"{channel}":null}}}}"#);
            stream.write_all(&client_frame(&subscribe)).await?;
            inbound.until(&mut stream, "\"entries\"").await?;
            Ok((stream, channel))
        }
    }
}

/// The channel that somebody is in.
async fn channel_of(address: &str, token: &str) -> Result<String, Failed> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET /v1/me/channels HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let at = answer.find("chn_").ok_or_else(|| format!("no channel: {answer}"))?;
    Ok(answer[at..]
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_')
        .collect())
}

/// Hears what comes, and says so of its own words.
async fn listen(
    mut reading: OwnedReadHalf,
    shared: Rc<Shared>,
    number: usize,
    echo: Option<mpsc::UnboundedSender<()>>,
    there: mpsc::UnboundedSender<()>,
) {
    let _ = there.send(());
    let own = format!(";s={number};");
    let mut inbound = Inbound::default();
    while let Ok(frame) = inbound.next_of(&mut reading).await {
        let now = shared.started.elapsed().as_micros() as u64;
        let mut rest = frame.as_str();
        while let Some(at) = rest.find("\"t=") {
            rest = &rest[at + 3..];
            let end = rest.find(';').unwrap_or(0);
            let said: u64 = rest[..end].parse().unwrap_or(now);
            if shared.counting.get() {
                shared.heard.borrow_mut().took_us.push((now - said.min(now)) as u32);
            }
            if let Some(echo) = echo.as_ref().filter(|_| rest[end..].starts_with(&own)) {
                let _ = echo.send(());
            }
        }
    }
}

/// A frame as a client sends it, masked by nothing.
fn client_frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match text.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        length @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// What came and was not taken yet.
#[derive(Default)]
struct Inbound {
    bytes: Vec<u8>,
    at: usize,
}

impl Inbound {
    async fn head(&mut self, stream: &mut TcpStream) -> Result<(), Failed> {
        loop {
            if let Some(end) = self.bytes.windows(4).position(|some| some == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.bytes[..end]).into_owned();
                if !head.starts_with("HTTP/1.1 101") {
                    return Err(head.into());
                }
                self.bytes.drain(..end + 4);
                return Ok(());
            }
            if stream.read_buf(&mut self.bytes).await? == 0 {
                return Err("closed".into());
            }
        }
    }

    async fn until(&mut self, stream: &mut TcpStream, words: &str) -> Result<(), Failed> {
        loop {
            let frame = self.next(stream).await?;
            if frame.contains(words) {
                return Ok(());
            }
            if frame.contains("\"error\"") {
                return Err(frame.into());
            }
        }
    }

    async fn next(&mut self, stream: &mut TcpStream) -> Result<String, Failed> {
        loop {
            if let Some(frame) = self.take() {
                return Ok(frame);
            }
            if stream.read_buf(&mut self.bytes).await? == 0 {
                return Err("closed".into());
            }
        }
    }

    async fn next_of(&mut self, reading: &mut OwnedReadHalf) -> Result<String, Failed> {
        loop {
            if let Some(frame) = self.take() {
                return Ok(frame);
            }
            if reading.read_buf(&mut self.bytes).await? == 0 {
                return Err("closed".into());
            }
        }
    }

    /// The next frame that is whole.
    fn take(&mut self) -> Option<String> {
        let bytes = &self.bytes[self.at..];
        let second = *bytes.get(1)?;
        let (length, head) = match second & 127 {
            126 => (usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)), 4),
            127 => (u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize, 10),
            length => (usize::from(length), 2),
        };
        let text = bytes.get(head..head + length)?;
        let text = String::from_utf8_lossy(text).into_owned();
        self.at += head + length;
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        }
        Some(text)
    }
}
