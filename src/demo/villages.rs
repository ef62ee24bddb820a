//! Villages and town seats: a main street, lanes with houses, a hamlet apart.

use super::estates::{line_with_homes, share};
use super::lots::Site;
use super::names::{Named, Names};
use super::random::Random;
use super::sites::{TOWNS, nearest_town, village_sites};
use super::sketch::{LineId, Sketch, tags};
use super::terrain::{Xy, keeps_clear, xy};

/// Houses and other sites keep this far from the middle of every lane, metres.
const HOME_OFF_LANE_M: f64 = 9.5;
const SPOT_OFF_LANE_M: f64 = 7.0;

/// A village, or the seat of a town.
pub(super) struct Village {
    pub(super) name: Named,
    pub(super) is_town_seat: bool,
    /// Index among the towns.
    pub(super) town: usize,
    pub(super) centre: Xy,
    /// The houses of each of its groups.
    pub(super) groups: Vec<Vec<Xy>>,
    /// Free sites, nearest to the centre first.
    pub(super) spots: Vec<Site>,
    /// The ends of its main street, where roads arrive.
    pub(super) ends: [usize; 2],
    /// All its lines.
    pub(super) lines: Vec<LineId>,
}

/// Draws all of them; the town seats come first.
pub(super) fn draw(sketch: &mut Sketch, names: &mut Names, random: &mut Random) -> Vec<Village> {
    let mut villages: Vec<Village> = Vec::new();
    let town_names = [
        Named::new("柳林", "Liulin"),
        Named::new("重阳", "Chongyang"),
        Named::new("长乐", "Changle"),
    ];
    for (town, ((x, y), name)) in TOWNS.into_iter().zip(town_names).enumerate() {
        let centre = xy(x + random.around(250.0), y + random.around(250.0));
        villages.push(draw_town(sketch, name, town, centre, random));
    }
    for centre in village_sites(random) {
        let town = nearest_town(centre);
        villages.push(draw_village(sketch, names.village(), town, centre, random));
    }
    for village in &mut villages {
        let centre = village.centre;
        let lines = &village.lines;
        // What one lane's houses leave may be another lane.
        for homes in &mut village.groups {
            homes.retain(|home| sketch.is_off(lines, *home, HOME_OFF_LANE_M));
        }
        village
            .spots
            .retain(|spot| sketch.is_off(lines, spot.point, SPOT_OFF_LANE_M));
        village
            .spots
            .sort_by(|a, b| a.door.distance(centre).total_cmp(&b.door.distance(centre)));
    }
    villages
}

/// A village's lines while they are drawn.
struct Plan<'a> {
    sketch: &'a mut Sketch,
    lines: Vec<LineId>,
    groups: Vec<Vec<Xy>>,
    spots: Vec<Site>,
}

impl Plan<'_> {
    /// Draws a lane; its homes make a new group.
    fn lane(&mut self, nodes: &[usize], pairs: &[(&str, &str)], random: &mut Random) -> LineId {
        let line = self.sketch.join(nodes, tags(pairs));
        self.lines.push(line);
        let mut homes = Vec::new();
        let apart = random.between(21.0, 27.0);
        line_with_homes(self.sketch, line, (apart, 22.0), &mut homes, &mut self.spots, random);
        // Some plots are gardens.
        homes.retain(|_| random.chance(0.85));
        self.groups.push(homes);
        line
    }
}

