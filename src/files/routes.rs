//! Files over HTTP.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::TryStreamExt;

use super::model::{File, FileId, Kind, MOST_BYTES, Variant};
use super::name::stem;
use super::store;
use super::upload::Files;
use super::view::{FileBytes, FileView, UploadQuery};
use crate::db::{Db, Tx};
use crate::error::{Error, Reason, Result};
use crate::gate::{Signed, SignedIn};
use crate::http::{Answer, Caller, Http, Nothing, Once, Operation, Path, Query, Rate, Stored, Upload, Version};
use crate::identity::PersonId;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_upload_file, _, _>(upload_file),
        Operation::new::<__path_get_file, _, _>(get_file),
        Operation::new::<__path_delete_file, _, _>(delete_file),
    ]
}

/// Uploads from one address.
const UPLOADS: Rate = Rate {
    name: "uploads",
    per_second: 2,
    burst: 40,
};

fn signed(caller: &Caller<SignedIn>) -> Result<Signed> {
    caller
        .actor()
        .signed
        .ok_or_else(|| Error::refused(Reason::Unauthenticated))
}

/// Hands in a picture (JPEG, PNG, WebP, GIF; kept upright, without where it was taken, and as JPEG or PNG) or something
/// spoken (AMR, M4A, AAC, MP3, Ogg, WAV; at most five minutes): the bytes are the body, at most 10 MiB. What it is is read
/// from them. What is not used within a day is forgotten.
#[utoipa::path(
    post,
    path = "/files",
    tag = "files",
    params(UploadQuery, ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body(content = FileBytes, content_type = "application/octet-stream"),
    responses((status = 201, description = "The file", body = FileView)),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
async fn upload_file(
    caller: Caller<SignedIn>,
    request: HttpRequest,
    query: Query<UploadQuery>,
    once: Once,
    body: Upload<MOST_BYTES>,
    files: web::Data<Files>,
    db: web::Data<Db>,
    http: web::Data<Http>,
) -> Answer {
    http.limits.charge(&request, &http, UPLOADS, 1).await?;
    let signed = signed(&caller)?;
    let person = PersonId::from_uuid(signed.person);
    let Upload { bytes, digest, turn } = body;
    let file = files.take(person, query.0.name.as_deref(), bytes).await?;
    drop(turn);
    let keeper = files.clone();
    let shown = db.write(move |tx| {
        let arrive = |tx: &mut Tx<'_>| {
            keeper.arrived(tx, file)?;
            Ok(file)
        };
        // Where the request came before, this is the file of that time.
        let once = once.run_id(tx, caller.actor(), &digest, arrive)?;
        Ok(once)
    });
    let (file, name) = files.show(person, shown.await?).await?;
    let location = format!("/v1/files/{}", file.id);
    let view = FileView::of(&files, file, name, signed);
    Ok(Stored::created(view, Version::Content, location)?.answer())
}

/// A file of mine, and where it can be fetched for the next five minutes.
#[utoipa::path(
    get,
    path = "/files/{id}",
    tag = "files",
    params(("id" = String, Path, description = "The file's id")),
    responses((status = 200, description = "The file", body = FileView)),
)]
async fn get_file(caller: Caller<SignedIn>, id: Path<FileId>, _: Query<Nothing>, files: web::Data<Files>) -> Answer {
    let signed = signed(&caller)?;
    let (file, name) = files.show(PersonId::from_uuid(signed.person), id.0).await?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(FileView::of(&files, file, name, signed)))
}

/// Removes a file of mine that is not used for anything.
#[utoipa::path(
    delete,
    path = "/files/{id}",
    tag = "files",
    params(("id" = String, Path, description = "The file's id")),
    responses((status = 204, description = "The file is gone")),
)]
async fn delete_file(
    caller: Caller<SignedIn>,
    id: Path<FileId>,
    _: Query<Nothing>,
    files: web::Data<Files>,
    db: web::Data<Db>,
) -> Answer {
    let person = PersonId::from_uuid(signed(&caller)?.person);
    let removed = db.write(move |tx| {
        let own = store::load(tx, id.0)?.filter(|file| file.person_id == person && file.kind != Kind::Bundle);
        own.ok_or_else(|| Error::refused(Reason::NotFound))?;
        if store::unkept(tx, vec![id.0])?.is_empty() {
            return Err(Error::because(
                Reason::StateConflict,
                "该文件已附在其他内容上，请在那里移除。",
                "The file is used; take it out there.",
            ));
        }
        files.remove(tx, id.0)
    });
    removed.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A file under its signed address. A browser shows nothing of it as a page, nor guesses what it is.
pub async fn fetch(token: web::Path<String>, files: web::Data<Files>) -> Answer {
    let (file, name, variant, opened) = files.fetch(&token).await?;
    if file.kind == Kind::Bundle {
        return Err(Error::refused(Reason::NotFound));
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, file.media.media_type()))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_DISPOSITION, attachment(&file, name.as_deref(), variant)))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"))
        .insert_header((CACHE_CONTROL, "private, max-age=300"));
    let length = opened.meta.size;
    let bytes = opened.into_stream().map_err(|error| {
        tracing::warn!(%error, "a file broke off");
        actix_web::error::ErrorInternalServerError("the file broke off")
    });
    Ok(response.body(actix_web::body::SizedStream::new(length, bytes)))
}

/// To be saved under its name (RFC 6266; RFC 8187 where it is not ASCII).
fn attachment(file: &File, name: Option<&str>, variant: Variant) -> String {
    let extension = file.media.extension();
    let plain = format!("{}-{}.{extension}", file.id, variant.name());
    match name {
        None => format!("attachment; filename=\"{plain}\""),
        Some(name) => {
            let encoded: String = form_urlencoded::byte_serialize(stem(name).as_bytes()).collect();
            let encoded = encoded.replace('+', "%20").replace('*', "%2A");
            format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}.{extension}")
        }
    }
}
