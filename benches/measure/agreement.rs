//! Agreement with the routing engine Valhalla on real streets, by metres along them.
//!
//! Over the nodes that both sides know: per origin the Jaccard index of the two sets
//! within 700 m, its mean over the origins, and the median difference of the metres
//! over what both reach. Pairs whose own way is private, or that are reached only so,
//! are left out: Valhalla walks through.
//!
//! Valhalla was asked for its shortest walks, so ours are compared first; then our
//! quickest, which go round by the street where stairs cost more time than metres.
//! Valhalla does not walk across squares. Each figure therefore comes twice: over all
//! public pairs, and without those to which squares make the walk another one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use onegrid::circle::osm::{self, OsmData, Tags, Wanted};
use onegrid::circle::streets::{
    Ask, BuildOptions, DoorIndex, DoorTie, Pace, Reach, Snapper, StreetMap, TimeModel, Walker, build, wanted,
};
use onegrid::coordinates::Point;

/// The sets are compared within this many metres of street.
const WITHIN_M: f64 = 700.0;
/// Walks are searched for so far: what lies just outside of the one set may lie
/// inside of the other.
const SEARCH_M: f64 = 1_700.0;
const SEARCH_S: f64 = 1_200.0;

/// The mean Jaccard index is at least this.
pub const JACCARD_AT_LEAST: f64 = 0.93;
/// That of our quickest walks, those across squares among them, at least this.
pub const JACCARD_OF_THE_QUICKEST_AT_LEAST: f64 = 0.925;
/// The median difference is at most this.
pub const MEDIAN_AT_MOST_M: f64 = 3.0;

type Failed = Box<dyn std::error::Error>;
/// Metres by name, and whether the walk ends privately.
type Metres<'a> = BTreeMap<&'a str, (f64, bool)>;

/// How far walks in a city agree.
pub struct Agreement {
    city: String,
    origins: usize,
    figures: Vec<Figures>,
}

impl Agreement {
    /// Whether it is as much as is asked for.
    pub fn is_enough(&self) -> bool {
        self.figures.iter().all(Figures::are_enough)
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} origins", self.city, self.origins)?;
        self.figures.iter().try_for_each(|figures| write!(f, "\n  {figures}"))
    }
}

/// How far walks agree over some pairs.
struct Figures {
    over: &'static str,
    /// What the mean Jaccard index has to be.
    at_least: f64,
    pairs: usize,
    left_out: usize,
    only_ours: usize,
    only_theirs: usize,
    mean_jaccard: f64,
    median_m: f64,
    p90_m: f64,
}

impl Figures {
    fn are_enough(&self) -> bool {
        self.mean_jaccard >= self.at_least && self.median_m <= MEDIAN_AT_MOST_M
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: mean Jaccard {:.4} (at least {:.3}), median difference {:.2} m (p90 {:.1} m) over {} pairs, \
             {} pairs left out, {} reached only by ours, {} only by theirs",
            self.over,
            self.mean_jaccard,
            self.at_least,
            self.median_m,
            self.p90_m,
            self.pairs,
            self.left_out,
            self.only_ours,
            self.only_theirs
        )
    }
}

/// What of our walks is made least.
#[derive(Clone, Copy)]
enum Walks {
    Shortest,
    Quickest,
}

/// An origin with what the reference reaches from it, in metres.
struct Reference {
    origin: Point,
    reachable: BTreeMap<String, f64>,
}

impl Reference {
    fn read(line: &str) -> Result<Self, Failed> {
        let line: serde_json::Value = serde_json::from_str(line)?;
        let number = |value: &serde_json::Value| value.as_f64().ok_or("a number is missing");
        let origin = &line["origin"];
        let places = line["reachable"].as_array().ok_or("nothing is reachable")?;
        let mut reachable = BTreeMap::new();
        for place in places {
            let name = place["osm"].as_str().ok_or("a place has no name")?;
            reachable.insert(name.to_owned(), number(&place["metres"])?);
        }
        Ok(Self {
            origin: Point::new(number(&origin["lat"])?, number(&origin["lon"])?),
            reachable,
        })
    }
}

