//! The map file: one header, then sections of plain records, each at a multiple
//! of 64 bytes, little-endian, read where they lie.
//!
//! Opening looks at every number once: checksum, sizes, every index in range.
//! After that the records are trusted.

use super::boxes::Boxes;
use super::check::check_records;
use super::conditions::Rule;
use super::layout::{Arc, BarrierSegment, Box2, Cohesion, Edge, Junction, Particulars, Position, Run};
use super::records::{RunIndex, View};
use super::squares::{self, SquareParts, SquareView};
use super::tag_shares::{self, TagShare};
use crate::circle::osm::Bounds;
use crate::coordinates::Point;
use bytemuck::{Pod, Zeroable};
use memmap2::Mmap;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::ops::Range;
use std::path::Path;

#[cfg(target_endian = "big")]
compile_error!("map files are read where they lie and are little-endian");

/// The version of the format that this program reads and writes.
pub const FORMAT_VERSION: u32 = 3;

const MAGIC: [u8; 8] = *b"OneGrMap";
/// Sections start at multiples of this many bytes.
const ALIGNMENT: usize = 64;
/// Header bytes before what the checksum covers.
const CHECKSUM_FROM: usize = 56;

/// Why a file is no usable map.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum MapError {
    #[error("the map cannot be read or written: {0}")]
    Io(#[from] std::io::Error),
    #[error("the file is no street map")]
    NotAMap,
    #[error("the map has format version {found}, this program reads {expected}: build it again")]
    Version { found: u32, expected: u32 },
    #[error("the map is cut short: {found} of {expected} bytes")]
    Truncated { found: u64, expected: u64 },
    #[error("the map's checksum is wrong: the file is damaged")]
    Checksum,
    #[error("the map is damaged: {0}")]
    Corrupt(&'static str),
}

/// What lies where, in file order.
#[derive(Debug, Clone, Copy)]
enum Section {
    Texts,
    Junctions,
    FirstArcs,
    Arcs,
    Edges,
    Corners,
    Runs,
    RunBoxes,
    MinorRuns,
    MinorRunBoxes,
    Barriers,
    BarrierBoxes,
    Cohesions,
    Components,
    StepFreeComponents,
    Particulars,
    Names,
    NameStarts,
    Rules,
    Squares,
    SquareBoxes,
    SquareRings,
    SquareCorners,
    SquareVertices,
}

const SECTIONS: usize = Section::SquareVertices as usize + 1;

#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Place {
    offset: u64,
    bytes: u64,
}

#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
struct Header {
    magic: [u8; 8],
    version: u32,
    sections: u32,
    file_bytes: u64,
    checksum: [u8; 32],
    /// 1 where the box is told, 0 where it is that of the streets.
    bounds_told: u64,
    /// The box that the data covers.
    min: Position,
    max: Position,
    places: [Place; SECTIONS],
}

/// All that a map consists of, before it is written.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Of what it was made.
    pub source: String,
    pub attribution: String,
    /// Empty where it is not known.
    pub timestamp: String,
    pub tag_shares: Vec<TagShare>,
    pub bounds: Option<Bounds>,
    pub junctions: Vec<Junction>,
    pub first_arcs: Vec<u32>,
    pub arcs: Vec<Arc>,
    pub edges: Vec<Edge>,
    pub corners: Vec<Position>,
    pub runs: Vec<Run>,
    pub run_boxes: Vec<Box2>,
    pub minor_runs: Vec<Run>,
    pub minor_run_boxes: Vec<Box2>,
    pub barriers: Vec<BarrierSegment>,
    pub barrier_boxes: Vec<Box2>,
    pub cohesions: Vec<Cohesion>,
    pub components: Vec<f32>,
    pub step_free_components: Vec<f32>,
    pub particulars: Vec<Particulars>,
    pub names: Vec<String>,
    pub rules: Vec<String>,
    pub squares: SquareParts,
    /// Whether the bounds are told, not only those of the streets.
    pub bounds_told: bool,
}

