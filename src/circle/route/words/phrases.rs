//! The words of a step, in both languages.

use super::{End, Piece, Turn, Way};
use crate::language::Language;

/// The winds, clockwise from north.
const WINDS: [(&str, &str); 8] = [
    ("北", "north"),
    ("东北", "northeast"),
    ("东", "east"),
    ("东南", "southeast"),
    ("南", "south"),
    ("西南", "southwest"),
    ("西", "west"),
    ("西北", "northwest"),
];

/// What is to be said of a piece.
pub(super) struct Said<'a> {
    pub piece: &'a Piece,
    /// None for the first one.
    pub turn: Option<Turn>,
    /// Whether one was on this very street before.
    pub goes_on: bool,
}

impl Said<'_> {
    pub fn text(&self, language: Language) -> String {
        match language {
            Language::Zh => self.zh(),
            Language::En => self.en(),
        }
    }

    fn zh(&self) -> String {
        let metres = zh_metres(self.piece.metres);
        let wind = wind(self.piece.enters).0;
        match self.piece.way {
            Way::Steps { count, up } => {
                let verb = match up {
                    Some(true) => "上",
                    Some(false) => "下",
                    None => "走",
                };
                count.map_or_else(
                    || format!("{verb}台阶，约{metres}"),
                    |count| format!("{verb}台阶 {count} 级"),
                )
            }
            Way::Escalator => "乘自动扶梯".into(),
            Way::Crossing { signals: true } => "过有信号灯的路口".into(),
            Way::Crossing { signals: false } => "过人行横道".into(),
            Way::Lift => "坐电梯".into(),
            Way::Ferry => self
                .piece
                .name
                .as_ref()
                .map_or_else(|| "乘渡船".into(), |name| format!("乘渡船：{name}")),
            Way::ToStreet => format!("向{wind}走{metres}到路边"),
            Way::ToDoor => format!("向{wind}走{metres}到门口"),
            Way::Straight => format!("附近没有道路数据，请向{wind}走，约{metres}"),
            _ => self.zh_walk(wind, &metres),
        }
    }

    fn zh_walk(&self, wind: &str, metres: &str) -> String {
        let thing = match (&self.piece.name, self.piece.way) {
            (Some(name), _) => Some(name.as_str()),
            (None, Way::Path) => Some("小路"),
            (None, Way::Square) => Some("广场"),
            (None, Way::Passage) => Some("通道"),
            (None, Way::Tunnel) => Some("地下通道"),
            (None, Way::Bridge) => Some("桥"),
            (None, Way::Private) => Some("小区内部道路"),
            (None, _) => None,
        };
        let across = match self.piece.way {
            Way::Square => Some("穿过"),
            Way::Passage | Way::Tunnel if self.piece.name.is_none() => Some("穿过"),
            Way::Bridge if self.piece.name.is_none() => Some("过"),
            _ => None,
        };
        let turn = self.turn.map(|turn| match turn {
            Turn::Straight => "直行",
            Turn::SlightLeft => "向左前方",
            Turn::Left => "左转",
            Turn::SharpLeft => "向左后方转",
            Turn::SlightRight => "向右前方",
            Turn::Right => "右转",
            Turn::SharpRight => "向右后方转",
            Turn::Back => "掉头",
        });
        match (thing, across, turn) {
            (None, _, None) => format!("向{wind}走{metres}"),
            (None, _, Some(turn)) => format!("{turn}，走{metres}"),
            (Some(thing), Some(across), None) => format!("向{wind}{across}{thing}，走{metres}"),
            (Some(thing), Some(across), Some(turn)) => format!("{turn}，{across}{thing}，走{metres}"),
            (Some(thing), None, None) => format!("沿{thing}向{wind}走{metres}"),
            (Some(thing), None, Some("直行")) if self.goes_on => format!("继续沿{thing}走{metres}"),
            (Some(thing), None, Some(turn)) if self.goes_on => format!("{turn}，继续沿{thing}走{metres}"),
            (Some(thing), None, Some(turn)) => format!("{turn}进入{thing}，走{metres}"),
        }
    }

    fn en(&self) -> String {
        let metres = en_metres(self.piece.metres);
        let wind = wind(self.piece.enters).1;
        match self.piece.way {
            Way::Steps { count, up } => {
                let verb = match up {
                    Some(true) => "Go up",
                    Some(false) => "Go down",
                    None => "Take",
                };
                match count {
                    Some(1) => format!("{verb} one step"),
                    Some(count) => format!("{verb} {count} steps"),
                    None => format!("{verb} the steps for {metres}"),
                }
            }
            Way::Escalator => "Take the escalator".into(),
            Way::Crossing { signals: true } => "Cross at the traffic lights".into(),
            Way::Crossing { signals: false } => "Cross at the pedestrian crossing".into(),
            Way::Lift => "Take the lift".into(),
            Way::Ferry => self
                .piece
                .name
                .as_ref()
                .map_or_else(|| "Take the ferry".into(), |name| format!("Take the ferry: {name}")),
            Way::ToStreet => format!("Walk {wind} for {metres} to the street"),
            Way::ToDoor => format!("Walk {wind} for {metres} to the door"),
            Way::Straight => format!("No street is known here: head {wind}, about {metres}"),
            _ => self.en_walk(wind, &metres),
        }
    }

    fn en_walk(&self, wind: &str, metres: &str) -> String {
        let thing = match (&self.piece.name, self.piece.way) {
            (Some(name), _) => Some(name.as_str()),
            (None, Way::Path) => Some("the path"),
            (None, Way::Square) => Some("the square"),
            (None, Way::Passage) => Some("the passage"),
            (None, Way::Tunnel) => Some("the underpass"),
            (None, Way::Bridge) => Some("the bridge"),
            (None, Way::Private) => Some("the compound's own road"),
            (None, _) => None,
        };
        let turn = self.turn.map(|turn| match turn {
            Turn::Straight => "Go straight on",
            Turn::SlightLeft => "Bear left",
            Turn::Left => "Turn left",
            Turn::SharpLeft => "Turn sharply left",
            Turn::SlightRight => "Bear right",
            Turn::Right => "Turn right",
            Turn::SharpRight => "Turn sharply right",
            Turn::Back => "Turn back",
        });
        let is_crossed = matches!(self.piece.way, Way::Square | Way::Bridge) && self.piece.name.is_none();
        match (thing, turn) {
            (None, None) => format!("Walk {wind} for {metres}"),
            (None, Some(turn)) => format!("{turn} and walk {metres}"),
            (Some(thing), None) if is_crossed => format!("Walk {wind} across {thing} for {metres}"),
            (Some(thing), Some(turn)) if is_crossed => format!("{turn} across {thing} and walk {metres}"),
            (Some(thing), None) => format!("Walk {wind} along {thing} for {metres}"),
            (Some(thing), Some("Go straight on")) if self.goes_on => format!("Continue along {thing} for {metres}"),
            (Some(thing), Some(turn)) if self.goes_on => format!("{turn} and continue along {thing} for {metres}"),
            (Some(thing), Some("Go straight on")) => format!("Go straight on along {thing} for {metres}"),
            (Some(thing), Some(turn)) => format!("{turn} onto {thing} and walk {metres}"),
        }
    }
}

