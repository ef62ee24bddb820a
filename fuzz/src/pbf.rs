//! Writes OSM PBF, unpacked, so that a fuzzer sees through it.

use onegrid::circle::osm::{OsmData, Tags};

fn varint(mut number: u64, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn bytes_field(field: u64, bytes: &[u8], to: &mut Vec<u8>) {
    varint(field << 3 | 2, to);
    varint(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}

fn number_field(field: u64, number: u64, to: &mut Vec<u8>) {
    varint(field << 3, to);
    varint(number, to);
}

fn packed(numbers: impl Iterator<Item = u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    numbers.for_each(|number| varint(number, &mut bytes));
    bytes
}

fn deltas(numbers: impl Iterator<Item = i64>) -> Vec<u8> {
    let mut before = 0;
    packed(numbers.map(|number| zigzag(number - std::mem::replace(&mut before, number))))
}

fn blob(kind: &str, block: &[u8], to: &mut Vec<u8>) {
    let (mut blob, mut header) = (Vec::new(), Vec::new());
    bytes_field(1, block, &mut blob);
    bytes_field(1, kind.as_bytes(), &mut header);
    number_field(3, blob.len() as u64, &mut header);
    to.extend((header.len() as u32).to_be_bytes());
    to.extend(header);
    to.extend(blob);
}

/// The strings of a block.
struct Strings(Vec<String>);

impl Strings {
    fn number(&mut self, text: &str) -> u64 {
        let known = self.0.iter().position(|known| known == text);
        known.unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        }) as u64
    }

    fn tags(&mut self, tags: &Tags, to: &mut Vec<u8>) {
        let keys: Vec<u64> = tags.0.iter().map(|(key, _)| self.number(key)).collect();
        let values: Vec<u64> = tags.0.iter().map(|(_, value)| self.number(value)).collect();
        bytes_field(2, &packed(keys.into_iter()), to);
        bytes_field(3, &packed(values.into_iter()), to);
    }
}

/// `data` as a file; the nodes are dense, or else one by one.
pub fn file(data: &OsmData, dense: bool) -> Vec<u8> {
    let mut strings = Strings(vec![String::new()]);
    let degrees = |value: f64| (value * 1e7).round() as i64;
    let mut nodes = Vec::new();
    if dense {
        let mut pairs = Vec::new();
        for node in &data.nodes {
            for (key, value) in &node.tags.0 {
                pairs.extend([strings.number(key), strings.number(value)]);
            }
            pairs.push(0);
        }
        let mut all = Vec::new();
        bytes_field(1, &deltas(data.nodes.iter().map(|node| node.id)), &mut all);
        bytes_field(8, &deltas(data.nodes.iter().map(|node| degrees(node.point.lat))), &mut all);
        bytes_field(9, &deltas(data.nodes.iter().map(|node| degrees(node.point.lon))), &mut all);
        bytes_field(10, &packed(pairs.into_iter()), &mut all);
        bytes_field(2, &all, &mut nodes);
    } else {
        for node in &data.nodes {
            let mut one = Vec::new();
            number_field(1, zigzag(node.id), &mut one);
            strings.tags(&node.tags, &mut one);
            number_field(8, zigzag(degrees(node.point.lat)), &mut one);
            number_field(9, zigzag(degrees(node.point.lon)), &mut one);
            bytes_field(1, &one, &mut nodes);
        }
    }
    let mut ways = Vec::new();
    for way in &data.ways {
        let mut one = Vec::new();
        number_field(1, way.id as u64, &mut one);
        strings.tags(&way.tags, &mut one);
        bytes_field(8, &deltas(way.nodes.iter().copied()), &mut one);
        bytes_field(3, &one, &mut ways);
    }
    let mut relations = Vec::new();
    for relation in &data.relations {
        let mut one = Vec::new();
        number_field(1, relation.id as u64, &mut one);
        strings.tags(&relation.tags, &mut one);
        let roles: Vec<u64> = relation.members.iter().map(|member| strings.number(&member.role)).collect();
        bytes_field(8, &packed(roles.into_iter()), &mut one);
        bytes_field(9, &deltas(relation.members.iter().map(|member| member.id)), &mut one);
        bytes_field(10, &packed(relation.members.iter().map(|_| 1)), &mut one);
        bytes_field(4, &one, &mut relations);
    }
    let (mut table, mut block) = (Vec::new(), Vec::new());
    for text in &strings.0 {
        bytes_field(1, text.as_bytes(), &mut table);
    }
    bytes_field(1, &table, &mut block);
    for group in [nodes, ways, relations] {
        bytes_field(2, &group, &mut block);
    }
    let (mut header, mut bounds) = (Vec::new(), Vec::new());
    for (field, degrees) in [(1, 113.9), (2, 114.1), (3, 30.1), (4, 29.9)] {
        number_field(field, zigzag((degrees * 1e9) as i64), &mut bounds);
    }
    bytes_field(1, &bounds, &mut header);
    bytes_field(4, b"OsmSchema-V0.6", &mut header);
    bytes_field(4, b"DenseNodes", &mut header);
    number_field(32, 1_750_000_000, &mut header);
    let mut file = Vec::new();
    blob("OSMHeader", &header, &mut file);
    blob("OSMData", &block, &mut file);
    file
}