/// Between two rules.
const RULE_END: char = '\0';
/// So many rules of hours are read; each differs from the others.
const RULES_AT_MOST: usize = 100_000;

impl Parts {
    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let shares = tag_shares::to_text(&self.tag_shares);
        let texts = [&self.source, &self.attribution, &self.timestamp, &shares]
            .map(|text| text.replace('\0', " "))
            .join("\0");
        let names = self.names.concat();
        let name_starts: Vec<u32> = (self.names.iter())
            .scan(0_u32, |start, name| {
                let this = *start;
                *start += name.len() as u32;
                Some(this)
            })
            .collect();
        let rules = self.rules.join(&RULE_END.to_string());
        let [squares, square_boxes, square_rings, square_corners, square_vertices] = self.squares.sections();
        let sections: [&[u8]; SECTIONS] = [
            texts.as_bytes(),
            bytemuck::cast_slice(&self.junctions),
            bytemuck::cast_slice(&self.first_arcs),
            bytemuck::cast_slice(&self.arcs),
            bytemuck::cast_slice(&self.edges),
            bytemuck::cast_slice(&self.corners),
            bytemuck::cast_slice(&self.runs),
            bytemuck::cast_slice(&self.run_boxes),
            bytemuck::cast_slice(&self.minor_runs),
            bytemuck::cast_slice(&self.minor_run_boxes),
            bytemuck::cast_slice(&self.barriers),
            bytemuck::cast_slice(&self.barrier_boxes),
            bytemuck::cast_slice(&self.cohesions),
            bytemuck::cast_slice(&self.components),
            bytemuck::cast_slice(&self.step_free_components),
            bytemuck::cast_slice(&self.particulars),
            names.as_bytes(),
            bytemuck::cast_slice(&name_starts),
            rules.as_bytes(),
            squares,
            square_boxes,
            square_rings,
            square_corners,
            square_vertices,
        ];
        let (min, max) = self.bounds.map_or(Default::default(), |bounds| {
            (
                Position::of(Point::new(bounds.min_lat, bounds.min_lon)),
                Position::of(Point::new(bounds.max_lat, bounds.max_lon)),
            )
        });
        let mut header = Header {
            magic: MAGIC,
            version: FORMAT_VERSION,
            sections: SECTIONS as u32,
            file_bytes: 0,
            checksum: [0; 32],
            bounds_told: u64::from(self.bounds_told),
            min,
            max,
            places: [Place::zeroed(); SECTIONS],
        };
        let mut bytes = vec![0; size_of::<Header>()];
        for (place, section) in header.places.iter_mut().zip(sections) {
            bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
            *place = Place {
                offset: bytes.len() as u64,
                bytes: section.len() as u64,
            };
            bytes.extend_from_slice(section);
        }
        header.file_bytes = bytes.len() as u64;
        bytes[..size_of::<Header>()].copy_from_slice(bytemuck::bytes_of(&header));
        header.checksum = Sha256::digest(&bytes[CHECKSUM_FROM..]).into();
        bytes[..size_of::<Header>()].copy_from_slice(bytemuck::bytes_of(&header));
        bytes
    }
}

/// Where the bytes are.
#[derive(Debug)]
enum Backing {
    Mapped(Mmap),
    /// In words, so that records lie as aligned as in a mapped file.
    Owned(Vec<u64>, usize),
}

impl Backing {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Owned(words, length) => &bytemuck::cast_slice(words)[..*length],
        }
    }
}

