//! What Prometheus reads at `/metrics`: rate, errors and duration per route
//! template, and the state of the parts. No label holds anything of a person.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{
    Encoder, Gauge, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, TextEncoder, histogram_opts,
    register_gauge, register_histogram, register_histogram_vec, register_int_counter, register_int_counter_vec,
    register_int_gauge, register_int_gauge_vec,
};

const SECONDS: [f64; 12] = [
    0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// Registers a metric once. The names below are fixed and distinct, so this can
/// only fail where the source itself is wrong; then the process says so at once.
macro_rules! metric {
    ($name:ident: $kind:ty = $make:expr) => {
        static $name: LazyLock<$kind> = LazyLock::new(|| match $make {
            Ok(metric) => metric,
            Err(error) => unreachable!("a metric is declared twice: {error}"),
        });
    };
}

metric!(REQUESTS: IntCounterVec = register_int_counter_vec!(
    "onegrid_http_requests_total",
    "Requests answered, by method, route template and status",
    &["method", "route", "status"]
));
metric!(REQUEST_SECONDS: HistogramVec = register_histogram_vec!(
    histogram_opts!(
        "onegrid_http_request_seconds",
        "Seconds from the request's head to the answer's head",
        SECONDS.to_vec()
    ),
    &["method", "route"]
));
metric!(DATABASE_SECONDS: HistogramVec = register_histogram_vec!(
    histogram_opts!(
        "onegrid_database_seconds",
        "Seconds of a read or a transaction, waiting included",
        SECONDS.to_vec()
    ),
    &["what", "outcome"]
));
metric!(WRITER_BATCH: prometheus::Histogram = register_histogram!(
    "onegrid_sqlite_batch_transactions",
    "Transactions that shared a commit",
    vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]
));
metric!(LANE_BATCH: HistogramVec = register_histogram_vec!(
    "onegrid_lane_batch_commands",
    "Commands of a lane that shared a transaction",
    &["lane"],
    vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]
));
metric!(CHANGES: IntGauge = register_int_gauge!(
    "onegrid_changes_number",
    "The newest change that this instance has taken into memory"
));
metric!(REQUESTS_UNDER_WAY: IntGauge = register_int_gauge!(
    "onegrid_http_requests_under_way",
    "Requests that this instance is answering now"
));
metric!(CONNECTIONS: IntGaugeVec = register_int_gauge_vec!(
    "onegrid_database_connections",
    "Connections of the pool, by whether they are in use",
    &["state"]
));
metric!(CHANGES_AGE: Gauge = register_gauge!(
    "onegrid_changes_age_seconds",
    "Seconds since this instance last compared its memory with the database"
));
metric!(BUS_UP: IntGauge = register_int_gauge!(
    "onegrid_bus_connected",
    "Whether the bus is connected (1) or not (0)"
));
metric!(BUS_LOST: IntCounter = register_int_counter!(
    "onegrid_bus_lost_total",
    "Messages that this instance could not publish"
));
metric!(BUS_UNHEARD: IntCounter = register_int_counter!(
    "onegrid_bus_unheard_total",
    "Connections of the bus that were replaced because this instance did not hear its own beats"
));
metric!(LIVE_STREAMS: IntGauge = register_int_gauge!(
    "onegrid_live_streams",
    "Streams that somebody follows on this instance, or did a moment ago"
));
metric!(LIVE_FOLLOWINGS: IntGaugeVec = register_int_gauge_vec!(
    "onegrid_live_followings",
    "Followings of streams on this instance: live, or behind and catching up",
    &["state"]
));
metric!(LIVE_BELLS: IntCounterVec = register_int_counter_vec!(
    "onegrid_live_bells_total",
    "Bells heard: good, forged, or missed because this instance was too slow to hear them",
    &["what"]
));
metric!(LIVE_READS: IntCounterVec = register_int_counter_vec!(
    "onegrid_live_reads_total",
    "Readings for those who follow streams: heads of streams new here, pages of entries, sweeps over what changed, comparisons of all, and failed ones",
    &["what"]
));
metric!(LIVE_DELIVERED: IntCounterVec = register_int_counter_vec!(
    "onegrid_live_delivered_total",
    "Entries handed to connections, as they came (live) or to those who were away (page)",
    &["how"]
));
metric!(LIVE_TOLD: IntCounterVec = register_int_counter_vec!(
    "onegrid_live_told_total",
    "Times that a client was told of a gap or a reset",
    &["what"]
));
metric!(LIVE_CONNECTIONS: IntGaugeVec = register_int_gauge_vec!(
    "onegrid_live_connections",
    "Live connections: sockets that have not said who they are (waiting) and that have (signed_in), and event streams (events)",
    &["state"]
));
metric!(LIVE_CLOSED: IntCounterVec = register_int_counter_vec!(
    "onegrid_live_closed_total",
    "Live connections that ended, by close code; 0 where the client went by itself",
    &["code"]
));
metric!(KV_FAILURES: IntCounterVec = register_int_counter_vec!(
    "onegrid_kv_failures_total",
    "Calls to the short-lived store that failed and were answered locally",
    &["what"]
));

