//! The one error, and what each kind of it says to a client.
//!
//! Rooms return [`Error`]; the HTTP layer turns it into an RFC 9457 problem
//! document in the caller's language. One reason has one `type`, which is stable;
//! the words may be mended at any time.

use std::borrow::Cow;
use std::fmt;

use diesel::result::DatabaseErrorKind;

use crate::clock::Timestamp;
use crate::language::{Language, Words};

/// Where the types of problems live. The addresses are names; a page behind them is not promised.
pub const PROBLEM_BASE: &str = "https://onegrid.dev/problems/";

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request are at fault; each is named.
    #[error("invalid input: {0:?}")]
    Invalid(Vec<FieldError>),
    /// The request failed for one of the listed reasons.
    #[error("{}", .0.reason.slug())]
    Refused(Box<Refusal>),
    /// A statement failed.
    #[error("database: {0}")]
    Database(#[from] diesel::result::Error),
    /// Something that should not happen did; the text is for the log only.
    #[error("{0}")]
    Internal(String),
}

/// A reason with what is particular to this case of it.
#[derive(Debug)]
pub struct Refusal {
    /// The reason, which fixes `type`, `title` and status.
    pub reason: Reason,
    /// What a person can do about it; the reason's own words where none are given.
    pub detail: Option<Words>,
    /// After how many seconds another try makes sense.
    pub retry_after_s: Option<u64>,
    /// What a program can make use of.
    pub facts: Facts,
}

/// What a problem tells a program beyond its reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// From when on it can be done.
    pub opens_at: Option<Timestamp>,
    /// Until when it cannot be done.
    pub until: Option<Timestamp>,
    /// How many places are left.
    pub remaining: Option<i64>,
    /// What it collides with, by id.
    pub rival: Option<String>,
    /// What can be done instead.
    pub allowed: Vec<&'static str>,
}

impl Error {
    /// Refused for `reason`, in the reason's own words.
    pub fn refused(reason: Reason) -> Self {
        Self::Refused(Box::new(Refusal {
            reason,
            detail: None,
            retry_after_s: reason.usual_retry_after_s(),
            facts: Facts::default(),
        }))
    }

    /// Refused for `reason`, with words for this case.
    pub fn because(reason: Reason, zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Box::new(Refusal {
            reason,
            detail: Some(Words::new(zh, en)),
            retry_after_s: reason.usual_retry_after_s(),
            facts: Facts::default(),
        }))
    }

    /// What the tables refuse because it is there already, in these words; any other failure
    /// as it is.
    pub fn taken(
        zh: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> impl FnOnce(diesel::result::Error) -> Self {
        move |error| match Self::from(error) {
            error if error.reason() == Reason::AlreadyExists => Self::because(Reason::AlreadyExists, zh, en),
            error => error,
        }
    }

    /// The same with a time after which to try again.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.retry_after_s = Some(seconds);
        }
        self
    }

    /// The same with what a program can make use of.
    pub fn with_facts(mut self, facts: Facts) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.facts = facts;
        }
        self
    }

    /// What a program can make use of.
    pub fn facts(&self) -> Option<&Facts> {
        match self {
            Self::Refused(refusal) => Some(&refusal.facts),
            _ => None,
        }
    }

    /// One field of a request is at fault.
    pub fn field(field: FieldError) -> Self {
        Self::Invalid(vec![field])
    }

    /// For the log only: the client reads that the server is at fault.
    pub fn internal(what: impl fmt::Display) -> Self {
        Self::Internal(what.to_string())
    }

    /// The reason that the client is told.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Invalid(_) => Reason::InvalidInput,
            Self::Refused(refusal) => refusal.reason,
            Self::Database(diesel::result::Error::NotFound) => Reason::NotFound,
            Self::Database(diesel::result::Error::DatabaseError(kind, _)) => match kind {
                DatabaseErrorKind::UniqueViolation => Reason::AlreadyExists,
                DatabaseErrorKind::ForeignKeyViolation => Reason::StateConflict,
                _ => Reason::Internal,
            },
            Self::Database(_) | Self::Internal(_) => Reason::Internal,
        }
    }

    /// How long to wait before another try, in seconds, where waiting helps.
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Refused(refusal) => refusal.retry_after_s,
            _ => None,
        }
    }

    /// What a person can do about it.
    pub fn detail(&self, language: Language) -> &str {
        match self {
            Self::Refused(refusal) => match &refusal.detail {
                Some(words) => words.in_language(language),
                None => refusal.reason.advice(language),
            },
            other => other.reason().advice(language),
        }
    }
}

