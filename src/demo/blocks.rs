//! The blocks between the seat's main streets, and which community each is of.

use super::seat::{Block, Drawing, rows};
use super::terrain::{Quad, xy};
/// Blocks that make a community, about.
const BLOCKS_IN_A_COMMUNITY: usize = 3;

pub(super) fn collect_blocks(drawing: &Drawing) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut first_community = 0;
    // West and east of the railway, each bank: communities keep to one part.
    for (north, columns) in [(true, 0..7), (false, 0..7), (true, 8..10), (false, 8..10)] {
        let mut here: Vec<Block> = Vec::new();
        for column in columns {
            let mut rows: Vec<usize> = (0..rows(north).len() - 1).collect();
            if column % 2 == 1 {
                // Up one column, down the next: neighbours stay together.
                rows.reverse();
            }
            here.extend(rows.into_iter().filter_map(|row| block(drawing, north, column, row)));
        }
        for (index, block) in here.iter_mut().enumerate() {
            block.community = first_community + index / BLOCKS_IN_A_COMMUNITY;
        }
        // A last single block joins the community before it.
        let last = here.len().saturating_sub(1);
        if last > 0
            && last.is_multiple_of(BLOCKS_IN_A_COMMUNITY)
            && let Some(single) = here.last_mut()
        {
            single.community -= 1;
        }
        first_community = here.last().map_or(first_community, |block| block.community + 1);
        blocks.append(&mut here);
    }
    blocks
}

fn block(drawing: &Drawing, north: bool, column: usize, row: usize) -> Option<Block> {
    let (south_row, north_row) = if north { (row, row + 1) } else { (row + 1, row) };
    let corner = |column, row| drawing.junction(north, column, row);
    let (sw, se) = (corner(column, south_row), corner(column + 1, south_row));
    let (nw, ne) = (corner(column, north_row), corner(column + 1, north_row));
    let streets = [
        drawing.edge(sw, se)?,
        drawing.edge(se, ne)?,
        drawing.edge(nw, ne)?,
        drawing.edge(sw, nw)?,
    ];
    let at = |node| drawing.sketch.position(node);
    let quad = Quad([at(sw?), at(se?), at(ne?), at(nw?)]);
    let away = quad.centre().distance(xy(-50.0, 330.0));
    Some(Block {
        quad,
        streets,
        north,
        column,
        row,
        community: 0,
        centrality: (-(away / 950.0).powi(2)).exp(),
    })
}