/// Streets with a door for each node that the reference names.
struct Walked {
    map: StreetMap,
    doors: DoorIndex,
    walker: Walker,
    adult: &'static Pace,
}

impl Walked {
    fn new(streets: &OsmData, points: &[Point]) -> Result<Self, Failed> {
        let (bytes, _) = build(streets, &BuildOptions::default(), &mut |_, _| {})?;
        let map = StreetMap::from_bytes(&bytes.0)?;
        let model = TimeModel::shipped()?;
        let pace = |name| model.pace(name).ok_or("the time model lacks a pace");
        let (adult, wheelchair) = (pace("adult")?, pace("wheelchair")?);
        let mut snapper = Snapper::default();
        let tie = |point: &Point| DoorTie::new(&mut snapper, &map.view(), *point, adult, wheelchair);
        let ties: Vec<DoorTie> = points.iter().map(tie).collect();
        Ok(Self {
            doors: DoorIndex::build(&map, &ties),
            walker: Walker::default(),
            map,
            adult,
        })
    }

    /// The metres to each door within reach, and whether the walk ends privately.
    fn metres<'a>(&mut self, origin: Point, names: &'a [String], walks: Walks) -> Metres<'a> {
        let origins = [origin];
        let in_metres = self.adult.in_metres();
        let ask = match walks {
            Walks::Shortest => Ask {
                in_metres: Some(&in_metres),
                ..Ask::new(&origins, self.adult, SEARCH_M)
            },
            Walks::Quickest => Ask::new(&origins, self.adult, SEARCH_S),
        };
        let mut reach = Reach::default();
        self.walker.reach_into(&self.map, &self.doors, &ask, &mut reach);
        let named = reach.arrivals.iter().map(|arrival| {
            let name = names[arrival.door as usize].as_str();
            (name, (arrival.network_m, arrival.private_end))
        });
        named.collect()
    }
}

/// Has squares walked along their outline.
fn outline(streets: &mut OsmData) {
    let ways = streets.ways.iter_mut().map(|way| &mut way.tags);
    let relations = streets.relations.iter_mut().map(|relation| &mut relation.tags);
    for tags in ways.chain(relations) {
        // The first value of a key counts.
        tags.0.insert(0, ("area".to_owned(), "no".to_owned()));
    }
}

/// Takes away what makes a way private.
fn open(streets: &mut OsmData) {
    let ways = streets.ways.iter_mut().map(|way| &mut way.tags);
    let nodes = streets.nodes.iter_mut().map(|node| &mut node.tags);
    for tags in ways.chain(nodes) {
        tags.0.retain(|(key, value)| {
            !matches!(key.as_str(), "access" | "foot")
                || matches!(value.as_str(), "no" | "yes" | "designated" | "use_sidepath")
        });
    }
}

/// The nodes that the reference chose from.
fn candidates(file: &Path) -> Result<OsmData, Failed> {
    let is_candidate = |tags: &Tags| {
        let keys = ["amenity", "shop", "leisure", "healthcare", "office"];
        keys.iter().any(|key| tags.get(key).is_some())
    };
    let wanted = Wanted {
        node: &is_candidate,
        way: &|_| false,
        relation: &|_| false,
    };
    Ok(osm::read(file, &wanted, &mut |_, _| {})?)
}