metric!(CODES: IntCounterVec = register_int_counter_vec!(
    "onegrid_sign_in_codes_total",
    "Sign-in codes, by what became of them: sent, failed, or refused since the day's budget is spent",
    &["outcome"]
));
metric!(SMS_BUDGET_LEFT: IntGauge = register_int_gauge!(
    "onegrid_sms_budget_left",
    "Text messages that may still be sent today, as this instance last saw it"
));
metric!(SMS_BUDGET_ALARM: IntGauge = register_int_gauge!(
    "onegrid_sms_budget_alarm",
    "Whether four fifths of the day's text messages are spent (1) or not (0), as this instance last saw it"
));
metric!(SIGN_INS: IntCounterVec = register_int_counter_vec!(
    "onegrid_sign_ins_total",
    "Sign-ins and renewals, by the way and what came of it",
    &["way", "outcome"]
));

metric!(JOBS: IntCounterVec = register_int_counter_vec!(
    "onegrid_jobs_total",
    "Tries of jobs that ended, by kind and by what came of it: done, failed (tried again later), dead, or lost to another instance",
    &["kind", "outcome"]
));
metric!(JOB_SECONDS: HistogramVec = register_histogram_vec!(
    histogram_opts!("onegrid_job_seconds", "Seconds that a try of a job took", SECONDS.to_vec()),
    &["kind"]
));
metric!(JOB_DELAY: HistogramVec = register_histogram_vec!(
    histogram_opts!(
        "onegrid_job_delay_seconds",
        "Seconds from when a job was due until it was begun",
        SECONDS.to_vec()
    ),
    &["kind"]
));
metric!(JOBS_WAITING: IntGaugeVec = register_int_gauge_vec!(
    "onegrid_jobs_waiting",
    "Jobs that are due and not done, and dead letters, as this instance last counted them",
    &["kind", "state"]
));

metric!(FILES: IntCounterVec = register_int_counter_vec!(
    "onegrid_files_total",
    "Files that were handed in, by what became of them: taken, refused, or failed since the store did",
    &["outcome"]
));

/// A file was handed in.
pub fn file(outcome: &str) {
    FILES.with_label_values(&[outcome]).inc();
}

/// A job was begun so long after it was due.
pub fn job_begun(kind: &str, delay: Duration) {
    JOB_DELAY.with_label_values(&[kind]).observe(delay.as_secs_f64());
}

/// A try of a job ended.
pub fn job_ended(kind: &str, outcome: &str, took: Duration) {
    JOBS.with_label_values(&[kind, outcome]).inc();
    JOB_SECONDS.with_label_values(&[kind]).observe(took.as_secs_f64());
}

/// A job ended without a try of this instance: it is dead, or in other hands.
pub fn job_given_up(kind: &str, outcome: &str) {
    JOBS.with_label_values(&[kind, outcome]).inc();
}

/// So many jobs of a kind are due, and so many are dead letters.
pub fn jobs_waiting(kind: &str, due: i64, dead: i64) {
    JOBS_WAITING.with_label_values(&[kind, "due"]).set(due);
    JOBS_WAITING.with_label_values(&[kind, "dead"]).set(dead);
}

/// A sign-in code was sent, or was not.
pub fn code(outcome: &str) {
    CODES.with_label_values(&[outcome]).inc();
}

/// So many text messages may still be sent today.
pub fn sms_budget(left: i64, alarm: bool) {
    SMS_BUDGET_LEFT.set(left);
    SMS_BUDGET_ALARM.set(i64::from(alarm));
}

/// Somebody signed in or renewed their tokens, or was refused.
pub fn sign_in(way: &str, outcome: &str) {
    SIGN_INS.with_label_values(&[way, outcome]).inc();
}