/// The end of the walk.
pub(super) fn arrival(end: &End<'_>, language: Language) -> String {
    match (language, end.door) {
        (Language::Zh, None) => format!("到达：{}", end.place),
        (Language::Zh, Some(door)) => format!("到达：{}（{door}）", end.place),
        (Language::En, None) => format!("Arrive: {}", end.place),
        (Language::En, Some(door)) => format!("Arrive: {} ({door})", end.place),
    }
}

fn wind(heading: f64) -> (&'static str, &'static str) {
    // The cast saturates, and the remainder stays below eight.
    let number = (heading.rem_euclid(360.0) / 45.0).round() as usize % WINDS.len();
    WINDS.get(number).copied().unwrap_or_default()
}

/// To five metres below a hundred, to ten below a thousand, then to a tenth of a
/// kilometre.
fn rounded(metres: f64) -> Result<u32, f64> {
    let to = |unit: f64| (metres / unit).round() * unit;
    match metres {
        ..97.5 => Ok(to(5.0).max(5.0) as u32),
        ..995.0 => Ok(to(10.0) as u32),
        _ => Err(to(100.0) / 1000.0),
    }
}

fn zh_metres(metres: f64) -> String {
    match rounded(metres) {
        Ok(metres) => format!(" {metres} 米"),
        Err(kilometres) => format!(" {kilometres:.1} 公里"),
    }
}

fn en_metres(metres: f64) -> String {
    match rounded(metres) {
        Ok(metres) => format!("{metres} m"),
        Err(kilometres) => format!("{kilometres:.1} km"),
    }
}
