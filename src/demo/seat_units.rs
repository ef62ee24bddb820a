//! The seat's part of the tree: blocks become grids, estates become groups.

use super::Estate;
use super::lots::{EstateDraft, Fabric};
use super::names::{Named, Names};
use super::random::Random;
use super::seat::Seat;
use super::units::{Branch, COUNTY, Tree, building, numeral};
/// The seat's four streets.
const SEAT_STREETS: [(&str, &str); 4] = [
    ("城关", "Chengguan"),
    ("文昌", "Wenchang"),
    ("滨江", "Binjiang"),
    ("东关", "Dongguan"),
];
/// Communities of the north-western part that belong to the first street.
const FIRST_STREET_COMMUNITIES: usize = 5;
/// Buildings of an estate that make a group, at most.
const GROUP_BUILDINGS: usize = 8;

pub(super) fn seat_streets(
    seat: &Seat,
    fabric: &Fabric,
    names: &mut Names,
    random: &mut Random,
    tree: &mut Tree,
) -> Vec<Branch> {
    let mut streets: Vec<Branch> = Vec::new();
    for (number, (zh, en)) in SEAT_STREETS.into_iter().enumerate() {
        let code = format!("{COUNTY}{:03}000", number + 1);
        tree.streets.push(code.clone());
        streets.push(Branch::new(
            "street",
            code,
            Named::new(zh, en).with("街道", "Subdistrict"),
            "urban",
            None,
        ));
    }
    let last = seat.blocks.iter().map(|block| block.community).max().unwrap_or(0);
    for community in 0..=last {
        let blocks: Vec<usize> = (0..seat.blocks.len())
            .filter(|index| {
                seat.blocks
                    .get(*index)
                    .is_some_and(|block| block.community == community)
            })
            .collect();
        let Some(first) = blocks.first().and_then(|index| seat.blocks.get(*index)) else {
            continue;
        };
        let street = match (first.is_east(), first.north) {
            (true, _) => 3,
            (false, false) => 2,
            (false, true) => usize::from(community >= FIRST_STREET_COMMUNITIES),
        };
        let Some(street) = streets.get_mut(street) else {
            continue;
        };
        let code = format!(
            "{}{:03}",
            street.unit.code.get(..9).unwrap_or_default(),
            street.children.len() + 1
        );
        let word = names.community();
        let at = first.quad.centre();
        street.unit.location.get_or_insert(at.point());
        let mut branch = Branch::new(
            "community",
            code.clone(),
            word.with("社区", "Community"),
            "urban",
            Some(at),
        );
        for (number, index) in blocks.iter().enumerate() {
            let code = format!("{code}{:03}", number + 1);
            if let Some(grid) = tree.grids.get_mut(*index) {
                grid.clone_from(&code);
            }
            branch
                .children
                .push(seat_grid(seat, fabric, *index, code, (&word, number + 1), random, tree));
        }
        tree.communities.push((code, word));
        street.children.push(branch);
    }
    streets
}

fn seat_grid(
    seat: &Seat,
    fabric: &Fabric,
    block: usize,
    code: String,
    (word, number): (&Named, usize),
    random: &mut Random,
    tree: &mut Tree,
) -> Branch {
    let estates: Vec<&EstateDraft> = fabric.estates.iter().filter(|estate| estate.block == block).collect();
    // A grid without homes is a special one, of a park or a college.
    let venue = fabric.venues.iter().find(|venue| venue.block == block);
    let name = match venue {
        Some(venue) if estates.is_empty() => venue.name.with("专属网格", "Special Grid"),
        _ => word.with(&format!("第{}网格", numeral(number)), &format!("Grid {number}")),
    };
    let at = seat.blocks.get(block).map(|block| block.quad.centre());
    let mut grid = Branch::new("grid", code.clone(), name, "urban", at);
    for estate in estates {
        let mut codes = Vec::new();
        for (part, homes) in estate
            .buildings
            .chunks(GROUP_BUILDINGS * if estate.walled { 1 } else { 3 })
            .enumerate()
        {
            let group_code = format!("{code}{:03}", grid.children.len() + 1);
            let zh = format!("{}组", numeral(part + 1));
            let group_name = estate.name.with(&zh, &format!("Group {}", part + 1));
            let mut group = Branch::new("group", group_code.clone(), group_name, "urban", homes.first().copied());
            for (index, home) in homes.iter().enumerate() {
                let number = codes.len() + 1;
                let name = if estate.walled {
                    estate
                        .name
                        .with(&format!("{number}号楼"), &format!("Building {number}"))
                } else {
                    estate.name.with(&format!("{number}号"), &format!("No. {number}"))
                };
                let building_code = format!("{group_code}{:03}", index + 1);
                codes.push(building_code.clone());
                let people = if estate.walled {
                    random.whole(48, 150)
                } else {
                    random.whole(4, 18)
                };
                group
                    .children
                    .push(building(building_code, name, "urban", *home, people));
            }
            grid.children.push(group);
        }
        tree.estates.push(Estate {
            name: estate.name.zh.clone(),
            name_en: estate.name.en.clone(),
            grid_code: code.clone(),
            building_codes: codes,
        });
    }
    grid
}
