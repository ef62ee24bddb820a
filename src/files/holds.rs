//! What files hold about people.

use serde_json::{Value, json};
use uuid::Uuid;

use super::store;
use super::upload::named_files;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::holdings::{Cutoff, Erased, Holder, Holding, Kept};
use crate::identity::{People, PersonId};

/// So many are forgotten in one transaction.
const AT_ONCE: i64 = 500;

/// The rows of the table of purposes.
pub const HOLDINGS: [Holding; 3] = [
    Holding {
        name: "files",
        columns: &["file.person_id", "file.name", "file_reference.owner"],
        what: (
            "您上传的图片和语音，及文件名（加密保存）；图片不含拍摄地点等附带信息",
            "Pictures and voice that you sent, and what they are called (sealed); pictures without where they were taken",
        ),
        purpose: ("随您所办的事一并查看", "To be looked at with what you sent them for"),
        kept: Kept::Until(("所附的事存在期间", "As long as there is what it was sent for")),
        erased: Erased::Goes,
    },
    Holding {
        name: "unused_files",
        columns: &["file.person_id"],
        what: ("上传后没有使用的文件", "Files that were sent and not used"),
        purpose: ("等您用上它们", "So that you can use them"),
        kept: Kept::Days {
            days: 1,
            from: ("从上传起", "From when they came"),
            forget: forget_unused,
        },
        erased: Erased::Goes,
    },
    Holding {
        name: "bundles",
        columns: &["file.person_id"],
        what: (
            "为您准备的个人信息副本",
            "Copies of what is held about you, made for you",
        ),
        purpose: ("供您下载一次", "For you to fetch, once"),
        kept: Kept::Days {
            days: 7,
            from: ("从准备好起", "From when they were made"),
            forget: forget_bundles,
        },
        erased: Erased::Goes,
    },
];

fn forget_unused(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    forget(conn, cutoff, false)
}

fn forget_bundles(conn: &mut Conn, cutoff: Cutoff) -> Result<usize> {
    forget(conn, cutoff, true)
}

fn forget(conn: &mut Conn, cutoff: Cutoff, bundles: bool) -> Result<usize> {
    let old = store::forgotten(conn, cutoff.before, bundles, AT_ONCE)?;
    let files = store::unkept(conn, old)?;
    store::drop_files(conn, &files)
}

/// Tells and forgets the files of one person.
pub struct FilesHolder {
    /// Who opens what is sealed.
    pub people: People,
}

impl Holder for FilesHolder {
    fn name(&self) -> &'static str {
        "files"
    }

    fn tell(&self, conn: &mut Conn, person: Uuid) -> Result<Value> {
        let files = named_files(conn, &self.people, PersonId::from_uuid(person))?;
        let files = files.into_iter().map(|(file, name)| {
            json!({
                "id": file.id, "name": name, "kind": file.kind, "media_type": file.media.media_type(),
                "bytes": file.bytes, "width": file.width, "height": file.height,
                "duration_ms": file.duration_ms, "created_at": file.created_at,
            })
        });
        Ok(files.collect())
    }

    fn erase(&self, tx: &mut Tx<'_>, person: Uuid) -> Result<()> {
        let files = store::ids_of(tx, PersonId::from_uuid(person))?;
        store::drop_files(tx, &files).map(drop)
    }
}
