//! Which ways and relations are squares, and their rings.

use super::rings::{Pair, Polygon, drawn_once, pair, pairs_of, polygons, rings};
use crate::circle::osm::{MemberKind, OsmData, Relation, Tags, Way};
use crate::circle::streets::graph::NodeTable;
use crate::circle::streets::layout::Position;
use crate::circle::streets::report::BuildReport;
use crate::circle::streets::tags::{self, Unreadable, WayUse, flag, way_use};
use std::collections::{HashMap, HashSet};

/// What is walked along its line only, wherever its outline is drawn.
const ALONG_ITS_LINE: u32 =
    flag::STEPS | flag::LIFT | flag::FERRY | flag::CONVEYING | flag::SIGNALS | flag::FORWARD_ONLY | flag::BACKWARD_ONLY;

/// What is drawn with more lines is walked along its outline only.
pub(super) const CORNERS: usize = 20_000;
/// So many lines are met in all when rings are sorted into outlines and holes.
const EFFORT: u64 = 5_000_000;

/// One walkable polygon.
#[derive(Debug, Clone)]
pub(super) struct Square<'a> {
    /// The way it was drawn as; of a relation one of its members.
    pub way_id: i64,
    /// The tags that say how it may be walked.
    pub tags: &'a Tags,
    pub usage: WayUse,
    /// Its nodes, by place in the table; of a broken relation empty.
    pub(super) polygon: Polygon,
    /// The lines of a relation, which become walkable with it. The line of a
    /// closed way is walkable as the way that it is.
    pub(super) lines: Vec<Pair>,
}

impl Square<'_> {
    /// All rings, the outer one first.
    pub(super) fn rings(&self) -> impl Iterator<Item = &Vec<u32>> {
        [&self.polygon.outer].into_iter().chain(&self.polygon.holes)
    }

    /// Whether what stands on the ground stands in its way.
    pub(super) fn is_on_the_ground(&self) -> bool {
        tags::layer(self.tags) == 0
            && self.usage.flags & (flag::TUNNEL | flag::BRIDGE | flag::INDOOR) == 0
            && !self.tags.is("man_made", "pier")
    }
}

/// Whether a way that is closed is walked all over, not just along its line.
fn is_area(tags: &Tags) -> bool {
    match tags.get("area") {
        Some("yes") => true,
        // What is never drawn as a line that comes back to its start.
        None => {
            tags.is("highway", "platform")
                || tags.is("railway", "platform")
                || tags.is("public_transport", "platform")
                || tags.is("man_made", "pier")
                || tags.is("place", "square")
        }
        Some(_) => false,
    }
}

/// How one may walk all over what has these tags.
fn use_all_over(tags: &Tags) -> Option<WayUse> {
    let mut usage = way_use(tags, &mut Unreadable::default()).filter(|usage| usage.flags & ALONG_ITS_LINE == 0)?;
    // Nothing tells which way a whole area slopes.
    usage.flags &= !flag::SLOPE;
    usage.incline = 0.0;
    Some(usage)
}

/// Whether a relation may be a square: its own tags say so, or it has none and
/// the tags are on its outline, as was the custom once.
#[must_use]
pub fn is_square_relation(tags: &Tags) -> bool {
    tags.is("type", "multipolygon") && !tags.is("area", "no") && (says_nothing(tags) || use_all_over(tags).is_some())
}

fn says_nothing(tags: &Tags) -> bool {
    const ABOUT_THE_MAP: [&str; 5] = ["type", "source", "note", "created_by", "fixme"];
    tags.0.iter().all(|(key, _)| ABOUT_THE_MAP.contains(&key.as_str()))
}

/// The squares of the data, each once.
#[derive(Default)]
struct Found<'a> {
    squares: Vec<Square<'a>>,
    known: HashSet<Same<'a>>,
}

/// Two squares that agree in this are one: in their lines, in how they may be
/// walked, and in where they lie above the ground.
type Same<'a> = (Vec<Pair>, Walked, Option<String>, i32, Option<&'a str>, bool);
/// The numbers of a [`WayUse`].
type Walked = (u32, Option<u32>, u32, [Option<u32>; 2]);

