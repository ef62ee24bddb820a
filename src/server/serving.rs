//! How it is served: the connections, what each path leads to, and what is told of health.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_cors::Cors;
use actix_http::HttpService;
use actix_http::error::DispatchError;
use actix_server::{GracefulShutdownSignal, Server};
use actix_service::boxed::BoxServiceFactory;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::{AppConfig, ServiceRequest};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpStream;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

use super::rooms::undoings;
use super::{Health, Parts, Running, operations};
use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Reason, Result};
use crate::http::{self, Rate};
use crate::jobs::Jobs;
use crate::live::socket::Live;
use crate::live::socket::routes::Entrance;
use crate::metrics::{self, Gauges};
use crate::{booking, files, identity};

/// How long the database may take to show that it is there.
const READY_WITHIN: Duration = Duration::from_secs(3);

/// Listens, and serves until told to stop.
pub(super) fn serve(config: Config, parts: Parts, jobs: Jobs) -> Result<Running> {
    let cannot_listen = |what: &str, address: SocketAddr| {
        let what = what.to_owned();
        move |error: std::io::Error| Error::internal(format!("{what}: cannot listen on {address}: {error}"))
    };
    let health = parts.health.clone();
    let database = parts.db.clone();
    let live = parts.live.clone();
    let workers = match config.workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        set => set,
    };
    let listener = listener(config.listen).map_err(cannot_listen("ONEGRID_LISTEN", config.listen))?;
    let address = listener.local_addr().unwrap_or(config.listen);
    let server = Server::build();
    let stopping = server.graceful_shutdown_signal();
    let server = server
        .workers(workers)
        .shutdown_timeout(config.drain.as_secs())
        .disable_signals()
        .listen(
            "onegrid",
            listener,
            connections(config.clone(), parts, address, stopping),
        )
        .map_err(cannot_listen("ONEGRID_LISTEN", config.listen))?;
    let metrics_address = match config.metrics_listen {
        Some(address) => Some(serve_metrics(address, health.clone(), database.clone())?),
        None => None,
    };
    let server = server.run();
    let handle = server.handle();
    tracing::info!(%address, database = config.database.kind(), "serving");
    Ok(Running {
        address,
        metrics_address,
        handle,
        joined: tokio::spawn(server),
        jobs,
        health,
        live,
        drain: config.drain,
    })
}

/// A socket that listens, with room for many who come at once.
fn listener(address: SocketAddr) -> std::io::Result<TcpListener> {
    const BACKLOG: i32 = 4096;
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// What each worker does with a connection: it serves requests, or is taken over as a socket.
fn connections(
    config: Config,
    parts: Parts,
    address: SocketAddr,
    stopping: GracefulShutdownSignal,
) -> impl Fn() -> BoxServiceFactory<(), TcpStream, (), DispatchError, ()> + Send + Clone + 'static {
    let origins = config.cors_origins.clone();
    move || {
        let (parts, origins) = (parts.clone(), origins.clone());
        let entrance = Entrance {
            live: Live::clone(&parts.live),
            http: parts.http.clone(),
            origins: origins.clone().into(),
            rate: Rate {
                name: "sockets",
                per_second: config.socket_rate,
                burst: config.socket_rate * 10,
            },
        };
        let app = App::new()
            .wrap(from_fn(http::observe))
            .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
            .configure(move |service| routes(&parts, service));
        let app = app
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        let stopping = stopping.clone();
        let service = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .client_request_timeout(Duration::from_secs(10))
            .client_disconnect_timeout(Duration::from_secs(1))
            .tcp_nodelay(true)
            .local_addr(address)
            .upgrade(fn_service(move |(request, framed)| {
                let taken = Box::pin(entrance.clone().take_over(request, framed));
                async move {
                    taken.await;
                    Ok::<(), Infallible>(())
                }
            }))
            .finish(map_config(app, |()| AppConfig::default()))
            .tcp();
        actix_service::boxed::factory(service)
    }
}

