//! Reading a file, in three passes so that only what is wanted is kept.

use super::element::{Element, Kind, Source};
use super::{Member, MemberKind, OsmData, OsmError, Tags, pbf, xml};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Which elements a reader wants, by their tags. The ways that a wanted
/// relation has as members come with it, and the nodes of all these ways.
pub struct Wanted<'a> {
    /// Which nodes, by their tags.
    pub node: &'a dyn Fn(&Tags) -> bool,
    /// Which ways, by their tags; their nodes come with them.
    pub way: &'a dyn Fn(&Tags) -> bool,
    /// Which relations, by their tags; their members come with them.
    pub relation: &'a dyn Fn(&Tags) -> bool,
}

impl Wanted<'_> {
    /// Everything in the file.
    pub const ALL: Wanted<'static> = Wanted {
        node: &|_| true,
        way: &|_| true,
        relation: &|_| true,
    };
}

/// No more than this is kept per byte of the file, so that a few kilobytes of
/// well-packed nonsense cannot fill the memory. Real extracts stay below 30.
const KEPT_BYTES_PER_FILE_BYTE: u64 = 200;
const KEPT_BYTES_AT_LEAST: u64 = 64 << 20;

/// Reads what is `wanted` of the OSM PBF or OSM XML file at `path`, told apart
/// by content. `progress` gets bytes done and the total over all passes.
///
/// # Errors
/// `OsmError` names the file, the place in it and the reason.
pub fn read(path: &Path, wanted: &Wanted<'_>, progress: &mut dyn FnMut(u64, u64)) -> Result<OsmData, OsmError> {
    let io = |source| OsmError::Io {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(io)?;
    let file_bytes = file.metadata().map_err(io)?.len();
    let mut start = Vec::new();
    file.by_ref().take(512).read_to_end(&mut start).map_err(io)?;
    let mut source: Box<dyn Source> = match format_of(&start) {
        Ok(Format::Pbf) => Box::new(pbf::PbfFile::open(path)?),
        Ok(Format::Xml) => Box::new(xml::XmlFile::open(path)),
        Err(reason) => {
            return Err(OsmError::NotOsm {
                path: path.to_owned(),
                reason,
            });
        }
    };
    let mut reading = Reading {
        data: OsmData::default(),
        kept_bytes: 0,
        budget: (file_bytes.saturating_mul(KEPT_BYTES_PER_FILE_BYTE)).max(KEPT_BYTES_AT_LEAST),
    };
    let total = file_bytes.saturating_mul(3);
    reading.relations(source.as_mut(), wanted, &mut |done| progress(done, total))?;
    let head = source.head();
    reading.data.bounds = head.bounds;
    reading.data.timestamp = head.timestamp;
    reading.ways(source.as_mut(), wanted, &mut |done| {
        progress(file_bytes.saturating_add(done), total);
    })?;
    reading.nodes(source.as_mut(), wanted, &mut |done| {
        progress(file_bytes.saturating_mul(2).saturating_add(done), total);
    })?;
    progress(total, total);
    Ok(reading.data)
}

enum Format {
    Pbf,
    Xml,
}

fn format_of(start: &[u8]) -> Result<Format, String> {
    if start.is_empty() {
        return Err("it is empty".to_owned());
    }
    if start.starts_with(&[0x1f, 0x8b]) || start.starts_with(b"BZh") {
        return Err("it is compressed; unpack it first".to_owned());
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    if text.trim_ascii_start().starts_with(b"<") {
        return Ok(Format::Xml);
    }
    if start.windows(9).any(|bytes| bytes == b"OSMHeader") {
        return Ok(Format::Pbf);
    }
    Err("it starts with neither \"<\" nor a PBF header".to_owned())
}

struct Reading {
    data: OsmData,
    kept_bytes: u64,
    budget: u64,
}

impl Reading {
    fn relations(
        &mut self,
        source: &mut dyn Source,
        wanted: &Wanted<'_>,
        at: &mut dyn FnMut(u64),
    ) -> Result<(), OsmError> {
        let mut seen = HashSet::new();
        source.pass(
            Kind::Relation,
            &mut |element| {
                match element {
                    Element::Relation(relation) if (wanted.relation)(&relation.tags) => {
                        self.keep(weight(&relation.tags) + members_weight(&relation.members))?;
                        if seen.insert(relation.id) {
                            self.data.relations.push(relation);
                        } else {
                            self.data.skipped.duplicates += 1;
                        }
                    }
                    Element::Deleted => self.data.skipped.deleted += 1,
                    _ => {}
                }
                Ok(())
            },
            at,
        )
    }

    fn ways(&mut self, source: &mut dyn Source, wanted: &Wanted<'_>, at: &mut dyn FnMut(u64)) -> Result<(), OsmError> {
        let members: HashSet<i64> = self
            .data
            .relations
            .iter()
            .flat_map(|relation| &relation.members)
            .filter(|member| member.kind == MemberKind::Way)
            .map(|member| member.id)
            .collect();
        let mut seen = HashSet::new();
        source.pass(
            Kind::Way,
            &mut |element| {
                match element {
                    Element::Way(way) if members.contains(&way.id) || (wanted.way)(&way.tags) => {
                        self.keep(weight(&way.tags) + 8 * way.nodes.len() as u64)?;
                        if seen.insert(way.id) {
                            self.data.ways.push(way);
                        } else {
                            self.data.skipped.duplicates += 1;
                        }
                    }
                    Element::Deleted => self.data.skipped.deleted += 1,
                    _ => {}
                }
                Ok(())
            },
            at,
        )
    }

    fn nodes(&mut self, source: &mut dyn Source, wanted: &Wanted<'_>, at: &mut dyn FnMut(u64)) -> Result<(), OsmError> {
        let mut referenced: Vec<i64> = self
            .data
            .ways
            .iter()
            .flat_map(|way| way.nodes.iter().copied())
            .chain(
                self.data
                    .relations
                    .iter()
                    .flat_map(|relation| &relation.members)
                    .filter(|member| member.kind == MemberKind::Node)
                    .map(|member| member.id),
            )
            .collect();
        referenced.sort_unstable();
        referenced.dedup();
        let mut found = vec![false; referenced.len()];
        let mut seen_apart = HashSet::new();
        source.pass(
            Kind::Node,
            &mut |element| {
                match element {
                    Element::Node(node) => {
                        let first_time = match referenced.binary_search(&node.id) {
                            Ok(at) => found.get_mut(at).is_some_and(|found| !std::mem::replace(found, true)),
                            Err(_) if (wanted.node)(&node.tags) => seen_apart.insert(node.id),
                            Err(_) => return Ok(()),
                        };
                        if first_time {
                            self.keep(weight(&node.tags))?;
                            self.data.nodes.push(node);
                        } else {
                            self.data.skipped.duplicates += 1;
                        }
                    }
                    Element::Unplaced => self.data.skipped.unplaced_nodes += 1,
                    Element::Deleted => self.data.skipped.deleted += 1,
                    _ => {}
                }
                Ok(())
            },
            at,
        )?;
        self.data.skipped.dangling_refs = self
            .data
            .ways
            .iter()
            .flat_map(|way| &way.nodes)
            .filter(|id| {
                !referenced
                    .binary_search(id)
                    .is_ok_and(|at| found.get(at) == Some(&true))
            })
            .count() as u64;
        Ok(())
    }

    fn keep(&mut self, bytes: u64) -> Result<(), String> {
        self.kept_bytes = self.kept_bytes.saturating_add(bytes);
        if self.kept_bytes > self.budget {
            return Err(format!(
                "it unpacks to more than {} MB, which no street map of its size does",
                self.budget >> 20
            ));
        }
        Ok(())
    }
}

/// About the memory that an element with these tags takes.
fn weight(tags: &Tags) -> u64 {
    tags.0
        .iter()
        .map(|(key, value)| 48 + key.len() as u64 + value.len() as u64)
        .sum::<u64>()
        + 48
}

fn members_weight(members: &[Member]) -> u64 {
    members.iter().map(|member| 48 + member.role.len() as u64).sum()
}
