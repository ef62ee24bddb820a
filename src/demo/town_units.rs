//! The towns' part of the tree: villages become communities, lanes become groups.

use super::names::Named;
use super::random::Random;
use super::units::{Branch, COUNTY, Tree, building, numeral};
use super::villages::Village;
/// Groups of a village that make a grid, at most.
const GRID_GROUPS: usize = 4;

pub(super) fn towns(villages: &[Village], random: &mut Random, tree: &mut Tree) -> Vec<Branch> {
    let mut towns: Vec<Branch> = Vec::new();
    for (index, village) in villages.iter().enumerate() {
        if village.is_town_seat {
            let code = format!("{COUNTY}{:03}000", 100 + towns.len());
            tree.towns.push(code.clone());
            let name = village.name.with("镇", "Town");
            towns.push(Branch::new("street", code, name, "rural", Some(village.centre)));
        }
        let Some(town) = towns.get_mut(village.town) else {
            continue;
        };
        let prefix = town.unit.code.get(..9).unwrap_or_default();
        // Statistical codes number residents' committees from 001, villagers' from 201.
        let (number, setting, name) = if village.is_town_seat {
            (1, "urban", village.name.with("镇社区", "Town Community"))
        } else {
            (200 + town.children.len(), "rural", village.name.with("村", "Village"))
        };
        let code = format!("{prefix}{number:03}");
        if let Some(slot) = tree.villages.get_mut(index) {
            slot.clone_from(&code);
        }
        town.children.push(village_branch(village, code, setting, name, random));
    }
    towns
}

fn village_branch(village: &Village, code: String, setting: &'static str, name: Named, random: &mut Random) -> Branch {
    let mut branch = Branch::new("community", code.clone(), name.clone(), setting, Some(village.centre));
    for (number, groups) in village.groups.chunks(GRID_GROUPS).enumerate() {
        let grid_code = format!("{code}{:03}", number + 1);
        let zh = format!("第{}网格", numeral(number + 1));
        let grid_name = name.with(&zh, &format!("Grid {}", number + 1));
        let at = groups.first().and_then(|homes| homes.first().copied());
        let mut grid = Branch::new("grid", grid_code.clone(), grid_name, setting, at);
        for (index, homes) in groups.iter().enumerate() {
            let ordinal = number * GRID_GROUPS + index + 1;
            let group_name = name.with(&format!("{}组", numeral(ordinal)), &format!("Group {ordinal}"));
            let group_code = format!("{grid_code}{:03}", index + 1);
            let at = homes.first().copied();
            let mut group = Branch::new("group", group_code.clone(), group_name.clone(), setting, at);
            for (house, home) in homes.iter().enumerate() {
                let number = house + 1;
                let house_name = group_name.with(&format!("{number}号"), &format!("House {number}"));
                let people = if village.is_town_seat {
                    random.whole(3, 14)
                } else {
                    random.whole(1, 7)
                };
                group.children.push(building(
                    format!("{group_code}{number:03}"),
                    house_name,
                    setting,
                    *home,
                    people,
                ));
            }
            grid.children.push(group);
        }
        branch.children.push(grid);
    }
    branch
}
