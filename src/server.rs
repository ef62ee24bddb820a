//! Assembles the service: what is opened, what follows what, what is served;
//! and how it starts, drains and stops.

mod rechecks;
mod rooms;
mod serving;

pub use rooms::holdings;
use rooms::{holders, kinds_of_job, sources};

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web;
use utoipa::openapi::OpenApi;

use crate::booking::Bookings;
use crate::bus::Bus;
use crate::chat::Chats;
use crate::circle::places::Catalogue;
use crate::circle::streets::{StreetMap, TimeModel};
use crate::circle::{Circles, Facilities};
use crate::config::{Config, SmsUrl};
use crate::db::follow::{Follow, Follower};
use crate::db::{self, Db, Mark};
use crate::error::{Error, Result};
use crate::files::{Files, Objects};
use crate::gate::{Credentials, Gate};
use crate::grid::access::{Access, Standing};
use crate::grid::{LiveTree, Shared};
use crate::http::{self, Http, Limits, Operation};
use crate::identity::{self, CodeSender, Codes, Gateway, Identity, Keyring, People, Revoked, Tokens, WeChat};
use crate::jobs::Jobs;
use crate::kept_secrets::Keys;
use crate::kv::Kv;
use crate::live::hub::Hub;
use crate::live::socket::Live;
use crate::outgoing::Outgoing;
use crate::privacy::Privacy;
use crate::{booking, chat, circle, files, grid, holidays, kept_secrets, live, privacy};

/// The topic on which instances tell each other that something changed.
const CHANGES: &str = "changes";

/// Every operation that is served.
pub fn operations() -> Vec<Operation> {
    let mut operations = identity::routes::operations();
    operations.extend(grid::routes::operations());
    operations.extend(circle::routes::operations());
    operations.extend(booking::routes::operations());
    operations.extend(chat::routes::operations());
    operations.extend(live::inbox::routes::operations());
    operations.extend(live::socket::routes::operations());
    operations.extend(live::events::routes::operations());
    operations.extend(privacy::routes::operations());
    operations.extend(files::routes::operations());
    operations
}

/// The API document of [`operations`].
pub fn document() -> OpenApi {
    http::document(&operations())
}

/// The document of the socket, as YAML.
pub fn socket_document() -> std::result::Result<String, yaml_serde::Error> {
    yaml_serde::to_string(&live_document())
}

/// The document of the socket.
pub fn live_document() -> serde_json::Value {
    live::socket::document(rooms::streams())
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
    chats: web::Data<Chats>,
    live: web::Data<Live>,
    health: web::Data<Health>,
}

/// What `/health` reports.
struct Health {
    follower: Arc<Follower>,
    hub: Hub,
    bus: Bus,
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
    live: web::Data<Live>,
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
            self.live.close().await;
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
    let (rechecks, changed) = rechecks::Rechecks::all();
    let followers: Vec<Arc<dyn Follow>> = followers.into_iter().chain(rechecks).collect();
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
    let bells = identity.people.derived_key("bells of streams");
    let chats = Chats::new(
        &db,
        &identity.people,
        access.clone(),
        tree.clone().into_inner(),
        Arc::clone(&calendar),
    );
    let hub = Hub::start(&db, &bus, bells, sources(&db, &chats));
    tokio::spawn(rechecks::follow(changed, access.clone(), hub.clone()));
    let credentials = Arc::clone(&identity.tokens) as Arc<dyn Credentials>;
    let live = Live::new(hub.clone(), Arc::clone(&gate), credentials, config.sockets);
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
        chats: web::Data::new(chats),
        live: web::Data::new(live),
        health: web::Data::new(Health {
            follower,
            hub,
            bus,
            draining: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
        }),
        config: web::Data::new(config.clone()),
    };
    serving::serve(config, parts, jobs)
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
    let bus = Bus::redis(client, prefix, &[CHANGES, live::TOPIC]);
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
            ringing.publish(CHANGES, Arc::from([]));
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
