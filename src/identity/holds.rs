//! What accounts and signing in hold about people.

use serde_json::{Value, json};
use uuid::Uuid;

use super::model::{EndedBy, PersonId};
use super::people::People;
use super::{codes, delegations, desk, sessions, tally};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::holdings::{Cutoff, Erased, Holder, Holding, Kept};

const DELEGATIONS_STAY: Erased = Erased::Stays((
    "证明当时的授权和代办，但不再指向任何人",
    "It shows what was agreed and done at the time, and leads to nobody",
));

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 7] = [
    Holding {
        name: "account",
        columns: &[
            "person.id",
            "person.name",
            "person.phone",
            "person.phone_hash",
            "person.wechat",
            "person.wechat_hash",
            "person.birth_year",
            "person.card",
            "person.card_hash",
            "person_key.person_id",
        ],
        what: (
            "称呼、手机号、微信账号、出生年份、住户卡号（均加密保存）和使用的语言",
            "What one is called, phone number, WeChat account, year of birth and household card (all sealed), and language",
        ),
        purpose: (
            "登录，并让与您一起办事的人知道您是谁",
            "To sign in, and so that those who deal with you know who you are",
        ),
        kept: Kept::Until(("账号存在期间", "As long as there is the account")),
        erased: Erased::Goes,
    },
    Holding {
        name: "delegations",
        columns: &[
            "delegation.principal_id",
            "delegation.agent_id",
            "delegation.proposed_by",
            "delegation.countersigned_by",
        ],
        what: (
            "谁可以代谁办理什么、到哪天为止、如何同意",
            "Who may act for whom, in what, until when, and how they agreed",
        ),
        purpose: (
            "让代办有据可查，随时可以终止",
            "So that acting for another can be shown to be agreed, and be ended",
        ),
        kept: Kept::Until(("作为记录长期保存", "As a record, without an end")),
        erased: DELEGATIONS_STAY,
    },
    Holding {
        name: "acts_for_others",
        columns: &["deputed_act.principal_id", "deputed_act.agent_id"],
        what: (
            "谁替谁办了什么、何时、是否撤销",
            "Who did what for whom, when, and whether it was undone",
        ),
        purpose: (
            "让本人知道并能撤销别人替自己办的事",
            "So that a person knows what was done for them, and can undo it",
        ),
        kept: Kept::Until(("作为记录长期保存", "As a record, without an end")),
        erased: DELEGATIONS_STAY,
    },
    Holding {
        name: "desk_sessions",
        columns: &["desk_session.staff_id", "desk_session.person_id"],
        what: (
            "哪位工作人员何时在窗口为谁办理",
            "Which of the staff served whom at the desk, and when",
        ),
        purpose: ("核查窗口代办", "To check what was done at the desk"),
        kept: Kept::Until(("作为记录长期保存", "As a record, without an end")),
        erased: DELEGATIONS_STAY,
    },
    Holding {
        name: "sessions",
        columns: &["session.person_id", "session.device", "refresh_token.session_id"],
        what: (
            "登录的设备名称（加密保存）和时间",
            "What the app calls the devices that one signed in on (sealed), and when",
        ),
        purpose: (
            "保持登录，并让您看到和结束自己的登录",
            "To stay signed in, and so that you see and end your own sessions",
        ),
        kept: Kept::Days {
            days: 90,
            from: ("从登录结束起", "From the end of the session"),
            forget: forget_sessions,
        },
        erased: Erased::Stays((
            "为核查盗用，登录时间再保留九十天；设备名称一并清除",
            "When a session began and ended is kept for 90 days more, so that misuse can be looked into; the names of devices go",
        )),
    },
    Holding {
        name: "sign_in_codes",
        columns: &["sign_in_code.phone_hash"],
        what: (
            "请求验证码的手机号的摘要",
            "A keyed hash of the phone number for which a code was asked",
        ),
        purpose: ("核对验证码", "To check the code"),
        kept: Kept::Days {
            days: 0,
            from: ("从验证码过期起", "From when the code is good no more"),
            forget: forget_codes,
        },
        erased: Erased::Goes,
    },
    Holding {
        name: "sign_in_counts",
        columns: &["tally.subject"],
        what: (
            "手机号、设备和网络地址的摘要及当天次数",
            "Keyed hashes of phone numbers, devices and addresses, with how often on that day",
        ),
        purpose: (
            "防止有人猜测验证码或大量发送短信",
            "So that nobody guesses codes or sends floods of messages",
        ),
        kept: Kept::Days {
            days: 0,
            from: ("从当天结束起", "From the end of the day"),
            forget: forget_counts,
        },
        erased: Erased::Goes,
    },
];

fn forget_sessions(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    sessions::forget_before(conn, cutoff.before)
}

fn forget_codes(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    codes::forget_stale(conn, cutoff.before)
}

fn forget_counts(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    tally::forget_before(conn, cutoff.day)
}

/// Tells and forgets an account. It comes last among those who forget: with it goes the key
/// that opens what others have sealed.
pub struct AccountHolder {
    /// Who opens what is sealed.
    pub people: People,
}

impl Holder for AccountHolder {
    fn name(&self) -> &'static str {
        "account"
    }

    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<Value> {
        let id = PersonId::from_uuid(person);
        let Some(person) = self.people.load(conn, id)? else {
            return Ok(Value::Null);
        };
        let sessions: Vec<Value> = sessions::list(conn, &self.people, id)?
            .into_iter()
            .map(|session| {
                json!({
                    "id": session.id, "method": session.method, "device": session.device,
                    "created_at": session.created_at, "used_at": session.used_at, "expires_at": session.expires_at,
                })
            })
            .collect();
        let delegations: Vec<Value> = delegations::of_person(conn, id)?
            .into_iter()
            .map(|one| {
                json!({
                    "id": one.id, "principal": one.principal_id, "agent": one.agent_id, "scopes": one.scopes,
                    "way": one.way, "asked_at": one.asked_at, "confirmed_at": one.confirmed_at,
                })
            })
            .collect();
        let acts: Vec<Value> = delegations::acts_of(conn, id, None, i64::MAX)?
            .into_iter()
            .map(|act| json!({ "what": act.what, "by": act.agent_id, "at": act.at, "undone_at": act.undone_at }))
            .collect();
        let desk_sessions: Vec<Value> = desk::of_person(conn, id)?
            .into_iter()
            .map(|one| json!({ "staff": one.staff_id, "begun_at": one.begun_at, "ended_at": one.ended_at }))
            .collect();
        Ok(json!({
            "id": id, "name": person.name, "phone": person.phone.as_ref().map(|phone| phone.reveal()),
            "birth_year": person.birth_year, "card": person.card,
            "delegations": delegations, "acts_for_me": acts, "desk_sessions": desk_sessions,
            "has_wechat": person.has_wechat, "language": person.language.name(),
            "created_at": person.created_at, "updated_at": person.updated_at, "sessions": sessions,
        }))
    }

    fn erase(&self, tx: &mut Tx<'_>, person: Uuid) -> Result<()> {
        let id = PersonId::from_uuid(person);
        delegations::end_all_of(tx, id)?;
        desk::end_all_of(tx, id)?;
        sessions::end_all(tx, id, None, EndedBy::Erasure)?;
        sessions::forget_devices(tx, id)?;
        self.people.erase(tx, id)
    }
}