impl From<diesel::r2d2::PoolError> for Error {
    fn from(error: diesel::r2d2::PoolError) -> Self {
        tracing::warn!(%error, "no database connection in time");
        Self::refused(Reason::DatabaseUnavailable)
    }
}

/// A field at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// `body`, `query`, `path` or `header`.
    pub place: &'static str,
    /// A JSON pointer into it (RFC 6901), `""` for the whole.
    pub pointer: String,
    /// A stable word for programs: `required`, `unknown_field`, `maximum`…
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub detail: Words,
}

impl FieldError {
    /// A query parameter at fault.
    pub fn query(
        name: &str,
        code: &'static str,
        zh: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            place: "query",
            pointer: format!("/{name}"),
            code,
            detail: Words::new(zh, en),
        }
    }

    /// A field of the body at fault.
    pub fn body(
        pointer: impl Into<String>,
        code: &'static str,
        zh: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            place: "body",
            pointer: pointer.into(),
            code,
            detail: Words::new(zh, en),
        }
    }

    /// A header at fault.
    pub fn header(
        name: &str,
        code: &'static str,
        zh: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            place: "header",
            pointer: format!("/{name}"),
            code,
            detail: Words::new(zh, en),
        }
    }
}

/// Declares [`Reason`]: variant, slug, status, title and advice in both languages.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $slug:literal $status:literal
        [$title_zh:literal, $title_en:literal] [$advice_zh:literal, $advice_en:literal];)+) => {
        /// Why a request was not done. Each is one `type` of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Reason { $($(#[$doc])* $name,)+ }

        impl Reason {
            /// Every reason, for the documents and the tests.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The last part of the problem's `type`.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)+ }
            }

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }

            /// A short name of the problem, the same for every case of it.
            pub const fn title(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Zh) => $title_zh, (Self::$name, Language::En) => $title_en,)+
                }
            }

            /// What a person can do about it where a case gives no words of its own.
            pub const fn advice(self, language: Language) -> &'static str {
                match (self, language) {
                    $((Self::$name, Language::Zh) => $advice_zh, (Self::$name, Language::En) => $advice_en,)+
                }
            }
        }
    };
}

