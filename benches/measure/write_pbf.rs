//! Writes made-up streets as an .osm.pbf file, so that reading them can be measured
//! too: dense nodes and ways, 8,000 a block, compressed, as the usual tools do.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use onegrid::circle::osm::{Node, OsmData, Tags, Way};

use crate::city::Failed;

const A_BLOCK: usize = 8_000;
/// Units of a coordinate in a degree.
const UNITS: f64 = 1e7;

/// A message in the making.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn signed(&mut self, value: i64) {
        self.varint(((value << 1) ^ (value >> 63)) as u64);
    }

    fn number(&mut self, field: u64, value: u64) {
        self.varint(field << 3);
        self.varint(value);
    }

    fn bytes(&mut self, field: u64, bytes: &[u8]) {
        self.varint(field << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn packed(&mut self, field: u64, values: impl IntoIterator<Item = u64>) {
        let mut packed = Self::default();
        values.into_iter().for_each(|value| packed.varint(value));
        self.bytes(field, &packed.0);
    }

    /// Each as the difference from the one before it.
    fn deltas(&mut self, field: u64, values: impl IntoIterator<Item = i64>) {
        let (mut packed, mut before) = (Self::default(), 0);
        for value in values {
            packed.signed(value - before);
            before = value;
        }
        self.bytes(field, &packed.0);
    }
}

/// The texts of a block, each once; the first is empty.
struct Texts<'a> {
    all: Vec<&'a str>,
    numbers: HashMap<&'a str, u64>,
}

impl<'a> Texts<'a> {
    fn new() -> Self {
        Self {
            all: vec![""],
            numbers: HashMap::new(),
        }
    }

    fn number(&mut self, text: &'a str) -> u64 {
        *self.numbers.entry(text).or_insert_with(|| {
            self.all.push(text);
            self.all.len() as u64 - 1
        })
    }

    fn pairs(&mut self, tags: &'a Tags) -> Vec<(u64, u64)> {
        let pairs = tags.0.iter();
        pairs
            .map(|(key, value)| (self.number(key), self.number(value)))
            .collect()
    }

    /// A block of this group.
    fn block(self, group: &Message) -> Message {
        let mut table = Message::default();
        self.all.iter().for_each(|text| table.bytes(1, text.as_bytes()));
        let mut block = Message::default();
        block.bytes(1, &table.0);
        block.bytes(2, &group.0);
        block
    }
}

/// Writes nodes and ways.
pub fn write_pbf(data: &OsmData, path: &Path) -> Result<(), Failed> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut header = Message::default();
    for feature in ["OsmSchema-V0.6", "DenseNodes"] {
        header.bytes(4, feature.as_bytes());
    }
    blob(&mut file, "OSMHeader", &header)?;
    for nodes in data.nodes.chunks(A_BLOCK) {
        blob(&mut file, "OSMData", &node_block(nodes))?;
    }
    for ways in data.ways.chunks(A_BLOCK) {
        blob(&mut file, "OSMData", &way_block(ways))?;
    }
    Ok(file.flush()?)
}

fn node_block(nodes: &[Node]) -> Message {
    let mut texts = Texts::new();
    let units = |degrees: f64| (degrees * UNITS).round() as i64;
    let mut dense = Message::default();
    dense.deltas(1, nodes.iter().map(|node| node.id));
    dense.deltas(8, nodes.iter().map(|node| units(node.point.lat)));
    dense.deltas(9, nodes.iter().map(|node| units(node.point.lon)));
    let of_node = |node| {
        let pairs = texts.pairs(node);
        pairs.into_iter().flat_map(|(key, value)| [key, value]).chain([0])
    };
    dense.packed(10, nodes.iter().map(|node| &node.tags).flat_map(of_node));
    let mut group = Message::default();
    group.bytes(2, &dense.0);
    texts.block(&group)
}

fn way_block(ways: &[Way]) -> Message {
    let mut texts = Texts::new();
    let mut group = Message::default();
    for way in ways {
        let mut message = Message::default();
        message.number(1, way.id as u64);
        let pairs = texts.pairs(&way.tags);
        message.packed(2, pairs.iter().map(|pair| pair.0));
        message.packed(3, pairs.iter().map(|pair| pair.1));
        message.deltas(8, way.nodes.iter().copied());
        group.bytes(3, &message.0);
    }
    texts.block(&group)
}

fn blob(file: &mut impl Write, kind: &str, content: &Message) -> Result<(), Failed> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&content.0)?;
    let mut blob = Message::default();
    blob.number(2, content.0.len() as u64);
    blob.bytes(3, &packer.finish()?);
    let mut header = Message::default();
    header.bytes(1, kind.as_bytes());
    header.number(3, blob.0.len() as u64);
    file.write_all(&(header.0.len() as u32).to_be_bytes())?;
    file.write_all(&header.0)?;
    file.write_all(&blob.0)?;
    Ok(())
}
