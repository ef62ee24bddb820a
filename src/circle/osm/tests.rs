//! Both formats read alike; what is broken is told by its place.

use super::{MemberKind, OsmData, OsmError, Tags, Wanted, read};
use proptest::prelude::*;
use std::io::Write;

fn read_bytes(bytes: &[u8], wanted: &Wanted<'_>) -> Result<OsmData, OsmError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    read(file.path(), wanted, &mut |_, _| {})
}

const TOWN: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<osm version="0.6" generator="by hand" timestamp="2025-06-01T00:00:00Z">
  <bounds minlat="30.0" minlon="114.0" maxlat="30.1" maxlon="114.2"/>
  <node id="1" lat="30.01" lon="114.01"/>
  <node id="2" lat="30.02" lon="114.02"><tag k="name" v="A &amp; B &#x4E2D;"/></node>
  <node id="3" lat="30.03" lon="114.03" visible="false"/>
  <node id="4" lat="30.04" lon="114.04" action="delete"/>
  <node id="5" lat="30.05"/>
  <node id="6" lat="NaN" lon="114.0"/>
  <node id="7" lat="30.07" lon="114.07"><tag k="shop" v="bakery"/></node>
  <node id="-8" lat="30.08" lon="114.08"/>
  <node id="2" lat="31.0" lon="115.0"/>
  <way id="10"><nd ref="1"/><nd ref="2"/><nd ref="-8"/><nd ref="99"/><tag k="highway" v="footway"/></way>
  <way id="11"><nd ref="7"/><nd ref="1"/><tag k="building" v="yes"/></way>
  <way id="10"><nd ref="1"/><tag k="highway" v="footway"/></way>
  <relation id="20"><member type="way" ref="11" role="outer"/><member type="node" ref="7" role=""/><tag k="type" v="multipolygon"/></relation>
</osm>
"#;

const STREETS: Wanted<'static> = Wanted {
    node: &|_| false,
    way: &|tags: &Tags| tags.get("highway").is_some(),
    relation: &|_| false,
};

#[test]
fn only_what_is_wanted_is_kept_with_the_nodes_it_needs() {
    let data = read_bytes(TOWN.as_bytes(), &STREETS).unwrap();
    let ids: Vec<i64> = data.nodes.iter().map(|node| node.id).collect();
    assert_eq!(ids, [1, 2, -8]);
    assert_eq!(data.nodes[1].tags.get("name"), Some("A & B 中"));
    assert_eq!(data.ways.len(), 1);
    assert_eq!(data.ways[0].nodes, [1, 2, -8, 99]);
    assert_eq!(data.timestamp.as_deref(), Some("2025-06-01T00:00:00Z"));
    assert!((data.bounds.unwrap().max_lon - 114.2).abs() < 1e-9);
    let skipped = data.skipped;
    assert_eq!((skipped.deleted, skipped.unplaced_nodes), (2, 2));
    assert_eq!((skipped.duplicates, skipped.dangling_refs), (2, 1));
}

#[test]
fn the_ways_of_a_wanted_relation_come_with_it() {
    let relations = Wanted {
        node: &|_| false,
        way: &|_| false,
        relation: &|tags: &Tags| tags.is("type", "multipolygon"),
    };
    let data = read_bytes(TOWN.as_bytes(), &relations).unwrap();
    assert_eq!(data.relations[0].members[0].kind, MemberKind::Way);
    assert_eq!(data.ways[0].id, 11);
    let ids: Vec<i64> = data.nodes.iter().map(|node| node.id).collect();
    assert_eq!(ids, [1, 7]);
}

#[test]
fn nodes_are_wanted_by_their_tags() {
    let shops = Wanted {
        node: &|tags: &Tags| tags.get("shop").is_some(),
        way: &|_| false,
        relation: &|_| false,
    };
    let data = read_bytes(TOWN.as_bytes(), &shops).unwrap();
    assert_eq!(data.nodes.len(), 1);
    assert_eq!(data.nodes[0].id, 7);
}

