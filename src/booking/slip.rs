//! What somebody without a phone takes home of a booking: a strip of paper, 32 columns wide. Pure.

use super::model::{Booking, State};
use super::resources::Resource;
use crate::calendar::Calendar;
use crate::text::strip;

/// How a booking stands, in a word.
const fn state(state: State) -> &'static str {
    match state {
        State::Held => "暂时保留，尚未确认",
        State::Offered => "候补名额，待确认",
        State::Pending => "等待审核",
        State::Confirmed => "已确认",
        State::CheckedIn => "已签到",
        State::Completed => "已完成",
        State::Declined => "未获批准",
        State::Cancelled => "已取消",
        State::NoShow => "未到",
        State::Expired => "已过期",
    }
}

/// A booking as plain text: what, where, when, for how many, how it stands, and the code to check in by
/// where it still can be.
pub fn slip(booking: &Booking, resource: &Resource, place: &str, code: &str, calendar: &Calendar) -> String {
    let local = |at: crate::clock::Timestamp| at.to_utc().with_timezone(&calendar.zone());
    let (start, end) = (local(booking.start_at), local(booking.end_at));
    let until = match start.date_naive() == end.date_naive() {
        true => end.format("%H:%M").to_string(),
        false => end.format("%-m月%-d日 %H:%M").to_string(),
    };
    let mut lines = vec![
        "预约单".to_owned(),
        strip::rule(),
        resource.facts.name.clone(),
        place.to_owned(),
        format!("日期 {}", start.format("%Y年%-m月%-d日")),
        format!("时间 {} 至 {until}", start.format("%H:%M")),
        format!("人数 {}", booking.party),
        format!("状态 {}", state(booking.state)),
    ];
    if booking.state.is_live() {
        lines.push(format!("签到码 {code}"));
    }
    lines.push(format!("编号 {}", booking.id));
    lines.push(strip::rule());
    lines.push("到场请报签到码和姓名。".to_owned());
    lines.push("改期或取消请到社区窗口，或来电办理。".to_owned());
    strip::text(&lines)
}
