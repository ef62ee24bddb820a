//! Typed ids: a UUIDv7 in the database, a TypeID (`plc_01h…`) outside.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Binary;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use type_safe_id::{DynamicType, TypeSafeId};
use uuid::Uuid;

use crate::clock;

/// A thing that has ids: its prefix is what people see before the underscore.
pub trait Named {
    /// Three lower-case letters.
    const PREFIX: &'static str;
}

/// The id of a `T`. Sorts by the time it was made; which is **not** the order of
/// commits, so it never serves as "what is new since".
#[derive(AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Id<T> {
    uuid: Uuid,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// A new id, made of the time now and 74 random bits.
    pub fn new() -> Self {
        let micros = clock::now().micros().max(0) as u64;
        let nanos = (micros % 1_000_000) as u32 * 1000;
        let at = uuid::Timestamp::from_unix(uuid::NoContext, micros / 1_000_000, nanos);
        Self::from_uuid(Uuid::new_v7(at))
    }

    /// The id with these 128 bits.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }

    /// The 128 bits.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<T> Default for Id<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.uuid.cmp(&other.uuid)
    }
}
impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<T: Named> utoipa::PartialSchema for Id<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", T::PREFIX)))
            .build()
            .into()
    }
}

impl<T: Named> utoipa::ToSchema for Id<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}_id", T::PREFIX).into()
    }
}

/// A text that is not the id of such a thing.
#[derive(Debug, thiserror::Error)]
#[error("not an id with the prefix {0}_")]
pub struct NotAnId(&'static str);

impl<T: Named> FromStr for Id<T> {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let id = TypeSafeId::<DynamicType>::from_str(text).map_err(|_| NotAnId(T::PREFIX))?;
        if id.type_prefix() == T::PREFIX {
            Ok(Self::from_uuid(id.uuid()))
        } else {
            Err(NotAnId(T::PREFIX))
        }
    }
}

impl<T: Named> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = DynamicType::new(T::PREFIX).map_err(|_| fmt::Error)?;
        fmt::Display::fmt(&TypeSafeId::from_type_and_uuid(prefix, self.uuid), f)
    }
}

impl<T: Named> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: Named> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: Named> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl<T: Named, DB: Backend> FromSql<Binary, DB> for Id<T>
where
    Vec<u8>: FromSql<Binary, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bytes = Vec::<u8>::from_sql(bytes)?;
        Ok(Self::from_uuid(Uuid::from_slice(&bytes)?))
    }
}

impl<T: Named, DB: Backend> ToSql<Binary, DB> for Id<T>
where
    [u8]: ToSql<Binary, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.uuid.as_bytes().as_slice().to_sql(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;
    impl Named for Thing {
        const PREFIX: &'static str = "thg";
    }
    struct Other;
    impl Named for Other {
        const PREFIX: &'static str = "oth";
    }

    #[test]
    fn an_id_reads_back_and_no_other_things_id_is_taken_for_it() {
        let id = Id::<Thing>::new();
        let text = id.to_string();
        assert!(text.starts_with("thg_"), "{text}");
        assert_eq!(text.parse::<Id<Thing>>().expect("reads back"), id);
        assert!(text.parse::<Id<Other>>().is_err());
        assert!("thg_".parse::<Id<Thing>>().is_err());
        assert!("thg_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<Id<Thing>>().is_err());
    }
}