/// Compares our walks with those in `folder` for a city: its `.osm.pbf` and its
/// `.valhalla.jsonl`.
pub fn agreement(folder: &Path, city: &str) -> Result<Agreement, Failed> {
    let file = folder.join(format!("{city}.osm.pbf"));
    let text = std::fs::read_to_string(folder.join(format!("{city}.valhalla.jsonl")))?;
    let references: Vec<Reference> = text.lines().map(Reference::read).collect::<Result<_, _>>()?;
    let known: BTreeSet<&String> = references.iter().flat_map(|r| r.reachable.keys()).collect();
    let (names, points): (Vec<String>, Vec<Point>) = candidates(&file)?
        .nodes
        .iter()
        .map(|node| (format!("node/{}", node.id), node.point))
        .filter(|(name, _)| known.contains(name))
        .unzip();
    let mut streets = osm::read(&file, &wanted(), &mut |_, _| {})?;
    let mut ours = Walked::new(&streets, &points)?;
    let mut round_squares = streets.clone();
    outline(&mut round_squares);
    let mut round_squares = Walked::new(&round_squares, &points)?;
    open(&mut streets);
    // The same streets with nothing private.
    let mut opened = Walked::new(&streets, &points)?;
    let mut figures = Vec::new();
    for (walks, over, at_least) in [
        (
            Walks::Shortest,
            ["shortest walks", "the same without squares"],
            JACCARD_AT_LEAST,
        ),
        (
            Walks::Quickest,
            ["quickest walks", "the same without squares"],
            JACCARD_OF_THE_QUICKEST_AT_LEAST,
        ),
    ] {
        let (mut all, mut without_squares) = (Tally::default(), Tally::default());
        for Reference { origin, reachable } in &references {
            let ours = ours.metres(*origin, &names, walks);
            let opened = opened.metres(*origin, &names, walks);
            let round_squares = round_squares.metres(*origin, &names, walks);
            let is_private = |name: &str| match (ours.get(name), opened.get(name)) {
                (Some((_, true)), _) | (None, Some(_)) => true,
                (Some((metres, false)), Some((open_metres, _))) => differ(*metres, *open_metres),
                _ => false,
            };
            let is_across = |name: &str| match (ours.get(name), round_squares.get(name)) {
                (Some((metres, _)), Some((round_metres, _))) => differ(*metres, *round_metres),
                (one, other) => one.is_some() != other.is_some(),
            };
            all.count(&ours, reachable, &is_private);
            without_squares.count(&ours, reachable, &|name| is_private(name) || is_across(name));
        }
        figures.push(all.figures(over[0], at_least)?);
        figures.push(without_squares.figures(over[1], JACCARD_AT_LEAST)?);
    }
    Ok(Agreement {
        city: city.to_owned(),
        origins: references.len(),
        figures,
    })
}

/// Whether two walks are not the same one.
fn differ(metres: f64, others: f64) -> bool {
    (metres - others).abs() > 1.0
}

#[derive(Default)]
struct Tally {
    jaccards: Vec<f64>,
    differences: Vec<f64>,
    left_out: usize,
    only_ours: usize,
    only_theirs: usize,
}

impl Tally {
    fn count(&mut self, ours: &Metres<'_>, theirs: &BTreeMap<String, f64>, is_left_out: &dyn Fn(&str) -> bool) {
        let counts = |name: &str, metres: f64| metres <= WITHIN_M && !is_left_out(name);
        let our_set: BTreeSet<&str> = ours
            .iter()
            .filter(|(name, (metres, _))| counts(name, *metres))
            .map(|(name, _)| *name)
            .collect();
        let their_set: BTreeSet<&str> = theirs
            .iter()
            .filter(|(name, metres)| counts(name, **metres))
            .map(|(name, _)| name.as_str())
            .collect();
        let union = our_set.union(&their_set).count();
        let both = our_set.intersection(&their_set).count();
        // Two empty sets are equal.
        self.jaccards
            .push(if union == 0 { 1.0 } else { both as f64 / union as f64 });
        self.only_ours += our_set.len() - both;
        self.only_theirs += their_set.len() - both;
        for (name, metres) in theirs {
            if is_left_out(name) {
                self.left_out += 1;
            } else if let Some((our_metres, _)) = ours.get(name.as_str()) {
                self.differences.push((our_metres - metres).abs());
            }
        }
    }

    fn figures(mut self, over: &'static str, at_least: f64) -> Result<Figures, Failed> {
        self.differences.sort_by(f64::total_cmp);
        let pairs = self.differences.len();
        let at = |number: usize| self.differences.get(number).copied().ok_or("nothing to compare");
        Ok(Figures {
            over,
            at_least,
            pairs,
            left_out: self.left_out,
            only_ours: self.only_ours,
            only_theirs: self.only_theirs,
            mean_jaccard: self.jaccards.iter().sum::<f64>() / self.jaccards.len().max(1) as f64,
            median_m: at(pairs / 2)?,
            p90_m: at(pairs * 9 / 10)?,
        })
    }
}
