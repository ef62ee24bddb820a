//! The API document, which is what is served.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{World, both_databases};

/// Everything that anybody may do; an operation that is added here was meant to be.
const PUBLIC: [&str; 38] = [
    "GET /v1/agreements/{id}",
    "GET /v1/booking-rules",
    "GET /v1/booking-rules/{id}",
    "GET /v1/categories",
    "GET /v1/circle",
    "GET /v1/circle/area",
    "GET /v1/circle/bookable",
    "GET /v1/circle/route",
    "GET /v1/departments/{id}",
    "GET /v1/duties",
    "GET /v1/duties/{id}",
    "GET /v1/estates/{id}",
    "GET /v1/facilities",
    "GET /v1/organisations/{id}",
    "GET /v1/places",
    "GET /v1/places/{id}",
    "GET /v1/places/{id}/doors",
    "GET /v1/privacy/consents",
    "GET /v1/privacy/purposes",
    "GET /v1/resources",
    "GET /v1/resources/{id}",
    "GET /v1/resources/{id}/agreements",
    "GET /v1/resources/{id}/closures",
    "GET /v1/resources/{id}/free-busy",
    "GET /v1/resources/{id}/shares",
    "GET /v1/resources/{id}/slots",
    "GET /v1/socket",
    "GET /v1/units",
    "GET /v1/units/{id}",
    "GET /v1/units/{id}/ancestors",
    "GET /v1/units/{id}/children",
    "GET /v1/units/{id}/departments",
    "GET /v1/units/{id}/doors",
    "GET /v1/units/{id}/estates",
    "GET /v1/units/{id}/organisations",
    "POST /v1/auth/codes",
    "POST /v1/auth/refresh",
    "POST /v1/auth/sessions",
];

/// The operations of a document as `GET /v1/…`.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("an item");
            methods
                .iter()
                .map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        })
        .collect()
}

both_databases! {
    fn the_served_document_is_the_kept_one(world: &World) {
        let server = world.serve();
        let answer = server.anonymous().get("/openapi.json").with_status(200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let document = onegrid::server::document();
        assert_eq!(answer.json, serde_json::to_value(&document).expect("JSON"));
        let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/onegrid.yaml"));
        let written = document.to_yaml().expect("YAML");
        assert!(kept.expect("the document is kept") == written, "openapi/onegrid.yaml is out of date: onegrid openapi");
        assert!(answer.json["openapi"].as_str().expect("a version").starts_with("3.1"));
    }

    fn what_needs_a_permission_is_refused_without_and_what_is_public_is_not(world: &World) {
        let server = world.serve();
        let document = server.anonymous().get("/openapi.json").ok();
        for (name, operation) in operations(&document) {
            let (method, path) = name.split_once(' ').expect("both");
            let path = path.replace("{id}", "x");
            let status = server.anonymous().send(method, &path, None).status;
            let is_public = operation["x-permission"] == "public";
            assert_eq!(status == 401, !is_public, "{name}: {status}");
        }
    }
}

#[test]
fn every_operation_names_its_permission_and_the_public_ones_are_these() {
    let document = serde_json::to_value(onegrid::server::document()).expect("JSON");
    let mut public = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let permission = operation["x-permission"].as_str();
        let permission = permission.unwrap_or_else(|| panic!("{name} names no permission"));
        let security = operation["security"].as_array().map_or(0, Vec::len);
        match permission {
            "public" => {
                assert_eq!(security, 0, "{name} is public and asks for a token");
                public.insert(name);
            }
            other => {
                let known = other == "signed_in" || onegrid::grid::access::RULES.iter().any(|rule| rule.name == other);
                assert!(known, "{name}: there is no permission {other}");
                assert_eq!(security, 1, "{name} needs a token and does not say so");
            }
        }
    }
    assert_eq!(public, PUBLIC.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn every_operation_is_described_and_says_what_goes_wrong() {
    let document = serde_json::to_value(onegrid::server::document()).expect("JSON");
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(
            !id.is_empty() && ids.insert(id.to_owned()),
            "{name}: {id:?} is no id of its own"
        );
        let words = operation["summary"].as_str().or(operation["description"].as_str());
        assert!(words.is_some_and(|words| !words.is_empty()), "{name} is not described");
        assert!(
            operation["responses"]["default"]["content"]["application/problem+json"].is_object(),
            "{name} does not say what goes wrong"
        );
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let what = &parameter["name"];
            assert!(parameter["description"].is_string(), "{name}: {what} is not described");
            assert!(parameter["schema"].is_object(), "{name}: {what} has no schema");
        }
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = serde_json::to_value(onegrid::server::document()).expect("JSON");
    let mut open = vec![&document];
    let mut references = BTreeSet::new();
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                references.extend(members.get("$ref").and_then(Value::as_str));
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    assert!(references.len() > 10, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("into this document");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

/// Every integer that a client may send has both bounds: else one would get through that no
/// type holds.
#[test]
fn every_integer_that_is_taken_has_bounds() {
    let document = serde_json::to_value(onegrid::server::document()).expect("JSON");
    let operations = operations(&document);
    let mut open: Vec<(String, &Value)> = Vec::new();
    for (name, operation) in &operations {
        let bodies = operation["requestBody"]["content"].as_object();
        open.extend(
            bodies
                .into_iter()
                .flat_map(|bodies| bodies.values())
                .map(|body| (name.clone(), &body["schema"])),
        );
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        open.extend(parameters.map(|parameter| (format!("{name} {}", parameter["name"]), &parameter["schema"])));
    }
    let (mut seen, mut integers) = (BTreeSet::new(), 0);
    while let Some((what, schema)) = open.pop() {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').expect("into this document");
            if seen.insert(pointer.to_owned()) {
                open.push((what, document.pointer(pointer).expect("it leads somewhere")));
            }
            continue;
        }
        let kind = &schema["type"];
        if kind == "integer"
            || kind
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|kind| kind == "integer"))
        {
            integers += 1;
            assert!(
                schema["minimum"].is_number() && schema["maximum"].is_number(),
                "{what}: {schema}"
            );
        }
        let members = schema["properties"].as_object();
        open.extend(
            members
                .into_iter()
                .flatten()
                .map(|(name, member)| (format!("{what}/{name}"), member)),
        );
        open.extend(schema["items"].is_object().then(|| (what.clone(), &schema["items"])));
        for list in ["oneOf", "anyOf", "allOf"] {
            open.extend(
                schema[list]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|one| (what.clone(), one)),
            );
        }
    }
    assert!(integers > 10, "{integers}");
}

/// Of two types of one name the document would show one, and lie about the other.
#[test]
fn no_two_types_have_one_name_in_the_document() {
    let mut known: std::collections::BTreeMap<String, Value> = std::collections::BTreeMap::new();
    let mut twice = BTreeSet::new();
    for operation in onegrid::server::operations() {
        for (name, schema) in operation.schemas {
            let schema = serde_json::to_value(schema).expect("JSON");
            if known.get(&name).is_some_and(|before| *before != schema) {
                twice.insert(name.clone());
            }
            known.insert(name, schema);
        }
    }
    assert!(known.len() > 100 && twice.is_empty(), "{twice:?}");
}