fn routes(parts: &Parts, service: &mut web::ServiceConfig) {
    let operations = operations();
    let document = http::document(&operations);
    let concurrency = parts.config.concurrency;
    service
        .app_data(parts.config.clone())
        .app_data(parts.http.clone())
        .app_data(parts.db.clone())
        .app_data(parts.tree.clone())
        .app_data(parts.access.clone())
        .app_data(parts.shared.clone())
        .app_data(parts.catalogue.clone())
        .app_data(parts.circles.clone())
        .app_data(parts.identity.clone())
        .app_data(parts.health.clone())
        .app_data(parts.privacy.clone())
        .app_data(parts.files.clone())
        .app_data(parts.bookings.clone())
        .app_data(parts.live.clone())
        .app_data(parts.chats.clone())
        .app_data(web::Data::new(undoings()))
        .service(
            web::scope("/v1")
                .wrap(from_fn(move |request, next| one_of(concurrency, request, next)))
                .configure(|service| http::operations(&operations, service)),
        )
        .route("/files/{token}", web::get().to(files::routes::fetch))
        .route("/calendars/{secret}", web::get().to(booking::routes::fetch_calendar))
        .route("/health/live", web::get().to(HttpResponse::Ok))
        .route("/health/live", web::head().to(HttpResponse::Ok))
        .route("/health/ready", web::get().to(ready))
        .route("/health/ready", web::head().to(ready))
        .route("/.well-known/jwks.json", web::get().to(identity::routes::public_keys))
        .route("/.well-known/jwks.json", web::head().to(identity::routes::public_keys))
        .service(web::redirect("/docs", "/docs/"))
        .service(
            web::resource("/openapi.json")
                .app_data(web::Data::new(document))
                .route(web::get().to(show_document))
                .route(web::head().to(show_document)),
        )
        .service(SwaggerUi::new("/docs/{_:.*}").config(docs_page()))
        .default_service(web::to(|request: HttpRequest| http::not_found(request, None)));
}

async fn show_document(document: web::Data<OpenApi>) -> HttpResponse {
    HttpResponse::Ok().json(document.as_ref())
}

/// The docs page asks nobody else, not even whether the document is valid.
fn docs_page() -> utoipa_swagger_ui::Config<'static> {
    utoipa_swagger_ui::Config::from("/openapi.json").validator_url("none")
}

/// Whether this instance should get requests.
async fn ready(health: web::Data<Health>, db: web::Data<Db>) -> Result<HttpResponse> {
    if health.draining.load(Ordering::Relaxed) {
        return Err(Error::refused(Reason::Busy));
    }
    if !health.follower.is_fresh() || !health.hub.is_alive() {
        return Err(Error::refused(Reason::Stale));
    }
    let answered = tokio::time::timeout(READY_WITHIN, db.ping()).await;
    answered.map_err(|_| Error::refused(Reason::DatabaseUnavailable))??;
    // Without Redis all is done, a little later: the balancer need not go elsewhere.
    let status = if health.bus.is_well() { "ready" } else { "degraded" };
    Ok(HttpResponse::Ok().json(serde_json::json!({ "status": status })))
}

fn cors(origins: &[String]) -> Cors {
    origins
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin))
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            "accept",
            "acting-for",
            "accept-language",
            "authorization",
            "content-type",
            "if-match",
            "if-none-match",
            "idempotency-key",
        ])
        .expose_headers([
            "etag",
            "location",
            "retry-after",
            "ratelimit",
            "ratelimit-policy",
            "x-request-id",
        ])
        .max_age(3600)
}

/// Lets so many requests in at once; the rest is told to come back.
async fn one_of<B: actix_web::body::MessageBody>(
    most: usize,
    request: ServiceRequest,
    next: actix_web::middleware::Next<B>,
) -> std::result::Result<actix_web::dev::ServiceResponse<B>, actix_web::Error> {
    let Some(health) = request.app_data::<web::Data<Health>>().cloned() else {
        return next.call(request).await;
    };
    let _inside = Inside::enter(&health, most).ok_or_else(|| Error::refused(Reason::Busy))?;
    next.call(request).await
}

/// Counts a request for as long as it is under way.
struct Inside<'a>(&'a AtomicUsize);

impl<'a> Inside<'a> {
    fn enter(health: &'a Health, most: usize) -> Option<Self> {
        let inside = Self(&health.under_way);
        (health.under_way.fetch_add(1, Ordering::Relaxed) < most).then_some(inside)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Serves `/metrics` and nothing else, on an address of its own.
fn serve_metrics(address: SocketAddr, health: web::Data<Health>, db: web::Data<Db>) -> Result<SocketAddr> {
    let app = move || {
        App::new()
            .app_data(health.clone())
            .app_data(db.clone())
            .route("/metrics", web::get().to(show_metrics))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .bind(address)
        .map_err(|error| Error::internal(format!("ONEGRID_METRICS_LISTEN: cannot listen on {address}: {error}")))?;
    let bound = server.addrs().first().copied().unwrap_or(address);
    tokio::spawn(server.run());
    Ok(bound)
}

async fn show_metrics(health: web::Data<Health>, db: web::Data<Db>) -> HttpResponse {
    let (connections_in_use, connections_idle) = db.connections();
    metrics::observe(&Gauges {
        under_way: health.under_way.load(Ordering::Relaxed),
        connections_in_use,
        connections_idle,
        changes_age: health.follower.age(),
    });
    match metrics::render() {
        Ok(text) => HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}
