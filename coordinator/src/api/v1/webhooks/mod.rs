//! `/api/v1/webhooks`: whom alerts are told to over HTTP.
//!
//! Owns the routes. How one is written is for `draft`, how it is shown for `views`; where one may lead and how it is
//! called is for `webhooks`, its rows and what they are told is for `store`.
//! **Invariant:** a secret leaves in the one answer that made it; a URL leaves never.

mod draft;
mod views;

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use shared::ids::{UserId, WebhookId};
use shared::job::RetryClass;

use self::draft::Wanted;
use self::views::TestResult;
use super::policies::named_by;
use super::{page_of, paging};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::cursor::{Page, PageQuery};
use crate::api::precondition::{self, IfMatch, etag};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::notice::Subscription;
use crate::store::outbox;
use crate::store::webhooks::{self as rows, Webhook, WebhookChange, WebhookState};
use crate::store::{Conn, StoreError};
use crate::webhooks::{Endpoint, Secrets, SigningSecret, Unreadable, ping};

pub use draft::{WebhookDraft, WebhookPatch};
pub use views::{
    DeliveryView, TestResult as WebhookTestResult, WebhookList, WebhookView, WebhookWithSecret,
};

/// All webhooks, on one page.
#[utoipa::path(
    get, operation_id = "listWebhooks", path = "/api/v1/webhooks", tag = "webhooks", security(("bearer" = [])),
    responses((status = 200, description = "every webhook there is, at most 100", body = WebhookList)),
)]
pub async fn list(
    _auth: Authorized<permit::WebhooksRead>,
    app: web::Data<AppState>,
) -> Result<web::Json<WebhookList>, ApiError> {
    let stored = app.store.read(rows::list).await?;
    let items: Vec<WebhookView> = stored.into_iter().map(|row| view(&app, row)).collect();
    Ok(web::Json(WebhookList {
        total: items.len(),
        items,
    }))
}

/// Makes a webhook, and shows its signing secret once.
#[utoipa::path(
    post, operation_id = "createWebhook", path = "/api/v1/webhooks", tag = "webhooks", security(("bearer" = [])),
    request_body = WebhookDraft,
    responses(
        (status = 201, description = "made; alerts are told to it from now on", body = WebhookWithSecret,
            headers(("Location" = String, description = "where it is"))),
        (status = 409, description = "the name is taken, or there are 100 already", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::WebhooksWrite>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let wanted = draft::new(body.into_inner(), app.caller.rules()).map_err(ApiError::unusable)?;
    let id = WebhookId::fresh();
    let secret = fresh_secret()?;
    let draft = sealed(&app, id, wanted, &Secrets::new(secret.clone()))?;
    let by = auth.principal.user;
    let adding = move |conn: &mut Conn| {
        let added = rows::insert(conn, id, &draft, by)?;
        let row = rows::get(conn, id)?.filter(|_| added);
        Ok(row)
    };
    let row = app.store.write(adding).await.map_err(taken)?;
    let row = row.ok_or_else(|| {
        let told = "there are 100 webhooks already; delete one";
        ApiError::new(ErrorCode::Conflict).with_detail(told)
    })?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/webhooks/{id}")))
        .insert_header((ETAG, etag(row.version)))
        .json(view(&app, row).with_secret(&secret)))
}

