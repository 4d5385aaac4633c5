//! What every operation can answer beside what its handler says.
//!
//! Owns the refusals that all operations of a kind share, the media type of problems, the headers of answers,
//! and what the items of a page are called. A handler says what is particular to it.
//! **Invariant:** every answer names the headers it may come with, and every refusal is a problem.

use utoipa::Modify;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ArrayItems, Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{
    Components, Content, ContentBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder,
};

use crate::api::problem;

/// Gives every operation the refusals of its kind, and every answer its headers.
pub(super) struct Answers;

/// A refusal that many operations share: its status, its name among the components, what it means.
type Refusal = (&'static str, &'static str, &'static str);

const UNACCEPTABLE: Refusal = (
    "400",
    "Unacceptable",
    "a value of the request is not acceptable, or it cannot be read",
);
const UNAUTHENTICATED: Refusal = ("401", "Unauthenticated", "no credentials that hold");
const FORBIDDEN: Refusal = ("403", "Forbidden", "without the right");
const TOO_LARGE: Refusal = ("413", "TooLarge", "the body is too large");
const OF_ANOTHER_TYPE: Refusal = (
    "415",
    "OfAnotherType",
    "the body is of a type that is not taken here",
);
const TOO_MANY: Refusal = (
    "429",
    "TooMany",
    "too often: `Retry-After` says when to come back",
);
const UNAVAILABLE: Refusal = (
    "503",
    "Unavailable",
    "something that is needed is away: `Retry-After` says when to come back",
);
const REFUSALS: [Refusal; 7] = [
    UNACCEPTABLE,
    UNAUTHENTICATED,
    FORBIDDEN,
    TOO_LARGE,
    OF_ANOTHER_TYPE,
    TOO_MANY,
    UNAVAILABLE,
];

/// Headers of answers: as they are sent, and as they are called among the components.
const REQUEST_ID: (&str, &str) = ("X-Request-Id", "RequestId");
const RETRY_AFTER: (&str, &str) = ("Retry-After", "RetryAfter");
const VERSION: (&str, &str) = ("ETag", "Version");
const STANDING: [(&str, &str); 3] = [
    ("RateLimit-Limit", "RateLimitLimit"),
    ("RateLimit-Remaining", "RateLimitRemaining"),
    ("RateLimit-Reset", "RateLimitReset"),
];

impl Modify for Answers {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (status, name, description) in REFUSALS {
            let mut refusal = problem_response(description);
            give_headers(&mut refusal, &plain_headers(status));
            // Whose credentials do not hold is nobody whose calls could be counted.
            if status != UNAUTHENTICATED.0 {
                give_headers(&mut refusal, &STANDING);
            }
            components.responses.insert(name.to_owned(), refusal.into());
        }
        components.headers = headers();
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            describe(operation, components);
            // Said of every operation: for anybody, unless it says otherwise.
            operation.security.get_or_insert_default();
        }
        name_the_items_of_pages(components);
    }
}

/// utoipa writes the items of a page out in each. By their names they are one type for who makes a client.
fn name_the_items_of_pages(components: &mut Components) {
    for (name, schema) in &mut components.schemas {
        let (Some(item), RefOr::T(Schema::Object(page))) = (name.strip_prefix("Page_"), schema)
        else {
            continue;
        };
        if let Some(RefOr::T(Schema::Array(items))) = page.properties.get_mut("items") {
            let named = RefOr::Ref(Ref::from_schema_name(item));
            items.items = ArrayItems::RefOrSchema(Box::new(named));
        }
    }
}

fn describe(operation: &mut Operation, components: &Components) {
    let (signed_in, limited) = (operation.security.is_some(), is_limited(operation));
    for (status, name, _) in common_refusals(operation) {
        let shared = Ref::new(format!("#/components/responses/{name}"));
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert(RefOr::Ref(shared));
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        give_problems_their_type(response);
        give_headers(response, &plain_headers(status));
        if limited && !(signed_in && status == UNAUTHENTICATED.0) {
            give_headers(response, &STANDING);
        }
        if status.starts_with('2') && has_a_version(response, components) {
            give_headers(response, &[VERSION]);
        }
    }
}

