//! A file of OSM PBF; what can be read makes a map that opens and answers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegrid_fuzz::read_and_build;

fuzz_target!(|data: &[u8]| read_and_build(data));
