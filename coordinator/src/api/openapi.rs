//! The API described: an OpenAPI 3.1 document, and Swagger UI to read it with.
//!
//! Owns the document's frame (title, security scheme, the error schema) and serving it. Each handler
//! describes itself with `#[utoipa::path]` and is listed here.
//! **Invariant:** nothing is loaded from another host: the page and its scripts are in the binary.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::SwaggerUi;

use super::auth::Public;
use super::problem::{ErrorCode, Problem};
use super::{health, slack_events, v1};

/// Where the document is.
pub const DOCUMENT_PATH: &str = "/api/openapi.json";
/// The name of the security scheme, for `security(("bearer" = []))`.
pub const BEARER: &str = "bearer";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Weir",
        description = "Data-loss prevention for Slack. Errors are RFC 9457 problems; lists come in pages.",
        license(name = "MIT", identifier = "MIT"),
    ),
    paths(
        health::alive,
        health::ready,
        health::metrics,
        slack_events::receive,
        v1::auth::login,
        v1::auth::refresh,
        v1::auth::logout,
        v1::auth::me,
        v1::scans::create,
        v1::scans::list,
        v1::scans::get,
        v1::detectors::list,
        v1::detectors::get,
        v1::messages::list,
        v1::messages::get,
        v1::findings::list,
        v1::nodes::list,
        v1::queue::status,
    ),
    components(schemas(Problem, ErrorCode)),
    modifiers(&Bearer),
)]
struct Document;

/// Access tokens and API tokens go into the same header.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT or weir_pat_ token")
            .build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    }
}

/// The whole document.
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Serves the document and the page behind it. They hold nothing about anybody and are public.
pub fn configure(config: &mut web::ServiceConfig) {
    config.service(SwaggerUi::new("/api/docs/{_:.*}").url(DOCUMENT_PATH, document()));
}

/// Leads from `/api/docs` to the page, whose scripts are relative to it.
pub async fn to_the_page(_: Public) -> HttpResponse {
    let redirect = HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, "/api/docs/"))
        .finish();
    std::future::ready(redirect).await
}

#[cfg(test)]
mod tests {
    use actix_web::{App, test};
    use serde_json::Value;

    use super::*;

    async fn get(path: &str) -> (u16, String) {
        let app = test::init_service(App::new().configure(crate::api::configure)).await;
        let request = test::TestRequest::get().uri(path).to_request();
        let response = test::call_service(&app, request).await;
        let status = response.status().as_u16();
        let body = test::read_body(response).await;
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[test]
    async fn the_document_is_openapi_3_1_with_the_scheme_and_the_error_format() {
        let (status, body) = get(DOCUMENT_PATH).await;
        assert_eq!(status, 200);
        let document: Value = serde_json::from_str(&body).unwrap();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let components = &document["components"];
        assert_eq!(components["securitySchemes"][BEARER]["scheme"], "bearer");
        assert!(components["schemas"]["Problem"]["properties"]["request_id"].is_object());
        assert_eq!(
            components["schemas"]["ErrorCode"]["enum"]
                .as_array()
                .unwrap()
                .len(),
            ErrorCode::ALL.len()
        );
    }

    #[test]
    async fn every_route_but_those_of_nodes_is_described() {
        let document = serde_json::to_value(document()).unwrap();
        for entry in crate::api::routes().iter() {
            let method = entry.method().as_str().to_lowercase();
            let described = document["paths"][entry.path()][&method].is_object();
            let hidden = entry.path().starts_with("/internal/") || entry.path() == "/api/docs";
            assert_eq!(described, !hidden, "{method} {}", entry.path());
        }
    }

    #[test]
    async fn the_page_is_served_from_the_binary() {
        assert_eq!(get("/api/docs").await.0, 308);
        let (status, page) = get("/api/docs/").await;
        assert_eq!(status, 200);
        assert!(!page.contains("https://") && !page.contains("http://"));
        for asset in [
            "swagger-ui.css",
            "swagger-ui-bundle.js",
            "swagger-initializer.js",
        ] {
            assert_eq!(get(&format!("/api/docs/{asset}")).await.0, 200, "{asset}");
        }
    }
}
