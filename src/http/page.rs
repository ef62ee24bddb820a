//! Lists in pages.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::hex;
use super::input::Input;
use crate::db::{Conn, Db};
use crate::error::{Error, FieldError, Result};

/// A page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The things of this page.
    pub items: Vec<T>,
    /// Give this as `cursor` for the next page; none on the last.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The page out of up to `limit + 1` things: one more than fits tells that there is a next.
    pub fn cut<K: Serialize>(mut items: Vec<T>, limit: usize, key: impl FnOnce(&T) -> K) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = match items.last() {
            Some(last) if more => Cursor::write(&key(last)),
            _ => None,
        };
        Self { items, next }
    }

    /// The page behind a cursor of a list in the database: `load` gives so many behind a key,
    /// in the order of their keys.
    pub async fn load<K>(
        db: &Db,
        limit: usize,
        cursor: Option<&str>,
        load: impl FnOnce(&mut Conn, Option<K>, i64) -> Result<Vec<T>> + Send + 'static,
        key: impl FnOnce(&T) -> K,
    ) -> Result<Self>
    where
        K: Serialize + DeserializeOwned + Send + 'static,
        T: Send + 'static,
    {
        let after = Cursor::read(cursor)?;
        let most = i64::try_from(limit + 1).map_err(Error::internal)?;
        let found = db.read(move |conn| load(conn, after, most)).await?;
        Ok(Self::cut(found, limit, key))
    }

    /// A page of nothing.
    pub fn empty() -> Self {
        Self {
            items: Vec::new(),
            next: None,
        }
    }

    /// The same page of something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
        }
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    pub limit: usize,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

fn usual_limit() -> usize {
    100
}

impl Input for PageQuery {}

/// Where a list goes on: opaque to clients, the last key in fact.
pub struct Cursor;

impl Cursor {
    /// The text for a key.
    pub fn write<K: Serialize>(key: &K) -> Option<String> {
        serde_json::to_vec(key).ok().map(|bytes| hex(&bytes))
    }

    /// The key of a text that we once wrote.
    pub fn read<K: DeserializeOwned>(text: Option<&str>) -> Result<Option<K>> {
        let Some(text) = text else { return Ok(None) };
        let bytes: Option<Vec<u8>> = (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
            .collect();
        let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        key.map(Some).ok_or_else(|| {
            Error::field(FieldError::query(
                "cursor",
                "cursor",
                "请原样使用上一页返回的 next。",
                "Give the next of the page before, as it came.",
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_any_other_text_is_refused() {
        let key = ("名".to_owned(), 7);
        let text = Cursor::write(&key).expect("a cursor");
        assert_eq!(Cursor::read(Some(&text)).expect("reads"), Some(key));
        for wrong in ["x", "zz", "名名", "7b", ""] {
            assert!(Cursor::read::<(String, i32)>(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