/// What a map says about itself.
#[derive(Debug, Clone, PartialEq)]
pub struct MapInfo {
    /// Twelve hexadecimal digits that name this very map, from its checksum.
    pub id: String,
    /// The version of the file format.
    pub format_version: u32,
    /// The size of the file.
    pub bytes: u64,
    /// Of what it was made.
    pub source: String,
    /// What must be shown with every answer from it.
    pub attribution: String,
    /// When the data was taken from `OpenStreetMap`, RFC 3339.
    pub timestamp: Option<String>,
    /// The box the data covers; `None` for a map of nothing.
    pub bounds: Option<Bounds>,
    /// Junctions, and nodes that change the way.
    pub junctions: usize,
    /// Stretches between two junctions.
    pub edges: usize,
    /// Points that draw the edges.
    pub corners: usize,
    /// Lines that no leg off the street may cross.
    pub barrier_segments: usize,
    /// Parts that hang together.
    pub components: usize,
    /// Metres of street in all.
    pub street_m: f64,
    /// How much of each tag the data has.
    pub tag_shares: Vec<TagShare>,
}

/// A street map, read-only, shared by all who ask it.
#[derive(Debug)]
pub struct StreetMap {
    backing: Backing,
    sections: [Range<usize>; SECTIONS],
    info: MapInfo,
    main_component: u32,
    step_free_main_component: u32,
    rules: Vec<Rule>,
    covered: Option<Box2>,
}

impl StreetMap {
    /// Maps the file at `path` into memory and checks all of it.
    ///
    /// # Errors
    /// `MapError` says what is wrong with the file.
    pub fn open(path: &Path) -> Result<Self, MapError> {
        let file = File::open(path)?;
        if file.metadata()?.len() < size_of::<Header>() as u64 {
            return Self::from_bytes(&std::fs::read(path)?);
        }
        // SAFETY: the mapping is read-only, and a map file is replaced by rename
        // only, never written in place, so its bytes do not change under us.
        let map = unsafe { Mmap::map(&file)? };
        Self::check(Backing::Mapped(map))
    }

