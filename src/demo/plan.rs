//! What is planned for particular blocks of the seat; all others become estates
//! and old lanes as chance has it.

/// What a lot becomes.
#[derive(Clone, Copy)]
pub(super) enum Use {
    Estate,
    Lanes,
    Park(&'static str, &'static str),
    Square(&'static str, &'static str),
    /// Kind, name, English name, the sides with a gate.
    Compound(&'static str, &'static str, &'static str, &'static [usize]),
}

/// The uses that are planned: north?, column, row, west lot, east lot (or none
/// where the block is not cut). The hospital's only gate is on its north side,
/// away from the town.
pub(super) const PLAN: [(bool, usize, usize, Use, Option<Use>); 21] = {
    use Use::{Compound, Estate, Lanes, Park, Square};
    [
        (true, 4, 1, Square("人民广场", "Renmin Square"), Some(Lanes)),
        (true, 4, 0, Lanes, Some(Lanes)),
        (true, 3, 0, Estate, Some(Lanes)),
        (
            true,
            3,
            1,
            Compound(
                "government_office",
                "澄河县人民政府",
                "Chenghe County Government",
                &[0, 1],
            ),
            Some(Compound(
                "culture_centre",
                "澄河县文化馆",
                "Chenghe County Culture Centre",
                &[0, 3],
            )),
        ),
        (true, 5, 2, Park("人民公园", "Renmin Park"), None),
        (
            true,
            2,
            2,
            Compound("hospital", "澄河县人民医院", "Chenghe County People's Hospital", &[2]),
            Some(Estate),
        ),
        (
            true,
            1,
            1,
            Compound("middle_school", "澄河县第一中学", "Chenghe No. 1 Middle School", &[0]),
            Some(Estate),
        ),
        (
            true,
            5,
            1,
            Compound("primary_school", "实验小学", "Shiyan Primary School", &[3, 0]),
            Some(Lanes),
        ),
        (
            true,
            6,
            3,
            Compound("college", "澄河职业技术学院", "Chenghe Vocational College", &[0, 2, 3]),
            None,
        ),
        (
            true,
            0,
            1,
            Compound("sports_centre", "澄河县体育中心", "Chenghe Sports Centre", &[0, 1, 3]),
            Some(Estate),
        ),
        (
            true,
            6,
            1,
            Compound("market", "长乐农贸市场", "Changle Market", &[0, 1, 2, 3]),
            Some(Estate),
        ),
        (
            true,
            4,
            3,
            Compound("primary_school", "文昌小学", "Wenchang Primary School", &[0]),
            Some(Estate),
        ),
        (false, 4, 0, Lanes, Some(Lanes)),
        (
            false,
            3,
            1,
            Compound(
                "hospital",
                "澄河县中医院",
                "Chenghe Hospital of Chinese Medicine",
                &[2, 3],
            ),
            Some(Lanes),
        ),
        (false, 2, 2, Park("柳林公园", "Liulin Park"), None),
        (
            false,
            5,
            1,
            Compound("primary_school", "建设路小学", "Jianshe Road Primary School", &[2]),
            Some(Estate),
        ),
        (
            false,
            1,
            1,
            Compound(
                "middle_school",
                "澄河县第二中学",
                "Chenghe No. 2 Middle School",
                &[2, 1],
            ),
            Some(Estate),
        ),
        (
            false,
            6,
            1,
            Compound("market", "南门农贸市场", "Nanmen Market", &[0, 2, 3]),
            Some(Estate),
        ),
        (true, 8, 1, Park("新城公园", "Xincheng Park"), Some(Estate)),
        (
            false,
            8,
            1,
            Compound("primary_school", "新城小学", "Xincheng Primary School", &[2]),
            Some(Estate),
        ),
        (false, 5, 0, Square("临江广场", "Linjiang Square"), Some(Estate)),
    ]
};
