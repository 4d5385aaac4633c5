//! `/api/v1/groups`: lists of people that policies name.
//!
//! **Invariant:** a change is answered after it is in force in this process; a group that a policy names is
//! not deleted.

use actix_web::http::header::{ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::ids::{PeopleGroupId, UserId};
use utoipa::ToSchema;
use uuid::Uuid;

use super::policies::{is_slack_id, named_by, put_in_force};
use super::{page_of, paging};
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::cursor::{Page, PageQuery};
use crate::api::fields::{Faults, Fields, Item};
use crate::api::precondition::{self, IfMatch, etag};
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::store::audit::{self, NewAuditEvent};
use crate::store::groups::{self, GroupContent, StoredGroup};
use crate::store::{Conn, StoreError};

/// Most groups.
const MAX_GROUPS: i64 = 500;
/// Most members of a group.
const MAX_MEMBERS: usize = 5_000;
/// Longest name, in characters.
const MAX_NAME_CHARS: usize = 200;

/// A group to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Finance", "members": ["U0123", "U0456"]}))]
#[expect(dead_code, reason = "describes what is taken field by field")]
pub struct GroupDraft {
    /// For people; unique.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Slack's ids of its members.
    #[schema(max_items = 5000)]
    members: Vec<String>,
}

/// A group.
#[derive(Serialize, ToSchema)]
pub struct GroupView {
    /// Its id.
    id: Uuid,
    /// For people.
    #[schema(example = "Finance")]
    name: String,
    /// Slack's ids of its members, in order.
    #[schema(example = json!(["U0123", "U0456"]))]
    members: Vec<String>,
    /// Grows with every change; also in `ETag`.
    version: i32,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
    /// By whom.
    updated_by: Option<Uuid>,
}

/// A group, as a list shows it.
#[derive(Serialize, ToSchema)]
pub struct GroupSummary {
    /// Its id.
    id: Uuid,
    /// For people.
    #[schema(example = "Finance")]
    name: String,
    /// How many members it has.
    members: usize,
    /// Grows with every change.
    version: i32,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

/// Groups, newest first, without their members.
#[utoipa::path(
    get, operation_id = "listGroups", path = "/api/v1/groups", tag = "groups", security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "a page", body = Page<GroupSummary>),
    ),
)]
pub async fn list(
    _auth: Authorized<permit::PoliciesRead>,
    request: HttpRequest,
    page: web::Query<PageQuery>,
    app: web::Data<AppState>,
) -> Result<web::Json<Page<GroupSummary>>, ApiError> {
    let paging = paging::<PageQuery>(&request, &page, &app.cursors)?;
    let reading = app.store.read(move |conn| groups::page(conn, paging));
    let found = reading.await?;
    let view = |group: StoredGroup| (group.id.as_uuid(), GroupSummary::from(group));
    Ok(web::Json(page_of(
        &request,
        &page,
        &app.cursors,
        found,
        view,
    )))
}