    /// Takes a map that is in memory already.
    ///
    /// # Errors
    /// As [`StreetMap::open`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MapError> {
        let mut words = vec![0_u64; bytes.len().div_ceil(8)];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self::check(Backing::Owned(words, bytes.len()))
    }

    /// The map of nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            backing: Backing::Owned(Vec::new(), 0),
            sections: std::array::from_fn(|_| 0..0),
            info: MapInfo {
                id: "empty".to_owned(),
                format_version: FORMAT_VERSION,
                bytes: 0,
                source: String::new(),
                attribution: String::new(),
                timestamp: None,
                bounds: None,
                junctions: 0,
                edges: 0,
                corners: 0,
                barrier_segments: 0,
                components: 0,
                street_m: 0.0,
                tag_shares: Vec::new(),
            },
            main_component: 0,
            step_free_main_component: 0,
            rules: Vec::new(),
            covered: None,
        }
    }

    /// What the map says about itself.
    #[must_use]
    pub fn info(&self) -> &MapInfo {
        &self.info
    }

    /// Its records.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        let barriers = self.records(Section::Barriers);
        View {
            junctions: self.records(Section::Junctions),
            first_arcs: self.records(Section::FirstArcs),
            arcs: self.records(Section::Arcs),
            edges: self.records(Section::Edges),
            corners: self.records(Section::Corners),
            main_runs: self.run_index(Section::Runs, Section::RunBoxes),
            minor_runs: self.run_index(Section::MinorRuns, Section::MinorRunBoxes),
            barrier_tree: Boxes::of_checked(self.records(Section::BarrierBoxes), barriers.len()),
            barriers,
            cohesions: self.records(Section::Cohesions),
            components: self.records(Section::Components),
            step_free_components: self.records(Section::StepFreeComponents),
            main_component: self.main_component,
            step_free_main_component: self.step_free_main_component,
            particulars: self.records(Section::Particulars),
            names: self.section(Section::Names),
            name_starts: self.records(Section::NameStarts),
            rules: &self.rules,
            squares: self.squares().unwrap_or(SquareView::NONE),
            covered: self.covered,
        }
    }

    /// `None` where a section ends inside a record.
    fn squares(&self) -> Option<SquareView<'_>> {
        use Section::{SquareBoxes, SquareCorners, SquareRings, SquareVertices, Squares};
        let sections = [Squares, SquareBoxes, SquareRings, SquareCorners, SquareVertices];
        SquareView::new(sections.map(|section| self.section(section)))
    }

    fn run_index(&self, runs: Section, boxes: Section) -> RunIndex<'_> {
        let runs: &[Run] = self.records(runs);
        RunIndex {
            runs,
            tree: Boxes::of_checked(self.records(boxes), runs.len()),
        }
    }

    fn section(&self, section: Section) -> &[u8] {
        self.backing
            .bytes()
            .get(self.sections[section as usize].clone())
            .unwrap_or_default()
    }

    /// The records of a section whose size was checked when the map was opened.
    fn records<T: Pod>(&self, section: Section) -> &[T] {
        bytemuck::try_cast_slice(self.section(section)).unwrap_or_default()
    }

    fn check(backing: Backing) -> Result<Self, MapError> {
        let bytes = backing.bytes();
        let header = header_of(bytes)?;
        let checksum: [u8; 32] = Sha256::digest(bytes.get(CHECKSUM_FROM..).unwrap_or_default()).into();
        if checksum != header.checksum {
            return Err(MapError::Checksum);
        }
        let mut sections: [Range<usize>; SECTIONS] = std::array::from_fn(|_| 0..0);
        for (range, place) in sections.iter_mut().zip(&header.places) {
            *range = range_of(*place, bytes.len()).ok_or(MapError::Corrupt("a section lies outside the file"))?;
        }
        let has_data = header.min != header.max;
        if has_data && !(header.min.is_valid() && header.max.is_valid()) {
            return Err(MapError::Corrupt("its bounds are not on the earth"));
        }
        let mut map = Self {
            backing,
            sections,
            ..Self::empty()
        };
        map.check_sizes()?;
        map.covered = (header.bounds_told == 1 && has_data).then_some(Box2 {
            min: header.min,
            max: header.max,
        });
        map.rules = map.read_rules()?;
        check_records(&map.view())?;
        squares::check(&map.view())?;
        map.info = map.read_info(&header, has_data)?;
        map.main_component = longest(map.view().components);
        map.step_free_main_component = longest(map.view().step_free_components);
        Ok(map)
    }

    fn read_rules(&self) -> Result<Vec<Rule>, MapError> {
        let text = std::str::from_utf8(self.section(Section::Rules))
            .map_err(|_| MapError::Corrupt("its hours are not UTF-8"))?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        if text.split(RULE_END).take(RULES_AT_MOST + 1).count() > RULES_AT_MOST {
            return Err(MapError::Corrupt("it has too many hours"));
        }
        let rule = |text| Rule::parse(text).ok_or(MapError::Corrupt("the hours of a way cannot be read"));
        text.split(RULE_END).map(rule).collect()
    }

    fn check_sizes(&self) -> Result<(), MapError> {
        let whole = |section: Section, record: usize| self.section(section).len().is_multiple_of(record);
        let all_whole = whole(Section::Junctions, size_of::<Junction>())
            && whole(Section::FirstArcs, size_of::<u32>())
            && whole(Section::Arcs, size_of::<Arc>())
            && whole(Section::Edges, size_of::<Edge>())
            && whole(Section::Corners, size_of::<Position>())
            && whole(Section::Runs, size_of::<Run>())
            && whole(Section::RunBoxes, size_of::<Box2>())
            && whole(Section::MinorRuns, size_of::<Run>())
            && whole(Section::MinorRunBoxes, size_of::<Box2>())
            && whole(Section::Barriers, size_of::<BarrierSegment>())
            && whole(Section::BarrierBoxes, size_of::<Box2>())
            && whole(Section::Components, size_of::<f32>())
            && whole(Section::StepFreeComponents, size_of::<f32>())
            && whole(Section::Particulars, size_of::<Particulars>())
            && whole(Section::NameStarts, size_of::<u32>());
        let tree = |boxes: Section, items: usize| Boxes::new(self.records(boxes), items).is_some();
        let runs = self.records::<Run>(Section::Runs).len();
        let minor_runs = self.records::<Run>(Section::MinorRuns).len();
        let barriers = self.records::<BarrierSegment>(Section::Barriers).len();
        if !all_whole || self.squares().is_none() {
            return Err(MapError::Corrupt("a section ends inside a record"));
        }
        if !tree(Section::RunBoxes, runs)
            || !tree(Section::MinorRunBoxes, minor_runs)
            || !tree(Section::BarrierBoxes, barriers)
        {
            return Err(MapError::Corrupt("an index does not fit what it indexes"));
        }
        Ok(())
    }

    fn read_info(&self, header: &Header, has_data: bool) -> Result<MapInfo, MapError> {
        let texts = std::str::from_utf8(self.section(Section::Texts))
            .map_err(|_| MapError::Corrupt("its texts are not UTF-8"))?;
        let [source, attribution, timestamp, shares] = texts
            .split('\0')
            .collect::<Vec<_>>()
            .try_into()
            .map_err(|_| MapError::Corrupt("it does not have four texts"))?;
        let view = self.view();
        let (min, max) = (header.min.point(), header.max.point());
        Ok(MapInfo {
            id: header.checksum[..6].iter().map(|byte| format!("{byte:02x}")).collect(),
            format_version: header.version,
            bytes: header.file_bytes,
            source: source.to_owned(),
            attribution: attribution.to_owned(),
            timestamp: Some(timestamp.to_owned()).filter(|time| !time.is_empty()),
            bounds: has_data.then_some(Bounds {
                min_lon: min.lon,
                min_lat: min.lat,
                max_lon: max.lon,
                max_lat: max.lat,
            }),
            junctions: view.junctions.len(),
            edges: view.edges.len(),
            corners: view.corners.len(),
            barrier_segments: view.barriers.len(),
            components: view.components.len(),
            street_m: view.edges.iter().map(|edge| edge.street_m()).sum(),
            tag_shares: tag_shares::from_text(shares).ok_or(MapError::Corrupt("what it says of its tags cannot be"))?,
        })
    }
}

