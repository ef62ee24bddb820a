//! What kinds of place a town has, how often, how they are called and when
//! they are open.

/// A kind with its habits. `{}` in a name is where the word goes.
pub(super) struct Habit {
    pub(super) kind: &'static str,
    pub(super) names: &'static [(&'static str, &'static str)],
    /// One is picked; an empty one means that nobody knows.
    pub(super) hours: &'static [&'static str],
    /// Share that has a telephone.
    pub(super) phone: f64,
    /// Expected in a block of the seat, and so many more at its very centre.
    pub(super) block: (f64, f64),
    /// Expected inside an estate.
    pub(super) estate: f64,
    /// Expected in a town seat, and in a village.
    pub(super) rural: (f64, f64),
}

macro_rules! habits {
    ($($kind:ident: $names:expr, $hours:expr, phone $phone:expr, block $block:expr, estate $estate:expr, rural $rural:expr;)*) => {
        &[$(Habit {
            kind: stringify!($kind), names: &$names, hours: &$hours,
            phone: $phone, block: $block, estate: $estate, rural: $rural,
        }),*]
    };
}

/// Offices: no lunch break, a lunch break, the one-stop hall.
const OFFICE: [&str; 3] = [
    "Mo-Fr 09:00-17:00; PH off",
    "Mo-Fr 08:30-12:00,14:00-17:30; PH off",
    "Mo-Fr 09:00-12:00,13:00-17:00; Sa 09:00-12:00; PH off",
];
const SHOP: [&str; 5] = [
    "Mo-Su 08:30-21:00",
    "Mo-Su 09:00-21:30",
    "Mo-Sa 09:00-20:00",
    "Mo-Su,PH 09:00-22:00",
    "",
];
const MEAL: [&str; 5] = [
    "Mo-Su 10:00-14:00,17:00-21:30",
    "Mo-Su 06:00-13:30",
    "Tu-Su 10:30-14:00,16:30-21:00",
    "Mo-Su 16:30-02:00",
    "",
];
const CLINIC: [&str; 4] = [
    "Mo-Sa 08:00-12:00,14:30-18:00",
    "Mo-Su 08:00-20:00",
    "Mo-Fr 08:00-12:00,14:00-18:00; Sa 08:00-12:00; PH off",
    "",
];
const ALWAYS: [&str; 1] = ["24/7"];

