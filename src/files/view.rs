//! Files as clients see them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{File, FileId, Kind, Variant};
use super::upload::Files;
use crate::clock::Timestamp;
use crate::gate::Signed;
use crate::http::Input;

/// What a file is called.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// What the file is called; shown to people, and never a path.
    #[param(min_length = 1, max_length = 255, example = "路灯.jpg")]
    pub name: Option<String>,
}

impl Input for UploadQuery {}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct FileBytes(#[expect(dead_code, reason = "it stands in the API document only")] Vec<u8>);

/// A file.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileView {
    /// Its id.
    pub id: FileId,
    /// What it is good for.
    pub kind: Kind,
    /// What it is, as it is kept.
    #[schema(example = "image/jpeg")]
    pub media_type: String,
    /// What it is called; null where it was not said.
    pub name: Option<String>,
    /// How large it is as it is kept, in bytes.
    pub bytes: i64,
    /// How wide a picture is, in pixels.
    pub width: Option<i64>,
    /// How high.
    pub height: Option<i64>,
    /// How long something spoken is, in milliseconds.
    pub duration_ms: Option<i64>,
    /// When it came.
    pub created_at: Timestamp,
    /// Where it can be fetched by the caller, without a credential, for five minutes.
    pub addresses: Vec<AddressView>,
}

/// Where a form of a file can be fetched.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddressView {
    /// Which form: a picture can be had smaller.
    pub variant: Variant,
    /// A path on this server.
    #[schema(example = "/files/AZq…")]
    pub path: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl FileView {
    pub(super) fn of(files: &Files, file: File, name: Option<String>, signed: Signed) -> Self {
        let variants: &[Variant] = match file.kind {
            Kind::Image => &Variant::ALL,
            Kind::Voice => &[Variant::Original],
            // It is fetched once, elsewhere.
            Kind::Bundle => &[],
        };
        let address = |variant: &Variant| {
            let (path, expires_at) = files.path(file.id, *variant, signed);
            AddressView {
                variant: *variant,
                path,
                expires_at,
            }
        };
        Self {
            id: file.id,
            kind: file.kind,
            media_type: file.media.media_type().to_owned(),
            name,
            bytes: file.bytes,
            width: file.width,
            height: file.height,
            duration_ms: file.duration_ms,
            created_at: file.created_at,
            addresses: variants.iter().map(address).collect(),
        }
    }
}
