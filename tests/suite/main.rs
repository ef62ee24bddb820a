//! The product from outside.

mod cli_commands;
mod cli_config;
mod cli_import_osm;
mod cli_import_places;
mod cli_import_units;
mod cli_map;
mod cli_world;
mod faults_postgres;
mod faults_servers;
mod redis_faults;
