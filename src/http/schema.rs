//! Input is checked against the very schema that the API document shows, so that
//! all bad fields are named at once and the document cannot lie.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

use super::location::hint_swapped;
use crate::calendar::Hours;
use crate::error::{Error, FieldError, Result};
use crate::text::{self, MAX_QUERY_CHARS};

/// The format of an opening-hours expression, which the calendar reads.
pub const OPENING_HOURS: &str = "opening-hours";
/// The format of words to search for, which must hold a letter, a character or a digit.
pub const SEARCH_WORDS: &str = "search-words";

/// The format of a text that shows something and hides nothing.
pub const PLAIN_TEXT: &str = "plain-text";

/// A schema, compiled.
pub(super) struct Compiled {
    /// The schema itself.
    pub schema: Value,
    validator: Validator,
}

static COMPILED: LazyLock<RwLock<HashMap<TypeId, Arc<Compiled>>>> = LazyLock::new(RwLock::default);

/// A type's schema, compiled once.
pub(super) fn compiled<T: 'static>(schema: impl FnOnce() -> Value) -> Result<Arc<Compiled>> {
    let key = TypeId::of::<T>();
    if let Some(known) = COMPILED.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(Arc::clone(known));
    }
    let schema = schema();
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .with_format(OPENING_HOURS, |text: &str| Hours::parse(text).is_ok())
        // What is empty or too long is told by its length alone.
        .with_format(SEARCH_WORDS, |words: &str| {
            words.is_empty() || words.chars().count() > MAX_QUERY_CHARS || text::Query::parse(words).is_some()
        })
        .with_format(PLAIN_TEXT, |words: &str| words.is_empty() || text::is_plain(words))
        .build(&schema)
        .map_err(|error| Error::internal(format!("a schema is wrong: {error}")))?;
    let compiled = Arc::new(Compiled { schema, validator });
    COMPILED
        .write()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(key, Arc::clone(&compiled));
    Ok(compiled)
}

/// Every field of `value` that is at fault.
pub(super) fn faults(compiled: &Compiled, value: &Value, place: &'static str) -> Vec<FieldError> {
    if compiled.validator.is_valid(value) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for error in compiled.validator.iter_errors(value) {
        collect(&error, place, &mut found);
    }
    hint_swapped(value, &mut found);
    found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    found.dedup();
    found
}

fn collect(error: &ValidationError<'_>, place: &'static str, found: &mut Vec<FieldError>) {
    let at = error.instance_path().to_string();
    let child = |name: &str| format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
    let mut push = |pointer: String, code: &'static str, zh: String, en: String| {
        let mut field = FieldError::body(pointer, code, zh, en);
        field.place = place;
        found.push(field);
    };
    use ValidationErrorKind as Kind;
    match error.kind() {
        Kind::Required { property } => push(
            child(property.as_str().unwrap_or_default()),
            "required",
            "必填。".into(),
            "This is required.".into(),
        ),
        Kind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                push(
                    child(name),
                    "unknown_field",
                    "没有这个字段，请检查拼写。".into(),
                    "There is no such field; check its spelling.".into(),
                );
            }
        }
        Kind::Type { kind } => {
            let (zh, en) = expected(kind);
            push(at, "type", format!("应为{zh}。"), format!("It takes {en}."));
        }
        Kind::Enum { options } => {
            let list = options.as_array().map_or_else(String::new, |options| {
                let texts: Vec<String> = options
                    .iter()
                    .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
                    .collect();
                texts.join(", ")
            });
            push(
                at,
                "enum",
                format!("应为其中之一：{list}。"),
                format!("It takes one of: {list}."),
            );
        }
        Kind::Minimum { limit } => push(
            at,
            "minimum",
            format!("不能小于 {limit}。"),
            format!("It takes {limit} or more."),
        ),
        Kind::Maximum { limit } => push(
            at,
            "maximum",
            format!("不能大于 {limit}。"),
            format!("It takes {limit} or less."),
        ),
        Kind::MultipleOf { multiple_of } => push(
            at,
            "multiple_of",
            format!("应为 {multiple_of} 的倍数。"),
            format!("It takes a multiple of {multiple_of}."),
        ),
        Kind::MinLength { limit } => push(
            at,
            "min_length",
            format!("至少 {limit} 个字符。"),
            format!("It takes {limit} characters or more."),
        ),
        Kind::MaxLength { limit } => push(
            at,
            "max_length",
            format!("最多 {limit} 个字符。"),
            format!("It takes {limit} characters or fewer."),
        ),
        Kind::MinItems { limit } => push(
            at,
            "min_items",
            format!("至少 {limit} 项。"),
            format!("It takes {limit} items or more."),
        ),
        Kind::MaxItems { limit } => push(
            at,
            "max_items",
            format!("最多 {limit} 项。"),
            format!("It takes {limit} items or fewer."),
        ),
        Kind::Format { format } if format == OPENING_HOURS => {
            let text = error.instance().as_str().unwrap_or_default();
            let why = Hours::parse(text)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            push(
                at,
                "opening_hours",
                format!("无法识别的开放时间，示例：Mo-Fr 09:00-17:00; PH off。（{why}）"),
                format!("This is not an opening-hours expression such as Mo-Fr 09:00-17:00; PH off ({why})."),
            );
        }
        Kind::Format { format } => {
            let (zh, en) = format_words(format);
            push(at, "format", format!("应为{zh}。"), format!("It takes {en}."));
        }
        Kind::Pattern { .. } => push(
            at,
            "pattern",
            "格式不对，请对照接口文档。".into(),
            "It does not have the form that the API document gives.".into(),
        ),
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            // An optional object is "null or this": the fault is in "this".
            let own = context
                .iter()
                .filter(|branch| !is_only_not_null(branch, error))
                .min_by_key(|branch| branch.len());
            match own {
                Some(branch) => branch.iter().for_each(|error| collect(error, place, found)),
                None => push(at, "type", "类型不对。".into(), "It has the wrong type.".into()),
            }
        }
        other => push(
            at,
            "invalid",
            format!("不符合要求（{}）。", other.keyword()),
            format!("It does not meet the rule '{}'.", other.keyword()),
        ),
    }
}

