//! The product from outside.

mod cli_commands;
mod cli_config;
mod cli_import_osm;
mod cli_import_places;
mod cli_import_units;
mod cli_map;
mod cli_world;
mod faults_changes;
mod faults_persistence;
mod faults_postgres;
mod faults_servers;
#[cfg(feature = "postgres-tls")]
mod postgres_tls;
mod redis_faults;
mod schema_dialects;
mod schema_rules;