/// Every kind that is scattered; single institutions are founded one by one.
pub(super) const HABITS: &[Habit] = habits! {
    convenience_store: [("{}便利店", "{} Convenience Store"), ("{}小卖部", "{} Corner Shop")], ["24/7", "Mo-Su 07:00-23:00", "Mo-Su 06:30-00:30", ""], phone 0.4, block (0.9, 0.8), estate 0.2, rural (2.0, 1.2);
    restaurant: [("{}饭店", "{} Restaurant"), ("{}酒楼", "{} Dining House"), ("{}家常菜", "{} Home Cooking"), ("{}火锅", "{} Hotpot")], MEAL, phone 0.8, block (0.8, 2.6), estate 0.0, rural (3.0, 0.35);
    fast_food: [("{}面馆", "{} Noodles"), ("{}早点", "{} Breakfast"), ("{}快餐", "{} Fast Food")], ["Mo-Su 05:30-10:30", "Mo-Su 06:00-21:00", "Mo-Sa 06:30-14:00,16:30-20:00", ""], phone 0.3, block (0.5, 1.4), estate 0.0, rural (2.0, 0.1);
    pharmacy: [("{}大药房", "{} Pharmacy"), ("{}药店", "{} Chemist")], ["Mo-Su 08:00-21:30", "24/7", "Mo-Su 08:00-12:00,14:00-21:00"], phone 0.9, block (0.3, 0.5), estate 0.0, rural (1.5, 0.1);
    clinic: [("{}诊所", "{} Clinic"), ("{}中医馆", "{} Chinese Medicine")], CLINIC, phone 0.9, block (0.2, 0.15), estate 0.0, rural (0.7, 0.0);
    dentist: [("{}口腔", "{} Dental Clinic")], ["Mo-Sa 09:00-18:00", "Tu-Su 09:00-12:00,14:00-18:00"], phone 1.0, block (0.08, 0.25), estate 0.0, rural (0.4, 0.0);
    supermarket: [("{}超市", "{} Supermarket"), ("{}生活广场", "{} Hypermarket")], ["Mo-Su 08:00-21:30", "Mo-Su,PH 08:00-22:00"], phone 0.7, block (0.25, 0.35), estate 0.0, rural (1.0, 0.15);
    fresh_food_shop: [("{}生鲜", "{} Fresh Food"), ("{}果蔬", "{} Fruit and Vegetables")], ["Mo-Su 06:30-20:30", "Mo-Su 07:00-21:00", ""], phone 0.4, block (0.45, 0.3), estate 0.1, rural (1.0, 0.05);
    bakery: [("{}面包房", "{} Bakery"), ("{}糕点", "{} Cakes")], SHOP, phone 0.6, block (0.12, 0.5), estate 0.0, rural (0.5, 0.0);
    cafe: [("{}咖啡", "{} Coffee"), ("{}茶馆", "{} Tea House")], ["Mo-Su 10:00-22:00", "Tu-Su 10:00-20:00", "Mo-Th,Su 10:00-22:00; Fr,Sa 10:00-01:00"], phone 0.5, block (0.08, 0.8), estate 0.0, rural (0.4, 0.0);
    bank: [("澄河农商银行{}支行", "Chenghe Rural Bank {} Branch"), ("X市银行{}支行", "X City Bank {} Branch")], ["Mo-Fr 09:00-17:00; Sa,Su 09:30-16:00; PH off", "Mo-Fr 09:00-12:00,13:30-17:00; PH off"], phone 1.0, block (0.1, 0.6), estate 0.0, rural (1.0, 0.0);
    atm: [("澄河农商银行{}自助银行", "Chenghe Rural Bank {} Cash Point")], ALWAYS, phone 0.0, block (0.2, 0.5), estate 0.0, rural (1.0, 0.0);
    clothes_shop: [("{}服饰", "{} Clothes"), ("{}布衣坊", "{} Garments")], SHOP, phone 0.4, block (0.08, 1.6), estate 0.0, rural (1.0, 0.0);
    hardware_shop: [("{}五金", "{} Hardware")], ["Mo-Su 07:30-19:00", "Mo-Sa 08:00-18:30", ""], phone 0.6, block (0.25, 0.1), estate 0.0, rural (1.0, 0.08);
    repair_shop: [("{}维修", "{} Repairs"), ("{}修车铺", "{} Cycle Repairs")], ["Mo-Sa 08:00-18:00", "Mo-Su 08:00-19:30", ""], phone 0.7, block (0.28, 0.1), estate 0.05, rural (1.0, 0.1);
    laundry: [("{}洗衣店", "{} Laundry")], SHOP, phone 0.6, block (0.2, 0.25), estate 0.0, rural (0.2, 0.0);
    hairdresser: [("{}理发店", "{} Hairdresser"), ("{}美发", "{} Hair Studio")], ["Mo-Su 09:00-21:00", "We-Mo 09:30-20:30", ""], phone 0.4, block (0.5, 0.7), estate 0.1, rural (1.4, 0.15);
    telecom_shop: [("{}营业厅", "{} Telecom Hall")], ["Mo-Su 09:00-18:00", "Mo-Fr 09:00-18:00; Sa,Su,PH 10:00-17:00"], phone 0.9, block (0.06, 0.4), estate 0.0, rural (0.7, 0.0);
    hotel: [("{}宾馆", "{} Hotel"), ("{}客栈", "{} Inn")], ALWAYS, phone 1.0, block (0.08, 0.45), estate 0.0, rural (0.5, 0.03);
    bookshop: [("{}书店", "{} Bookshop")], SHOP, phone 0.5, block (0.03, 0.3), estate 0.0, rural (0.15, 0.0);
    shop: [("{}日用百货", "{} General Store"), ("{}文具", "{} Stationery"), ("{}花店", "{} Flowers"), ("{}农资", "{} Farm Supplies")], SHOP, phone 0.4, block (0.4, 0.7), estate 0.05, rural (1.5, 0.3);
    karaoke: [("{}歌厅", "{} Karaoke")], ["Mo-Su 13:00-02:00", "18:00-02:00"], phone 0.8, block (0.03, 0.4), estate 0.0, rural (0.4, 0.0);
    games_room: [("{}棋牌室", "{} Mahjong Room")], ["Mo-Su 10:00-23:00", "Mo-Su 12:00-01:00", ""], phone 0.2, block (0.3, 0.15), estate 0.1, rural (0.8, 0.25);
    fitness_centre: [("{}健身", "{} Fitness"), ("{}瑜伽", "{} Yoga")], ["Mo-Su 07:00-22:00", "Mo-Fr 10:00-22:00; Sa,Su 09:00-21:00"], phone 0.8, block (0.08, 0.3), estate 0.0, rural (0.0, 0.0);
    kindergarten: [("{}幼儿园", "{} Kindergarten")], ["Mo-Fr 07:30-17:30; PH off", "Mo-Fr 07:40-17:00; PH off"], phone 1.0, block (0.28, 0.0), estate 0.1, rural (1.0, 0.12);
    nursery: [("{}托育园", "{} Nursery")], ["Mo-Fr 07:30-18:30; PH off"], phone 1.0, block (0.08, 0.1), estate 0.05, rural (0.1, 0.0);
    training_centre: [("{}培训学校", "{} Training School"), ("{}画室", "{} Art Classes"), ("{}书法馆", "{} Calligraphy Classes")], ["Mo-Fr 16:30-20:30; Sa,Su 09:00-18:00", "We-Su 10:00-20:00", ""], phone 0.8, block (0.22, 0.4), estate 0.0, rural (0.4, 0.0);
    bus_stop: [("{}公交站", "{} Bus Stop"), ("{}路口公交站", "{} Junction Bus Stop")], ["Mo-Su 06:00-20:30", "06:00-22:00", ""], phone 0.0, block (0.9, 0.8), estate 0.0, rural (2.0, 1.0);
    public_toilet: [("{}公共厕所", "{} Public Toilet")], ["24/7", "Mo-Su 06:00-22:00"], phone 0.0, block (0.4, 0.3), estate 0.0, rural (1.0, 0.5);
    parcel_point: [("{}快递驿站", "{} Parcel Point")], ["Mo-Su 09:00-20:00", "Mo-Su 08:30-12:30,14:00-20:30", ""], phone 0.6, block (0.25, 0.2), estate 0.45, rural (1.0, 0.4);
    housekeeping: [("{}家政", "{} Housekeeping")], ["Mo-Sa 08:30-18:00"], phone 1.0, block (0.1, 0.15), estate 0.0, rural (0.1, 0.0);
    charging_station: [("{}充电站", "{} Charging Station")], ALWAYS, phone 0.1, block (0.12, 0.1), estate 0.4, rural (0.6, 0.15);
    recycling_point: [("{}再生资源回收点", "{} Recycling Point")], ["Mo-Su 08:00-18:00", "Tu,Th,Sa 08:00-11:30", ""], phone 0.4, block (0.1, 0.0), estate 0.25, rural (0.5, 0.15);
    waste_station: [("{}垃圾收集站", "{} Waste Station")], ["Mo-Su 06:30-09:30,17:30-20:30", "24/7"], phone 0.0, block (0.1, 0.0), estate 0.4, rural (1.0, 0.5);
    drinking_water: [("{}饮水点", "{} Water Point")], ALWAYS, phone 0.0, block (0.04, 0.1), estate 0.15, rural (0.2, 0.1);
    property_office: [("{}物业服务中心", "{} Property Office")], ["Mo-Su 08:30-18:00", "Mo-Fr 08:30-12:00,14:00-17:30; Sa 09:00-12:00", "24/7"], phone 1.0, block (0.0, 0.0), estate 0.85, rural (0.0, 0.0);
    fitness_station: [("{}健身点", "{} Outdoor Gym")], ["", "24/7"], phone 0.0, block (0.05, 0.0), estate 0.5, rural (1.0, 0.5);
    sports_pitch: [("{}篮球场", "{} Basketball Court"), ("{}羽毛球场", "{} Badminton Court")], ["Mo-Su 06:00-21:00", "sunrise-sunset", ""], phone 0.0, block (0.1, 0.0), estate 0.12, rural (1.0, 0.3);
    playground: [("{}儿童乐园", "{} Playground")], ["", "Mo-Su 06:00-21:00"], phone 0.0, block (0.04, 0.0), estate 0.35, rural (0.6, 0.15);
    garden: [("{}口袋公园", "{} Pocket Garden")], ["", "24/7"], phone 0.0, block (0.08, 0.1), estate 0.1, rural (0.4, 0.1);
    elder_activity_room: [("{}老年活动室", "{} Elders' Room")], ["Mo-Su 08:00-17:00", "Mo-Sa 08:30-11:30,14:00-17:30", ""], phone 0.3, block (0.06, 0.0), estate 0.3, rural (1.0, 0.3);
    gallery: [("{}美术馆", "{} Gallery")], ["Tu-Su 09:30-17:00; PH 09:30-17:00"], phone 0.8, block (0.0, 0.15), estate 0.0, rural (0.0, 0.0);
};

/// Office hours, for institutions.
pub(super) const OFFICE_HOURS: &[&str] = &OFFICE;