impl<'a> Found<'a> {
    fn add(&mut self, square: Square<'a>) {
        let mut lines: Vec<Pair> = if square.polygon.outer.is_empty() {
            square.lines.clone()
        } else {
            square.rings().flat_map(|ring| pairs_of(ring)).collect()
        };
        lines.sort_unstable();
        let usage = &square.usage;
        let walked = (
            usage.flags,
            usage.step_count,
            usage.incline.to_bits(),
            [usage.duration_s, usage.interval_s].map(|seconds| seconds.map(f32::to_bits)),
        );
        let same = (
            lines,
            walked,
            usage.rule.clone(),
            tags::layer(square.tags),
            square.tags.get("level").map(str::trim),
            square.is_on_the_ground(),
        );
        if self.known.insert(same) {
            self.squares.push(square);
        }
    }
}

/// All squares of the data. Counts those whose rings do not close and those that
/// have too many lines.
pub(super) fn find<'a>(data: &'a OsmData, table: &NodeTable<'_>, report: &mut BuildReport) -> Vec<Square<'a>> {
    let mut found = Found::default();
    let mut effort = EFFORT;
    let relations: Vec<&Relation> = data
        .relations
        .iter()
        .filter(|relation| is_square_relation(&relation.tags))
        .collect();
    // A closed way that is also the outline of a relation has the holes of that.
    let mut outlines = HashSet::new();
    if !relations.is_empty() {
        let wanted: HashSet<i64> = relations
            .iter()
            .flat_map(|relation| ways_of(relation))
            .map(|(id, _)| id)
            .collect();
        let members: HashMap<i64, &Way> = data
            .ways
            .iter()
            .filter(|way| wanted.contains(&way.id))
            .map(|way| (way.id, way))
            .collect();
        for relation in relations {
            Drawn::of(relation, &members, table).squares(table, &mut found, &mut effort, &mut outlines, report);
        }
    }
    for way in &data.ways {
        let is_closed = way.nodes.len() >= 4 && way.nodes.first() == way.nodes.last();
        if !is_closed || !is_area(&way.tags) || outlines.contains(&way.id) {
            continue;
        }
        let Some(usage) = use_all_over(&way.tags) else { continue };
        let mut lines = Vec::new();
        let whole = take_lines(way, table, &mut lines);
        if lines.len() > CORNERS {
            // It stays the way that it is.
            report.squares_cut_short += 1;
            continue;
        }
        let Some(rings) = rings(lines).filter(|_| whole) else {
            note_broken(way, table, report);
            continue;
        };
        let Some(polygons) = polygons(&rings, position_in(table), &mut effort) else {
            report.squares_cut_short += 1;
            continue;
        };
        for polygon in polygons {
            found.add(Square {
                way_id: way.id,
                tags: &way.tags,
                usage: usage.clone(),
                polygon,
                lines: Vec::new(),
            });
        }
    }
    found.squares
}

fn position_in(table: &NodeTable<'_>) -> impl Fn(u32) -> Position {
    |place| Position::of(table.at(place).point)
}

/// The ways of a relation that draw its rings, each with whether it is told to
/// be a hole's.
fn ways_of(relation: &Relation) -> impl Iterator<Item = (i64, bool)> {
    relation
        .members
        .iter()
        .filter(|member| member.kind == MemberKind::Way)
        .filter_map(|member| match member.role.as_str() {
            "outer" | "" => Some((member.id, false)),
            "inner" => Some((member.id, true)),
            _ => None,
        })
}

/// Adds the lines of `way`; returns whether all its nodes are there.
fn take_lines(way: &Way, table: &NodeTable<'_>, lines: &mut Vec<Pair>) -> bool {
    let places: Vec<Option<u32>> = way.nodes.iter().map(|id| table.place(*id)).collect();
    for ends in places.windows(2) {
        if let [Some(a), Some(b)] = ends {
            lines.push(pair(*a, *b));
        }
    }
    places.iter().all(Option::is_some)
}