fn is_only_not_null(branch: &[ValidationError<'_>], of: &ValidationError<'_>) -> bool {
    matches!(branch, [one] if one.instance_path() == of.instance_path()
        && matches!(one.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(jsonschema::types::JsonType::Null) }))
}

fn expected(kind: &TypeKind) -> (String, String) {
    use jsonschema::types::JsonType;
    let word = |kind: JsonType| match kind {
        JsonType::Array => ("数组", "a list"),
        JsonType::Boolean => ("true 或 false", "true or false"),
        JsonType::Integer => ("整数", "a whole number"),
        JsonType::Null => ("null", "null"),
        JsonType::Number => ("数字", "a number"),
        JsonType::Object => ("对象", "an object"),
        JsonType::String => ("文本", "a text"),
    };
    let kinds: Vec<JsonType> = match kind {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(many) => many.iter().collect(),
    };
    let named = |pick: fn((&'static str, &'static str)) -> &'static str, or: &str| {
        let words: Vec<&str> = kinds.iter().map(|kind| pick(word(*kind))).collect();
        words.join(or)
    };
    (named(|pair| pair.0, "或"), named(|pair| pair.1, " or "))
}

fn format_words(format: &str) -> (&'static str, &'static str) {
    match format {
        "date-time" => (
            "RFC 3339 时间，如 2026-02-14T09:30:00+08:00（查询参数中 + 写作 %2B）",
            "an RFC 3339 instant such as 2026-02-14T09:30:00+08:00 (in a query write + as %2B)",
        ),
        SEARCH_WORDS => ("文字、拼音或字母", "letters, characters or digits to search for"),
        PLAIN_TEXT => (
            "看得见的文字，不含控制字符",
            "a text that shows something, without control characters",
        ),
        "date" => ("日期，如 2026-02-14", "a date such as 2026-02-14"),
        _ => ("规定的格式", "the form that the API document gives"),
    }
}

/// The schema of a body type, with the schemas that it refers to.
pub(super) fn of_type<T: utoipa::ToSchema>() -> Value {
    let mut referenced = Vec::new();
    T::schemas(&mut referenced);
    let schemas: HashMap<String, _> = referenced.into_iter().collect();
    let mut root = serde_json::to_value(T::schema()).unwrap_or(json!(false));
    if let Some(root) = root.as_object_mut() {
        root.insert("components".into(), json!({ "schemas": schemas }));
    }
    root
}
