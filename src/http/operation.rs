//! Operations: a handler, its path, its document and its permission in one.

use std::collections::BTreeMap;

use actix_web::guard;
use actix_web::http::header::HeaderValue;
use actix_web::{FromRequest, Handler, HttpRequest, Resource, Responder, Route, web};
use utoipa::openapi::path::{HttpMethod, Operation as Document};
use utoipa::openapi::{RefOr, Schema};

use super::caller::Caller;
use super::problem::not_found;
use crate::gate::Permission;

/// The arguments of a handler whose first is its caller.
pub trait Guarded {
    /// The permission that the caller needs.
    type Needs: Permission;
}

/// Arguments behind the caller, as many as a handler has.
macro_rules! guarded {
    ($($argument:ident)*) => {
        impl<P: Permission, $($argument),*> Guarded for (Caller<P>, $($argument,)*) {
            type Needs = P;
        }
    };
}
guarded!();
guarded!(A);
guarded!(A B);
guarded!(A B C);
guarded!(A B C D);
guarded!(A B C D E);
guarded!(A B C D E F);
guarded!(A B C D E F G);
guarded!(A B C D E F G I);

/// One operation of the API.
pub struct Operation {
    /// The path below `/v1`, with `{id}` for what varies.
    pub path: String,
    /// The method.
    pub method: HttpMethod,
    /// The name of the permission that it needs.
    pub permission: &'static str,
    /// Under which scope it can be used for another.
    pub scope: Option<&'static str>,
    /// What the API document says of it.
    pub document: Document,
    /// The schemas that the document refers to.
    pub schemas: Vec<(String, RefOr<Schema>)>,
    route: Box<dyn Fn() -> Route>,
}

impl Operation {
    /// Of a handler and the document that `#[utoipa::path]` made for it. A handler
    /// that does not take its caller first does not fit here.
    pub fn new<D, H, A>(handler: H) -> Self
    where
        D: utoipa::Path + utoipa::__dev::SchemaReferences,
        H: Handler<A>,
        A: Guarded + FromRequest + 'static,
        H::Output: Responder + 'static,
    {
        let mut schemas = Vec::new();
        D::schemas(&mut schemas);
        Self {
            path: D::path(),
            method: D::methods().into_iter().next().unwrap_or(HttpMethod::Get),
            permission: A::Needs::NAME,
            scope: A::Needs::SCOPE,
            document: D::operation(),
            schemas,
            route: Box::new(move || web::route().to(handler.clone())),
        }
    }
}

/// Registers operations with actix; other methods on their paths are told which exist.
pub fn operations(operations: &[Operation], config: &mut web::ServiceConfig) {
    let mut paths: BTreeMap<&str, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        paths.entry(&operation.path).or_default().push(operation);
    }
    register(paths.into_iter().collect(), config);
}

/// Registers paths. The router tries one pattern after the other: so those that begin alike are
/// tried together, segment by segment, what is written out before what varies.
fn register(paths: Vec<(&str, Vec<&Operation>)>, config: &mut web::ServiceConfig) {
    let mut beginnings: BTreeMap<&str, Vec<(&str, Vec<&Operation>)>> = BTreeMap::new();
    for (path, operations) in paths {
        let next = path.char_indices().skip(1).find(|(_, letter)| *letter == '/');
        let (first, rest) = path.split_at(next.map_or(path.len(), |(at, _)| at));
        beginnings.entry(first).or_default().push((rest, operations));
    }
    for (first, below) in beginnings {
        match below.as_slice() {
            [(rest, operations)] => config.service(resource(&format!("{first}{rest}"), operations)),
            _ => config.service(web::scope(first).configure(|config| register(below, config))),
        };
    }
}

fn resource(path: &str, operations: &[&Operation]) -> Resource {
    let mut resource = web::resource(path);
    let mut allowed = Vec::new();
    for operation in operations {
        let (method, name) = actix_method(&operation.method);
        allowed.push(name);
        if name == "GET" {
            allowed.push("HEAD");
            let get_or_head = guard::Any(guard::Get()).or(guard::Head());
            resource = resource.route((operation.route)().guard(get_or_head));
        } else {
            resource = resource.route((operation.route)().method(method));
        }
    }
    let allowed = HeaderValue::from_str(&allowed.join(", ")).ok();
    resource.default_service(web::to(move |request: HttpRequest| not_found(request, allowed.clone())))
}

fn actix_method(method: &HttpMethod) -> (actix_web::http::Method, &'static str) {
    use actix_web::http::Method;
    match method {
        HttpMethod::Post => (Method::POST, "POST"),
        HttpMethod::Put => (Method::PUT, "PUT"),
        HttpMethod::Patch => (Method::PATCH, "PATCH"),
        HttpMethod::Delete => (Method::DELETE, "DELETE"),
        _ => (Method::GET, "GET"),
    }
}
