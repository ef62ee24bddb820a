//! `onegrid token …` and `onegrid roles …`: what the operator does on the server itself.

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::NaiveDate;
use clap::Subcommand;
use onegrid::calendar::Calendar;
use onegrid::config::Config;
use onegrid::db::{self, Db, Tx};
use onegrid::error::Result as Outcome;
use onegrid::grid::audit::{self, Act, Entry, OPERATOR};
use onegrid::grid::members::{self, BodyKind, By, NewMembership, Role};
use onegrid::grid::{self, Unit};
use onegrid::identity::{self, Keyring, LONGEST_S, NewPerson, People, PersonId, Phone, Revoked, Sessions, Tokens};
use onegrid::language::Language;
use onegrid::rows::Imported;
use onegrid::{clock, holidays, kept_secrets};

use super::{Done, Failed};

/// Tokens.
#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a token in somebody's name, good for 12 hours, with a role where one is named. The account is
    /// made where there is none.
    Issue {
        /// Their phone number, such as +8613900000000.
        #[arg(long)]
        phone: String,
        /// The role that they get, unless they have it.
        #[arg(long, requires = "unit")]
        role: Option<String>,
        /// The code or the id of the unit at which they get it.
        #[arg(long, requires = "role")]
        unit: Option<String>,
    },
}

/// Roles.
#[derive(Subcommand)]
pub enum RolesCommand {
    /// Give somebody a role at a unit; the account is made where there is none.
    Grant(Held),
    /// End somebody's role at a unit, at once.
    End {
        #[command(flatten)]
        role: Held,
        /// Why; it stands in the audit.
        #[arg(long)]
        reason: Option<String>,
    },
    /// List who is what at a unit.
    List {
        /// The code or the id of the unit.
        #[arg(long)]
        unit: String,
        /// Also in the units below.
        #[arg(long)]
        below: bool,
    },
}

/// Who, as what, and where.
#[derive(clap::Args)]
pub struct Held {
    /// Their phone number, such as +8613900000000.
    #[arg(long)]
    phone: String,
    /// The role, such as grid_leader.
    #[arg(long)]
    role: String,
    /// The code or the id of the unit.
    #[arg(long)]
    unit: String,
    /// From this day on; today unless told.
    #[arg(long)]
    from: Option<NaiveDate>,
    /// To this day; without an end unless told.
    #[arg(long)]
    to: Option<NaiveDate>,
}

/// Does a command on tokens.
pub fn token(command: TokenCommand) -> Done {
    let TokenCommand::Issue { phone, role, unit } = command;
    let hands = Hands::open()?;
    let phone = phone_of(&phone)?;
    let wanted = match role.zip(unit) {
        Some((role, unit)) => Some((role_of(&role)?, hands.unit(&unit)?)),
        None => None,
    };
    say!("{}", hands.token(&phone, None, wanted)?);
    Ok(ExitCode::SUCCESS)
}

