//! The two servers that bench/http drives: the service itself, and a handler that
//! answers the same bytes to everybody.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use actix_web::{App, HttpResponse, HttpServer, web};
use onegrid::config::Config;
use onegrid::server;

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
        let running = server::start(config, server::Stage::Real).await?;
        println!("{}", running.address);
        running.until_told_to_stop().await?;
        Ok(())
    })
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
