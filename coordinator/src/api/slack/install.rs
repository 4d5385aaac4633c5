//! `/slack/install` and `/slack/oauth/callback`: the app is installed through Slack.
//!
//! Owns the two pages and the cookie that binds them to one browser. Leaves tokens to `installations`.
//! **Invariant:** neither code nor state is in an answer, a log or a link of ours.

use actix_web::cookie::{Cookie, SameSite, time::Duration};
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use shared::job::RetryClass;
use shared::secret::{ExposeSecret, SecretString};
use utoipa::IntoParams;

use crate::api::auth::Visitor;
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::installations::{InstallError, Installer};
use crate::store::oauth_states::GOOD_FOR;

/// Binds an installation to the browser that began it.
const COOKIE: &str = "weir_slack_install";
/// Where the cookie is shown.
const COOKIE_PATH: &str = "/slack/oauth/callback";

/// What Slack sends people back with.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Callback {
    /// What is turned into tokens.
    #[param(value_type = Option<String>, example = "1234.5678.abcd")]
    code: Option<SecretString>,
    /// What the installation was begun with.
    state: Option<String>,
    /// Why there is no code, such as `access_denied`.
    error: Option<String>,
}

/// Leads to Slack, where an admin allows the app.
#[utoipa::path(
    get, operation_id = "installSlackApp", path = "/slack/install", tag = "slack",
    responses(
        (status = 302, description = "Slack asks for consent"),
        (status = 404, description = "this Weir is not told how: the app is not installed through it", body = crate::api::Problem),
    ),
)]
pub async fn begin(_: Visitor, app: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    let installer = installer(&app)?;
    let begun = installer.begin().await.map_err(failed)?;
    let cookie = Cookie::build(COOKIE, begun.state.expose_secret().to_owned())
        .path(COOKIE_PATH)
        .http_only(true)
        .secure(installer.redirect.scheme() == "https")
        // Slack sends the browser back from its own site.
        .same_site(SameSite::Lax)
        .max_age(Duration::seconds(
            i64::try_from(GOOD_FOR.as_secs()).unwrap_or(600),
        ))
        .finish();
    Ok(HttpResponse::Found()
        .insert_header((LOCATION, begun.location.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(cookie)
        .finish())
}

/// Slack sends an admin back who allowed the app, or did not.
#[utoipa::path(
    get, operation_id = "finishSlackInstall", path = "/slack/oauth/callback", tag = "slack",
    params(Callback),
    responses(
        (
            status = 200, description = "the app is installed", content_type = "text/html", body = String,
            example = json!("<h1>Weir is installed.</h1>"),
        ),
        (status = 400, description = "it was not begun here, or Slack refused; begin again", body = crate::api::Problem),
        (status = 404, description = "this Weir is not told how: the app is not installed through it", body = crate::api::Problem),
    ),
)]
pub async fn finish(
    _: Visitor,
    request: HttpRequest,
    query: web::Query<Callback>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let installer = installer(&app)?;
    let Callback { code, state, error } = query.into_inner();
    if error.is_some() {
        return Err(told(
            "Slack says that it was not allowed; begin again at /slack/install",
        ));
    }
    let (Some(code), Some(state)) = (code, state) else {
        return Err(told(
            "`code` or `state` is missing; begin at /slack/install",
        ));
    };
    let bound = request.cookie(COOKIE);
    let bound = bound.as_ref().map(Cookie::value);
    let tenant = installer
        .finish(&code, &state, bound)
        .await
        .map_err(failed)?;
    app.inbox.installations.refresh(&app.store).await?;
    tracing::info!(%tenant, "the app is installed");
    let mut spent = Cookie::build(COOKIE, "").path(COOKIE_PATH).finish();
    spent.make_removal();
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(spent)
        .body(include_str!("installed.html")))
}

fn installer(app: &AppState) -> Result<&Installer, ApiError> {
    app.installer.as_ref().ok_or_else(|| {
        ApiError::new(ErrorCode::NotFound).with_detail(
            "set WEIR_SLACK__CLIENT_ID, WEIR_SLACK__CLIENT_SECRET and WEIR_HTTP__PUBLIC_URL to install the app through Slack",
        )
    })
}

fn told(detail: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::Invalid).with_detail(detail.into())
}

fn failed(error: InstallError) -> ApiError {
    match error {
        InstallError::State => told(
            "this installation was not begun in this browser, or it took longer than ten minutes, or it was finished already; begin at /slack/install",
        ),
        InstallError::Slack(error) if error.class() != RetryClass::Transient => {
            let detail = format!(
                "Slack refused: {}; begin again at /slack/install",
                error.code()
            );
            told(detail)
        }
        InstallError::NoToken => told("Slack granted no token; begin again at /slack/install"),
        error => ApiError::failed(RetryClass::Transient, error),
    }
}
