//! The institutions of the seat: what there is once, in every street, in every
//! community.

/// Institutions of the county: kind, name, English, where (north?, column,
/// row of the block), hours.
pub(super) type Institution = (
    &'static str,
    &'static str,
    &'static str,
    (bool, usize, usize),
    &'static str,
);
pub(super) const INSTITUTIONS: [Institution; 21] = [
    (
        "government_service_centre",
        "澄河县政务服务中心",
        "Chenghe Government Service Centre",
        (true, 3, 1),
        "Mo-Fr 09:00-12:00,13:00-17:00; Sa 09:00-12:00; PH off",
    ),
    (
        "party_service_centre",
        "澄河县党群服务中心",
        "Chenghe Party Service Centre",
        (true, 4, 1),
        "Mo-Su 08:30-20:30",
    ),
    (
        "courthouse",
        "澄河县人民法院",
        "Chenghe County Court",
        (true, 2, 1),
        "Mo-Fr 08:30-12:00,14:00-17:30; PH off",
    ),
    (
        "police_station",
        "澄河县公安局",
        "Chenghe Public Security Bureau",
        (true, 3, 2),
        "24/7",
    ),
    (
        "fire_station",
        "澄河县消防救援站",
        "Chenghe Fire Station",
        (true, 1, 2),
        "24/7",
    ),
    (
        "fire_station",
        "南岸消防救援站",
        "South Bank Fire Station",
        (false, 4, 1),
        "24/7",
    ),
    (
        "museum",
        "澄河县博物馆",
        "Chenghe County Museum",
        (true, 4, 2),
        "Tu-Su 09:00-17:00; Mo off",
    ),
    (
        "library",
        "澄河县图书馆",
        "Chenghe County Library",
        (true, 4, 1),
        "Tu-Su 09:00-21:00; Mo 14:00-21:00",
    ),
    (
        "library",
        "南岸图书分馆",
        "South Bank Branch Library",
        (false, 3, 0),
        "Tu-Su 09:00-18:00",
    ),
    (
        "theatre",
        "澄河大剧院",
        "Chenghe Theatre",
        (true, 4, 2),
        "We-Su 14:00-22:00",
    ),
    (
        "gallery",
        "县美术馆",
        "County Gallery",
        (true, 3, 0),
        "Tu-Su 09:30-17:00",
    ),
    (
        "swimming_pool",
        "澄河游泳馆",
        "Chenghe Swimming Pool",
        (true, 0, 1),
        "Mo-Su 09:00-21:30",
    ),
    (
        "stadium",
        "澄河体育场",
        "Chenghe Stadium",
        (true, 1, 3),
        "Mo-Su 06:00-08:30,16:00-21:00",
    ),
    ("cinema", "人民影院", "Renmin Cinema", (true, 4, 0), "Mo-Su 10:00-00:30"),
    (
        "cinema",
        "江畔影城",
        "Riverside Cinema",
        (false, 5, 0),
        "Mo-Su 10:30-01:00",
    ),
    (
        "mall",
        "澄河百货大楼",
        "Chenghe Department Store",
        (true, 5, 0),
        "Mo-Su,PH 09:30-21:30",
    ),
    (
        "mall",
        "南岸购物中心",
        "South Bank Shopping Centre",
        (false, 4, 0),
        "Mo-Su 10:00-22:00",
    ),
    (
        "post_office",
        "澄河县邮政局",
        "Chenghe Post Office",
        (true, 4, 1),
        "Mo-Fr 09:00-17:30; Sa,Su 09:30-16:00; PH off",
    ),
    (
        "post_office",
        "南岸邮政所",
        "South Bank Post Office",
        (false, 4, 1),
        "Mo-Fr 09:00-12:00,14:00-17:00; PH off",
    ),
    (
        "nursing_home",
        "澄河县社会福利院",
        "Chenghe Nursing Home",
        (true, 1, 2),
        "Mo-Su 08:00-18:00",
    ),
    (
        "nursing_home",
        "夕照养老院",
        "Xizhao Nursing Home",
        (false, 2, 1),
        "Mo-Su 09:00-11:30,14:30-17:00",
    ),
];

/// What a street has: kind, name, English, hours.
pub(super) type Service = (&'static str, &'static str, &'static str, &'static str);
pub(super) const OF_A_STREET: [Service; 5] = [
    (
        "street_office",
        "{}街道办事处",
        "{} Subdistrict Office",
        "Mo-Fr 08:30-12:00,14:00-17:30; PH off",
    ),
    (
        "party_service_centre",
        "{}街道党群服务中心",
        "{} Party Service Centre",
        "Mo-Su 08:30-20:00",
    ),
    ("police_station", "{}派出所", "{} Police Station", "24/7"),
    (
        "judicial_office",
        "{}司法所",
        "{} Judicial Office",
        "Mo-Fr 08:30-12:00,14:00-17:30; PH off",
    ),
    (
        "community_health_centre",
        "{}社区卫生服务中心",
        "{} Community Health Centre",
        "Mo-Su 08:00-12:00,14:00-20:00",
    ),
];

/// What a community has, with the share of communities that do.
pub(super) const OF_A_COMMUNITY: [(Service, f64); 7] = [
    (
        (
            "party_service_point",
            "{}社区党群服务站",
            "{} Party Service Point",
            "Mo-Su 08:30-18:00",
        ),
        1.0,
    ),
    (
        (
            "community_service_station",
            "{}社区服务站",
            "{} Community Service Station",
            "",
        ),
        1.0,
    ),
    (
        (
            "health_station",
            "{}社区卫生服务站",
            "{} Health Station",
            "Mo-Sa 08:00-12:00,14:00-18:00; PH off",
        ),
        0.85,
    ),
    (
        (
            "culture_station",
            "{}社区文化活动站",
            "{} Culture Station",
            "Tu-Su 08:30-11:30,14:00-20:30",
        ),
        0.8,
    ),
    (
        (
            "elder_day_care",
            "{}老年人日间照料中心",
            "{} Elder Day Care",
            "Mo-Sa 08:00-17:30",
        ),
        0.55,
    ),
    (
        (
            "elder_canteen",
            "{}社区食堂",
            "{} Community Canteen",
            "Mo-Su 10:45-13:00,17:00-18:30",
        ),
        0.5,
    ),
    (
        (
            "culture_centre",
            "{}社区书屋",
            "{} Reading Room",
            "Mo-Sa 09:00-12:00,14:30-20:00",
        ),
        0.3,
    ),
];

/// When a ground is open.
pub(super) fn ground_hours(kind: &str) -> &'static str {
    match kind {
        "hospital" | "square" => "24/7",
        "park" => "Apr-Sep 05:30-22:30; Oct-Mar 06:00-21:30",
        "market" => "Mo-Su 05:30-19:00",
        "primary_school" => "Mo-Fr 07:40-17:30; PH off",
        "middle_school" => "Mo-Sa 06:40-21:40; PH off",
        "college" | "sports_centre" => "Mo-Su 06:00-22:00",
        "culture_centre" => "Tu-Su 09:00-17:00; Fr,Sa 18:30-21:00",
        _ => "Mo-Fr 08:30-12:00,14:00-17:30; PH off",
    }
}