/// The number of the longest, the first of equals.
fn longest(metres: &[f32]) -> u32 {
    let mut best = (0, 0.0);
    for (metres, number) in metres.iter().zip(0_u32..) {
        if *metres > best.1 {
            best = (number, *metres);
        }
    }
    best.0
}

fn header_of(bytes: &[u8]) -> Result<Header, MapError> {
    let known = bytes.len().min(MAGIC.len());
    if bytes.is_empty() || bytes[..known] != MAGIC[..known] {
        return Err(MapError::NotAMap);
    }
    let truncated = |expected: u64| MapError::Truncated {
        found: bytes.len() as u64,
        expected,
    };
    let size = size_of::<Header>();
    // The version stands in the same place in all versions.
    if let Some(version) = bytes.get(8..12).and_then(|four| four.try_into().ok()) {
        let found = u32::from_le_bytes(version);
        if found != FORMAT_VERSION {
            return Err(MapError::Version {
                found,
                expected: FORMAT_VERSION,
            });
        }
    }
    let header: Header = bytes
        .get(..size)
        .map(bytemuck::pod_read_unaligned)
        .ok_or_else(|| truncated(size as u64))?;
    if header.file_bytes > bytes.len() as u64 {
        return Err(truncated(header.file_bytes));
    }
    if header.file_bytes < bytes.len() as u64 {
        return Err(MapError::Corrupt("the file is longer than it says"));
    }
    if header.sections as usize != SECTIONS {
        return Err(MapError::Corrupt("it has a wrong number of sections"));
    }
    Ok(header)
}

fn range_of(place: Place, file_bytes: usize) -> Option<Range<usize>> {
    let start = usize::try_from(place.offset).ok()?;
    let end = start.checked_add(usize::try_from(place.bytes).ok()?)?;
    (start % ALIGNMENT == 0 && end <= file_bytes).then_some(start..end)
}
