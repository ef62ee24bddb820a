//! By what right somebody books. Pure.

use super::model::{Right, Standing};
use crate::booking::book::Book;
use crate::booking::offer::Way;
use crate::booking::whether::Ask;
use crate::booking::why::Why;
use crate::grid::UnitId;

/// By what right the times are booked that somebody asks for: the owner's own hours come first,
/// then the agreements in the order in which they were entered.
///
/// # Errors
/// Where these times are for others only.
pub fn right(book: &Book, ask: &Ask<'_>) -> Result<Right, Why> {
    let node = ask.node;
    // What is said of a whole holds for its parts where nothing is said of them.
    let above = node.above.iter().filter_map(|id| book.node(*id));
    let mut said = std::iter::once(node).chain(above.map(|node| &**node));
    let said = said.find(|node| !node.facts().open_to.is_empty());
    let open_to = said.map_or(&[][..], |node| &node.facts().open_to);
    if node.agreements.is_empty() && open_to.is_empty() {
        return Ok(Right::default());
    }
    // Whoever comes to the desk without a name is known to those who book for them.
    let is_unknown_guest = ask.at_desk && ask.person.is_none();
    let nobody = Standing::default();
    let standing = ask.person.and_then(|person| book.standing(person)).unwrap_or(&nobody);
    let of_unit = |unit: &UnitId| standing.units.contains(unit);
    let is_own = is_unknown_guest || open_to.is_empty() || open_to.iter().any(of_unit);
    let party_of = |index: usize| -> Option<Right> {
        let (agreement, _) = node.agreements.get(index)?;
        let party = agreement.parties.iter().filter_map(|party| party.unit_id).find(of_unit);
        let is_let_in = is_unknown_guest || agreement.is_public || party.is_some();
        is_let_in.then_some(Right {
            agreement_id: Some(agreement.id),
            party_id: party,
        })
    };
    let covers = |may: &dyn Fn(Way) -> bool| ask.offer.is_covered(ask.start, ask.end, may);
    if is_own && covers(&|way| way == Way::Own) {
        return Ok(Right::default());
    }
    let rights = (0..node.agreements.len()).filter_map(|index| Some((index, party_of(index)?)));
    let rights: Vec<(usize, Right)> = rights.collect();
    for (index, right) in &rights {
        if covers(&|way| way == Way::By(*index)) {
            return Ok(*right);
        }
    }
    let any = |way| match way {
        Way::Own => is_own,
        Way::By(index) => rights.iter().any(|(known, _)| *known == index),
    };
    if covers(&any) {
        // Where one goes over into another, the first of the agreements counts.
        let met = |(index, _): &&(usize, Right)| ask.offer.meets(ask.start, ask.end, Way::By(*index));
        let first = rights.iter().find(met);
        return Ok(first.map(|(_, right)| *right).unwrap_or_default());
    }
    let mut names: Vec<String> = Vec::new();
    for (index, (agreement, _)) in node.agreements.iter().enumerate() {
        if ask.offer.meets(ask.start, ask.end, Way::By(index)) {
            names.extend(agreement.parties.iter().map(|party| party.name.clone()));
        }
    }
    names.dedup();
    Err(Why::NotForYou(names))
}
