//! A city that nobody has built: streets on a bent grid with gaps, dead ends, corners
//! between the crossings, names, lights, private ways and walls, in the shares that
//! real extracts have (of Baltimore's walk nodes 42 % are junctions, 71 m apart).

use onegrid::circle::osm::{Node, OsmData, Tags, Way};
use onegrid::circle::places::kinds::Kinds;
use onegrid::circle::places::{Facts, PlaceRow};
use onegrid::circle::streets::StreetMap;
use onegrid::coordinates::{LocalMetres, Point};

use crate::city::{Failed, houses};
use crate::random::Random;

const CENTRE: Point = Point::new(31.0, 112.5);
/// Metres between crossings.
const SPACING_M: f64 = 75.0;
/// The share of streets from a crossing to the next that are there.
const KEPT: f64 = 0.68;
/// Walk nodes for a crossing of the grid, corners included: measured.
const NODES_A_CROSSING: f64 = 2.0;
/// A way has at most so many stretches.
const STRETCHES_A_WAY: usize = 8;
/// A street keeps its name for so many crossings.
const CROSSINGS_A_NAME: usize = 100;

struct Draft {
    random: Random,
    frame: LocalMetres,
    data: OsmData,
    side: usize,
}

/// Streets of about so many walk nodes, with `walls` pieces of wall for each.
pub fn streets(walk_nodes: usize, walls: f64) -> OsmData {
    let side = (walk_nodes as f64 / NODES_A_CROSSING).sqrt().round() as usize;
    let mut draft = Draft {
        random: Random(walk_nodes as u64),
        frame: LocalMetres::around(CENTRE),
        data: OsmData::default(),
        side,
    };
    draft.crossings();
    for line in 0..side {
        draft.street(line, 1);
        draft.street(line, side);
    }
    let compounds = walk_nodes as f64 * walls / 4.0;
    for _ in 0..compounds as usize {
        draft.compound();
    }
    draft.data
}

impl Draft {
    fn node(&mut self, east_north: [f64; 2], tags: Tags) -> i64 {
        let id = self.data.nodes.len() as i64 + 1;
        self.data.nodes.push(Node {
            id,
            point: self.frame.point(east_north),
            tags,
        });
        id
    }

    fn way(&mut self, nodes: Vec<i64>, tags: Tags) {
        let id = self.data.ways.len() as i64 + 1;
        self.data.ways.push(Way { id, nodes, tags });
    }

    fn metres(&self, crossing: usize) -> [f64; 2] {
        let point = self.data.nodes.get(crossing).map_or(CENTRE, |node| node.point);
        self.frame.east_north(point)
    }

    /// The crossings come first, row by row, so that their ids can be reckoned.
    fn crossings(&mut self) {
        let half = self.side as f64 / 2.0;
        for number in 0..self.side * self.side {
            let (row, column) = (number / self.side, number % self.side);
            let bend = |random: &mut Random, at: usize| (at as f64 - half) * SPACING_M + random.between(-15.0, 15.0);
            let position = [bend(&mut self.random, column), bend(&mut self.random, row)];
            let tags = if self.random.unit() < 0.02 {
                Tags::from([("highway", "crossing"), ("crossing", "traffic_signals")])
            } else {
                Tags::default()
            };
            self.node(position, tags);
        }
    }

    /// The ways along a line of the grid; `step` leads from a crossing to the next.
    fn street(&mut self, line: usize, step: usize) {
        let first = if step == 1 { line * self.side } else { line };
        let mut nodes: Vec<i64> = Vec::new();
        let mut stretches = 0;
        let mut tags = Tags::default();
        for number in 0..self.side.saturating_sub(1) {
            let (from, to) = (first + number * step, first + (number + 1) * step);
            let is_there = self.random.unit() < KEPT;
            if !is_there || stretches == STRETCHES_A_WAY {
                if nodes.len() > 1 {
                    self.way(std::mem::take(&mut nodes), tags.clone());
                }
                nodes.clear();
                stretches = 0;
            }
            if !is_there {
                continue;
            }
            if nodes.is_empty() {
                nodes.push(from as i64 + 1);
                tags = self.tags(line, step, number);
            }
            self.corners(from, to, &mut nodes);
            nodes.push(to as i64 + 1);
            stretches += 1;
        }
        if nodes.len() > 1 {
            self.way(nodes, tags);
        }
    }

    fn corners(&mut self, from: usize, to: usize, nodes: &mut Vec<i64>) {
        let count = match self.random.unit() {
            share if share < 0.45 => 0,
            share if share < 0.80 => 1,
            _ => 2,
        };
        let (a, b) = (self.metres(from), self.metres(to));
        for corner in 1..=count {
            let share = f64::from(corner) / f64::from(count + 1);
            let position = [0, 1].map(|axis| a[axis] + share * (b[axis] - a[axis]) + self.random.between(-4.0, 4.0));
            nodes.push(self.node(position, Tags::default()));
        }
    }

    fn tags(&mut self, line: usize, step: usize, number: usize) -> Tags {
        let kind = match self.random.unit() {
            share if share < 0.45 => "residential",
            share if share < 0.75 => "footway",
            share if share < 0.85 => "tertiary",
            share if share < 0.97 => "service",
            _ => "steps",
        };
        let mut tags = Tags::from([("highway", kind)]);
        if kind == "service" && self.random.unit() < 0.4 {
            tags.0.push(("access".to_owned(), "private".to_owned()));
        }
        if kind != "footway" && kind != "service" {
            let across = if step == 1 { "路" } else { "街" };
            tags.0.push((
                "name".to_owned(),
                format!("{line}号{}{across}", number / CROSSINGS_A_NAME),
            ));
        }
        tags
    }

    /// A wall around the middle of a block.
    fn compound(&mut self) {
        let block = self.random.below(self.side * self.side);
        let [east, north] = self.metres(block);
        let corners = [[25.0, 25.0], [50.0, 25.0], [50.0, 50.0], [25.0, 50.0]];
        let mut nodes: Vec<i64> = corners
            .map(|[x, y]| self.node([east + x, north + y], Tags::default()))
            .to_vec();
        nodes.push(nodes[0]);
        self.way(nodes, Tags::from([("barrier", "wall")]));
    }
}

/// Places of all kinds beside the streets.
pub fn places(map: &StreetMap, count: usize) -> Result<Vec<PlaceRow>, Failed> {
    const HOURS: [Option<&str>; 5] = [
        None,
        None,
        Some("Mo-Su 08:00-22:00"),
        Some("Mo-Fr 09:00-17:00; PH off"),
        Some("24/7"),
    ];
    let kinds = Kinds::table().all();
    let mut random = Random(100_000);
    let place = |(number, location): (u64, Point)| {
        let kind = kinds.get(random.below(kinds.len())).ok_or("there are no kinds")?;
        Ok(PlaceRow {
            line: number,
            reference: format!("made-{number:06}"),
            unit_code: None,
            facts: Facts {
                name: format!("{}{number}", kind.zh),
                name_en: Some(format!("{} {number}", kind.en)),
                kind,
                unit_id: None,
                location,
                opening_hours: HOURS[random.below(HOURS.len())].map(str::to_owned),
                phone: None,
                wheelchair: None,
                doors: Vec::new(),
                stops: Vec::new(),
            },
        })
    };
    (1..).zip(houses(map, count)).map(place).collect()
}