reasons! {
    /// The body is not JSON.
    MalformedBody "malformed-body" 400
        ["请求内容无法解析", "The body cannot be read"]
        ["请发送有效的 JSON。", "Send valid JSON."];
    /// The request itself is not well-formed HTTP for this operation.
    BadRequest "bad-request" 400
        ["请求有误", "The request is not well-formed"]
        ["请按接口文档检查请求。", "Check the request against the API document."];
    /// No or a wrong credential.
    Unauthenticated "unauthenticated" 401
        ["请先登录", "Not signed in"]
        ["此操作需要有效凭证，请在 Authorization 头中提供。", "This needs a valid credential in the Authorization header."];
    /// The caller sees the thing and may not do the act.
    Forbidden "forbidden" 403
        ["没有权限", "Not permitted"]
        ["您没有进行此操作的权限。", "You may not do this."];
    /// Two persons do this together.
    SecondPersonNeeded "second-person-needed" 403
        ["需要第二人", "A second person is needed"]
        ["此事须由另一位工作人员同意。", "Another of the staff has to agree to this."];
    /// The operation cannot be used for another.
    NotForAnother "not-for-another" 403
        ["不能代办", "Not to be done for another"]
        ["此操作只能由本人进行，请去掉 Acting-For 头。", "Only the person themselves does this; leave the header Acting-For out."];
    /// The delegation or desk session is none of the caller's, is over, or has not this scope.
    NotDelegated "not-delegated" 403
        ["没有授权", "Not delegated"]
        ["授权已结束，或不包括此操作。", "The delegation has ended, or does not cover this."];
    /// Who is under 14 has no account without a guardian.
    GuardianNeeded "guardian-needed" 403
        ["需要监护人", "A guardian is needed"]
        ["未满十四周岁须由监护人办理，请监护人先在 /v1/me/consents 同意，再与孩子一同到社区窗口。", "Who is under 14 has an account by their guardian only, who agrees first (/v1/me/consents); then come to the community's desk together."];
    /// The code is not the one that was sent, or is not good any more.
    WrongCode "wrong-code" 403
        ["验证码错误或已失效", "The code is wrong or no longer good"]
        ["请核对短信中的验证码，或重新获取。", "Check the code in the message, or ask for another."];
    /// WeChat does not know the code of the mini-program.
    WeChatRefused "wechat-refused" 403
        ["微信登录失败", "WeChat did not accept the login"]
        ["请在小程序中重新登录。", "Sign in again in the mini-program."];
    /// This way of signing in is not set up here.
    NotSetUp "not-set-up" 403
        ["未开通该登录方式", "This way to sign in is not set up"]
        ["请联系管理人员，或换一种方式登录。", "Ask the staff, or sign in another way."];
    /// There is no such thing, or the caller may not know of it.
    NotFound "not-found" 404
        ["未找到", "Not found"]
        ["没有找到该内容，请检查编号。", "There is no such thing here; check the id."];
    /// The address of a file is good no more, or never was.
    AddressOver "address-over" 410
        ["链接已失效", "This address is good no more"]
        ["请回到原页面重新打开文件。", "Ask for the file again; it gets another address."];
    /// The place is there and no walk of a length that is searched for leads to it.
    Unreachable "unreachable" 404
        ["步行无法到达", "Not within reach on foot"]
        ["按这种方式步行三十分钟内无法到达，请换一种步行方式、时间或起点。", "No walk of thirty minutes leads there; try another pace, time or origin."];
    /// The socket is asked for by a plain request, or in a version that is not spoken.
    UpgradeRequired "upgrade-required" 426
        ["需要 WebSocket", "A WebSocket is needed"]
        ["请用 WebSocket（版本 13）连接此地址；消息格式见 openapi/asyncapi.yaml。", "Connect to this address with a WebSocket (version 13); its frames are in openapi/asyncapi.yaml."];
    /// No operation at this path.
    NoSuchPath "no-such-path" 404
        ["没有这个地址", "No such path"]
        ["接口文档见 /docs。", "The API document is at /docs."];
    /// The path is there, the method is not.
    MethodNotAllowed "method-not-allowed" 405
        ["不支持该方法", "Method not allowed"]
        ["请使用 Allow 头中列出的方法。", "Use a method that the Allow header lists."];
    /// None of the types that the client accepts can be given.
    NotAcceptable "not-acceptable" 406
        ["无法提供所需格式", "Not acceptable"]
        ["可提供 application/json，生活圈另有 application/geo+json。", "application/json can be had, for the circle also application/geo+json."];
    /// The thing is in a state in which this cannot be done.
    StateConflict "state-conflict" 409
        ["当前状态不允许", "Not possible in this state"]
        ["请刷新后查看当前状态。", "Fetch it again and look at its state."];
    /// The time is none that is offered.
    SlotNotOffered "slot-not-offered" 409
        ["该时段不开放", "This time is not offered"]
        ["请从 GET /v1/resources/{id}/slots 列出的时段中选择。", "Choose one that GET /v1/resources/{id}/slots lists."];
    /// The time has begun or is over.
    SlotPast "slot-past" 409
        ["该时段已开始或已过", "This time has begun or is over"]
        ["请选择以后的时段。", "Choose a later one."];
    /// Booking for this time opens later.
    BookingNotOpen "booking-not-open" 409
        ["尚未开放预约", "Booking is not open yet"]
        ["请在 opens_at 所示时间后预约，任何人都不能提前。", "Come back at opens_at; nobody books before it."];
    /// It is too late to book this time.
    BookingTooLate "booking-too-late" 409
        ["已过预约截止时间", "It is too late to book this time"]
        ["请选择更晚的时段，或到现场咨询。", "Choose a later one, or ask at the desk."];
    /// The time lies further ahead than is booked.
    BookingTooEarly "booking-too-early" 409
        ["日期过远", "This is too far ahead"]
        ["请选择更近的日期。", "Choose a nearer day."];
    /// All places are taken.
    SlotFull "slot-full" 409
        ["该时段已约满", "This time is full"]
        ["请选择其他时段，或登记候补。", "Choose another time, or join the waiting list."];
    /// Some places are left, fewer than were asked for.
    NotEnoughPlaces "not-enough-places" 409
        ["余位不足", "There are not enough places"]
        ["余位少于您的人数，请减少人数或选择其他时段。", "Fewer places are left than you ask for; come with fewer, or choose another time."];
    /// The places that are left are kept for others until a stated time.
    SlotWithheld "slot-withheld" 409
        ["名额为他人保留", "The places left are kept for others"]
        ["未用的名额在 opens_at 所示时间放出，可登记候补。", "What is not used is for everybody from opens_at on; join the waiting list."];
    /// The time is for the residents of some units only.
    NotForYou "not-for-you" 409
        ["该时段不对您开放", "This time is for others"]
        ["该时段只对部分单元的居民开放，见该资源的 open_to 和共享协议；尚未登记住址的请先登记。", "It is for the residents of some units: see open_to of the resource and its agreements; register your home first if you have not."];
    /// The places are held for somebody who has not confirmed yet.
    SlotHeld "slot-held" 409
        ["该时段正被他人保留", "This time is held by another"]
        ["若对方未确认，名额会在几分钟内放出，请稍后再试。", "Unless they confirm it is free within minutes; try again shortly."];
    /// As much is booked as the rules allow.
    BookingLimit "booking-limit" 409
        ["已达预约上限", "The limit of bookings is reached"]
        ["请先使用或取消已有预约。", "Use or cancel one that there is, first."];
    /// The person has another booking at that time.
    BookingOverlaps "booking-overlaps" 409
        ["与已有预约时间重叠", "It overlaps another booking"]
        ["您在这段时间已有预约，请先取消或改期。", "You have a booking at that time; cancel or move it first."];
    /// It was changed as often as the rules allow.
    TooManyChanges "too-many-changes" 409
        ["已达改期次数上限", "It cannot be changed any more"]
        ["请取消后重新预约。", "Cancel it and book anew."];
    /// Who did not come several times pauses for a while.
    BookingPaused "booking-paused" 409
        ["预约暂停中", "Booking is paused"]
        ["因多次未到，在 until 所示时间前暂停预约，如有异议可在该预约上申诉。", "After several times not come, booking is paused until the time that until gives; object at the booking where that was wrong."];
    /// The WeChat account belongs to nobody yet.
    PhoneNeeded "phone-needed" 409
        ["需要手机号", "A phone number is needed"]
        ["该微信号尚未绑定，请用手机号和验证码登录一次，并同时提供 js_code。", "This WeChat account is tied to nobody yet: sign in once with phone and code, and send js_code with them."];
    /// The person whom it is about has not agreed to it.
    ConsentNeeded "consent-needed" 409
        ["需要本人同意", "A consent is needed"]
        ["此事须本人先单独同意，见 /v1/me/consents。", "The person agrees to this first, on its own: see /v1/me/consents."];
    /// A thing with this key is there already.
    AlreadyExists "already-exists" 409
        ["已存在", "Already there"]
        ["已有相同的记录。", "There is one like it already."];
    /// Another request with this idempotency key is being worked on.
    IdempotencyInProgress "idempotency-in-progress" 409
        ["相同请求正在处理", "The same request is being worked on"]
        ["请稍后用同一个 Idempotency-Key 重试。", "Try again shortly with the same Idempotency-Key."];
    /// `If-Match` names another version.
    VersionMismatch "version-mismatch" 412
        ["内容已被他人修改", "It was changed meanwhile"]
        ["请重新获取后再修改。", "Fetch it again, then change it."];
    /// The body is larger than the limit.
    BodyTooLarge "body-too-large" 413
        ["请求内容过大", "The body is too large"]
        ["请减小请求内容。", "Send a smaller body."];
    /// The body has a type that is not taken here.
    UnsupportedMediaType "unsupported-media-type" 415
        ["不支持的内容类型", "Unsupported media type"]
        ["请使用 Content-Type: application/json。", "Use Content-Type: application/json."];
    /// The file is nothing that is taken.
    UnsupportedFile "unsupported-file" 415
        ["不支持的文件", "This kind of file is not taken"]
        ["请上传 JPEG、PNG、WebP、GIF 图片，或 AMR、M4A、AAC、MP3、Ogg、WAV 语音。", "Send a picture (JPEG, PNG, WebP, GIF) or voice (AMR, M4A, AAC, MP3, Ogg, WAV)."];
    /// The picture has more pixels than are decoded.
    TooManyPixels "too-many-pixels" 422
        ["图片尺寸过大", "The picture is too large"]
        ["图片最多五千万像素，请缩小后再传。", "A picture has at most 50 million pixels; make it smaller."];
    /// The file cannot be read.
    BrokenFile "broken-file" 422
        ["文件已损坏", "The file is broken"]
        ["文件不完整或已损坏，请重新选择或录制。", "It is not whole; choose or record it again."];
    /// The recording is longer than is taken.
    RecordingTooLong "recording-too-long" 422
        ["录音过长", "The recording is too long"]
        ["语音最长五分钟，请分段录制。", "A recording is at most five minutes long; record it in parts."];
    /// Fields are at fault; `errors` names each.
    InvalidInput "invalid-input" 422
        ["输入有误", "Invalid input"]
        ["请按 errors 中的提示逐项修改。", "Mend each field that errors names."];
    /// The idempotency key was used with another body.
    IdempotencyKeyReused "idempotency-key-reused" 422
        ["Idempotency-Key 已用于其他请求", "The Idempotency-Key belongs to another request"]
        ["新的请求请使用新的 Idempotency-Key。", "Use a new Idempotency-Key for a new request."];
    /// `If-Match` is needed and missing.
    PreconditionRequired "precondition-required" 428
        ["需要 If-Match", "If-Match is needed"]
        ["请先获取内容，并在 If-Match 头中带上其 ETag。", "Fetch it first and send its ETag in If-Match."];
    /// More requests than this address may make.
    TooManyRequests "too-many-requests" 429
        ["请求过于频繁", "Too many requests"]
        ["请在 Retry-After 所示秒数后重试。", "Try again after the seconds that Retry-After gives."];
    /// The header is larger than the limit or otherwise refused.
    Internal "internal" 500
        ["服务器出错", "The server failed"]
        ["问题已记录，请稍后重试，并向工作人员提供 request_id。", "It is in the log; try later and give the request_id to the staff."];
    /// The database does not answer.
    DatabaseUnavailable "database-unavailable" 503
        ["数据库暂不可用", "The database does not answer"]
        ["请稍后重试；修改之前请先查看上次是否已生效。", "Try again shortly; before a change, look whether the last one was made."];
    /// No more text messages can be sent today.
    NoMessagesLeft "no-messages-left" 503
        ["今日短信已用完", "No text messages are left today"]
        ["请明天再试，或用微信登录。", "Try again tomorrow, or sign in by WeChat."];
    /// The store of files does not answer.
    FilesUnavailable "files-unavailable" 503
        ["文件服务暂不可用", "The store of files does not answer"]
        ["请稍后重试。", "Try again shortly."];
    /// Another service that is needed does not answer.
    ServiceUnavailable "service-unavailable" 503
        ["外部服务暂不可用", "Another service does not answer"]
        ["请稍后重试。", "Try again shortly."];
    /// What this process knows may be out of date, so it decides nothing.
    Stale "stale-instance" 503
        ["服务正在恢复", "This instance is catching up"]
        ["请稍后重试。", "Try again shortly."];
    /// The server is stopping or has too much to do.
    Busy "busy" 503
        ["服务繁忙", "Busy"]
        ["请稍后重试。", "Try again shortly."];
}

impl Reason {
    const fn usual_retry_after_s(self) -> Option<u64> {
        match self {
            Self::DatabaseUnavailable
            | Self::FilesUnavailable
            | Self::Stale
            | Self::Busy
            | Self::ServiceUnavailable => Some(2),
            Self::TooManyRequests | Self::IdempotencyInProgress => Some(1),
            _ => None,
        }
    }

    /// The whole `type`.
    pub fn type_uri(self) -> String {
        format!("{PROBLEM_BASE}{}", self.slug())
    }
}

/// The common result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_reason_has_a_type_of_its_own_and_words_in_its_language() {
        let mut slugs = HashSet::new();
        for reason in Reason::ALL {
            assert!(slugs.insert(reason.slug()), "{} twice", reason.slug());
            for english in [reason.title(Language::En), reason.advice(Language::En)] {
                assert!(english.is_ascii(), "{english}");
            }
            for chinese in [reason.title(Language::Zh), reason.advice(Language::Zh)] {
                assert!(chinese.chars().any(|c| c > '\u{4e00}'), "{chinese}");
            }
        }
    }
}
