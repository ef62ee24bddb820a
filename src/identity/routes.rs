//! Signing in and one's own account over HTTP.

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};

use chrono::Datelike;

use super::codes::{self, Asker, Purpose};
use super::desk::may_be_under_age;
use super::model::SessionId;
use super::people::PersonChange;
use super::phone::Phone;
use super::sign_in::{Identity, Newcomer};
use super::tokens::Signed;
use super::view::{CodeRequest, CodeSent, Me, MeChange, Refresh, SessionList, SessionView, SignIn, Tokens};
use crate::clock;
use crate::coordinates::Crs;
use crate::db::{Db, Id};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{OnesOwn, Read, SignedIn, SigningIn};
use crate::http::{
    Answer, Body, Caller, Entity, Http, IfMatch, Nothing, Operation, Path, Query, Rate, Version, client_name, language,
};

/// The operations of this room.
pub fn operations() -> Vec<Operation> {
    let mut operations = vec![
        Operation::new::<__path_send_code, _, _>(send_code),
        Operation::new::<__path_sign_in, _, _>(sign_in),
        Operation::new::<__path_refresh, _, _>(refresh),
        Operation::new::<__path_sign_out, _, _>(sign_out),
        Operation::new::<__path_get_me, _, _>(get_me),
        Operation::new::<__path_change_me, _, _>(change_me),
        Operation::new::<__path_untie_wechat, _, _>(untie_wechat),
        Operation::new::<__path_list_sessions, _, _>(list_sessions),
        Operation::new::<__path_end_other_sessions, _, _>(end_other_sessions),
        Operation::new::<__path_end_session, _, _>(end_session),
    ];
    operations.extend(super::delegations::routes::operations());
    operations.extend(super::desk::routes::operations());
    operations
}

/// What keeps a flood from the database; the limits that hold stand there.
pub(in crate::identity) const FLOOD: Rate = Rate {
    name: "sign_in",
    per_second: 20,
    burst: 200,
};

/// In whose name the request is.
fn signed(caller: &Caller<SignedIn>) -> Result<Signed> {
    let signed = caller
        .actor()
        .signed
        .ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
    Ok(Signed {
        person: Id::from_uuid(signed.person),
        session: Id::from_uuid(signed.session),
    })
}

/// A number that the schema let through.
pub(in crate::identity) fn phone(text: &str) -> Result<Phone> {
    text.parse().map_err(|_| {
        Error::field(FieldError::body(
            "/phone",
            "pattern",
            "应为大陆手机号，或 + 加国家代码的号码。",
            "It takes a mainland mobile number, or + with the country code.",
        ))
    })
}

/// Tokens are for their holder alone.
fn tokens(status: StatusCode, tokens: &Tokens) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(tokens)
}

/// Sends a code to a phone, which is good for five minutes and five tries; the code before it is good no more.
/// Another may be asked for after 60 s, ten a day. The answer is the same whether or not the number is known here.
#[utoipa::path(
    post,
    path = "/auth/codes",
    tag = "auth",
    request_body = CodeRequest,
    responses((status = 202, description = "A code is on its way", body = CodeSent)),
)]
async fn send_code(
    _: Caller<SigningIn>,
    request: HttpRequest,
    _: Query<Nothing>,
    body: Body<CodeRequest>,
    http: web::Data<Http>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    http.limits.charge(&request, &http, FLOOD, 1).await?;
    let asker = Asker {
        phone: phone(&body.value.phone)?,
        device: body.value.device.and_then(|device| device.id),
        address: client_name(&request, &http),
        purpose: Purpose::SignIn,
    };
    identity.send_code(&db, asker, language(&request)).await?;
    Ok(HttpResponse::Accepted().json(CodeSent {
        resend_after_s: codes::RESEND_S,
        expires_in_s: codes::GOOD_S,
    }))
}

/// Signs in by a code that was sent, or by WeChat. An unknown number is a new person; an unknown WeChat account is
/// tied to a number by one sign-in with both.
#[utoipa::path(
    post,
    path = "/auth/sessions",
    tag = "auth",
    request_body = SignIn,
    responses((status = 201, description = "A session began", body = Tokens)),
)]
async fn sign_in(
    _: Caller<SigningIn>,
    request: HttpRequest,
    _: Query<Nothing>,
    body: Body<SignIn>,
    http: web::Data<Http>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    http.limits.charge(&request, &http, FLOOD, 1).await?;
    let asked = body.value;
    let (device, device_name) = asked.device.map_or((None, None), |device| (device.id, device.name));
    let newcomer = Newcomer {
        device_name,
        language: language(&request),
    };
    let grant = match (asked.phone, asked.code, asked.js_code) {
        (Some(number), Some(code), js_code) => {
            let asker = Asker {
                phone: phone(&number)?,
                device,
                address: client_name(&request, &http),
                purpose: Purpose::SignIn,
            };
            identity.sign_in_by_code(&db, asker, code, js_code, newcomer).await?
        }
        (_, _, Some(js_code)) => identity.sign_in_by_wechat(&db, &js_code, newcomer).await?,
        _ => return Err(Error::internal("a sign-in without any proof passed its check")),
    };
    Ok(tokens(StatusCode::CREATED, &Tokens::of(grant)))
}

