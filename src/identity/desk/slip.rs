//! What somebody without a phone takes home: a strip of paper, 32 columns wide.

use crate::text::strip;

/// What stands on it.
pub(super) struct Slip {
    /// At which desk.
    pub unit: String,
    /// Who was served.
    pub name: Option<String>,
    /// The number of their card.
    pub card: Option<String>,
    /// When, in the city's zone.
    pub at: String,
    /// What was done, and can still be undone.
    pub done: Vec<String>,
}

impl Slip {
    /// As plain text.
    pub fn text(&self) -> String {
        let rule = strip::rule();
        let mut lines = vec![self.unit.clone(), "窗口办理回执".to_owned(), rule.clone()];
        lines.extend(self.name.as_ref().map(|name| format!("姓名 {name}")));
        lines.extend(self.card.as_ref().map(|card| format!("卡号 {card}")));
        lines.push(format!("时间 {}", self.at));
        lines.push(rule.clone());
        match self.done.as_slice() {
            [] => lines.push("没有新办事项。".to_owned()),
            done => {
                let numbered = (1..).zip(done).map(|(number, what)| format!("{number}. {what}"));
                lines.extend(numbered);
                lines.push("一天之内可到窗口撤销。".to_owned());
            }
        }
        lines.push(rule);
        lines.push("下次办事请带上卡号。".to_owned());
        lines.push("有疑问请到本窗口查询。".to_owned());
        strip::text(&lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_strip_and_nothing_is_lost() {
        let slip = Slip {
            unit: "很长很长的名字的街道办事处下辖的社区居民委员会".to_owned(),
            name: Some("赵大娘".to_owned()),
            card: Some("1234 5678 9012".to_owned()),
            at: "2026年11月2日 10:00".to_owned(),
            done: vec!["申请入住某某小区三号楼二单元以及其他很长的说明文字".to_owned()],
        };
        let text = slip.text();
        for line in text.lines() {
            assert!(strip::columns(line) <= strip::COLUMNS, "{line}");
        }
        let joined: String = text.lines().collect();
        for part in [&slip.unit, "赵大娘", "1234 5678 9012", &slip.done[0]] {
            assert!(joined.contains(part), "{part}");
        }
    }
}
