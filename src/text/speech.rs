//! Numbers, durations and times of day in words, for sentences that are read
//! aloud: no digits, no signs, hyphens included.

use chrono::{NaiveTime, Timelike};

const ZH_DIGITS: [&str; 10] = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
const EN_SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const EN_TENS: [&str; 10] = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

fn zh_digit(digit: u32) -> &'static str {
    ZH_DIGITS.get(digit as usize).copied().unwrap_or_default()
}

/// A number in Chinese: 123 is 一百二十三, 12 is 十二, 1005 is 一千零五.
pub fn zh_number(number: u32) -> String {
    if number == 0 {
        return zh_digit(0).to_owned();
    }
    let mut words = String::new();
    // Four digits at a time, each group under its own unit.
    for (divisor, unit) in [(100_000_000, "亿"), (10_000, "万"), (1, "")] {
        let group = number / divisor % 10_000;
        if group == 0 {
            continue;
        }
        if !words.is_empty() && (group < 1000 || (number / divisor / 10_000).is_multiple_of(10)) {
            push_zero(&mut words);
        }
        push_zh_group(&mut words, group);
        words.push_str(unit);
    }
    match words.strip_prefix("一十") {
        Some(rest) => format!("十{rest}"),
        None => words,
    }
}

fn push_zero(words: &mut String) {
    if !words.ends_with('零') {
        words.push('零');
    }
}

/// 1 to 9,999, with a 零 for zeros between digits.
fn push_zh_group(words: &mut String, group: u32) {
    let mut begun = false;
    let mut zeros = false;
    for (divisor, unit) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let digit = group / divisor % 10;
        if digit == 0 {
            zeros = begun;
            continue;
        }
        if zeros {
            push_zero(words);
        }
        words.push_str(zh_digit(digit));
        words.push_str(unit);
        (begun, zeros) = (true, false);
    }
}

/// A number before a measure word, where two is 两: 两个, 两分钟.
pub fn zh_count(number: u32) -> String {
    if number == 2 {
        "两".to_owned()
    } else {
        zh_number(number)
    }
}