/// Exchanges a refresh token for new tokens. It is good once; where the answer is lost it is taken once more for 30 s.
/// A token that was exchanged before ends its session.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    request_body = Refresh,
    responses((status = 200, description = "New tokens", body = Tokens)),
)]
async fn refresh(
    _: Caller<SigningIn>,
    request: HttpRequest,
    _: Query<Nothing>,
    body: Body<Refresh>,
    http: web::Data<Http>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    http.limits.charge(&request, &http, FLOOD, 1).await?;
    let grant = identity.renew(&db, body.value.refresh_token).await?;
    Ok(tokens(StatusCode::OK, &Tokens::of(grant)))
}

/// Ends the session of this request; its tokens are good no more, on any server.
#[utoipa::path(
    post,
    path = "/auth/logout",
    tag = "auth",
    responses((status = 204, description = "The session ended")),
)]
async fn sign_out(
    caller: Caller<SignedIn>,
    _: Query<Nothing>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    identity.sign_out(&db, signed(&caller)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The caller's account.
#[utoipa::path(
    get,
    path = "/me",
    tag = "me",
    responses((status = 200, description = "The account", body = Me), (status = 304, description = "The client has this version")),
)]
async fn get_me(
    caller: Caller<OnesOwn<Read>>,
    request: HttpRequest,
    _: Query<Nothing>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    let whose = caller
        .actor()
        .whose()
        .ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
    let person = identity.account(&db, Id::from_uuid(whose)).await?;
    let version = Version::Number(person.version, Crs::Wgs84);
    let value = Me::of(person);
    Ok(Entity { value, version }.answer(&request))
}

/// Changes what is given of the caller's account.
#[utoipa::path(
    patch,
    path = "/me",
    tag = "me",
    params(("If-Match" = String, Header, description = "The ETag of the account to change")),
    request_body = MeChange,
    responses((status = 200, description = "The account as it is now", body = Me)),
)]
async fn change_me(
    caller: Caller<SignedIn>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<MeChange>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    let id = signed(&caller)?.person;
    let year = clock::now().to_utc().year();
    if let Some(birth_year) = body.value.birth_year {
        if birth_year > year {
            return Err(Error::field(FieldError::body(
                "/birth_year",
                "future",
                "出生年份还没有到。",
                "This year is still to come.",
            )));
        }
        if may_be_under_age(birth_year, year) {
            return Err(Error::refused(Reason::GuardianNeeded));
        }
    }
    let change = PersonChange {
        birth_year: body.value.birth_year,
        name: body.value.name,
        language: body.value.language.map(Into::into),
    };
    let people = identity.people.clone();
    let changed = db.write(move |tx| people.change(tx, id, &change, |version| expected.allows(version)));
    let person = changed.await?;
    let version = Version::Number(person.version, Crs::Wgs84);
    let value = Me::of(person);
    Ok(Entity { value, version }.answer_with(StatusCode::OK))
}

/// Unties the caller's WeChat account.
#[utoipa::path(
    delete,
    path = "/me/wechat",
    tag = "me",
    responses((status = 204, description = "No WeChat account is tied to the caller")),
)]
async fn untie_wechat(
    caller: Caller<SignedIn>,
    _: Query<Nothing>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    let id = signed(&caller)?.person;
    let people = identity.people.clone();
    db.write(move |tx| people.untie_wechat(tx, id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The caller's sessions that go on.
#[utoipa::path(
    get,
    path = "/me/sessions",
    tag = "me",
    responses((status = 200, description = "The sessions", body = SessionList)),
)]
async fn list_sessions(
    caller: Caller<SignedIn>,
    _: Query<Nothing>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    let signed = signed(&caller)?;
    let sessions = identity.sessions(&db, signed.person).await?;
    let items = sessions
        .into_iter()
        .map(|session| SessionView::of(session, signed.session))
        .collect();
    Ok(HttpResponse::Ok().json(SessionList { items, next: None }))
}

/// Ends all sessions of the caller but the one of this request.
#[utoipa::path(
    delete,
    path = "/me/sessions",
    tag = "me",
    responses((status = 204, description = "This session is the only one")),
)]
async fn end_other_sessions(
    caller: Caller<SignedIn>,
    _: Query<Nothing>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    identity.end_other_sessions(&db, signed(&caller)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends one of the caller's sessions.
#[utoipa::path(
    delete,
    path = "/me/sessions/{id}",
    tag = "me",
    params(("id" = String, Path, description = "The session's id")),
    responses((status = 204, description = "The session ended")),
)]
async fn end_session(
    caller: Caller<SignedIn>,
    id: Path<SessionId>,
    _: Query<Nothing>,
    identity: web::Data<Identity>,
    db: web::Data<Db>,
) -> Answer {
    if identity.end_session(&db, signed(&caller)?, id.0).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Error::refused(Reason::NotFound))
    }
}

/// The public keys of access tokens, for whoever verifies them elsewhere.
pub async fn public_keys(identity: web::Data<Identity>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=300"))
        .json(identity.tokens.public_keys())
}
