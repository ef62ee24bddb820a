//! Bookings a second over HTTP: those who book, and the load that they make.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use onegrid::clock;
use onegrid::config::Config;
use onegrid::db::{self, Db};
use onegrid::identity::{Keyring, LONGEST_S, NewPerson, People, Phone, Revoked, Sessions, Tokens};
use onegrid::kept_secrets;
use onegrid::language::Language;

use crate::city::Failed;

/// People who book, on the database of the environment: a token each, a line each.
#[derive(clap::Args)]
pub struct Residents {
    /// How many.
    #[arg(long, default_value_t = 3_000)]
    count: u32,
}

/// Makes them.
pub fn residents(of: &Residents) -> Result<(), Failed> {
    let config = Config::load()?;
    let keys = kept_secrets::keys(&config)?;
    let people = People::new(Arc::new(Keyring::new(keys.master, keys.previous_master, &keys.lookup)));
    let tokens = Arc::new(Tokens::new(&keys.jwt, Arc::new(Revoked::default()))?);
    db::migrate(&config.database)?;
    let db = Db::open(&config.database, 1)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let count = of.count;
    let made = runtime.block_on(db.write(move |tx| {
        let sessions = Sessions::new(people.clone(), Arc::clone(&tokens));
        (0..count)
            .map(|number| {
                let phone: Phone = format!("+86199{number:08}")
                    .parse()
                    .map_err(onegrid::error::Error::internal)?;
                let person = match people.find_by_phone(tx, &phone)? {
                    Some(person) => person,
                    None => people.create(
                        tx,
                        &NewPerson {
                            phone: &phone,
                            name: None,
                            language: Language::Zh,
                        },
                    )?,
                };
                Ok(sessions.open_by_operator(tx, person, LONGEST_S)?.1)
            })
            .collect::<onegrid::error::Result<Vec<String>>>()
    }))?;
    made.iter().for_each(|token| println!("{token}"));
    Ok(())
}

/// Bookings by many at once; prints how many a second were confirmed, the milliseconds in which half
/// and 99 of 100 were answered, and how many it were.
#[derive(clap::Args)]
pub struct Load {
    /// The server.
    #[arg(long)]
    address: String,
    /// A file with a token a line.
    #[arg(long)]
    tokens: PathBuf,
    /// A file with a slot a line: the resource's id, a space, and the beginning.
    #[arg(long)]
    slots: PathBuf,
    /// So many at once.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// For so long.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// So many bookings at the most.
    #[arg(long, default_value_t = usize::MAX)]
    most: usize,
    /// What tells the keys of this load from those of others.
    #[arg(long)]
    name: String,
}

fn lines(path: &PathBuf) -> Result<Vec<String>, Failed> {
    Ok(std::fs::read_to_string(path)?.lines().map(str::to_owned).collect())
}

/// Makes the load.
pub fn load(of: &Load) -> Result<(), Failed> {
    let (tokens, slots) = (lines(&of.tokens)?, lines(&of.slots)?);
    let next = AtomicUsize::new(0);
    let started = clock::monotonic();
    let until = Duration::from_secs(of.seconds);
    let client = || -> Result<Vec<Duration>, String> {
        let mut took = Vec::new();
        let stream = TcpStream::connect(&of.address).map_err(|error| error.to_string())?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        let mut reading = BufReader::new(stream.try_clone().map_err(|error| error.to_string())?);
        let mut writing = stream;
        while started.elapsed() < until {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= of.most {
                break;
            }
            let token = &tokens[number % tokens.len()];
            // Not in step with the tokens, so that nobody books one slot again and again.
            let slot = &slots[number.wrapping_mul(7_919) % slots.len()];
            let (resource, start) = slot.split_once(' ').ok_or("a slot is a resource and a time")?;
            let body = format!(r#"{{"resource_id":"{resource}","start":"{start}","party":1}}"#);
            let request = format!(
                "POST /v1/bookings HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
                 idempotency-key: {}-{number}\r\ncontent-length: {}\r\n\r\n{body}",
                of.name,
                body.len()
            );
            let asked = clock::monotonic();
            writing
                .write_all(request.as_bytes())
                .map_err(|error| error.to_string())?;
            answered(&mut reading)?;
            took.push(asked.elapsed());
        }
        Ok(took)
    };
    let all = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..of.clients).map(|_| scope.spawn(client)).collect();
        let ended = clients
            .into_iter()
            .map(|one| one.join().unwrap_or_else(|_| Err("a client died".into())));
        ended.collect::<Result<Vec<_>, String>>()
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let mut took: Vec<Duration> = all.into_iter().flatten().collect();
    took.sort_unstable();
    let at = |share: f64| {
        took.get((took.len() as f64 * share) as usize)
            .map_or(0.0, Duration::as_secs_f64)
            * 1e3
    };
    let count = took.len();
    println!("{:.1} {:.3} {:.3} {count}", count as f64 / seconds, at(0.5), at(0.99));
    Ok(())
}

/// Reads an answer, which must be a booking.
fn answered(reading: &mut BufReader<TcpStream>) -> Result<(), String> {
    let (mut status, mut length) = (String::new(), 0);
    reading.read_line(&mut status).map_err(|error| error.to_string())?;
    loop {
        let mut line = String::new();
        reading.read_line(&mut line).map_err(|error| error.to_string())?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| "a length")?;
        }
    }
    let mut body = vec![0; length];
    reading.read_exact(&mut body).map_err(|error| error.to_string())?;
    match status.split_whitespace().nth(1) {
        Some("201") => Ok(()),
        _ => Err(format!("{status}{}", String::from_utf8_lossy(&body))),
    }
}
