//! The API document, made of the operations that are served.

use serde_json::json;
use utoipa::PartialSchema;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn, PathItem, PathsBuilder};
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::security::{Http as HttpScheme, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Required,
    ResponseBuilder, Schema, ServerBuilder,
};

use super::operation::Operation;
use super::problem::{Problem, ProblemField};
use crate::gate::{Permission, Public};

const ABOUT: &str = "The backend of a grid-based smart community: what is within a ten-minute walk, \
the units of the grid, the places of the ten categories.\n\n\
Errors are problem documents (RFC 9457) with a stable `type`; `title` and `detail` follow `Accept-Language` \
(zh-CN, en) and every field at fault is listed in `errors`. Lists come in pages: give `next` as `cursor`. \
Coordinates are taken and given in the system that `crs` names: wgs84 (unless told), cgcs2000, gcj02 or bd09. \
Unknown fields and parameters are refused. A POST with an `Idempotency-Key` has its effect once; the same answer \
is given again for 24 hours.";

/// The document (OpenAPI 3.1).
pub fn document(operations: &[Operation]) -> OpenApi {
    let mut components = ComponentsBuilder::new()
        .schema(Problem::name(), Problem::schema())
        .schema(ProblemField::name(), ProblemField::schema())
        .security_scheme(
            "access_token",
            SecurityScheme::Http(HttpScheme::new(HttpAuthScheme::Bearer)),
        );
    let mut paths = PathsBuilder::new();
    for operation in operations {
        components = components.schemas_from_iter(operation.schemas.clone());
        paths = paths.path(
            format!("/v1{}", operation.path),
            PathItem::new(operation.method.clone(), documented(operation)),
        );
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("OneGrid")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .license(Some(
                    LicenseBuilder::new()
                        .name("Apache-2.0")
                        .identifier(Some("Apache-2.0"))
                        .build(),
                ))
                .build(),
        )
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .paths(paths.build())
        .components(Some(components.build()))
        .build()
}

/// An operation's document with what all have in common: its permission, and
/// that anything that goes wrong is a problem document.
fn documented(operation: &Operation) -> utoipa::openapi::path::Operation {
    let mut document = operation.document.clone();
    let permission = ExtensionsBuilder::new()
        .add("x-permission", json!(operation.permission))
        .build();
    match &mut document.extensions {
        Some(extensions) => extensions.merge(permission),
        none => *none = Some(permission),
    }
    if operation.permission != Public::NAME {
        document.security = Some(vec![SecurityRequirement::new::<_, _, String>("access_token", [])]);
    }
    if let Some(scope) = operation.scope {
        let acting_for = ParameterBuilder::new()
            .name("Acting-For")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(format!(
                "The id of a delegation with the scope `{scope}`, or of a desk session: it is done for that person"
            )))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
            .build();
        document.parameters.get_or_insert_default().push(acting_for.into());
    }
    document.parameters = document.parameters.map(|parameters| {
        let parameters = parameters.into_iter().map(|parameter| match parameter {
            RefOr::T(parameter) => RefOr::T(without_null(parameter)),
            reference => reference,
        });
        parameters.collect()
    });
    let problem = ResponseBuilder::new()
        .description("What went wrong and what to do about it")
        .content(
            "application/problem+json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(Problem::name())))
                .build(),
        )
        .build();
    document
        .responses
        .responses
        .insert("default".to_owned(), problem.into());
    document
}

/// A parameter that may be left out is a missing text, never a null.
pub(super) fn without_null(mut parameter: Parameter) -> Parameter {
    parameter.schema = parameter.schema.map(|schema| match schema {
        RefOr::T(Schema::Object(mut object)) => {
            if let SchemaType::Array(types) = &object.schema_type
                && let [Type::Null, one] | [one, Type::Null] = types.as_slice()
            {
                object.schema_type = SchemaType::Type(one.clone());
            }
            RefOr::T(Schema::Object(object))
        }
        RefOr::T(Schema::OneOf(one_of)) => match one_of.items.as_slice() {
            [null, one] | [one, null] if is_null(null) => one.clone(),
            _ => RefOr::T(Schema::OneOf(one_of)),
        },
        other => other,
    });
    parameter
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