/// A relation with what it is drawn of.
struct Drawn<'a> {
    relation: &'a Relation,
    /// Its outer ways, as far as the data has them.
    outer_ways: Vec<&'a Way>,
    outer: Vec<Pair>,
    inner: Vec<Pair>,
    /// Whether the data has all of it.
    whole: bool,
}

impl<'a> Drawn<'a> {
    fn of(relation: &'a Relation, members: &HashMap<i64, &'a Way>, table: &NodeTable<'_>) -> Self {
        let mut drawn = Self {
            relation,
            outer_ways: Vec::new(),
            outer: Vec::new(),
            inner: Vec::new(),
            whole: true,
        };
        // A way named twice is meant once.
        let mut seen = HashSet::new();
        for (id, is_inner) in ways_of(relation) {
            let Some(way) = members.get(&id).filter(|_| seen.insert(id)) else {
                drawn.whole &= members.contains_key(&id);
                continue;
            };
            let lines = if is_inner { &mut drawn.inner } else { &mut drawn.outer };
            drawn.whole &= take_lines(way, table, lines);
            if !is_inner {
                drawn.outer_ways.push(way);
            }
        }
        drawn
    }

    /// The tags that say how it may be walked: its own or, where it has none,
    /// those that all of its outer ways agree on being walked by.
    fn tags(&self) -> Option<(&'a Tags, WayUse)> {
        if !says_nothing(&self.relation.tags) {
            return use_all_over(&self.relation.tags).map(|usage| (&self.relation.tags, usage));
        }
        let tags = &self.outer_ways.first()?.tags;
        let usage = use_all_over(tags)?;
        let agree = self
            .outer_ways
            .iter()
            .all(|way| is_area(&way.tags) && use_all_over(&way.tags).as_ref() == Some(&usage));
        agree.then_some((tags, usage))
    }

    fn squares(
        mut self,
        table: &NodeTable<'_>,
        found: &mut Found<'a>,
        effort: &mut u64,
        outlines: &mut HashSet<i64>,
        report: &mut BuildReport,
    ) {
        let Some((tags, usage)) = self.tags() else { return };
        outlines.extend(self.outer_ways.iter().map(|way| way.id));
        let Some(first) = self.outer_ways.first() else {
            report.broken_squares.count += 1;
            return;
        };
        let square = |polygon: Polygon, lines: Vec<Pair>| Square {
            way_id: first.id,
            tags,
            usage: usage.clone(),
            polygon,
            lines,
        };
        let holes: HashSet<Pair> = self.inner.iter().copied().collect();
        let mut lines = self.outer.clone();
        lines.append(&mut self.inner);
        if lines.len() > CORNERS {
            report.squares_cut_short += 1;
            found.add(square(Polygon::default(), drawn_once(lines)));
            return;
        }
        let Some(rings) = rings(lines).filter(|_| self.whole) else {
            // What of its outline is there can be walked along.
            note_broken(first, table, report);
            found.add(square(Polygon::default(), self.outer));
            return;
        };
        let Some(polygons) = polygons(&rings, position_in(table), effort) else {
            report.squares_cut_short += 1;
            let lines = rings.iter().flat_map(|ring| pairs_of(ring)).collect();
            found.add(square(Polygon::default(), lines));
            return;
        };
        for polygon in polygons {
            // A hole without an outline round it is none of ours.
            if pairs_of(&polygon.outer).all(|line| holes.contains(&line)) {
                note_broken(first, table, report);
                continue;
            }
            let lines = [&polygon.outer]
                .into_iter()
                .chain(&polygon.holes)
                .flat_map(|ring| pairs_of(ring))
                .collect();
            found.add(square(polygon, lines));
        }
    }
}

fn note_broken(way: &Way, table: &NodeTable<'_>, report: &mut BuildReport) {
    match way.nodes.iter().find_map(|id| table.place(*id)) {
        Some(place) => report.broken_squares.note(way.id, table.at(place).point),
        None => report.broken_squares.count += 1,
    }
}