/// What any operation of its kind can answer, whatever it does.
fn common_refusals(operation: &Operation) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let has_body = operation.request_body.is_some();
    let has_parameters = operation
        .parameters
        .as_ref()
        .is_some_and(|all| !all.is_empty());
    if has_parameters || has_body {
        refusals.push(UNACCEPTABLE);
    }
    if has_body {
        refusals.extend([TOO_LARGE, OF_ANOTHER_TYPE]);
    }
    if operation.security.is_some() {
        refusals.extend([UNAUTHENTICATED, FORBIDDEN]);
    }
    if operation.security.is_some() || has_body {
        refusals.extend([TOO_MANY, UNAVAILABLE]);
    }
    refusals
}

/// Calls by somebody are counted, and those that lead to being somebody.
fn is_limited(operation: &Operation) -> bool {
    let of_signing_in = operation
        .tags
        .as_ref()
        .is_some_and(|tags| tags.iter().any(|tag| tag == "auth"));
    operation.security.is_some() || of_signing_in
}

/// The operations of a path.
pub(super) fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        patch,
        delete,
        ..
    } = path;
    [get, put, post, patch, delete].into_iter().flatten()
}

fn problem_response(description: &str) -> Response {
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content(problem::CONTENT_TYPE, content)
        .build()
}

/// utoipa takes every body for plain JSON.
fn give_problems_their_type(response: &mut Response) {
    const PLAIN: &str = "application/json";
    let is_problem = response
        .content
        .get(PLAIN)
        .and_then(name_of_schema)
        .is_some_and(|name| name == "Problem");
    if is_problem && let Some(content) = response.content.swap_remove(PLAIN) {
        response
            .content
            .insert(problem::CONTENT_TYPE.to_owned(), content);
    }
}

/// The name of the schema that a body follows, if it has one.
fn name_of_schema(content: &RefOr<Content>) -> Option<&str> {
    match content {
        RefOr::T(Content {
            schema: Some(RefOr::Ref(to)),
            ..
        }) => to.ref_location.rsplit('/').next(),
        _ => None,
    }
}

/// Whatever is shown with a version has it as its `ETag` as well.
fn has_a_version(response: &Response, components: &Components) -> bool {
    let names = response.content.values().filter_map(name_of_schema);
    let mut schemas = names.filter_map(|name| components.schemas.get(name));
    schemas.any(|schema| names_a_version(schema, components))
}

fn names_a_version(schema: &RefOr<Schema>, components: &Components) -> bool {
    match schema {
        RefOr::Ref(to) => {
            let name = to.ref_location.rsplit('/').next();
            let schema = name.and_then(|name| components.schemas.get(name));
            schema.is_some_and(|schema| names_a_version(schema, components))
        }
        RefOr::T(Schema::Object(object)) => object.properties.contains_key("version"),
        RefOr::T(Schema::AllOf(parts)) => {
            let mut parts = parts.items.iter();
            parts.any(|part| names_a_version(part, components))
        }
        RefOr::T(_) => false,
    }
}

/// The headers of an answer of this status, whosever it is.
fn plain_headers(status: &str) -> Vec<(&'static str, &'static str)> {
    let mut names = vec![REQUEST_ID];
    if [TOO_MANY.0, UNAVAILABLE.0].contains(&status) {
        names.push(RETRY_AFTER);
    }
    names
}

fn give_headers(response: &mut Response, names: &[(&str, &str)]) {
    for (name, component) in names {
        let shared = Ref::new(format!("#/components/headers/{component}"));
        response
            .headers
            .insert((*name).to_owned(), RefOr::Ref(shared));
    }
}

fn headers() -> std::collections::BTreeMap<String, RefOr<Header>> {
    let [limit, remaining, reset] = STANDING;
    let all = [
        (
            REQUEST_ID,
            text("^[A-Za-z0-9._-]{1,64}$"),
            "The request's name: yours, if you sent one of this form, otherwise a new one.",
        ),
        (
            VERSION,
            text(r#"^"[0-9]+"$"#),
            "The version of what is shown, for `If-Match`.",
        ),
        (
            RETRY_AFTER,
            whole_number(),
            "Seconds after which it is worth trying again.",
        ),
        (limit, whole_number(), "Calls that are possible at once."),
        (
            remaining,
            whole_number(),
            "Calls that are possible right now.",
        ),
        (
            reset,
            whole_number(),
            "Seconds until all of them are possible again.",
        ),
    ];
    let described = all.map(|((_, name), schema, description)| {
        let header = HeaderBuilder::new()
            .schema(Some(schema))
            .description(Some(description))
            .build();
        (name.to_owned(), RefOr::T(header))
    });
    described.into_iter().collect()
}

fn text(pattern: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(pattern))
        .build()
}

fn whole_number() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0))
        .build()
}
