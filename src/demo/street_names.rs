//! What the seat's main streets are called, row by row and column by column.

pub(super) const NORTH_ROW_NAMES: [(&str, &str); 5] = [
    ("滨河北路", "Binhe North Road"),
    ("人民路", "Renmin Road"),
    ("文昌路", "Wenchang Road"),
    ("丰和路", "Fenghe Road"),
    ("北环路", "North Ring Road"),
];
pub(super) const SOUTH_ROW_NAMES: [(&str, &str); 4] = [
    ("滨河南路", "Binhe South Road"),
    ("建设路", "Jianshe Road"),
    ("和平路", "Heping Road"),
    ("南环路", "South Ring Road"),
];
pub(super) const NORTH_COLUMN_NAMES: [(&str, &str); 11] = [
    ("西环路", "West Ring Road"),
    ("桃园街", "Taoyuan Street"),
    ("朝阳大道", "Chaoyang Avenue"),
    ("柳林街", "Liulin Street"),
    ("钟楼街", "Zhonglou Street"),
    ("解放街", "Jiefang Street"),
    ("长乐大道", "Changle Avenue"),
    ("铁西街", "Tiexi Street"),
    ("东关大道", "Dongguan Avenue"),
    ("重阳街", "Chongyang Street"),
    ("迎宾路", "Yingbin Road"),
];
pub(super) const SOUTH_COLUMN_NAMES: [(&str, &str); 11] = [
    ("西环路", "West Ring Road"),
    ("荷塘街", "Hetang Street"),
    ("朝阳大道", "Chaoyang Avenue"),
    ("南门街", "Nanmen Street"),
    ("书院街", "Shuyuan Street"),
    ("枣园街", "Zaoyuan Street"),
    ("长乐大道", "Changle Avenue"),
    ("车站街", "Chezhan Street"),
    ("新城大道", "Xincheng Avenue"),
    ("育才街", "Yucai Street"),
    ("清风路", "Qingfeng Road"),
];