/// A request was answered.
pub fn request(method: &str, route: &str, status: u16, took: Duration) {
    REQUESTS.with_label_values(&[method, route, &status.to_string()]).inc();
    REQUEST_SECONDS
        .with_label_values(&[method, route])
        .observe(took.as_secs_f64());
}

/// A read or a transaction ended.
pub fn database(what: &str, took: Duration, ok: bool) {
    let outcome = if ok { "ok" } else { "failed" };
    DATABASE_SECONDS
        .with_label_values(&[what, outcome])
        .observe(took.as_secs_f64());
}

/// The SQLite writer took this many transactions at once.
pub fn writer_batch(transactions: usize) {
    WRITER_BATCH.observe(transactions as f64);
}

/// A lane took this many commands at once.
pub fn lane_batch(lane: &'static str, commands: usize) {
    LANE_BATCH.with_label_values(&[lane]).observe(commands as f64);
}

/// This instance knows everything up to this change.
pub fn changes_seen(number: i64) {
    CHANGES.set(number);
}

/// What is measured when somebody asks.
pub struct Gauges {
    /// Requests being answered.
    pub under_way: usize,
    /// Connections of the pool in use.
    pub connections_in_use: u32,
    /// Connections of the pool at rest.
    pub connections_idle: u32,
    /// Since memory was compared with the database.
    pub changes_age: Duration,
}

/// Takes the gauges' values.
pub fn observe(gauges: &Gauges) {
    REQUESTS_UNDER_WAY.set(i64::try_from(gauges.under_way).unwrap_or(i64::MAX));
    CONNECTIONS
        .with_label_values(&["in_use"])
        .set(gauges.connections_in_use.into());
    CONNECTIONS
        .with_label_values(&["idle"])
        .set(gauges.connections_idle.into());
    CHANGES_AGE.set(gauges.changes_age.as_secs_f64());
}

/// The bus came or went.
pub fn bus_connected(up: bool) {
    BUS_UP.set(i64::from(up));
}

/// So many messages were not published.
pub fn bus_lost(many: u64) {
    BUS_LOST.inc_by(many);
}

/// A connection of the bus was replaced.
pub fn bus_unheard() {
    BUS_UNHEARD.inc();
}

/// How it goes with the live streams of this instance.
#[derive(Debug, Clone, Copy, Default)]
pub struct LiveState {
    /// Streams that are remembered.
    pub streams: usize,
    /// Followings that are live.
    pub live: usize,
    /// Followings that are catching up.
    pub behind: usize,
}

/// How it goes with the live streams of this instance.
pub fn live_state(state: LiveState) {
    LIVE_STREAMS.set(gauge(state.streams));
    LIVE_FOLLOWINGS.with_label_values(&["live"]).set(gauge(state.live));
    LIVE_FOLLOWINGS.with_label_values(&["behind"]).set(gauge(state.behind));
}

/// A bell was heard: `good`, or `forged` where its signature is not ours.
pub fn live_bells(what: &str, many: u64) {
    LIVE_BELLS.with_label_values(&[what]).inc_by(many);
}

/// Something was read for those who follow: `heads`, `page`, `sweep` or `all`, or failed.
pub fn live_read(what: &str) {
    LIVE_READS.with_label_values(&[what]).inc();
}

/// Entries were handed out to clients: `live`, or `page` to those who are catching up.
pub fn live_delivered(how: &str, many: u64) {
    LIVE_DELIVERED.with_label_values(&[how]).inc_by(many);
}

/// Clients were told of a `gap` or a `reset`.
pub fn live_told(what: &str) {
    LIVE_TOLD.with_label_values(&[what]).inc();
}

/// A socket or another live connection was opened (1) or closed (-1), in this state.
pub fn live_connections(state: &str, by: i64) {
    LIVE_CONNECTIONS.with_label_values(&[state]).add(by);
}

/// A live connection was closed, by its code; 0 where the client went by itself.
pub fn live_closed(code: u16) {
    LIVE_CLOSED.with_label_values(&[&code.to_string()]).inc();
}

fn gauge(many: usize) -> i64 {
    i64::try_from(many).unwrap_or(i64::MAX)
}

/// The short-lived store failed.
pub fn kv_failed(what: &str) {
    KV_FAILURES.with_label_values(&[what]).inc();
}

/// All of it in Prometheus' text format.
pub fn render() -> Result<String, prometheus::Error> {
    let mut text = Vec::new();
    TextEncoder::new().encode(&prometheus::gather(), &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
