//! The two servers that bench/http drives: the service itself, and a handler that
//! answers the same bytes to everybody.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::{App, HttpResponse, HttpServer, web};
use onegrid::config::Config;
use onegrid::db::{self, Db};
use onegrid::error::Error;
use onegrid::identity::{Keyring, LONGEST_S, People, Phone, Revoked, Sessions, Tokens};
use onegrid::{clock, grid, holidays, kept_secrets, server};

use crate::city::Failed;
use crate::county::County;

/// What a server needs.
#[derive(clap::Args)]
pub struct Prepare {
    #[command(flatten)]
    county: County,
    /// The folder for streets.map, onegrid.db and houses.csv.
    #[arg(long)]
    to: PathBuf,
}

/// Writes the map, the database and the houses to ask about.
pub fn prepare(of: &Prepare) -> Result<(), Failed> {
    let city = of.county.make(&of.to)?;
    let houses = of.county.houses(&city);
    let lines: String = houses
        .iter()
        .map(|house| format!("{:.6},{:.6}\n", house.lat, house.lon))
        .collect();
    Ok(std::fs::write(of.to.join("houses.csv"), lines)?)
}

/// The service, configured by the environment.
pub fn serve() -> Result<(), Failed> {
    let config = Config::load()?;
    actix_web::rt::System::new().block_on(async {
        let token = staff_token(&config).await?;
        let running = server::start(config, server::Stage::Real).await?;
        println!("{} {token}", running.address);
        running.until_told_to_stop().await?;
        Ok(())
    })
}

/// A token of staff of a city, who may ask for batches.
async fn staff_token(config: &Config) -> Result<String, Failed> {
    let keys = kept_secrets::keys(config)?;
    let people = People::new(Arc::new(Keyring::new(keys.master, keys.previous_master, &keys.lookup)));
    let tokens = Arc::new(Tokens::new(&keys.jwt, Arc::new(Revoked::default()))?);
    let today = holidays::calendar(config)?.date_of(clock::now().to_utc());
    let city = "code,level,name,setting\nmeasured,city,被测市,urban\n";
    let staff = "phone,role,unit_code\n+8619900090000,city_staff,measured\n";
    let phone: Phone = "+8619900090000".parse()?;
    db::migrate(&config.database)?;
    let db = Db::open(&config.database, 1)?;
    let token = db.write(move |tx| {
        grid::import_units(tx, city.as_bytes(), false)?;
        grid::members::import_people(tx, &people, staff.as_bytes(), today, false)?;
        let person = people.find_by_phone(tx, &phone)?;
        let person = person.ok_or_else(|| Error::internal("the staff were not imported"))?;
        let sessions = Sessions::new(people.clone(), Arc::clone(&tokens));
        Ok(sessions.open_by_operator(tx, person, LONGEST_S)?.1)
    });
    Ok(token.await?)
}

/// The bytes of a file as an answer to any request.
pub fn constant(file: &Path, listen: SocketAddr, workers: usize) -> Result<(), Failed> {
    let body = web::Bytes::from(std::fs::read(file)?);
    let answer = move || {
        let body = body.clone();
        async move { HttpResponse::Ok().content_type("application/json").body(body) }
    };
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(move || App::new().default_service(web::to(answer.clone())))
            .workers(workers)
            .bind(listen)?;
        for address in server.addrs() {
            println!("{address}");
        }
        Ok(server.run().await?)
    })
}
