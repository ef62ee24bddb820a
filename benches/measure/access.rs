//! Who may do what, in a city with every building: how long the tree and the staff
//! take to load, what a decision costs, and where the time of a token goes.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use onegrid::calendar::Calendar;
use onegrid::clock;
use onegrid::config::Config;
use onegrid::db::follow::{Follow, Follower};
use onegrid::db::{self, Db, Mark};
use onegrid::error::Error;
use onegrid::gate::{Credentials, Gate, Pass, Permission, Shown, Subject};
use onegrid::grid::access::{Access, GrantRoles, SeeMembers, Standing};
use onegrid::grid::members::{Role, import_people};
use onegrid::grid::{self, LiveTree};
use onegrid::identity::{Keyring, LONGEST_S, People, PersonId, Phone, Revoked, Sessions, Tokens};
use onegrid::rows::Imported;
use onegrid::{holidays, kept_secrets};
use tokio::runtime::{Builder, Runtime};

use crate::big_city;
use crate::city::Failed;
use crate::cpu;
use crate::random::Random;

const ROUNDS: usize = 5;
/// Decisions a round, each at another building.
const DECISIONS: usize = 200_000;
/// Tokens a round, each verified once.
const VERIFIED: usize = 5_000;
const LOAD_AT_MOST_MS: f64 = 1_000.0;
const DECISION_AT_MOST_US: f64 = 2.0;

/// How large the city is.
#[derive(clap::Args)]
pub struct Measured {
    /// Units.
    #[arg(long, default_value_t = 200_000)]
    units: usize,
    /// Roles of staff.
    #[arg(long, default_value_t = 100_000)]
    staff: usize,
    /// Roles of the person whose permission is asked.
    #[arg(long, default_value_t = 20)]
    held: usize,
    /// Where to write tokens, a line each, for a server on the same database.
    #[arg(long)]
    tokens_to: Option<PathBuf>,
    /// How many.
    #[arg(long, default_value_t = 70_000)]
    tokens: usize,
}

/// The city and those who ask in it.
struct Parts {
    runtime: Runtime,
    db: Db,
    people: People,
    tokens: Arc<Tokens>,
    calendar: Arc<Calendar>,
    asking: PersonId,
}

/// Makes the city in the database of the environment, and measures; answers whether
/// the bars hold.
pub fn access(of: &Measured) -> Result<bool, Failed> {
    let parts = Parts::make(of)?;
    let (access, tree, load_ms) = parts.load()?;
    let loads = load_ms <= LOAD_AT_MOST_MS;
    let word = |holds: bool| if holds { "holds" } else { "MISSED" };
    println!(
        "{}: {} units and the roles of {} staff are loaded in {load_ms:.0} ms (at most {LOAD_AT_MOST_MS})\n",
        word(loads),
        tree.now().len(),
        of.staff
    );
    let tokens = parts.tokens_of(ROUNDS * VERIFIED + 1)?;
    let decision_us = parts.decisions(&access, &tree, tokens.last().ok_or("no token")?)?;
    let decides = decision_us <= DECISION_AT_MOST_US;
    println!(
        "{}: a decision takes {decision_us:.2} µs (at most {DECISION_AT_MOST_US}), of a person who holds {} roles\n",
        word(decides),
        of.held
    );
    parts.where_it_goes(&access, &tokens)?;
    if let Some(file) = &of.tokens_to {
        std::fs::write(file, parts.tokens_of(of.tokens)?.join("\n"))?;
    }
    Ok(loads && decides)
}

fn without_faults(imported: &Imported) -> Result<(), Failed> {
    match imported.faults.first() {
        Some(fault) => Err(fault.to_string().into()),
        None => Ok(()),
    }
}

/// Keeps up with the database on a thread of its own, since memory that is older than
/// five seconds decides nothing.
fn follow(follower: Arc<Follower>, mark: Mark) -> Result<(), Failed> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || runtime.block_on(follower.run(mark)));
    Ok(())
}

impl Parts {
    fn make(of: &Measured) -> Result<Self, Failed> {
        let config = Config::load()?;
        let keys = kept_secrets::keys(&config)?;
        let people = People::new(Arc::new(Keyring::new(keys.master, keys.previous_master, &keys.lookup)));
        let tokens = Arc::new(Tokens::new(&keys.jwt, Arc::new(Revoked::default()))?);
        let calendar = Arc::new(holidays::calendar(&config)?);
        db::migrate(&config.database)?;
        let db = Db::open(&config.database, 1)?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let today = calendar.date_of(clock::now().to_utc());
        let city = big_city::make(of.units, of.staff, of.held);
        let phone: Phone = big_city::ASKING.parse()?;
        let (importing, finding) = (people.clone(), people.clone());
        let imported = runtime.block_on(db.write(move |tx| grid::import_units(tx, city.units.as_bytes(), false)))?;
        without_faults(&imported)?;
        let imported = db.write(move |tx| import_people(tx, &importing, city.staff.as_bytes(), today, false));
        without_faults(&runtime.block_on(imported)?)?;
        let asking = runtime.block_on(db.read(move |conn| finding.find_by_phone(conn, &phone)))?;
        Ok(Self {
            asking: asking.ok_or("nobody asks")?,
            runtime,
            db,
            people,
            tokens,
            calendar,
        })
    }

