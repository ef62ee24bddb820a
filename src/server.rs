//! Assembles the service: what is opened, what follows what, what is served;
//! and how it starts, drains and stops.

mod rooms;

pub use rooms::holdings;
use rooms::{holders, kinds_of_job, undoings};

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::{ServerHandle, ServiceRequest};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

use crate::booking::Bookings;
use crate::bus::Bus;
use crate::circle::places::Catalogue;
use crate::circle::streets::{StreetMap, TimeModel};
use crate::circle::{Circles, Facilities};
use crate::config::{Config, SmsUrl};
use crate::db::follow::{Follow, Follower};
use crate::db::{self, Db, Mark};
use crate::error::{Error, Reason, Result};
use crate::files::{Files, Objects};
use crate::gate::{Credentials, Gate};
use crate::grid::access::{Access, Standing};
use crate::grid::{LiveTree, Shared};
use crate::http::{self, Http, Limits, Operation};
use crate::identity::{self, CodeSender, Codes, Gateway, Identity, Keyring, People, Revoked, Tokens, WeChat};
use crate::jobs::Jobs;
use crate::kept_secrets::Keys;
use crate::kv::Kv;
use crate::metrics::Gauges;
use crate::outgoing::Outgoing;
use crate::privacy::Privacy;
use crate::{booking, circle, files, grid, holidays, kept_secrets, live, metrics, privacy};

/// How long the database may take to show that it is there.
const READY_WITHIN: Duration = Duration::from_secs(3);
/// The topic on which instances tell each other that something changed.
const CHANGES: &str = "changes";

/// Every operation that is served.
pub fn operations() -> Vec<Operation> {
    let mut operations = identity::routes::operations();
    operations.extend(grid::routes::operations());
    operations.extend(circle::routes::operations());
    operations.extend(booking::routes::operations());
    operations.extend(live::inbox::routes::operations());
    operations.extend(privacy::routes::operations());
    operations.extend(files::routes::operations());
    operations
}

/// The API document of [`operations`].
pub fn document() -> OpenApi {
    http::document(&operations())
}

/// For whom a server is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// For whoever tries the demo city.
    Demo,
    /// For real people.
    Real,
}

/// What handlers share, opened once.
#[derive(Clone)]
struct Parts {
    config: web::Data<Config>,
    http: web::Data<Http>,
    db: web::Data<Db>,
    tree: web::Data<LiveTree>,
    access: web::Data<Access>,
    shared: web::Data<Shared>,
    catalogue: web::Data<Catalogue>,
    circles: web::Data<Circles>,
    identity: web::Data<Identity>,
    privacy: web::Data<Privacy>,
    files: web::Data<Files>,
    bookings: web::Data<Bookings>,
    health: web::Data<Health>,
}

/// What `/health` reports.
struct Health {
    follower: Arc<Follower>,
    draining: AtomicBool,
    under_way: AtomicUsize,
}

/// A running server.
pub struct Running {
    /// Where it serves; the port is known also where 0 was asked for.
    pub address: SocketAddr,
    /// Where Prometheus reads.
    pub metrics_address: Option<SocketAddr>,
    handle: ServerHandle,
    joined: tokio::task::JoinHandle<std::io::Result<()>>,
    jobs: Jobs,
    health: web::Data<Health>,
    drain: Duration,
}

impl Running {
    /// Waits for Ctrl-C or SIGTERM, then stops: no new connections and no new jobs, and
    /// what is under way gets the drain time to end.
    pub async fn until_told_to_stop(self) -> std::io::Result<()> {
        let mut joined = self.joined;
        tokio::select! {
            ended = &mut joined => return ended.unwrap_or_else(|died| Err(std::io::Error::other(died))),
            () = told_to_stop() => {}
        }
        tracing::info!(seconds = self.drain.as_secs(), "stopping");
        self.health.draining.store(true, Ordering::Relaxed);
        let requests = async {
            let drained = tokio::time::timeout(self.drain, self.handle.stop(true)).await;
            if drained.is_err() {
                tracing::warn!("requests were still under way when the time was up");
                self.handle.stop(false).await;
            }
        };
        tokio::join!(requests, self.jobs.stop(self.drain));
        Ok(())
    }
}

