//! Invented names, Chinese with English. Among the words are ones whose
//! characters are read in more than one way (长乐, 重阳, 朝阳, 乐山, 行知), so
//! that search by pinyin has something to get wrong.

use super::random::Random;
use std::collections::BTreeSet;

/// A name in Chinese and in English.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) zh: String,
    pub(super) en: String,
}

impl Named {
    pub(super) fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// A pattern of each language with this word for its `{}`.
    pub(super) fn put_in(&self, zh: &str, en: &str) -> Self {
        Self::new(zh.replace("{}", &self.zh), en.replace("{}", &self.en))
    }

    /// This name with more behind it: 长乐 and 社区 give 长乐社区.
    pub(super) fn with(&self, zh: &str, en: &str) -> Self {
        let gap = if self.en.is_empty() || en.is_empty() { "" } else { " " };
        Self::new(format!("{}{zh}", self.zh), format!("{}{gap}{en}", self.en))
    }
}

/// Words for communities, estates, shops.
const WORDS: [(&str, &str); 76] = [
    ("幸福", "Xingfu"),
    ("朝阳", "Chaoyang"),
    ("东风", "Dongfeng"),
    ("柳林", "Liulin"),
    ("长乐", "Changle"),
    ("重阳", "Chongyang"),
    ("和顺", "Heshun"),
    ("永安", "Yongan"),
    ("书香", "Shuxiang"),
    ("春晖", "Chunhui"),
    ("锦绣", "Jinxiu"),
    ("望江", "Wangjiang"),
    ("桂花", "Guihua"),
    ("梧桐", "Wutong"),
    ("银杏", "Yinxing"),
    ("荷塘", "Hetang"),
    ("安居", "Anju"),
    ("乐山", "Leshan"),
    ("明珠", "Mingzhu"),
    ("翠竹", "Cuizhu"),
    ("福星", "Fuxing"),
    ("光华", "Guanghua"),
    ("曙光", "Shuguang"),
    ("团结", "Tuanjie"),
    ("友谊", "Youyi"),
    ("金桥", "Jinqiao"),
    ("玉泉", "Yuquan"),
    ("石榴", "Shiliu"),
    ("枫林", "Fenglin"),
    ("松涛", "Songtao"),
    ("云溪", "Yunxi"),
    ("月湖", "Yuehu"),
    ("星河", "Xinghe"),
    ("鹤鸣", "Heming"),
    ("凤凰", "Fenghuang"),
    ("麒麟", "Qilin"),
    ("紫薇", "Ziwei"),
    ("海棠", "Haitang"),
    ("芙蓉", "Furong"),
    ("丁香", "Dingxiang"),
    ("杏花", "Xinghua"),
    ("槐荫", "Huaiyin"),
    ("竹影", "Zhuying"),
    ("清风", "Qingfeng"),
    ("晨曦", "Chenxi"),
    ("彩虹", "Caihong"),
    ("行知", "Xingzhi"),
    ("育才", "Yucai"),
    ("仁和", "Renhe"),
    ("同德", "Tongde"),
    ("万年", "Wannian"),
    ("丰收", "Fengshou"),
    ("龙泉", "Longquan"),
    ("青石", "Qingshi"),
    ("白鹭", "Bailu"),
    ("古井", "Gujing"),
    ("钟楼", "Zhonglou"),
    ("文昌", "Wenchang"),
    ("学府", "Xuefu"),
    ("兴业", "Xingye"),
    ("聚贤", "Juxian"),
    ("宝塔", "Baota"),
    ("南苑", "Nanyuan"),
    ("北苑", "Beiyuan"),
    ("向阳", "Xiangyang"),
    ("红旗", "Hongqi"),
    ("民生", "Minsheng"),
    ("惠民", "Huimin"),
    ("康宁", "Kangning"),
    ("百合", "Baihe"),
    ("三元", "Sanyuan"),
    ("五福", "Wufu"),
    ("景行", "Jingxing"),
    ("会仙", "Huixian"),
    ("盛世", "Shengshi"),
    ("泰和", "Taihe"),
];

