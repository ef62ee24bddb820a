//! The API document: every operation says who may, and who is anybody is listed here.

use std::collections::BTreeSet;

use serde_json::Value;

/// Whoever adds an operation for anybody adds it here as well, knowingly.
const FOR_ANYBODY: [&str; 8] = [
    "get_circle",
    "get_place",
    "get_unit",
    "list_ancestors",
    "list_categories",
    "list_children",
    "list_places",
    "list_units",
];

fn document() -> Value {
    serde_json::to_value(onegrid::server::document()).expect("a document")
}

/// Path, method and operation.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().expect("an item");
            item.iter().map(move |(method, operation)| (path.clone(), method.clone(), operation))
        })
        .collect()
}

#[test]
fn every_operation_names_its_permission_and_the_public_ones_are_these() {
    let document = document();
    let mut public = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an operationId");
        match operation["x-permission"].as_str() {
            Some("public") => {
                assert!(operation["security"].is_null(), "{method} {path}");
                public.insert(id);
            }
            Some("operator") => assert_eq!(operation["security"][0]["operator_key"], serde_json::json!([])),
            other => panic!("{method} {path} needs {other:?}"),
        }
        assert!(operation["summary"].is_string(), "{method} {path} says nothing of itself");
        assert!(operation["responses"]["default"].is_object(), "{method} {path} has no problem document");
    }
    assert_eq!(public, BTreeSet::from(FOR_ANYBODY));
}

#[test]
fn every_reference_leads_somewhere() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "only {} references", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("a reference within the document");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[test]
fn the_kept_document_is_the_served_one() {
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/onegrid.yaml"));
    let made = onegrid::server::document().to_yaml().expect("a document");
    assert_eq!(kept.expect("openapi/onegrid.yaml"), made, "run `onegrid openapi`");
}
