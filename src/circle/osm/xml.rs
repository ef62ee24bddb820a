//! OSM XML: `<osm>` with `<node>`, `<way>`, `<relation>`, as editors and the
//! API write it and as a test can be written by hand.

use super::element::{Element, Head, Kind, Sink, Source};
use super::{Bounds, Member, MemberKind, Node, OsmError, Point, Relation, Tags, Way};
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Error, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// No tag, comment or text of a map is longer than this many bytes.
const TOKEN_AT_MOST: usize = 1 << 20;

pub(super) struct XmlFile {
    path: PathBuf,
    head: Head,
}

impl XmlFile {
    pub fn open(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            head: Head::default(),
        }
    }

    /// An error at a byte of the file, told by its line.
    fn broken(&self, byte: u64, reason: String) -> OsmError {
        OsmError::Xml {
            path: self.path.clone(),
            line: line_of(&self.path, byte),
            reason,
        }
    }
}

fn line_of(path: &Path, byte: u64) -> u64 {
    let Ok(file) = File::open(path) else { return 0 };
    let newlines = BufReader::new(file)
        .take(byte)
        .bytes()
        .filter(|byte| matches!(byte, Ok(b'\n')))
        .count();
    newlines as u64 + 1
}

/// A reader that fails rather than let one token grow without end.
struct Guarded {
    inner: BufReader<File>,
    left: Rc<Cell<usize>>,
}

impl Read for Guarded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl BufRead for Guarded {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.left.get() == 0 {
            return Err(Error::other("a tag or text is longer than 1 MiB"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.left.set(self.left.get().saturating_sub(amount));
        self.inner.consume(amount);
    }
}

/// The element that is being read, with what has been seen of it.
struct Open {
    kind: Kind,
    deleted: bool,
    id: i64,
    point: Option<Point>,
    tags: Vec<(String, String)>,
    nodes: Vec<i64>,
    members: Vec<Member>,
}

impl Open {
    fn finish(self) -> Element {
        if self.deleted {
            return Element::Deleted;
        }
        let (id, tags) = (self.id, Tags(self.tags));
        match self.kind {
            Kind::Node => match self.point {
                Some(point) => Element::Node(Node { id, point, tags }),
                None => Element::Unplaced,
            },
            Kind::Way => Element::Way(Way {
                id,
                nodes: self.nodes,
                tags,
            }),
            Kind::Relation => Element::Relation(Relation {
                id,
                members: self.members,
                tags,
            }),
        }
    }
}

impl Source for XmlFile {
    fn pass(&mut self, kind: Kind, sink: Sink<'_>, at: &mut dyn FnMut(u64)) -> Result<(), OsmError> {
        let file = File::open(&self.path).map_err(|source| OsmError::Io {
            path: self.path.clone(),
            source,
        })?;
        let left = Rc::new(Cell::new(TOKEN_AT_MOST));
        let mut reader = Reader::from_reader(Guarded {
            inner: BufReader::with_capacity(64 << 10, file),
            left: Rc::clone(&left),
        });
        let mut pass = Pass {
            kind,
            head: Head::default(),
            open: None,
            depth: 0,
            root_closed: false,
        };
        let mut buffer = Vec::new();
        let mut reported = 0;
        loop {
            left.set(TOKEN_AT_MOST);
            buffer.clear();
            let event = reader.read_event_into(&mut buffer).map_err(|error| {
                let byte = reader.error_position();
                self.broken(byte, error.to_string())
            })?;
            let step = match event {
                Event::Start(tag) => pass.start(&tag),
                Event::Empty(tag) => match pass.start(&tag) {
                    Ok(()) => pass.end(sink),
                    error => error,
                },
                Event::End(_) => pass.end(sink),
                Event::Eof => break,
                _ => Ok(()),
            };
            let byte = reader.buffer_position();
            step.map_err(|reason| self.broken(byte, reason))?;
            if byte - reported > 1 << 20 {
                reported = byte;
                at(byte);
            }
        }
        if !pass.root_closed || pass.depth > 0 {
            return Err(self.broken(
                reader.buffer_position(),
                "the file is cut short: </osm> is missing".to_owned(),
            ));
        }
        self.head = pass.head;
        Ok(())
    }

    fn head(&mut self) -> Head {
        self.head.clone()
    }
}

struct Pass {
    kind: Kind,
    head: Head,
    open: Option<Open>,
    /// How many elements are open; `<osm>` is the first.
    depth: u32,
    root_closed: bool,
}

impl Pass {
    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        let name = tag.name();
        let name = name.as_ref();
        self.depth += 1;
        match self.depth {
            1 if name != "osm" => Err(format!("the outermost element is <{name}>, not <osm>")),
            1 if self.root_closed => Err("there is a second <osm>".to_owned()),
            1 => self.root(tag),
            2 => self.element(name, tag),
            3 => self.part(name, tag),
            _ => Ok(()),
        }
    }

