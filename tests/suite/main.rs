//! The product from outside.

mod circle_agreement;
mod circle_area;
mod circle_bases;
mod circle_lookup;
mod circle_properties;
mod circle_questions;
mod circle_route;
mod circle_times;
mod circle_words;
mod cli_commands;
mod cli_config;
mod cli_import_osm;
mod cli_import_places;
mod cli_import_units;
mod cli_map;
mod cli_world;
mod docs_circle;
mod doors;
mod faults_changes;
mod faults_persistence;
mod faults_postgres;
mod faults_servers;
mod harness;
mod house_arrows;
mod house_licences;
mod http_limits;
mod http_surface;
mod http_surprises;
#[cfg(feature = "test-clock")]
mod identity_clock;
mod identity_codes;
mod identity_keys;
mod identity_me;
mod identity_search;
mod identity_sessions;
mod identity_tokens;
mod identity_wechat;
#[cfg(feature = "test-clock")]
mod moved_clock;
mod openapi;
mod people_access_table;
mod people_departments;
mod people_grid;
mod people_operators;
mod people_organisations;
mod people_units;
mod place_changes;
mod places;
#[cfg(feature = "postgres-tls")]
mod postgres_tls;
mod redis_faults;
mod schema_dialects;
mod schema_rules;
mod town;
mod units;
mod visibility;