/// One webhook.
#[utoipa::path(
    get, operation_id = "getWebhook", path = "/api/v1/webhooks/{id}", tag = "webhooks", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the webhook")),
    responses(
        (status = 200, description = "the webhook; `ETag` is its version", body = WebhookView),
        (status = 404, description = "no such webhook", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::WebhooksRead>,
    id: web::Path<WebhookId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    Ok(shown(&app, load(&app, *id).await?))
}

/// Changes some fields; those not named stay. `{"enabled": true}` has a disabled one begin anew.
#[utoipa::path(
    patch, operation_id = "changeWebhook", path = "/api/v1/webhooks/{id}", tag = "webhooks", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the webhook"),
        IfMatch,
    ),
    request_body = WebhookPatch,
    responses(
        (status = 200, description = "changed; `ETag` is its version", body = WebhookView),
        (status = 404, description = "no such webhook", body = crate::api::Problem),
        (status = 409, description = "the name is taken, or it was changed at this very moment", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change(
    auth: Authorized<permit::WebhooksWrite>,
    request: HttpRequest,
    id: web::Path<WebhookId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let row = load(&app, *id).await?;
    precondition::check(&request, row.version)?;
    let Endpoint { url, secrets } = app.sealing.open(&row).map_err(unreadable)?;
    let before = wanted_of(&row, url);
    let wanted = draft::changed(before, body.into_inner(), app.caller.rules())
        .map_err(ApiError::unusable)?;
    let change = WebhookChange {
        id: row.id,
        version: row.version,
        draft: sealed(&app, row.id, wanted, &secrets)?,
    };
    let changed = store(&app, change, auth.principal.user, "webhook.updated").await?;
    Ok(shown(&app, changed))
}

/// Deletes a webhook that no policy names; what was still to be told to it is given up.
#[utoipa::path(
    delete, operation_id = "deleteWebhook", path = "/api/v1/webhooks/{id}", tag = "webhooks", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the webhook"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "deleted"),
        (status = 404, description = "no such webhook", body = crate::api::Problem),
        (status = 409, description = "a policy names it, or it was changed at this very moment", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
    ),
)]
pub async fn delete(
    auth: Authorized<permit::WebhooksWrite>,
    request: HttpRequest,
    id: web::Path<WebhookId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let row = load(&app, *id).await?;
    precondition::check(&request, row.version)?;
    let (id, version, by) = (row.id, row.version, auth.principal.user);
    let deleting = move |conn: &mut Conn| {
        let naming = rows::named_by(conn, id)?;
        if !naming.is_empty() {
            return Ok(Err(naming));
        }
        rows::delete(conn, id, version, by).map(Ok)
    };
    match app.store.write(deleting).await? {
        Ok(true) => Ok(HttpResponse::NoContent().finish()),
        Ok(false) => Err(changed_just_now()),
        Err(policies) => Err(named_by(&policies)),
    }
}

/// Gives a webhook another signing secret, and shows it once. Calls are signed with both for 24 hours.
#[utoipa::path(
    post, operation_id = "rotateWebhookSecret", path = "/api/v1/webhooks/{id}/rotate-secret", tag = "webhooks", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the webhook"),
        IfMatch,
    ),
    responses(
        (status = 200, description = "the webhook and its new secret", body = WebhookWithSecret),
        (status = 404, description = "no such webhook", body = crate::api::Problem),
        (status = 409, description = "it was changed at this very moment", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
    ),
)]
pub async fn rotate_secret(
    auth: Authorized<permit::WebhooksWrite>,
    request: HttpRequest,
    id: web::Path<WebhookId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let row = load(&app, *id).await?;
    precondition::check(&request, row.version)?;
    let Endpoint { url, secrets } = app.sealing.open(&row).map_err(unreadable)?;
    let secret = fresh_secret()?;
    let secrets = secrets.rotated(secret.clone(), app.clock.now());
    let change = WebhookChange {
        id: row.id,
        version: row.version,
        draft: sealed(&app, row.id, wanted_of(&row, url), &secrets)?,
    };
    let by = auth.principal.user;
    let changed = store(&app, change, by, "webhook.secret_rotated").await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(changed.version)))
        .json(view(&app, changed).with_secret(&secret)))
}

/// Sends a `ping` at once, also to a disabled webhook, and says what came of it.
#[utoipa::path(
    post, operation_id = "testWebhook", path = "/api/v1/webhooks/{id}/test", tag = "webhooks", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the webhook")),
    responses(
        (status = 200, description = "what the endpoint answered, or why it did not", body = TestResult),
        (status = 404, description = "no such webhook", body = crate::api::Problem),
    ),
)]
pub async fn test(
    auth: Authorized<permit::WebhooksWrite>,
    id: web::Path<WebhookId>,
    app: web::Data<AppState>,
) -> Result<web::Json<TestResult>, ApiError> {
    let row = load(&app, *id).await?;
    let endpoint = app.sealing.open(&row).map_err(unreadable)?;
    let now = app.clock.now();
    let name = format!("msg_{}", shared::ids::ActionId::fresh().as_uuid().simple());
    let call = endpoint.call(name, now, ping(row.id, now));
    let result = match app.caller.call(call).await {
        Ok(response) => TestResult {
            delivered: response.is_taken(),
            status: Some(response.status),
            code: None,
        },
        Err(fault) => TestResult {
            delivered: false,
            status: None,
            code: Some(fault.code()),
        },
    };
    let (id, by, delivered) = (row.id, auth.principal.user, result.delivered);
    let noting = move |conn: &mut Conn| {
        rows::note_test(conn, id, by, delivered);
        Ok(())
    };
    app.store.write(noting).await?;
    Ok(web::Json(result))
}