/// Where villages get their names from.
const VILLAGES: [(&str, &str); 30] = [
    ("李家湾", "Lijiawan"),
    ("王家庄", "Wangjiazhuang"),
    ("陈家坝", "Chenjiaba"),
    ("石桥", "Shiqiao"),
    ("枣树岭", "Zaoshuling"),
    ("双井", "Shuangjing"),
    ("曾家冲", "Zengjiachong"),
    ("单家集", "Shanjiaji"),
    ("解家坡", "Xiejiapo"),
    ("桃花坞", "Taohuawu"),
    ("白水", "Baishui"),
    ("杨柳铺", "Yangliupu"),
    ("大觉", "Dajue"),
    ("黄泥岗", "Huangnigang"),
    ("乐道", "Ledao"),
    ("重岩", "Chongyan"),
    ("长塘", "Changtang"),
    ("茶亭", "Chating"),
    ("月牙", "Yueya"),
    ("金盆", "Jinpen"),
    ("鸭子口", "Yazikou"),
    ("龙王庙", "Longwangmiao"),
    ("青草", "Qingcao"),
    ("东冲", "Dongchong"),
    ("还珠", "Huanzhu"),
    ("牛角", "Niujiao"),
    ("沙洲", "Shazhou"),
    ("竹园", "Zhuyuan"),
    ("水车", "Shuiche"),
    ("老鹰岩", "Laoyingyan"),
];

/// What an estate calls itself.
const ESTATES: [(&str, &str); 10] = [
    ("花园", "Garden"),
    ("小区", "Estate"),
    ("家园", "Homes"),
    ("苑", "Court"),
    ("新村", "New Village"),
    ("名邸", "Residence"),
    ("雅居", "Villas"),
    ("公寓", "Apartments"),
    ("里", "Lane Estate"),
    ("豪庭", "Mansions"),
];

/// Gives names, each only once where that matters.
pub(super) struct Names {
    communities: Vec<(&'static str, &'static str)>,
    villages: Vec<(&'static str, &'static str)>,
    words: Vec<(&'static str, &'static str)>,
    next_word: usize,
    taken: BTreeSet<String>,
}

impl Names {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut communities = WORDS.to_vec();
        // The words that search stumbles on are always in use.
        let fixed = communities.split_off(8);
        let mut rest = fixed;
        random.shuffle(&mut rest);
        rest.extend(communities);
        let mut villages = VILLAGES.to_vec();
        random.shuffle(&mut villages);
        let mut words = WORDS.to_vec();
        random.shuffle(&mut words);
        Self {
            communities: rest,
            villages,
            words,
            next_word: 0,
            taken: BTreeSet::new(),
        }
    }

    /// A word for a community, each once.
    pub(super) fn community(&mut self) -> Named {
        let (zh, en) = self.communities.pop().unwrap_or(("同心", "Tongxin"));
        Named::new(zh, en)
    }

    /// A word for a village, each once.
    pub(super) fn village(&mut self) -> Named {
        let (zh, en) = self.villages.pop().unwrap_or(("新田", "Xintian"));
        Named::new(zh, en)
    }

    /// The next word of the pool, over and over.
    pub(super) fn word(&mut self) -> Named {
        let index = self.next_word % self.words.len().max(1);
        self.next_word += 1;
        let (zh, en) = self.words.get(index).copied().unwrap_or(("同心", "Tongxin"));
        Named::new(zh, en)
    }

    /// A name for an estate, each once.
    pub(super) fn estate(&mut self, random: &mut Random) -> Named {
        let mut name = Named::new("", "");
        for _ in 0..40 {
            let (zh, en) = random.pick(&ESTATES, ("小区", "Estate"));
            name = self.word().with(zh, en);
            if self.taken.insert(name.zh.clone()) {
                break;
            }
        }
        name
    }

    /// A name for a side street or lane.
    pub(super) fn lane(&mut self, zh: &str, en: &str) -> Named {
        let mut name = self.word().with(zh, en);
        for _ in 0..40 {
            if self.taken.insert(name.zh.clone()) {
                break;
            }
            name = self.word().with(zh, en);
        }
        name
    }
}
