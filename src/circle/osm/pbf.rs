//! OSM PBF: a list of blobs, each a small header and a zlib-packed block of
//! elements. Field numbers are those of the format's `fileformat.proto` and
//! `osmformat.proto`.

use super::element::{Element, Head, Kind, Sink, Source};
use super::wire::{Broken, Fields, Packed, Value, zigzag};
use super::{Bounds, Member, MemberKind, Node, OsmError, Point, Relation, Tags, Way};
use std::cell::Cell;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// The format's own limits, in bytes.
const BLOB_HEADER_AT_MOST: u64 = 64 << 10;
const BLOCK_AT_MOST: u64 = 32 << 20;
/// A block names its strings by number, so that a small one may ask for very many
/// copies of a long one. Real blocks stay below a third of this, in bytes.
const TEXTS_A_BLOCK: u64 = 512 << 20;
/// What a text takes beside its letters.
const TEXT_ITSELF: u64 = 48;
/// `OpenStreetMap` allows 2,000 nodes a way; extracts of other sources have more.
const NODES_A_WAY: usize = 100_000;

pub(super) struct PbfFile {
    path: PathBuf,
    reader: BufReader<File>,
    head: Head,
    /// The blobs with the kinds they hold, once the first pass has seen them.
    blobs: Option<Vec<Blob>>,
}

#[derive(Debug, Clone, Copy)]
struct Blob {
    offset: u64,
    content_offset: u64,
    content_bytes: u64,
    holds: Holds,
}

/// Which kinds a block holds.
#[derive(Debug, Clone, Copy, Default)]
struct Holds {
    nodes: bool,
    ways: bool,
    relations: bool,
}

impl Holds {
    fn has(self, kind: Kind) -> bool {
        match kind {
            Kind::Node => self.nodes,
            Kind::Way => self.ways,
            Kind::Relation => self.relations,
        }
    }
}

impl PbfFile {
    pub fn open(path: &Path) -> Result<Self, OsmError> {
        let file = File::open(path).map_err(|source| OsmError::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            reader: BufReader::new(file),
            head: Head::default(),
            blobs: None,
        })
    }

    fn broken(&self, offset: u64, reason: impl Into<String>) -> OsmError {
        OsmError::Pbf {
            path: self.path.clone(),
            offset,
            reason: reason.into(),
        }
    }

    fn io(&self, source: std::io::Error) -> OsmError {
        OsmError::Io {
            path: self.path.clone(),
            source,
        }
    }

    /// Reads exactly `bytes` (already checked against a limit).
    fn take(&mut self, offset: u64, bytes: u64) -> Result<Vec<u8>, OsmError> {
        let mut taken = Vec::new();
        self.reader
            .by_ref()
            .take(bytes)
            .read_to_end(&mut taken)
            .map_err(|source| self.io(source))?;
        if (taken.len() as u64) < bytes {
            return Err(self.broken(offset, "the file is cut short"));
        }
        Ok(taken)
    }

    /// The blob at `offset`, where the file does not end there.
    fn blob_at(&mut self, offset: u64) -> Result<Option<(Blob, bool)>, OsmError> {
        self.reader
            .seek(SeekFrom::Start(offset))
            .map_err(|source| self.io(source))?;
        let mut length = Vec::new();
        self.reader
            .by_ref()
            .take(4)
            .read_to_end(&mut length)
            .map_err(|source| self.io(source))?;
        if length.is_empty() {
            return Ok(None);
        }
        let header_bytes = <[u8; 4]>::try_from(length.as_slice())
            .map(u32::from_be_bytes)
            .map_err(|_| self.broken(offset, "the file is cut short"))?;
        let header_bytes = u64::from(header_bytes);
        if header_bytes > BLOB_HEADER_AT_MOST {
            return Err(self.broken(offset, "a blob header is longer than 64 KiB"));
        }
        let header = self.take(offset, header_bytes)?;
        let (is_data, content_bytes) = blob_header(&header).map_err(|reason| self.broken(offset, reason))?;
        if content_bytes > BLOCK_AT_MOST {
            return Err(self.broken(offset, "a blob is longer than 32 MiB"));
        }
        let blob = Blob {
            offset,
            content_offset: offset + 4 + header_bytes,
            content_bytes,
            holds: Holds::default(),
        };
        Ok(Some((blob, is_data)))
    }

    fn block(&mut self, blob: Blob) -> Result<Vec<u8>, OsmError> {
        self.reader
            .seek(SeekFrom::Start(blob.content_offset))
            .map_err(|source| self.io(source))?;
        let packed = self.take(blob.offset, blob.content_bytes)?;
        unpack(&packed).map_err(|reason| self.broken(blob.offset, reason))
    }

    /// The first pass: walks all blobs, notes what each holds, reads the header.
    fn first_pass(&mut self, kind: Kind, sink: Sink<'_>, at: &mut dyn FnMut(u64)) -> Result<(), OsmError> {
        let mut blobs = Vec::new();
        let mut offset = 0;
        while let Some((mut blob, is_data)) = self.blob_at(offset)? {
            let block = self.block(blob)?;
            let broken = |reason: String| OsmError::Pbf {
                path: self.path.clone(),
                offset: blob.offset,
                reason,
            };
            if is_data {
                blob.holds = kinds_in(&block).map_err(|reason| broken(reason.to_owned()))?;
                if blob.holds.has(kind) {
                    elements(&block, kind, sink).map_err(broken)?;
                }
                blobs.push(blob);
            } else if let Some(head) = header_block(&block).map_err(broken)? {
                self.head = head;
            }
            offset = blob.content_offset + blob.content_bytes;
            at(offset);
        }
        self.blobs = Some(blobs);
        Ok(())
    }
}