async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    // An error here means that no signal can be heard: then we run until killed.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Checks what the configuration names, brings the database up to date, opens
/// everything and starts to serve. A start that is refused has changed nothing.
pub async fn start(config: Config, stage: Stage) -> Result<Running> {
    let calendar = Arc::new(holidays::calendar(&config).map_err(Error::internal)?);
    let map = Arc::new(open_map(&config)?);
    let facilities = own_facilities(&config)?;
    let model = TimeModel::shipped().map_err(Error::internal)?;
    let keys = kept_secrets::keys(&config).map_err(Error::internal)?;
    let sender = code_sender(&config, stage)?;
    let objects = Objects::open(&config)?;
    for name in db::migrate(&config.database)? {
        tracing::info!(name, "migrated");
    }
    let db = Db::open(&config.database, config.database_connections)?;
    let revoked = Arc::new(Revoked::default());
    let identity = open_identity(&config, keys, sender, &revoked)?;
    identity::check_keys(&db, &identity.people).await?;
    let catalogue = web::Data::new(new_catalogue(&config, &map, model)?);
    let tree = web::Data::new(LiveTree::default());
    let standing = Arc::new(Standing::default());
    let followers: Vec<Arc<dyn Follow>> = vec![
        tree.clone().into_inner(),
        catalogue.clone().into_inner(),
        Arc::clone(&standing) as Arc<dyn Follow>,
        Arc::clone(&revoked) as Arc<dyn Follow>,
    ];
    let (follower, mark) = Follower::load(db.clone(), followers).await?;
    let (bus, kv) = shared_parts(&config).await?;
    keep_following(&follower, mark, &db, &bus);
    let (people, tokens) = (identity.people.clone(), Arc::clone(&identity.tokens));
    let files = Files::new(db.clone(), people.clone(), tokens, objects.clone());
    let privacy = Privacy {
        db: db.clone(),
        people,
        files: files.clone(),
        calendar: Arc::clone(&calendar),
        holdings: holdings().into(),
        matters: grid::MATTERS.into(),
        holders: holders(&calendar, &identity.people).into(),
    };
    let bookings = Bookings::new(&db, &calendar, &privacy.people);
    let jobs = Jobs::start(&db, kinds_of_job(&config, &privacy, &objects, &bookings));

    let access = Access::new(
        Arc::clone(&identity.tokens) as Arc<dyn Credentials>,
        standing,
        tree.clone().into_inner(),
        Arc::clone(&calendar),
        Arc::clone(&follower),
        db.clone(),
    );
    let gate: Arc<dyn Gate> = Arc::new(access.clone());
    let shared = web::Data::new(Shared {
        db: db.clone(),
        tree: tree.clone().into_inner(),
        people: identity.people.clone(),
        calendar: Arc::clone(&calendar),
    });
    let circles = Circles::new(Arc::clone(&map), model, catalogue.clone().into_inner(), calendar);
    let circles = circles.with_facilities(facilities);
    let parts = Parts {
        http: web::Data::new(Http {
            gate,
            trusted_proxies: config.trusted_proxies.clone(),
            limits: Limits::new(kv),
            body_limit: config.body_limit,
            uploads: http::room_for_uploads(),
            digest_key: shared.people.derived_key("digests of requests"),
        }),
        db: web::Data::new(db),
        tree,
        access: web::Data::new(access),
        shared,
        catalogue,
        circles: web::Data::new(circles),
        identity: web::Data::new(identity),
        privacy: web::Data::new(privacy),
        files: web::Data::new(files),
        bookings: web::Data::new(bookings),
        health: web::Data::new(Health {
            follower,
            draining: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
        }),
        config: web::Data::new(config.clone()),
    };
    serve(config, parts, jobs)
}

/// Who brings codes to phones. The log does so in the demo alone: elsewhere whoever
/// reads it could sign in as anybody.
fn code_sender(config: &Config, stage: Stage) -> Result<Option<CodeSender>> {
    match &config.sms_url {
        None => Ok(None),
        Some(SmsUrl::Console) if stage == Stage::Demo => Ok(Some(CodeSender::Console)),
        Some(SmsUrl::Console) => Err(Error::internal(
            "ONEGRID_SMS_URL: console is for the demo alone; name a service that sends text messages",
        )),
        Some(SmsUrl::Gateway(url)) => {
            if config.sms_secret.is_none() {
                tracing::warn!("ONEGRID_SMS_SECRET is not set: the message service cannot tell who asks it");
            }
            let gateway = Gateway::new(url.clone(), config.sms_secret.clone(), Outgoing::new());
            Ok(Some(CodeSender::Gateway(Arc::new(gateway))))
        }
    }
}

/// Accounts, sessions and tokens, with both doors as far as they are set up.
fn open_identity(config: &Config, keys: Keys, sender: Option<CodeSender>, revoked: &Arc<Revoked>) -> Result<Identity> {
    let keyring = Keyring::new(keys.master, keys.previous_master, &keys.lookup);
    let people = People::new(Arc::new(keyring));
    let tokens = Arc::new(Tokens::new(&keys.jwt, Arc::clone(revoked))?);
    let codes = Codes::new(people.clone(), config.codes_per_address, config.sms_budget, config.zone);
    let wechat = match (&config.wechat_secret, config.wechat_app_id.as_str()) {
        (None, "") => None,
        (Some(secret), id) if !id.is_empty() => Some(WeChat::new(
            config.wechat_url.clone(),
            id.to_owned(),
            secret.clone(),
            Outgoing::new(),
        )),
        _ => {
            return Err(Error::internal(
                "ONEGRID_WECHAT_APP_ID and ONEGRID_WECHAT_SECRET need each other",
            ));
        }
    };
    Ok(Identity::new(people, tokens, codes, sender, wechat))
}

