//! The product as a process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::client::Client;
use super::people::{bearing, phones_in};
use super::program::Program;
use super::roles::staff_token;
use super::until;

/// A running server; ended and reaped when dropped. Where its test fails, its log is shown.
pub struct Server {
    child: Child,
    address: String,
    log: Arc<Mutex<Vec<String>>>,
    reading: Option<std::thread::JoinHandle<()>>,
    program: Program,
    staff: Mutex<Option<String>>,
}

impl Server {
    /// Starts it and waits until it serves.
    pub fn start(program: Program) -> Self {
        let mut child = program
            .command(&["serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let kept = Arc::clone(&log);
        let reading = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        });
        let mut server = Self {
            child,
            address: String::new(),
            log,
            reading: Some(reading),
            program,
            staff: Mutex::new(None),
        };
        server.address = until("it serves", || {
            let ended = server.child.try_wait().expect("it is our child");
            assert!(
                ended.is_none(),
                "it did not start: {:?}\n{}",
                ended,
                server.log().join("\n")
            );
            server.log().iter().find_map(|line| served_address(line))
        });
        server
    }

    /// Where it serves.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it wrote to its log so far.
    pub fn log(&self) -> Vec<String> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Somebody without an account.
    pub fn anonymous(&self) -> Client {
        Client::new(&self.address)
    }

    /// The program with the server's settings.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// A token for the city's staff; another where the clock was moved over its end.
    pub fn staff_token(&self) -> String {
        let mut staff = self.staff.lock().unwrap_or_else(PoisonError::into_inner);
        let is_good = |token: &String| bearing(self, token).get("/v1/me").status != 401;
        let token = staff
            .take()
            .filter(is_good)
            .unwrap_or_else(|| staff_token(&self.program));
        staff.insert(token).clone()
    }

    /// Asks it to end, as a service manager does.
    pub fn tell_to_stop(&self) {
        let id = libc::pid_t::try_from(self.child.id()).expect("a process id");
        // SAFETY: kill only takes numbers, and the child has not been waited for,
        // so that its id is still its own.
        let sent = unsafe { libc::kill(id, libc::SIGTERM) };
        assert_eq!(sent, 0, "{}", std::io::Error::last_os_error());
    }

    /// Waits until it has ended by itself; its exit code.
    pub fn until_ended(&mut self) -> Option<i32> {
        until("it ended", || self.child.try_wait().expect("it is our child")).code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // An error says that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Its last lines are read before they are looked at.
        if let Some(reading) = self.reading.take() {
            let _ = reading.join();
        }
        let log = self.log().join("\n");
        if !std::thread::panicking() {
            assert_eq!(phones_in(&log), [""; 0], "the log of a server names people");
        }
        if std::thread::panicking() {
            eprintln!("--- log of the server on {}", self.address);
            for line in self.log() {
                eprintln!("{line}");
            }
        }
    }
}

fn served_address(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = &line["fields"];
    (fields["message"] == "serving").then(|| fields["address"].as_str().map(str::to_owned))?
}