#[test]
fn broken_xml_is_told_by_its_line() {
    let cases = [
        (TOWN.replace("<nd ref=\"1\"/>", "<nd ref=\"one\"/>"), 13),
        (TOWN.replace("id=\"7\" lat", "lat"), 10),
        (
            TOWN.replace("</way>\n  <way id=\"11\">", "</wy>\n  <way id=\"11\">"),
            13,
        ),
        (TOWN.replace("<tag k=\"shop\" v=\"bakery\"/>", "<tag k=\"shop\"/>"), 10),
    ];
    for (text, expected) in cases {
        match read_bytes(text.as_bytes(), &Wanted::ALL) {
            Err(OsmError::Xml { line, .. }) => assert_eq!(line, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn xml_cut_short_anywhere_is_an_error() {
    let end = TOWN.trim_end().len();
    for length in 0..end {
        if TOWN.is_char_boundary(length) {
            assert!(
                read_bytes(&TOWN.as_bytes()[..length], &Wanted::ALL).is_err(),
                "{length}"
            );
        }
    }
    assert!(read_bytes(&TOWN.as_bytes()[..end], &Wanted::ALL).is_ok());
}

#[test]
fn what_is_neither_format_is_called_so() {
    for bytes in [&b""[..], b"hello", b"\x1f\x8b\x08\x00", b"BZh91AY", b"{\"a\": 1}"] {
        assert!(matches!(read_bytes(bytes, &Wanted::ALL), Err(OsmError::NotOsm { .. })));
    }
    assert!(matches!(
        read_bytes(b"<gpx></gpx>", &Wanted::ALL),
        Err(OsmError::Xml { line: 1, .. })
    ));
}

#[test]
fn a_token_without_end_is_an_error_and_fills_no_memory() {
    let mut text = b"<osm><node id='1' lat='1' lon='1'><tag k='".to_vec();
    text.resize(3 << 20, b'a');
    assert!(matches!(read_bytes(&text, &Wanted::ALL), Err(OsmError::Xml { .. })));
}

// A PBF file by hand: fields are (number << 3 | type), lists packed.

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn bytes_field(number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    varint(number << 3 | 2, &mut out);
    varint(bytes.len() as u64, &mut out);
    out.extend_from_slice(bytes);
    out
}

fn number_field(number: u64, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    varint(number << 3, &mut out);
    varint(value, &mut out);
    out
}

fn packed(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().fold(Vec::new(), |mut out, number| {
        varint(*number, &mut out);
        out
    })
}

fn zigzag(deltas: &[i64]) -> Vec<u8> {
    packed(&deltas.iter().map(|d| ((d << 1) ^ (d >> 63)) as u64).collect::<Vec<_>>())
}

fn blob(kind: &str, block: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(block).unwrap();
    let content = [
        number_field(2, block.len() as u64),
        bytes_field(3, &encoder.finish().unwrap()),
    ]
    .concat();
    let header = [bytes_field(1, kind.as_bytes()), number_field(3, content.len() as u64)].concat();
    [&(header.len() as u32).to_be_bytes()[..], &header, &content].concat()
}

fn pbf() -> Vec<u8> {
    let header = [
        bytes_field(4, b"OsmSchema-V0.6"),
        bytes_field(4, b"DenseNodes"),
        // 2024-02-29T12:00:00Z
        number_field(32, 1_709_208_000),
    ]
    .concat();
    let strings: Vec<u8> = ["", "highway", "footway", "name", "中"]
        .iter()
        .flat_map(|text| bytes_field(1, text.as_bytes()))
        .collect();
    let dense = [
        bytes_field(1, &zigzag(&[1, 1, 1])),
        // Units of 100 nanodegrees.
        bytes_field(8, &zigzag(&[300_000_000, 1_000, -500])),
        bytes_field(9, &zigzag(&[1_140_000_000, 0, 20])),
        bytes_field(10, &packed(&[0, 3, 4, 0, 0])),
    ]
    .concat();
    let way = [
        number_field(1, 7),
        bytes_field(2, &packed(&[1])),
        bytes_field(3, &packed(&[2])),
        bytes_field(8, &zigzag(&[1, 1, 1])),
    ]
    .concat();
    let relation = [
        number_field(1, 9),
        bytes_field(2, &packed(&[3])),
        bytes_field(3, &packed(&[4])),
        bytes_field(8, &packed(&[0])),
        bytes_field(9, &zigzag(&[7])),
        bytes_field(10, &packed(&[1])),
    ]
    .concat();
    let block = [
        bytes_field(1, &strings),
        bytes_field(2, &bytes_field(2, &dense)),
        bytes_field(2, &bytes_field(3, &way)),
        bytes_field(2, &bytes_field(4, &relation)),
    ]
    .concat();
    [blob("OSMHeader", &header), blob("OSMData", &block)].concat()
}

#[test]
fn pbf_reads_as_it_was_written() {
    let data = read_bytes(&pbf(), &Wanted::ALL).unwrap();
    assert_eq!(data.timestamp.as_deref(), Some("2024-02-29T12:00:00Z"));
    let places: Vec<(i64, f64, f64)> = data
        .nodes
        .iter()
        .map(|node| (node.id, node.point.lat, node.point.lon))
        .collect();
    assert_eq!(
        places,
        [(1, 30.0, 114.0), (2, 30.0001, 114.0), (3, 30.00005, 114.000_002)]
    );
    assert_eq!(data.nodes[1].tags, Tags::from([("name", "中")]));
    assert_eq!(data.ways[0].nodes, [1, 2, 3]);
    assert!(data.ways[0].tags.is("highway", "footway"));
    assert_eq!(data.relations[0].members[0].id, 7);
}

#[test]
fn pbf_cut_short_is_told_by_its_block() {
    let whole = pbf();
    let first = blob("OSMHeader", b"").len();
    for length in 1..whole.len() {
        match read_bytes(&whole[..length], &Wanted::ALL) {
            Err(OsmError::Pbf { offset, .. }) => assert!(offset == 0 || offset >= first as u64),
            Err(OsmError::NotOsm { .. }) => assert!(length < 20),
            // A file may end after any whole blob.
            Ok(data) => assert!(data.nodes.is_empty()),
            Err(other) => panic!("{length}: {other}"),
        }
    }
}

#[test]
fn a_blob_that_unpacks_to_more_than_the_format_allows_is_refused() {
    let mut bytes = blob("OSMHeader", b"");
    bytes.extend(blob("OSMData", &vec![0; 33 << 20]));
    assert!(matches!(read_bytes(&bytes, &Wanted::ALL), Err(OsmError::Pbf { .. })));
}

#[test]
fn a_few_kilobytes_that_name_one_long_text_very_often_are_refused() {
    // Half a mebibyte, as 4,000 keys and values of one way: 4 GB.
    let strings = [bytes_field(1, b""), bytes_field(1, &vec![b'a'; 1 << 19])].concat();
    let often = packed(&[1; 4_000]);
    let way = [number_field(1, 7), bytes_field(2, &often), bytes_field(3, &often)].concat();
    let members = [
        bytes_field(8, &often),
        bytes_field(9, &zigzag(&[1; 4_000])),
        bytes_field(10, &often),
    ]
    .concat();
    for group in [
        bytes_field(3, &way),
        bytes_field(4, &[number_field(1, 7), members].concat()),
    ] {
        let block = [bytes_field(1, &strings), bytes_field(2, &group)].concat();
        let bytes = [blob("OSMHeader", b""), blob("OSMData", &block)].concat();
        assert!(bytes.len() < 20_000);
        assert!(matches!(read_bytes(&bytes, &Wanted::ALL), Err(OsmError::Pbf { .. })));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn damaged_pbf_never_panics(flips in proptest::collection::vec((0..10_000_usize, 0..8_u8), 1..4)) {
        let mut bytes = pbf();
        let length = bytes.len();
        for (at, bit) in flips {
            bytes[at % length] ^= 1 << bit;
        }
        let _ = read_bytes(&bytes, &Wanted::ALL);
    }

    #[test]
    fn damaged_blocks_never_panic(flips in proptest::collection::vec((0..10_000_usize, any::<u8>()), 1..6)) {
        // Damage behind the compression, where it is not caught by its checksum.
        let mut inner = unpacked(&pbf());
        let length = inner.len();
        for (at, byte) in flips {
            inner[at % length] = byte;
        }
        let bytes = [blob("OSMHeader", b""), blob("OSMData", &inner)].concat();
        let _ = read_bytes(&bytes, &Wanted::ALL);
    }

    #[test]
    fn damaged_xml_never_panics(flips in proptest::collection::vec((0..10_000_usize, any::<u8>()), 1..4)) {
        let mut bytes = TOWN.as_bytes().to_vec();
        let length = bytes.len();
        for (at, byte) in flips {
            bytes[at % length] = byte;
        }
        let _ = read_bytes(&bytes, &Wanted::ALL);
    }
}

/// The data block of [`pbf`] as it is before packing.
fn unpacked(file: &[u8]) -> Vec<u8> {
    use std::io::Read;
    // zlib data starts with 0x78; the last such start is that of the data block.
    let start = (0..file.len() - 1)
        .rev()
        .find(|at| file[*at] == 0x78 && file[*at + 1] == 0x9c)
        .unwrap();
    let mut block = Vec::new();
    flate2::read::ZlibDecoder::new(&file[start..])
        .read_to_end(&mut block)
        .unwrap();
    block
}