/// What was and is to be told to a webhook, newest first. `total` counts up to 1000.
#[utoipa::path(
    get, operation_id = "listWebhookDeliveries", path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the webhook"), PageQuery),
    responses(
        (status = 200, description = "a page", body = Page<DeliveryView>),
        (status = 404, description = "no such webhook", body = crate::api::Problem),
    ),
)]
pub async fn deliveries(
    _auth: Authorized<permit::WebhooksRead>,
    request: HttpRequest,
    id: web::Path<WebhookId>,
    page: web::Query<PageQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<DeliveryView>>, ApiError> {
    let paging = paging::<PageQuery>(&request, &page, &app.cursors)?;
    let id = load(&app, *id).await?.id;
    let listing = move |conn: &mut Conn| outbox::of_target(conn, id, paging);
    let found = app.store.read(listing).await?;
    let view = |action: outbox::StoredAction| (action.id.as_uuid(), DeliveryView::from(action));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

async fn load(app: &AppState, id: WebhookId) -> Result<Webhook, ApiError> {
    let found = app.store.read(move |conn| rows::get(conn, id)).await?;
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))
}

async fn store(
    app: &AppState,
    change: WebhookChange,
    by: UserId,
    event_type: &'static str,
) -> Result<Webhook, ApiError> {
    let changing = move |conn: &mut Conn| {
        let changed = rows::update(conn, &change, by, event_type)?;
        Ok(rows::get(conn, change.id)?.filter(|_| changed))
    };
    let row = app.store.write(changing).await.map_err(taken)?;
    row.ok_or_else(changed_just_now)
}

fn sealed(
    app: &AppState,
    id: WebhookId,
    wanted: Wanted,
    secrets: &Secrets,
) -> Result<rows::WebhookDraft, ApiError> {
    let failed = |error: shared::seal::SealError| ApiError::failed(error.class(), error);
    Ok(rows::WebhookDraft {
        name: wanted.name,
        url: app.sealing.seal_url(id, &wanted.url).map_err(failed)?,
        secret: app.sealing.seal_secrets(id, secrets).map_err(failed)?,
        subscription: wanted.subscription,
        enabled: wanted.enabled,
    })
}

fn wanted_of(row: &Webhook, url: url::Url) -> Wanted {
    Wanted {
        name: row.name.clone(),
        url,
        subscription: Subscription {
            min_severity: row.min_severity,
            kinds: row.event_types.0.clone(),
        },
        enabled: row.state != WebhookState::Disabled,
    }
}

fn view(app: &AppState, row: Webhook) -> WebhookView {
    let url = app.sealing.open_url(&row).ok();
    WebhookView::of(row, url.as_ref())
}

fn shown(app: &AppState, row: Webhook) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, etag(row.version)))
        .json(view(app, row))
}

fn fresh_secret() -> Result<SigningSecret, ApiError> {
    SigningSecret::fresh().map_err(|error| ApiError::failed(RetryClass::Transient, error))
}

fn unreadable(_: Unreadable) -> ApiError {
    let told =
        "its url and secret were sealed under a key that is not there; delete it and make it again";
    ApiError::new(ErrorCode::Conflict).with_detail(told)
}

fn taken(error: StoreError) -> ApiError {
    if error.is_duplicate() {
        ApiError::new(ErrorCode::Conflict).with_detail("the name is taken; choose another")
    } else {
        error.into()
    }
}

fn changed_just_now() -> ApiError {
    ApiError::new(ErrorCode::Conflict).with_detail("it was changed at this very moment: try again")
}