/// A number in English, without hyphens: 123 is "one hundred and twenty three".
pub fn en_number(number: u32) -> String {
    if number < 100 {
        return en_below_hundred(number);
    }
    let mut words: Vec<String> = Vec::new();
    for (divisor, unit) in [(1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand")] {
        let group = number / divisor % 1000;
        if group > 0 {
            words.push(format!("{} {unit}", en_below_thousand(group)));
        }
    }
    match number % 1000 {
        0 => {}
        rest @ 1..=99 => words.push(format!("and {}", en_below_hundred(rest))),
        rest => words.push(en_below_thousand(rest)),
    }
    words.join(" ")
}

fn en_below_thousand(number: u32) -> String {
    let hundreds = en_below_hundred(number / 100);
    match (number / 100, number % 100) {
        (0, rest) => en_below_hundred(rest),
        (_, 0) => format!("{hundreds} hundred"),
        (_, rest) => format!("{hundreds} hundred and {}", en_below_hundred(rest)),
    }
}

fn en_below_hundred(number: u32) -> String {
    let word = |words: &[&'static str], at: u32| words.get(at as usize).copied().unwrap_or_default();
    match (number / 10, number % 10) {
        (0 | 1, _) => word(&EN_SMALL, number).to_owned(),
        (tens, 0) => word(&EN_TENS, tens).to_owned(),
        (tens, ones) => format!("{} {}", word(&EN_TENS, tens), word(&EN_SMALL, ones)),
    }
}

/// Whole minutes of a duration, begun ones counted: nobody who trusts them
/// comes late.
fn minutes_of(seconds: u32) -> u32 {
    seconds.div_ceil(60)
}

/// A duration in Chinese, in begun minutes: 五分钟, 一小时零五分钟, 两小时.
pub fn zh_duration(seconds: u32) -> String {
    let (hours, minutes) = (minutes_of(seconds) / 60, minutes_of(seconds) % 60);
    match (hours, minutes) {
        (0, _) => format!("{}分钟", zh_count(minutes)),
        (_, 0) => format!("{}小时", zh_count(hours)),
        (_, 1..=9) => format!("{}小时零{}分钟", zh_count(hours), zh_number(minutes)),
        _ => format!("{}小时{}分钟", zh_count(hours), zh_number(minutes)),
    }
}

/// A duration in English, in begun minutes: "one hour and five minutes".
pub fn en_duration(seconds: u32) -> String {
    let plural = |count: u32, unit: &str| {
        let ending = if count == 1 { "" } else { "s" };
        format!("{} {unit}{ending}", en_number(count))
    };
    let (hours, minutes) = (minutes_of(seconds) / 60, minutes_of(seconds) % 60);
    match (hours, minutes) {
        (0, _) => plural(minutes, "minute"),
        (_, 0) => plural(hours, "hour"),
        _ => format!("{} and {}", plural(hours, "hour"), plural(minutes, "minute")),
    }
}

/// A time of day in Chinese, to the minute: 上午九点半, 下午两点零五分.
pub fn zh_time(time: NaiveTime) -> String {
    let period = match time.hour() {
        0..=4 => "凌晨",
        5..=7 => "早上",
        8..=11 => "上午",
        12 => "中午",
        13..=17 => "下午",
        _ => "晚上",
    };
    let hour = match time.hour() {
        0 => zh_number(0),
        hour @ 1..=12 => zh_count(hour),
        hour => zh_count(hour - 12),
    };
    let minute = match time.minute() {
        0 => String::new(),
        30 => "半".to_owned(),
        minute @ 1..=9 => format!("零{}分", zh_number(minute)),
        minute => format!("{}分", zh_number(minute)),
    };
    format!("{period}{hour}点{minute}")
}

/// A time of day in English, to the minute: "nine thirty in the morning".
pub fn en_time(time: NaiveTime) -> String {
    let period = match time.hour() {
        0..=3 => "at night",
        4..=11 => "in the morning",
        12..=17 => "in the afternoon",
        18..=20 => "in the evening",
        _ => "at night",
    };
    let hour = match time.hour() % 12 {
        0 => en_number(12),
        hour => en_number(hour),
    };
    match (time.hour(), time.minute()) {
        (0, 0) => "midnight".to_owned(),
        (12, 0) => "noon".to_owned(),
        (_, 0) => format!("{hour} {period}"),
        (_, minute @ 1..=9) => format!("{hour} oh {} {period}", en_number(minute)),
        (_, minute) => format!("{hour} {} {period}", en_number(minute)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32, minute: u32) -> NaiveTime {
        NaiveTime::from_hms_opt(hour, minute, 0).unwrap()
    }

    #[test]
    fn numbers_are_said_in_chinese() {
        let said = [
            (0, "零"),
            (2, "二"),
            (10, "十"),
            (12, "十二"),
            (20, "二十"),
            (100, "一百"),
            (101, "一百零一"),
            (110, "一百一十"),
            (123, "一百二十三"),
            (1000, "一千"),
            (1005, "一千零五"),
            (1050, "一千零五十"),
            (1500, "一千五百"),
            (10_000, "一万"),
            (10_005, "一万零五"),
            (10_500, "一万零五百"),
            (100_000, "十万"),
            (120_000, "十二万"),
            (123_456, "十二万三千四百五十六"),
            (100_001, "十万零一"),
            (101_000, "十万零一千"),
            (100_000_000, "一亿"),
            (100_000_001, "一亿零一"),
            (101_000_000, "一亿零一百万"),
            (100_010_000, "一亿零一万"),
            (u32::MAX, "四十二亿九千四百九十六万七千二百九十五"),
        ];
        for (number, words) in said {
            assert_eq!(zh_number(number), words, "{number}");
        }
        assert_eq!((zh_count(2), zh_count(12)), ("两".to_owned(), "十二".to_owned()));
    }

    #[test]
    fn numbers_are_said_in_english() {
        let said = [
            (0, "zero"),
            (19, "nineteen"),
            (20, "twenty"),
            (42, "forty two"),
            (100, "one hundred"),
            (123, "one hundred and twenty three"),
            (1000, "one thousand"),
            (1001, "one thousand and one"),
            (1100, "one thousand one hundred"),
            (12_345, "twelve thousand three hundred and forty five"),
            (1_000_000, "one million"),
            (2_000_000_000, "two billion"),
        ];
        for (number, words) in said {
            assert_eq!(en_number(number), words, "{number}");
        }
    }

    #[test]
    fn durations_count_begun_minutes() {
        let said = [
            (0, "零分钟", "zero minutes"),
            (1, "一分钟", "one minute"),
            (60, "一分钟", "one minute"),
            (61, "两分钟", "two minutes"),
            (720, "十二分钟", "twelve minutes"),
            (3600, "一小时", "one hour"),
            (3900, "一小时零五分钟", "one hour and five minutes"),
            (7920, "两小时十二分钟", "two hours and twelve minutes"),
        ];
        for (seconds, zh, en) in said {
            assert_eq!(zh_duration(seconds), zh, "{seconds}");
            assert_eq!(en_duration(seconds), en, "{seconds}");
        }
    }

    #[test]
    fn times_are_said_as_people_say_them() {
        let said = [
            (0, 0, "凌晨零点", "midnight"),
            (0, 30, "凌晨零点半", "twelve thirty at night"),
            (6, 15, "早上六点十五分", "six fifteen in the morning"),
            (9, 30, "上午九点半", "nine thirty in the morning"),
            (12, 0, "中午十二点", "noon"),
            (14, 5, "下午两点零五分", "two oh five in the afternoon"),
            (19, 0, "晚上七点", "seven in the evening"),
            (23, 59, "晚上十一点五十九分", "eleven fifty nine at night"),
        ];
        for (hour, minute, zh, en) in said {
            assert_eq!(zh_time(at(hour, minute)), zh);
            assert_eq!(en_time(at(hour, minute)), en);
        }
    }

    #[test]
    fn nothing_said_has_a_digit_or_a_sign() {
        let mut said: Vec<String> = Vec::new();
        for number in (0..20_000).chain([99_999, 1_000_001, u32::MAX]) {
            said.extend([zh_number(number), en_number(number), zh_count(number)]);
            said.extend([zh_duration(number), en_duration(number)]);
        }
        for minute in 0..1440 {
            said.extend([
                zh_time(at(minute / 60, minute % 60)),
                en_time(at(minute / 60, minute % 60)),
            ]);
        }
        for words in said {
            let spoken = |c: char| c == ' ' || (c.is_alphabetic() && !c.is_numeric());
            assert!(words.chars().all(spoken) && !words.contains("  "), "{words}");
        }
    }
}
