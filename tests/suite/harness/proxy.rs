//! A way to a server that a test can cut, stop, or make swallow what it carries.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What becomes of what the server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Way {
    /// It is carried.
    Open = 0,
    /// It is lost, while the connections stay.
    Deaf = 1,
    /// What holds the words is lost, and the rest is carried.
    Swallows = 2,
    /// No connection is taken, and those there were are cut.
    Closed = 3,
}

/// A proxy in front of a server on this machine.
pub struct Proxy {
    port: u16,
    way: Arc<AtomicU8>,
    cut: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// To the server on this port. Where it swallows, it does so with what holds these words.
    pub fn to(server: u16, words: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let way = Arc::new(AtomicU8::new(Way::Open as u8));
        let cut: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let (now, open) = (Arc::clone(&way), Arc::clone(&cut));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if now.load(Ordering::Relaxed) == Way::Closed as u8 {
                    continue;
                }
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)) else {
                    continue;
                };
                let both = [
                    client.try_clone(),
                    upstream.try_clone(),
                    client.try_clone(),
                    upstream.try_clone(),
                ];
                let Ok([from_client, to_server, to_client, from_server]) = all(both) else {
                    continue;
                };
                open.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend([client, upstream]);
                std::thread::spawn(move || carry(from_client, to_server, |_| true));
                let now = Arc::clone(&now);
                std::thread::spawn(move || {
                    carry(from_server, to_client, |said| match now.load(Ordering::Relaxed) {
                        1 => false,
                        2 => !said.windows(words.len()).any(|some| some == words.as_bytes()),
                        _ => true,
                    });
                });
            }
        });
        Self { port, way, cut }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on this becomes of what the server says.
    pub fn set(&self, way: Way) {
        self.way.store(way as u8, Ordering::Relaxed);
        if way == Way::Closed {
            for stream in self.cut.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
                // Whoever is gone already is gone.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
    }
}

fn all<const N: usize>(streams: [std::io::Result<TcpStream>; N]) -> Result<[TcpStream; N], ()> {
    let streams: Result<Vec<TcpStream>, _> = streams.into_iter().collect();
    streams.map_err(drop)?.try_into().map_err(drop)
}

/// Carries what one says to the other, as long as both are there.
fn carry(mut from: TcpStream, mut to: TcpStream, is_carried: impl Fn(&[u8]) -> bool) {
    let mut some = [0; 16 * 1024];
    let _ = from.set_read_timeout(Some(Duration::from_secs(120)));
    while let Ok(many @ 1..) = from.read(&mut some) {
        if is_carried(&some[..many]) && to.write_all(&some[..many]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}