/// The table that ships, with the city's own rows before it.
fn own_facilities(config: &Config) -> Result<Facilities> {
    let shipped = Facilities::shipped().map_err(Error::internal)?;
    let Some(path) = &config.facilities else {
        return Ok(shipped);
    };
    let fault = |why: &dyn std::fmt::Display| Error::internal(format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| fault(&error))?;
    Ok(shipped.with(Facilities::parse(&text).map_err(|error| fault(&error))?))
}

fn open_map(config: &Config) -> Result<StreetMap> {
    match &config.map {
        None => {
            tracing::warn!("ONEGRID_MAP is not set: walks are straight lines, and the answers say so");
            Ok(StreetMap::empty())
        }
        Some(path) => {
            StreetMap::open(path).map_err(|error| Error::internal(format!("ONEGRID_MAP: {}: {error}", path.display())))
        }
    }
}

fn new_catalogue(config: &Config, map: &Arc<StreetMap>, model: &TimeModel) -> Result<Catalogue> {
    let walking = model.paces.iter().find(|pace| !pace.is_step_free());
    let step_free = model.paces.iter().find(|pace| pace.is_step_free());
    match (walking, step_free) {
        (Some(walking), Some(step_free)) => {
            let memory = config.circle_memory << 20;
            Ok(Catalogue::new(Arc::clone(map), walking, step_free).remembering(memory))
        }
        _ => Err(Error::internal("the time model needs paces with and without stairs")),
    }
}

/// The bus and the short-lived store: in this process, or in Redis.
async fn shared_parts(config: &Config) -> Result<(Bus, Kv)> {
    let Some(url) = &config.redis else {
        return Ok((Bus::local(), Kv::local()));
    };
    let unusable = |error: redis::RedisError| Error::internal(format!("REDIS_URL: {error}"));
    let client = redis::Client::open(url.reveal()).map_err(unusable)?;
    let settings = redis::aio::ConnectionManagerConfig::new()
        .set_connection_timeout(Some(Duration::from_secs(2)))
        .set_response_timeout(Some(Duration::from_millis(500)))
        .set_number_of_retries(1);
    let connection = redis::aio::ConnectionManager::new_lazy_with_config(client.clone(), settings).map_err(unusable)?;
    let prefix = &config.redis_prefix;
    let bus = Bus::redis(client, connection.clone(), prefix, &[CHANGES]);
    Ok((bus, Kv::redis(connection, prefix)))
}

/// Follows the changes: a commit here rings everywhere, a ring anywhere looks here.
fn keep_following(follower: &Arc<Follower>, mark: Mark, db: &Db, bus: &Bus) {
    tokio::spawn(Arc::clone(follower).run(mark));
    let mut committed = db.committed_changes();
    let (local, ringing) = (Arc::clone(follower), bus.clone());
    tokio::spawn(async move {
        while committed.changed().await.is_ok() {
            local.ring();
            ringing.publish(CHANGES, b"").await;
        }
    });
    let (listening, mut rings) = (Arc::clone(follower), bus.subscribe(CHANGES));
    tokio::spawn(async move {
        // Who missed some rings looks once, which finds all.
        while !matches!(
            rings.recv().await,
            Err(tokio::sync::broadcast::error::RecvError::Closed)
        ) {
            listening.ring();
        }
    });
}

fn serve(config: Config, parts: Parts, jobs: Jobs) -> Result<Running> {
    let cannot_listen = |what: &str, address: SocketAddr| {
        let what = what.to_owned();
        move |error: std::io::Error| Error::internal(format!("{what}: cannot listen on {address}: {error}"))
    };
    let health = parts.health.clone();
    let database = parts.db.clone();
    let origins = config.cors_origins.clone();
    let server = HttpServer::new(move || {
        App::new()
            .wrap(from_fn(http::observe))
            .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
            .configure(|service| routes(&parts, service))
    });
    let workers = match config.workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        set => set,
    };
    let server = server
        .workers(workers)
        .shutdown_timeout(config.drain.as_secs())
        .disable_signals()
        .client_request_timeout(Duration::from_secs(10))
        .bind(config.listen)
        .map_err(cannot_listen("ONEGRID_LISTEN", config.listen))?;
    let address = server.addrs().first().copied().unwrap_or(config.listen);
    let metrics_address = match config.metrics_listen {
        Some(address) => Some(serve_metrics(address, health.clone(), database)?),
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
        drain: config.drain,
    })
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
    if !health.follower.is_fresh() {
        return Err(Error::refused(Reason::Stale));
    }
    let answered = tokio::time::timeout(READY_WITHIN, db.ping()).await;
    answered.map_err(|_| Error::refused(Reason::DatabaseUnavailable))??;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "status": "ready" })))
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