impl Source for PbfFile {
    fn pass(&mut self, kind: Kind, sink: Sink<'_>, at: &mut dyn FnMut(u64)) -> Result<(), OsmError> {
        let Some(blobs) = self.blobs.clone() else {
            return self.first_pass(kind, sink, at);
        };
        for blob in blobs {
            if blob.holds.has(kind) {
                let block = self.block(blob)?;
                elements(&block, kind, sink).map_err(|reason| self.broken(blob.offset, reason))?;
            }
            at(blob.content_offset + blob.content_bytes);
        }
        Ok(())
    }

    fn head(&mut self) -> Head {
        self.head.clone()
    }
}

/// Whether the blob is data (else the header, or unknown), and its bytes.
fn blob_header(bytes: &[u8]) -> Result<(bool, u64), Broken> {
    let (mut is_data, mut size) = (false, None);
    for field in Fields(bytes) {
        match field? {
            (1, value) => is_data = value.bytes()? == b"OSMData",
            (3, value) => size = u64::try_from(value.signed()?).ok(),
            _ => {}
        }
    }
    Ok((is_data, size.ok_or("a blob header names no size")?))
}

fn unpack(blob: &[u8]) -> Result<Vec<u8>, Broken> {
    for field in Fields(blob) {
        match field? {
            (1, value) => return Ok(value.bytes()?.to_vec()),
            (3, value) => {
                let mut block = Vec::new();
                flate2::read::ZlibDecoder::new(value.bytes()?)
                    .take(BLOCK_AT_MOST + 1)
                    .read_to_end(&mut block)
                    .map_err(|_| "a blob's zlib data is broken")?;
                if block.len() as u64 > BLOCK_AT_MOST {
                    return Err("a blob unpacks to more than 32 MiB");
                }
                return Ok(block);
            }
            (2, _) => {}
            _ => return Err("a blob is packed with something else than zlib"),
        }
    }
    Ok(Vec::new())
}

fn header_block(block: &[u8]) -> Result<Option<Head>, String> {
    let mut head = Head::default();
    for field in Fields(block) {
        match field? {
            (1, value) => head.bounds = Some(header_bounds(value.bytes()?)?),
            (4, value) => {
                let feature = String::from_utf8_lossy(value.bytes()?).into_owned();
                if feature != "OsmSchema-V0.6" && feature != "DenseNodes" {
                    return Err(format!("the file needs the unknown feature {feature:?}"));
                }
            }
            (32, value) => head.timestamp = rfc_3339(value.signed()?),
            _ => {}
        }
    }
    Ok(Some(head))
}

fn header_bounds(bytes: &[u8]) -> Result<Bounds, Broken> {
    let mut nano = [0_i64; 4];
    for field in Fields(bytes) {
        let (number, value) = field?;
        let slot = match number {
            1..=4 => nano.get_mut(number as usize - 1),
            _ => None,
        };
        if let Some(slot) = slot {
            *slot = zigzag(value.number()?);
        }
    }
    let [left, right, top, bottom] = nano.map(|degrees| degrees as f64 * 1e-9);
    Ok(Bounds {
        min_lon: left,
        min_lat: bottom,
        max_lon: right,
        max_lat: top,
    })
}

/// Seconds since 1970 as RFC 3339 in UTC (days to date after Howard Hinnant's
/// `civil_from_days`).
fn rfc_3339(seconds: i64) -> Option<String> {
    // Years 1970 to 9999; anything else is no time of an extract.
    if !(0..253_402_300_800).contains(&seconds) {
        return None;
    }
    let (days, second_of_day) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
    ))
}