/// One group.
#[utoipa::path(
    get, operation_id = "getGroup", path = "/api/v1/groups/{id}", tag = "groups", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "the group")),
    responses(
        (status = 200, description = "the group; `ETag` is its version", body = GroupView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::PoliciesRead>,
    id: web::Path<PeopleGroupId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    Ok(shown(HttpResponse::Ok(), known(&app, *id).await?))
}

/// Makes a group.
#[utoipa::path(
    post, operation_id = "createGroup", path = "/api/v1/groups", tag = "groups", security(("bearer" = [])),
    request_body = GroupDraft,
    responses(
        (status = 201, description = "made", body = GroupView,
            headers(("Location" = String, description = "where it is"))),
        (status = 409, description = "the name is taken, or there are too many", body = crate::api::Problem),
        (status = 422, description = "it cannot be used; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::PoliciesWrite>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let content = read(body.into_inner()).map_err(ApiError::unusable)?;
    let (id, by) = (PeopleGroupId::fresh(), auth.principal.user);
    let making = app.store.write(move |conn| {
        if groups::count(conn)? >= MAX_GROUPS {
            return Ok(false);
        }
        groups::insert(conn, id, &content, by)?;
        note(conn, "group.created", (id, by), content.members.len());
        Ok(true)
    });
    if !making.await.map_err(taken)? {
        let told = format!("there are {MAX_GROUPS} groups already; delete some first");
        return Err(ApiError::new(ErrorCode::Conflict).with_detail(told));
    }
    put_in_force(&app).await;
    let mut answer = HttpResponse::Created();
    answer.insert_header((LOCATION, format!("/api/v1/groups/{id}")));
    Ok(shown(answer, known(&app, id).await?))
}

/// Replaces a group. `If-Match` keeps from overwriting somebody else's change.
#[utoipa::path(
    put, operation_id = "replaceGroup", path = "/api/v1/groups/{id}", tag = "groups", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the group"),
        IfMatch,
    ),
    request_body = GroupDraft,
    responses(
        (status = 200, description = "replaced, and in force", body = GroupView),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "the name is taken, or it was changed at this very moment", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
        (status = 422, description = "it cannot be used; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn replace(
    auth: Authorized<permit::PoliciesWrite>,
    request: HttpRequest,
    id: web::Path<PeopleGroupId>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let stored = known(&app, *id).await?;
    precondition::check(&request, stored.version)?;
    let content = read(body.into_inner()).map_err(ApiError::unusable)?;
    let (id, by) = (*id, auth.principal.user);
    let making = app.store.write(move |conn| {
        let updated = groups::update(conn, id, &content, stored.version, by)?;
        if updated {
            note(conn, "group.updated", (id, by), content.members.len());
        }
        Ok(updated)
    });
    if !making.await.map_err(taken)? {
        return Err(meanwhile());
    }
    put_in_force(&app).await;
    Ok(shown(HttpResponse::Ok(), known(&app, id).await?))
}

/// Deletes a group that no policy names.
#[utoipa::path(
    delete, operation_id = "deleteGroup", path = "/api/v1/groups/{id}", tag = "groups", security(("bearer" = [])),
    params(
        ("id" = Uuid, Path, description = "the group"),
        IfMatch,
    ),
    responses(
        (status = 204, description = "deleted"),
        (status = 404, description = "there is none of that id", body = crate::api::Problem),
        (status = 409, description = "a policy names it, or it was changed at this very moment", body = crate::api::Problem),
        (status = 412, description = "it was changed meanwhile", body = crate::api::Problem),
    ),
)]
pub async fn delete(
    auth: Authorized<permit::PoliciesWrite>,
    request: HttpRequest,
    id: web::Path<PeopleGroupId>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let stored = known(&app, *id).await?;
    precondition::check(&request, stored.version)?;
    let (id, by) = (*id, auth.principal.user);
    let deleting = app.store.write(move |conn| {
        let naming = groups::named_by(conn, id)?;
        if !naming.is_empty() {
            return Ok(Err(naming));
        }
        let deleted = groups::delete(conn, id, stored.version)?;
        if deleted {
            note(conn, "group.deleted", (id, by), stored.members.0.len());
        }
        Ok(Ok(deleted))
    });
    match deleting.await? {
        Ok(true) => {
            put_in_force(&app).await;
            Ok(HttpResponse::NoContent().finish())
        }
        Ok(false) => Err(meanwhile()),
        Err(policies) => Err(named_by(&policies)),
    }
}

async fn known(app: &AppState, id: PeopleGroupId) -> Result<StoredGroup, ApiError> {
    let found = app.store.read(move |conn| groups::get(conn, id)).await?;
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))
}

fn read(draft: Object) -> Result<GroupContent, Vec<String>> {
    let faults = Faults::default();
    let mut fields = Fields::of_draft(draft, &faults);
    fields.require("name", "a few words for people");
    fields.require("members", "a list of Slack's ids of people");
    let name = fields.line("name", MAX_NAME_CHARS).unwrap_or_default();
    let member = |item: Item| {
        let id = item.as_text().filter(|id| is_slack_id(id));
        if id.is_none() {
            faults.note(
                &item.at,
                "give a person's id as Slack writes it, such as U0123",
            );
        }
        id.map(str::to_owned)
    };
    let members = fields.list("members", MAX_MEMBERS).unwrap_or_default();
    let members = members.into_iter().filter_map(member).collect();
    fields.end();
    faults.none(GroupContent { name, members })
}

/// Who belongs to it is not repeated.
fn note(
    conn: &mut Conn,
    event_type: &'static str,
    (id, by): (PeopleGroupId, UserId),
    members: usize,
) {
    let data = json!({ "members": members });
    let deed = NewAuditEvent::deed(event_type, Some(by), id.to_string(), data);
    audit::append(conn, [deed]);
}

fn taken(error: StoreError) -> ApiError {
    if error.is_duplicate() {
        ApiError::new(ErrorCode::Conflict)
            .with_detail("a group of that name is there already; choose another name")
    } else {
        error.into()
    }
}

fn meanwhile() -> ApiError {
    ApiError::new(ErrorCode::Conflict).with_detail("it has been changed meanwhile; read it again")
}

fn shown(mut answer: actix_web::HttpResponseBuilder, group: StoredGroup) -> HttpResponse {
    answer.insert_header((ETAG, etag(group.version)));
    answer.json(GroupView {
        id: group.id.as_uuid(),
        name: group.name,
        members: group.members.0,
        version: group.version,
        updated_at: group.updated_at,
        updated_by: group.updated_by.map(|user| user.as_uuid()),
    })
}

impl From<StoredGroup> for GroupSummary {
    fn from(group: StoredGroup) -> Self {
        Self {
            id: group.id.as_uuid(),
            name: group.name,
            members: group.members.0.len(),
            version: group.version,
            updated_at: group.updated_at,
        }
    }
}