fn draw_village(sketch: &mut Sketch, name: Named, town: usize, centre: Xy, random: &mut Random) -> Village {
    let turn = random.around(std::f64::consts::PI);
    let reach = random.between(150.0, 230.0);
    let mut plan = Plan {
        sketch,
        lines: Vec::new(),
        groups: Vec::new(),
        spots: Vec::new(),
    };
    let main_nodes: Vec<usize> = [-1.0, -0.45, 0.0, 0.5, 1.0]
        .into_iter()
        .map(|part| {
            let bent = if part == 0.0 { 0.0 } else { random.around(22.0) };
            plan.sketch.node(centre.shifted(turn, part * reach, bent))
        })
        .collect();
    let street = name.with("村主街", "Main Street");
    let pairs = [
        ("highway", "unclassified"),
        ("name", street.zh.as_str()),
        ("name:en", street.en.as_str()),
    ];
    let main = plan.lane(&main_nodes, &pairs, random);
    let branches = random.whole(3, 5);
    let mut ends = Vec::new();
    for branch in 0..branches {
        let side = if branch % 2 == 0 { 1.0 } else { -1.0 };
        let along = plan.sketch.length(main) * (0.14 + 0.72 * share(branch, branches - 1));
        let root = plan.sketch.attach(main, along);
        let from = plan.sketch.position(root);
        let length = random.between(105.0, 185.0);
        let lean = turn + random.around(0.3);
        let bend = plan
            .sketch
            .node(from.shifted(lean, random.around(12.0), side * length * 0.55));
        let tip = plan.sketch.node(from.shifted(lean, random.around(25.0), side * length));
        plan.lane(&[root, bend, tip], &[("highway", "residential")], random);
        ends.push((side, tip));
    }
    for (position, (side, tip)) in ends.iter().enumerate() {
        // Back paths between lanes of one side, and tracks into the fields.
        if let Some((_, other)) = ends.iter().skip(position + 1).find(|end| end.0 == *side)
            && random.chance(0.6)
        {
            let path = plan.sketch.join(&[*tip, *other], tags(&[("highway", "path")]));
            plan.lines.push(path);
        }
    }
    if random.chance(0.55) {
        draw_hamlet(&mut plan, &ends, (centre, turn), random);
    }
    let Plan {
        lines, groups, spots, ..
    } = plan;
    Village {
        name,
        is_town_seat: false,
        town,
        centre,
        groups,
        spots,
        ends: [
            main_nodes.first().copied().unwrap_or(0),
            main_nodes.last().copied().unwrap_or(0),
        ],
        lines,
    }
}

/// A few houses some way off, at the end of a track.
fn draw_hamlet(plan: &mut Plan<'_>, tips: &[(f64, usize)], (centre, turn): (Xy, f64), random: &mut Random) {
    let Some(&(side, tip)) = tips.first() else {
        return;
    };
    let from = plan.sketch.position(tip);
    let near = centre.shifted(turn, random.around(80.0), side * random.between(480.0, 640.0));
    let far = near.shifted(turn, random.between(110.0, 170.0), side * 40.0);
    if !keeps_clear(from, near) || !keeps_clear(near, far) || !far.in_county(300.0) {
        return;
    }
    let bend = plan
        .sketch
        .node(from.toward(near, 0.5).shifted(turn, random.around(40.0), 0.0));
    let (near, far) = (plan.sketch.node(near), plan.sketch.node(far));
    let track = plan
        .sketch
        .join(&[tip, bend, near], tags(&[("highway", "track"), ("surface", "gravel")]));
    plan.lines.push(track);
    plan.lane(&[near, far], &[("highway", "residential")], random);
}

/// A town seat: a main street with a parallel on either side and cross streets.
fn draw_town(sketch: &mut Sketch, name: Named, town: usize, centre: Xy, random: &mut Random) -> Village {
    const ALONG: [f64; 6] = [-340.0, -200.0, -70.0, 60.0, 190.0, 330.0];
    const ACROSS: [f64; 3] = [-105.0, 0.0, 115.0];
    let turn = random.around(0.5);
    let mut plan = Plan {
        sketch,
        lines: Vec::new(),
        groups: Vec::new(),
        spots: Vec::new(),
    };
    let crossings: Vec<Vec<usize>> = ACROSS
        .iter()
        .map(|across| {
            ALONG
                .iter()
                .map(|along| {
                    let at = centre.shifted(turn, along + random.around(12.0), across + random.around(9.0));
                    plan.sketch.node(at)
                })
                .collect()
        })
        .collect();
    let streets = [
        ("residential", name.with("后街", "Back Street")),
        ("tertiary", name.with("正街", "High Street")),
        ("residential", name.with("前街", "Front Street")),
    ];
    let mut ends = [0, 0];
    for (nodes, (class, street)) in crossings.iter().zip(streets) {
        let pairs = [
            ("highway", class),
            ("name", street.zh.as_str()),
            ("name:en", street.en.as_str()),
        ];
        // The parallels are shorter than the high street.
        let nodes = if class == "tertiary" {
            nodes.as_slice()
        } else {
            nodes.get(1..5).unwrap_or(nodes)
        };
        plan.lane(nodes, &pairs, random);
        if class == "tertiary" {
            ends = [nodes.first().copied().unwrap_or(0), nodes.last().copied().unwrap_or(0)];
        }
    }
    for column in 1..ALONG.len() - 1 {
        let nodes: Vec<usize> = crossings.iter().filter_map(|row| row.get(column).copied()).collect();
        plan.lane(&nodes, &[("highway", "residential")], random);
    }
    let Plan {
        lines, groups, spots, ..
    } = plan;
    Village {
        name,
        is_town_seat: true,
        town,
        centre,
        groups,
        spots,
        ends,
        lines,
    }
}