fn kinds_in(block: &[u8]) -> Result<Holds, Broken> {
    let mut holds = Holds::default();
    for field in Fields(block) {
        let (2, value) = field? else { continue };
        for group_field in Fields(value.bytes()?) {
            match group_field?.0 {
                1 | 2 => holds.nodes = true,
                3 => holds.ways = true,
                4 => holds.relations = true,
                _ => {}
            }
        }
    }
    Ok(holds)
}

/// What the elements of a block share.
struct Block<'a> {
    strings: Vec<&'a [u8]>,
    /// Bytes of texts that may still be taken.
    texts_left: Cell<u64>,
    granularity_nano: i64,
    lat_offset_nano: i64,
    lon_offset_nano: i64,
}

fn elements(bytes: &[u8], kind: Kind, sink: Sink<'_>) -> Result<(), String> {
    let mut block = Block {
        strings: Vec::new(),
        texts_left: Cell::new(TEXTS_A_BLOCK),
        granularity_nano: 100,
        lat_offset_nano: 0,
        lon_offset_nano: 0,
    };
    for field in Fields(bytes) {
        match field? {
            (1, table) => {
                for entry in Fields(table.bytes()?) {
                    if let (1, value) = entry? {
                        block.strings.push(value.bytes()?);
                    }
                }
            }
            (17, value) => block.granularity_nano = value.signed()?,
            (19, value) => block.lat_offset_nano = value.signed()?,
            (20, value) => block.lon_offset_nano = value.signed()?,
            _ => {}
        }
    }
    for field in Fields(bytes) {
        let (2, group) = field? else { continue };
        for group_field in Fields(group.bytes()?) {
            match (group_field?, kind) {
                ((1, value), Kind::Node) => sink(block.node(value.bytes()?)?)?,
                ((2, value), Kind::Node) => block.dense_nodes(value.bytes()?, sink)?,
                ((3, value), Kind::Way) => sink(block.way(value.bytes()?)?)?,
                ((4, value), Kind::Relation) => sink(block.relation(value.bytes()?)?)?,
                _ => {}
            }
        }
    }
    Ok(())
}