/// Does a command on roles.
pub fn roles(command: RolesCommand) -> Done {
    let hands = Hands::open()?;
    match command {
        RolesCommand::Grant(held) => {
            let (phone, wanted) = hands.wanted(&held)?;
            let granted = hands.run(hands.db.write(hands.granting(phone, None, wanted)))?;
            say!("{}", if granted.1 { "granted" } else { "was granted already" });
        }
        RolesCommand::End { role, reason } => {
            let (phone, wanted) = hands.wanted(&role)?;
            let (people, by) = (hands.people.clone(), hands.by());
            let ending = hands.db.write(move |tx| {
                let Some(person) = people.find_by_phone(tx, &phone)? else {
                    return Ok(false);
                };
                members::end_at(tx, by, &wanted.of(person), reason.as_deref())
            });
            if !hands.run(ending)? {
                return Err("they have no such role there".into());
            }
            say!("ended");
        }
        RolesCommand::List { unit, below } => hands.list(&unit, below)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What the operator's commands work with.
pub struct Hands {
    /// The database.
    pub db: Db,
    /// The people in it.
    pub people: People,
    tokens: Arc<Tokens>,
    calendar: Calendar,
    runtime: tokio::runtime::Runtime,
}

/// A role to be given, of whomever.
#[derive(Clone)]
struct Wanted {
    role: Role,
    unit: Unit,
    from_day: NaiveDate,
    to_day: Option<NaiveDate>,
}

impl Wanted {
    fn of(&self, person: PersonId) -> NewMembership {
        NewMembership {
            person,
            role: self.role,
            body_kind: BodyKind::Unit,
            body: self.unit.id.uuid(),
            unit: Some(self.unit.id),
            from_day: self.from_day,
            to_day: self.to_day,
            deputy: false,
            title: None,
        }
    }
}

impl Hands {
    /// On the configured database, which gets its tables first.
    pub fn open() -> Result<Self, Failed> {
        Self::on(&Config::load()?)
    }

    /// With this configuration.
    pub fn on(config: &Config) -> Result<Self, Failed> {
        let keys = kept_secrets::keys(config)?;
        db::migrate(&config.database)?;
        let keyring = Arc::new(Keyring::new(keys.master, keys.previous_master, &keys.lookup));
        let (db, people) = (Db::open(&config.database, 1)?, People::new(keyring));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // With other keys than the service has, people would be made whom it cannot read.
        runtime.block_on(identity::check_keys(&db, &people))?;
        Ok(Self {
            db,
            people,
            tokens: Arc::new(Tokens::new(&keys.jwt, Arc::new(Revoked::default()))?),
            calendar: holidays::calendar(config)?,
            runtime,
        })
    }

    /// Does something to its end.
    pub fn run<T>(&self, work: impl Future<Output = Outcome<T>>) -> Result<T, Failed> {
        Ok(self.runtime.block_on(work)?)
    }

    /// The civil day.
    pub fn today(&self) -> NaiveDate {
        self.calendar.date_of(clock::now().to_utc())
    }

    fn by(&self) -> By<'static> {
        By {
            name: OPERATOR,
            today: self.today(),
        }
    }

    fn unit(&self, code_or_id: &str) -> Result<Unit, Failed> {
        let text = code_or_id.to_owned();
        let found = self.run(self.db.read(move |conn| grid::find_unit(conn, &text)))?;
        found.ok_or_else(|| format!("there is no unit {code_or_id}").into())
    }

    fn wanted(&self, held: &Held) -> Result<(Phone, Wanted), Failed> {
        let wanted = self.at(role_of(&held.role)?, self.unit(&held.unit)?)?;
        let from_day = held.from.unwrap_or(wanted.from_day);
        if wanted.role == Role::Resident && from_day > wanted.from_day {
            return Err("--from is later than today: who moves in later is given that home then".into());
        }
        if held.to.is_some_and(|to| to < from_day) {
            return Err("--to is before --from".into());
        }
        if held.to.is_some_and(|to| to < self.today()) {
            return Err("--to is over already".into());
        }
        let wanted = Wanted {
            from_day,
            to_day: held.to,
            ..wanted
        };
        Ok((phone_of(&held.phone)?, wanted))
    }

    fn at(&self, role: Role, unit: Unit) -> Result<Wanted, Failed> {
        if !role.levels().contains(&unit.level) {
            let levels: Vec<&str> = role.levels().iter().map(|level| level.name()).collect();
            return Err(match levels.as_slice() {
                [] => format!("{role} is no role at a unit").into(),
                levels => format!(
                    "a {role} is held at a {}, and {} is a {}",
                    levels.join(" or "),
                    unit.code,
                    unit.level
                )
                .into(),
            });
        }
        Ok(Wanted {
            role,
            unit,
            from_day: self.today(),
            to_day: None,
        })
    }

    /// A transaction that finds or makes the person and gives them the role unless
    /// they have it; whether it was given now.
    fn granting(
        &self,
        phone: Phone,
        name: Option<String>,
        wanted: Wanted,
    ) -> impl FnMut(&mut Tx<'_>) -> Outcome<(PersonId, bool)> + Send + use<> {
        let (people, by) = (self.people.clone(), self.by());
        move |tx| {
            let person = found_or_made(tx, &people, &phone, name.as_deref())?;
            let granted = members::grant_once(tx, by, &wanted.of(person))?;
            Ok((person, granted))
        }
    }

    /// A token in somebody's name, who gets an account and this role where they have none.
    pub fn token(&self, phone: &Phone, name: Option<&str>, wanted: Option<(Role, Unit)>) -> Result<String, Failed> {
        let wanted = wanted.map(|(role, unit)| self.at(role, unit)).transpose()?;
        let (people, phone, name) = (self.people.clone(), phone.clone(), name.map(str::to_owned));
        let (by, sessions) = (self.by(), Sessions::new(people.clone(), Arc::clone(&self.tokens)));
        let token = self.run(self.db.write(move |tx| {
            let person = found_or_made(tx, &people, &phone, name.as_deref())?;
            if let Some(wanted) = &wanted {
                members::grant_once(tx, by, &wanted.of(person))?;
            }
            audit::record(
                tx,
                &Entry {
                    actor: OPERATOR,
                    act: Act::TokenIssued,
                    person: Some(person),
                    role: wanted.as_ref().map(|wanted| wanted.role),
                    body: wanted.as_ref().map(|wanted| (BodyKind::Unit, wanted.unit.id.uuid())),
                    unit: wanted.as_ref().map(|wanted| wanted.unit.id),
                    reason: None,
                },
            )?;
            Ok(sessions.open_by_operator(tx, person, LONGEST_S)?.1)
        }))?;
        Ok(token)
    }

    /// Imports a table of people.
    pub fn import(&self, csv: Vec<u8>, keep_going: bool) -> Result<Imported, Failed> {
        let (people, today) = (self.people.clone(), self.today());
        self.run(
            self.db
                .write(move |tx| members::import_people(tx, &people, &csv, today, keep_going)),
        )
    }

    fn list(&self, unit: &str, below: bool) -> Result<(), Failed> {
        let unit = self.unit(unit)?;
        let (people, today) = (self.people.clone(), self.today());
        let listed = self.run(self.db.read(move |conn| {
            let held = members::list_at(conn, unit.id, below, today)?;
            let ids: Vec<PersonId> = held.iter().map(|(one, _)| one.person_id).collect();
            Ok((people.load_people(conn, &ids)?, held))
        }))?;
        let (people, held) = listed;
        for (one, code) in held {
            let person = people.get(&one.person_id);
            let name = person.and_then(|person| person.name.as_deref()).unwrap_or("-");
            let phone = person.and_then(|person| person.phone.as_deref()).unwrap_or("-");
            let to = one.to_day.map_or_else(String::new, |day| day.to_string());
            say!("{code}\t{}\t{name}\t{phone}\t{}\t{to}", one.role, one.from_day);
        }
        Ok(())
    }
}

fn found_or_made(tx: &mut Tx<'_>, people: &People, phone: &Phone, name: Option<&str>) -> Outcome<PersonId> {
    match people.find_by_phone(tx, phone)? {
        Some(person) => Ok(person),
        None => people.create(
            tx,
            &NewPerson {
                phone,
                name,
                language: Language::Zh,
            },
        ),
    }
}

fn phone_of(text: &str) -> Result<Phone, Failed> {
    text.parse().map_err(|error| format!("--phone: {error}").into())
}

fn role_of(text: &str) -> Result<Role, Failed> {
    text.parse().map_err(|()| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        format!("there is no role {text}; known are {}", known.join(", ")).into()
    })
}
