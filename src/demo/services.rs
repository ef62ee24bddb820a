//! Founds the institutions of the seat: the county's, a street's, a community's.

use super::institutions::{INSTITUTIONS, OF_A_COMMUNITY, OF_A_STREET, Service, ground_hours};
use super::kinds::OFFICE_HOURS;
use super::lots::Fabric;
use super::names::Named;
use super::places::{Directory, is_missing};
use super::seat::Seat;
use super::units::Tree;

fn named((_, zh, en, _): &Service, word: &Named) -> Named {
    word.put_in(zh, en)
}

/// Adds grounds and institutions of the seat.
pub(super) fn found(directory: &mut Directory<'_>, seat: &Seat, fabric: &Fabric, tree: &Tree) {
    for venue in &fabric.venues {
        let unit = tree.grids.get(venue.block).cloned().unwrap_or_default();
        let ground = (venue.point, venue.doors.as_slice());
        let phone = (venue.kind != "square").then(|| directory.telephone());
        let name = venue.name.clone();
        directory.add(&unit, (venue.kind, name), ground, ground_hours(venue.kind), phone);
    }
    for (kind, zh, en, (north, column, row), hours) in INSTITUTIONS {
        let block = seat
            .blocks
            .iter()
            .position(|block| (block.north, block.column, block.row) == (north, column, row));
        if let Some(block) = block
            && let Some(site) = directory.take_front(block)
        {
            let unit = tree.grids.get(block).cloned().unwrap_or_default();
            directory.add_office(&unit, kind, Named::new(zh, en), site, hours);
        }
    }
    for (index, (code, word)) in tree.communities.iter().enumerate() {
        found_community(directory, seat, index, code, word);
    }
    for code in &tree.streets {
        found_street(directory, seat, tree, code);
    }
}

fn found_community(directory: &mut Directory<'_>, seat: &Seat, community: usize, code: &str, word: &Named) {
    let Some(block) = seat.blocks.iter().position(|block| block.community == community) else {
        return;
    };
    for (service, share) in &OF_A_COMMUNITY {
        let waits = seat.blocks.get(block).is_some_and(|block| is_missing(block, service.0));
        if waits || !directory.random.chance(*share) {
            continue;
        }
        if let Some(site) = directory.take_front(block) {
            let hours = match service.3 {
                "" => directory.random.pick(OFFICE_HOURS, ""),
                hours => hours,
            };
            directory.add_office(code, service.0, named(service, word), site, hours);
        }
    }
}

/// A street's offices stand in its first community.
fn found_street(directory: &mut Directory<'_>, seat: &Seat, tree: &Tree, code: &str) {
    let prefix = code.get(..9).unwrap_or(code);
    let community = tree.communities.iter().position(|found| found.0.starts_with(prefix));
    let name = tree
        .units
        .iter()
        .find(|unit| unit.code == code)
        .map(|unit| Named::new(unit.name.replace("街道", ""), unit.name_en.replace(" Subdistrict", "")));
    let (Some(community), Some(name)) = (community, name) else {
        return;
    };
    let blocks: Vec<usize> = (0..seat.blocks.len())
        .filter(|index| {
            seat.blocks
                .get(*index)
                .is_some_and(|block| block.community == community)
        })
        .collect();
    for (service, block) in OF_A_STREET.iter().zip(blocks.iter().cycle()) {
        if let Some(site) = directory.take_front(*block) {
            directory.add_office(code, service.0, named(service, &name), site, service.3);
        }
    }
}
