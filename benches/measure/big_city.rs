//! A city with every building, and those who work for it, as the tables that are
//! imported.

use std::fmt::Write as _;

use crate::random::Random;

/// The number of the person whose permission is asked.
pub const ASKING: &str = "+8619900080000";
/// Units below one of the level above: counties, streets, communities, grids.
const BELOW: [(&str, usize); 4] = [("county", 10), ("street", 10), ("community", 12), ("grid", 8)];
/// Units above the buildings.
const ABOVE: usize = 1 + 10 + 100 + 1_200 + 9_600;

/// The tables.
pub struct BigCity {
    /// For `import units`.
    pub units: String,
    /// For `import people`.
    pub staff: String,
}

/// So many units and roles of staff, and somebody with so many roles more.
pub fn make(units: usize, staff: usize, held: usize) -> BigCity {
    let mut made = BigCity {
        units: String::from("code,parent_code,level,name,setting\n"),
        staff: String::from("phone,role,unit_code\n"),
    };
    made.unit("9", "", "city");
    let mut above = vec!["9".to_owned()];
    let mut offices = vec![("9".to_owned(), "city_staff")];
    for (level, count) in BELOW {
        let mut here = Vec::new();
        for parent in &above {
            for number in 0..count {
                let code = format!("{parent}{number:02}");
                made.unit(&code, parent, level);
                here.push(code);
            }
        }
        let role = match level {
            "grid" => "grid_leader",
            "county" => "county_staff",
            "street" => "street_staff",
            _ => "community_staff",
        };
        offices.extend(here.iter().map(|code| (code.clone(), role)));
        above = here;
    }
    let mut buildings = Vec::new();
    for number in 0..units.saturating_sub(ABOVE) {
        let Some(grid) = above.get(number % above.len()) else {
            continue;
        };
        let code = format!("{grid}{:03}", number / above.len());
        made.unit(&code, grid, "building");
        buildings.push(code);
    }
    offices.extend(buildings.into_iter().map(|code| (code, "building_head")));
    for (number, (code, role)) in offices.iter().cycle().take(staff).enumerate() {
        made.role(&format!("+86155{number:08}"), role, code);
    }
    // Somebody who helps out here and there, and covers little of the city.
    let mut random = Random(held as u64);
    let low = ["community_staff", "grid_leader", "building_head"];
    let mut low = low.map(|role| offices.iter().filter(|(_, own)| *own == role).collect::<Vec<_>>());
    for number in 0..held {
        let Some(left) = low.get_mut(number % 3).filter(|left| !left.is_empty()) else {
            continue;
        };
        let (code, role) = left.swap_remove(random.below(left.len()));
        made.role(ASKING, role, code);
    }
    made
}

impl BigCity {
    fn unit(&mut self, code: &str, parent: &str, level: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.units, "{code},{parent},{level},单元{code},urban");
    }

    fn role(&mut self, phone: &str, role: &str, code: &str) {
        let _ = writeln!(self.staff, "{phone},{role},{code}");
    }
}