    /// Loads what a start loads, several times; in the middle it takes so many ms.
    fn load(&self) -> Result<(Access, Arc<LiveTree>, f64), Failed> {
        let mut times = Vec::new();
        println!("{:>10}{:>14}{:>14}", "", "load, ms", "CPU, ms");
        loop {
            let (tree, standing) = (Arc::new(LiveTree::default()), Arc::new(Standing::default()));
            let followers = vec![Arc::clone(&tree) as Arc<dyn Follow>, Arc::clone(&standing) as _];
            let (start, start_cpu) = (clock::monotonic(), cpu::process_s());
            let (follower, mark) = self.runtime.block_on(Follower::load(self.db.clone(), followers))?;
            let ms = start.elapsed().as_secs_f64() * 1e3;
            println!(
                "{:10}{ms:14.0}{:14.0}",
                times.len() + 1,
                (cpu::process_s() - start_cpu) * 1e3
            );
            times.push(ms);
            if times.len() == ROUNDS {
                follow(Arc::clone(&follower), mark)?;
                let credentials = Arc::clone(&self.tokens) as Arc<dyn Credentials>;
                let (calendar, db) = (Arc::clone(&self.calendar), self.db.clone());
                let access = Access::new(credentials, standing, Arc::clone(&tree), calendar, follower, db);
                return Ok((access, tree, cpu::median(&mut times)));
            }
        }
    }

    /// Tokens of the person who asks, each of a session of its own.
    fn tokens_of(&self, count: usize) -> Result<Vec<String>, Failed> {
        let (sessions, asking) = (
            Sessions::new(self.people.clone(), Arc::clone(&self.tokens)),
            self.asking,
        );
        let made = self.db.write(move |tx| {
            let one = |_| sessions.open_by_operator(tx, asking, LONGEST_S).map(|(_, token)| token);
            (0..count).map(one).collect::<Result<Vec<_>, Error>>()
        });
        Ok(self.runtime.block_on(made)?)
    }

    fn let_in(&self, access: &Access, token: &str) -> Result<Arc<dyn Pass>, Failed> {
        let shown = Shown {
            bearer: Some(token),
            acting_for: None,
            permission: SeeMembers::NAME,
            scope: None,
        };
        Ok(self.runtime.block_on(access.admit(shown))?)
    }

    /// Asks at one building after another; the dearest question's µs.
    fn decisions(&self, access: &Access, tree: &LiveTree, token: &str) -> Result<f64, Failed> {
        let buildings: Vec<_> = tree.now().all().map(|node| node.unit.id.uuid()).collect();
        let mut random = Random(buildings.len() as u64);
        let units: Vec<_> = (0..DECISIONS)
            .filter_map(|_| buildings.get(random.below(buildings.len())).copied())
            .collect();
        let at_unit: fn(uuid::Uuid) -> Subject = Subject::Unit;
        let at_office: fn(uuid::Uuid) -> Subject = |unit| Subject::Office {
            role: Role::Resident.name(),
            body: unit,
            unit: Some(unit),
            holder: None,
        };
        let pass = self.let_in(access, token)?;
        println!("{:22}{:>14}{:>12}", "permission", "decision, µs", "allowed, %");
        let mut dearest: f64 = 0.0;
        for (name, subject) in [(SeeMembers::NAME, at_unit), (GrantRoles::NAME, at_office)] {
            let (mut rounds, mut allowed) = (Vec::new(), 0);
            for _ in 0..ROUNDS {
                let start = cpu::thread_s();
                allowed = units
                    .iter()
                    .filter(|unit| black_box(pass.decide(name, subject(**unit))).is_ok())
                    .count();
                rounds.push((cpu::thread_s() - start) * 1e6 / units.len() as f64);
            }
            let us = cpu::median(&mut rounds);
            println!("{name:22}{us:14.2}{:12.1}", allowed as f64 * 100.0 / units.len() as f64);
            dearest = dearest.max(us);
        }
        Ok(dearest)
    }

    /// What a request pays for its token, step by step.
    fn where_it_goes(&self, access: &Access, tokens: &[String]) -> Result<(), Failed> {
        println!("{:44}{:>10}", "of a token's request", "CPU, µs");
        let mut table: [Vec<f64>; 3] = Default::default();
        for unseen in tokens.chunks_exact(VERIFIED) {
            let verified = |tokens: &[String]| -> Result<f64, Failed> {
                let start = cpu::thread_s();
                for token in tokens {
                    black_box(self.tokens.verify(token)?);
                }
                Ok((cpu::thread_s() - start) * 1e6 / tokens.len() as f64)
            };
            let figures = [verified(unseen)?, verified(unseen)?, {
                let start = cpu::thread_s();
                for token in unseen {
                    black_box(self.let_in(access, token)?);
                }
                (cpu::thread_s() - start) * 1e6 / unseen.len() as f64
            }];
            for (column, figure) in table.iter_mut().zip(figures) {
                column.push(figure);
            }
        }
        let words = [
            "a token not seen before: hash, JSON, signature",
            "the same again: hash and look-up",
            "let in with it: look-up, roles, whether any fits",
        ];
        for (word, figures) in words.into_iter().zip(&mut table) {
            println!("{word:50}{:8.2}", cpu::median(figures));
        }
        Ok(())
    }
}