    fn end(&mut self, sink: Sink<'_>) -> Result<(), String> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth == 0 {
            self.root_closed = true;
        }
        if self.depth == 1
            && let Some(open) = self.open.take()
        {
            return sink(open.finish());
        }
        Ok(())
    }

    fn root(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        each_attribute(tag, |key, value| {
            if key == "timestamp" {
                self.head.timestamp = Some(value.to_owned());
            }
            Ok(())
        })
    }

    fn element(&mut self, name: &str, tag: &BytesStart<'_>) -> Result<(), String> {
        let kind = match name {
            "node" => Kind::Node,
            "way" => Kind::Way,
            "relation" => Kind::Relation,
            "bounds" => return self.bounds(tag),
            "meta" => {
                return each_attribute(tag, |key, value| {
                    if key == "osm_base" {
                        self.head.timestamp = Some(value.to_owned());
                    }
                    Ok(())
                });
            }
            _ => return Ok(()),
        };
        if kind != self.kind {
            return Ok(());
        }
        let (mut id, mut lat, mut lon, mut deleted) = (None, None, None, false);
        each_attribute(tag, |key, value| {
            match key {
                "id" => id = Some(whole(value)?),
                "lat" => lat = value.trim().parse::<f64>().ok(),
                "lon" => lon = value.trim().parse::<f64>().ok(),
                "visible" => deleted |= value == "false",
                "action" => deleted |= value == "delete",
                _ => {}
            }
            Ok(())
        })?;
        let point = match (lat, lon) {
            (Some(lat), Some(lon)) => Some(Point::new(lat, lon)).filter(|point| point.is_valid()),
            _ => None,
        };
        self.open = Some(Open {
            kind,
            deleted,
            id: id.ok_or_else(|| format!("<{name}> has no id"))?,
            point,
            tags: Vec::new(),
            nodes: Vec::new(),
            members: Vec::new(),
        });
        Ok(())
    }

    fn bounds(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        let mut degrees = [None; 4];
        each_attribute(tag, |key, value| {
            let slot = match key {
                "minlon" => 0,
                "minlat" => 1,
                "maxlon" => 2,
                "maxlat" => 3,
                _ => return Ok(()),
            };
            degrees[slot] = value.trim().parse::<f64>().ok().filter(|v| v.is_finite());
            Ok(())
        })?;
        if let [Some(min_lon), Some(min_lat), Some(max_lon), Some(max_lat)] = degrees {
            self.head.bounds = Some(Bounds {
                min_lon,
                min_lat,
                max_lon,
                max_lat,
            });
        }
        Ok(())
    }

    /// A tag, a node reference or a member of the open element.
    fn part(&mut self, name: &str, tag: &BytesStart<'_>) -> Result<(), String> {
        let Some(open) = self.open.as_mut() else {
            return Ok(());
        };
        match name {
            "tag" => {
                let (mut k, mut v) = (None, None);
                each_attribute(tag, |key, value| {
                    match key {
                        "k" => k = Some(value.to_owned()),
                        "v" => v = Some(value.to_owned()),
                        _ => {}
                    }
                    Ok(())
                })?;
                let (Some(k), Some(v)) = (k, v) else {
                    return Err("<tag> needs k and v".to_owned());
                };
                open.tags.push((k, v));
            }
            "nd" => each_attribute(tag, |key, value| {
                if key == "ref" {
                    open.nodes.push(whole(value)?);
                }
                Ok(())
            })?,
            "member" => {
                let (mut kind, mut id, mut role) = (None, None, String::new());
                each_attribute(tag, |key, value| {
                    match key {
                        "type" => {
                            kind = match value {
                                "node" => Some(MemberKind::Node),
                                "way" => Some(MemberKind::Way),
                                "relation" => Some(MemberKind::Relation),
                                _ => None,
                            }
                        }
                        "ref" => id = Some(whole(value)?),
                        "role" => value.clone_into(&mut role),
                        _ => {}
                    }
                    Ok(())
                })?;
                let (Some(kind), Some(id)) = (kind, id) else {
                    return Err("<member> needs type and ref".to_owned());
                };
                open.members.push(Member { kind, id, role });
            }
            _ => {}
        }
        Ok(())
    }
}

fn whole(text: &str) -> Result<i64, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("{:?} is no id", text.chars().take(40).collect::<String>()))
}

fn each_attribute(tag: &BytesStart<'_>, mut take: impl FnMut(&str, &str) -> Result<(), String>) -> Result<(), String> {
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?;
        take(attribute.key.as_ref(), &value)?;
    }
    Ok(())
}