impl Block<'_> {
    fn text(&self, index: u64) -> Result<String, Broken> {
        let bytes = usize::try_from(index)
            .ok()
            .and_then(|index| self.strings.get(index))
            .ok_or("an element names a string that the block does not have")?;
        let left = (self.texts_left.get()).checked_sub(bytes.len() as u64 + TEXT_ITSELF);
        self.texts_left
            .set(left.ok_or("the texts of a block unpack to more than 512 MiB")?);
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    fn tags(&self, keys: &[u8], values: &[u8]) -> Result<Tags, Broken> {
        let (mut keys, mut values) = (Packed(keys), Packed(values));
        let mut tags = Vec::new();
        while let (Some(key), Some(value)) = (keys.next_number()?, values.next_number()?) {
            tags.push((self.text(key)?, self.text(value)?));
        }
        Ok(Tags(tags))
    }

    fn point(&self, lat: i64, lon: i64) -> Option<Point> {
        let degrees = |offset: i64, units: i64| {
            // In whole nanodegrees, so that a position is the same number
            // whatever the file's granularity.
            let nano = i128::from(offset) + i128::from(self.granularity_nano) * i128::from(units);
            nano as f64 / 1e9
        };
        let point = Point::new(degrees(self.lat_offset_nano, lat), degrees(self.lon_offset_nano, lon));
        point.is_valid().then_some(point)
    }

    fn node(&self, bytes: &[u8]) -> Result<Element, Broken> {
        let (mut id, mut lat, mut lon) = (None, None, None);
        let (mut keys, mut values): (&[u8], &[u8]) = (&[], &[]);
        for field in Fields(bytes) {
            match field? {
                (1, value) => id = Some(zigzag(value.number()?)),
                (2, value) => keys = value.bytes()?,
                (3, value) => values = value.bytes()?,
                (4, value) if is_deleted(value)? => return Ok(Element::Deleted),
                (8, value) => lat = Some(zigzag(value.number()?)),
                (9, value) => lon = Some(zigzag(value.number()?)),
                _ => {}
            }
        }
        let id = id.ok_or("a node has no id")?;
        let (Some(lat), Some(lon)) = (lat, lon) else {
            return Ok(Element::Unplaced);
        };
        let tags = self.tags(keys, values)?;
        Ok(match self.point(lat, lon) {
            Some(point) => Element::Node(Node { id, point, tags }),
            None => Element::Unplaced,
        })
    }

    fn dense_nodes(&self, bytes: &[u8], sink: Sink<'_>) -> Result<(), String> {
        let (mut ids, mut lats, mut lons) = (Packed::default(), Packed::default(), Packed::default());
        let (mut pairs, mut visible) = (Packed::default(), Packed::default());
        for field in Fields(bytes) {
            match field? {
                (1, value) => ids = Packed(value.bytes()?),
                (5, value) => visible = dense_visible(value.bytes()?)?,
                (8, value) => lats = Packed(value.bytes()?),
                (9, value) => lons = Packed(value.bytes()?),
                (10, value) => pairs = Packed(value.bytes()?),
                _ => {}
            }
        }
        let (mut id, mut lat, mut lon) = (0, 0, 0);
        while ids.next_delta(&mut id)?.is_some() {
            let placed = lats.next_delta(&mut lat)?.is_some() && lons.next_delta(&mut lon)?.is_some();
            let deleted = visible.next_number()? == Some(0);
            let mut tags = Vec::new();
            while let Some(key) = pairs.next_number()? {
                if key == 0 {
                    break;
                }
                let value = pairs.next_number()?.ok_or("a node's tag has a key and no value")?;
                tags.push((self.text(key)?, self.text(value)?));
            }
            sink(match self.point(lat, lon) {
                _ if deleted => Element::Deleted,
                Some(point) if placed => Element::Node(Node {
                    id,
                    point,
                    tags: Tags(tags),
                }),
                _ => Element::Unplaced,
            })?;
        }
        Ok(())
    }

    fn way(&self, bytes: &[u8]) -> Result<Element, Broken> {
        let mut id = None;
        let (mut keys, mut values): (&[u8], &[u8]) = (&[], &[]);
        let mut refs = Packed::default();
        for field in Fields(bytes) {
            match field? {
                (1, value) => id = Some(value.signed()?),
                (2, value) => keys = value.bytes()?,
                (3, value) => values = value.bytes()?,
                (4, value) if is_deleted(value)? => return Ok(Element::Deleted),
                (8, value) => refs = Packed(value.bytes()?),
                _ => {}
            }
        }
        let mut nodes = Vec::new();
        let mut node = 0;
        while let Some(id) = refs.next_delta(&mut node)? {
            if nodes.len() == NODES_A_WAY {
                return Err("a way has more than 100,000 nodes");
            }
            nodes.push(id);
        }
        Ok(Element::Way(Way {
            id: id.ok_or("a way has no id")?,
            nodes,
            tags: self.tags(keys, values)?,
        }))
    }

    fn relation(&self, bytes: &[u8]) -> Result<Element, Broken> {
        let mut id = None;
        let (mut keys, mut values): (&[u8], &[u8]) = (&[], &[]);
        let (mut roles, mut ids, mut kinds) = (Packed::default(), Packed::default(), Packed::default());
        for field in Fields(bytes) {
            match field? {
                (1, value) => id = Some(value.signed()?),
                (2, value) => keys = value.bytes()?,
                (3, value) => values = value.bytes()?,
                (4, value) if is_deleted(value)? => return Ok(Element::Deleted),
                (8, value) => roles = Packed(value.bytes()?),
                (9, value) => ids = Packed(value.bytes()?),
                (10, value) => kinds = Packed(value.bytes()?),
                _ => {}
            }
        }
        let mut members = Vec::new();
        let mut member_id = 0;
        while let Some(id) = ids.next_delta(&mut member_id)? {
            let kind = match kinds.next_number()? {
                Some(0) => MemberKind::Node,
                Some(1) => MemberKind::Way,
                Some(2) => MemberKind::Relation,
                _ => return Err("a relation's member has no kind"),
            };
            let role = roles.next_number()?.unwrap_or(0);
            members.push(Member {
                kind,
                id,
                role: self.text(role)?,
            });
        }
        Ok(Element::Relation(Relation {
            id: id.ok_or("a relation has no id")?,
            members,
            tags: self.tags(keys, values)?,
        }))
    }
}

/// Whether an `Info` message says `visible = false`.
fn is_deleted(info: Value<'_>) -> Result<bool, Broken> {
    for field in Fields(info.bytes()?) {
        if let (6, value) = field? {
            return Ok(value.number()? == 0);
        }
    }
    Ok(false)
}

fn dense_visible(info: &[u8]) -> Result<Packed<'_>, Broken> {
    for field in Fields(info) {
        if let (6, value) = field? {
            return Ok(Packed(value.bytes()?));
        }
    }
    Ok(Packed::default())
}
