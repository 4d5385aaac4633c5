//! `/api/v1/workspaces`: where the app is installed, and what it may do there.
//!
//! **Invariant:** no token is in an answer; what a token does not allow is named together with what lacks.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shared::ids::{PolicyId, WorkspaceId};
use shared::job::RetryClass;
use shared::secret::SecretString;
use utoipa::ToSchema;

use super::policies::is_slack_id;
use crate::api::auth::{Authorized, permit};
use crate::api::body::Object;
use crate::api::fields::read_draft;
use crate::api::problem::{ApiError, ErrorCode};
use crate::api::state::AppState;
use crate::domain::block::{Plan, Spot, Strategy};
use crate::domain::capability::{Ability, Capabilities, Lack};
use crate::domain::policy::InForce;
use crate::domain::promise::{Unkept, unkept};
use crate::installations::{HandInError, ProbeError, Tokens};
use crate::store::installations::{self, InstallationSource, StoredInstallation};
use crate::store::workspaces::{self, Workspace};

/// Longest token, in characters.
const MAX_TOKEN: usize = 500;

/// The tokens of a workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"bot_token": "xoxb-…", "admin_token": "xoxp-…"}))]
#[expect(dead_code, reason = "describes what is taken field by field")]
pub struct WorkspaceDraft {
    /// "Bot User OAuth Token", `xoxb-…`.
    #[schema(
        min_length = 6,
        max_length = 500,
        pattern = "^xoxb-",
        format = "password"
    )]
    bot_token: String,
    /// "User OAuth Token", `xoxp-…`, of an owner or admin who installed the app.
    #[schema(
        min_length = 6,
        max_length = 500,
        pattern = "^xoxp-",
        format = "password"
    )]
    admin_token: Option<String>,
}

/// What can be chosen of a workspace; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1, example = json!({"review_channel": "C0001"}))]
#[expect(dead_code, reason = "describes what is taken field by field")]
pub struct WorkspaceChange {
    /// The channel in which reviewers are told of alerts; null for the one of the configuration.
    #[schema(min_length = 1, max_length = 64)]
    review_channel: Option<String>,
}

/// Installations in the order of their ids.
#[derive(Serialize, ToSchema)]
pub struct Workspaces {
    /// All there are.
    items: Vec<WorkspaceView>,
}

/// A workspace, or a whole organisation.
#[derive(Serialize, ToSchema)]
pub struct WorkspaceView {
    /// Slack's id.
    #[schema(example = "T0001")]
    id: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Acme")]
    name: Option<String>,
    /// `workspace` or `organisation`.
    #[schema(example = "workspace")]
    kind: &'static str,
    /// The organisation it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    enterprise: Option<String>,
    /// `active`, `broken` if Slack refuses a token, `uninstalled`, or `not_connected` if events come and there is no
    /// token.
    #[schema(example = "active")]
    state: &'static str,
    /// Why it is not active: Slack's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Where its tokens come from: `configuration`, `oauth` or `api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "configuration")]
    source: Option<&'static str>,
    /// The channel in which reviewers are told of alerts, if it has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    review_channel: Option<String>,
    /// What Weir may do there, and what lacks.
    abilities: Vec<AbilityView>,
    /// How a message is blocked there, the best way first.
    #[schema(value_type = Vec<String>, example = json!(["admin_delete", "notify_only"]))]
    block_strategies: Vec<Strategy>,
    /// What policies in force promise, and no token there can do.
    unmet: Vec<UnmetView>,
    /// When Slack was last asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    probed_at: Option<DateTime<Utc>>,
    /// When it was first known.
    first_seen_at: DateTime<Utc>,
}

/// Something that Weir may have to do in Slack.
#[derive(Serialize, ToSchema)]
pub struct AbilityView {
    /// What.
    #[schema(value_type = String, example = "delete_messages")]
    ability: Ability,
    /// Whether the tokens allow it.
    #[schema(example = true)]
    able: bool,
    /// What lacks, if they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, example = json!({"lacks": "admin_token"}))]
    because: Option<Lack>,
}

/// What a policy promises, and cannot be done.
#[derive(Serialize, ToSchema)]
pub struct UnmetView {
    /// The policy.
    #[schema(value_type = uuid::Uuid)]
    policy: PolicyId,
    /// Its name.
    #[schema(example = "Payment cards")]
    name: String,
    /// The action that cannot be carried out as it says.
    #[schema(example = "block")]
    action: &'static str,
    /// What lacks for it.
    #[schema(value_type = Object, example = json!({"lacks": "admin_token"}))]
    because: Lack,
}

/// Where the app is installed, and what it may do there.
#[utoipa::path(
    get, operation_id = "listWorkspaces", path = "/api/v1/workspaces", tag = "workspaces",
    security(("bearer" = [])),
    responses((status = 200, description = "all of them", body = Workspaces)),
)]
pub async fn list(
    _auth: Authorized<permit::WorkspacesRead>,
    app: web::Data<AppState>,
) -> Result<web::Json<Workspaces>, ApiError> {
    Ok(web::Json(Workspaces {
        items: all(&app).await?,
    }))
}

/// One workspace, or organisation.
#[utoipa::path(
    get, operation_id = "getWorkspace", path = "/api/v1/workspaces/{id}", tag = "workspaces",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Slack's id", example = "T0001")),
    responses(
        (status = 200, description = "the workspace", body = WorkspaceView),
        (status = 404, description = "no such workspace", body = crate::api::Problem),
    ),
)]
pub async fn get(
    _auth: Authorized<permit::WorkspacesRead>,
    id: web::Path<String>,
    app: web::Data<AppState>,
) -> Result<web::Json<WorkspaceView>, ApiError> {
    known(&app, &id).await.map(web::Json)
}

async fn known(app: &AppState, id: &str) -> Result<WorkspaceView, ApiError> {
    let found = all(app).await?.into_iter().find(|view| view.id == id);
    found.ok_or_else(|| ApiError::new(ErrorCode::NotFound))
}

/// Hands in the tokens of a workspace, which are asked about at Slack first and then kept sealed. For workspaces beside
/// the one of the configuration, where installing through Slack is not wanted.
#[utoipa::path(
    post, operation_id = "createWorkspace", path = "/api/v1/workspaces", tag = "workspaces",
    security(("bearer" = [])),
    request_body = WorkspaceDraft,
    responses(
        (status = 201, description = "connected, and in force", body = WorkspaceView,
            headers(("Location" = String, description = "where it is"))),
        (status = 409, description = "its tokens come from the configuration, or it was installed through Slack", body = crate::api::Problem),
        (status = 422, description = "Slack refuses a token; `errors` says which", body = crate::api::Problem),
        (status = 503, description = "Slack did not answer: try again", body = crate::api::Problem),
    ),
)]
pub async fn create(
    auth: Authorized<permit::WorkspacesWrite>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let tokens = tokens(body.into_inner()).map_err(ApiError::unusable)?;
    let taken = app.hand_in.take(&tokens, auth.principal.user).await;
    let tenant = taken.map_err(not_taken)?;
    app.inbox.installations.refresh(&app.store).await?;
    let view = known(&app, tenant.as_str()).await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/workspaces/{tenant}")))
        .json(view))
}

fn tokens(body: Object) -> Result<Tokens, Vec<String>> {
    read_draft(body, |fields| {
        let bot = fields.need_line("bot_token", MAX_TOKEN);
        if bot
            .as_deref()
            .is_some_and(|token| !token.starts_with("xoxb-"))
        {
            fields.note("bot_token", "give a bot's token: it begins with `xoxb-`");
        }
        let admin = fields.line("admin_token", MAX_TOKEN);
        if admin
            .as_deref()
            .is_some_and(|token| !token.starts_with("xoxp-"))
        {
            fields.note("admin_token", "give a user's token: it begins with `xoxp-`");
        }
        Some(Tokens {
            bot: SecretString::from(bot?),
            admin: admin.map(SecretString::from),
        })
    })
}

fn not_taken(error: HandInError) -> ApiError {
    match error {
        HandInError::Admin(code) => refused("admin_token", &code),
        HandInError::Probe(ProbeError::Slack(error)) if error.class() != RetryClass::Transient => {
            refused("bot_token", error.code())
        }
        HandInError::Elsewhere(source) => {
            let told = match source {
                InstallationSource::Configured => {
                    "the tokens of that workspace stand in the configuration: change them there"
                }
                _ => {
                    "the app was installed there through Slack: remove it there first, or install it again"
                }
            };
            ApiError::new(ErrorCode::Conflict).with_detail(told)
        }
        error => ApiError::failed(RetryClass::Transient, error),
    }
}

fn refused(field: &str, code: &str) -> ApiError {
    ApiError::unusable(vec![format!("{field}: Slack refuses it: {code}")])
}

/// Chooses where reviewers are told of alerts.
#[utoipa::path(
    patch, operation_id = "changeWorkspace", path = "/api/v1/workspaces/{id}", tag = "workspaces",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "Slack's id", example = "T0001")),
    request_body = WorkspaceChange,
    responses(
        (status = 200, description = "changed, and in force", body = WorkspaceView),
        (status = 404, description = "the app is not installed there", body = crate::api::Problem),
        (status = 422, description = "it cannot work; `errors` says why", body = crate::api::Problem),
    ),
)]
pub async fn change(
    auth: Authorized<permit::WorkspacesWrite>,
    id: web::Path<String>,
    body: web::Json<Object>,
    app: web::Data<AppState>,
) -> Result<web::Json<WorkspaceView>, ApiError> {
    let channel = review_channel(body.into_inner()).map_err(ApiError::unusable)?;
    let (tenant, by) = (WorkspaceId::new(id.as_str()), auth.principal.user);
    let choosing = move |conn: &mut _| {
        installations::choose_review_channel(conn, &tenant, channel.as_deref(), by)
    };
    if !app.store.write(choosing).await? {
        return Err(ApiError::new(ErrorCode::NotFound));
    }
    app.inbox.installations.refresh(&app.store).await?;
    known(&app, &id).await.map(web::Json)
}

fn review_channel(body: Object) -> Result<Option<String>, Vec<String>> {
    read_draft(body, |fields| {
        fields.require("review_channel", "a channel's id, or null");
        let channel = fields.read_or_null::<String>("review_channel", "a channel's id")?;
        if channel.as_deref().is_some_and(|id| !is_slack_id(id)) {
            fields.note("review_channel", "give a channel's id, such as C0123456789");
            return None;
        }
        Some(channel)
    })
}

async fn all(app: &AppState) -> Result<Vec<WorkspaceView>, ApiError> {
    let reading = |conn: &mut _| Ok((installations::list(conn)?, workspaces::list(conn)?));
    let (installed, seen) = app.store.read(reading).await?;
    let policies = app.policies.current();
    let is_installed = |id: &str| installed.iter().any(|known| known.tenant.as_str() == id);
    let mut views: Vec<WorkspaceView> = seen
        .iter()
        .filter(|workspace| {
            workspace.id != WorkspaceId::api() && !is_installed(workspace.id.as_str())
        })
        .map(WorkspaceView::not_connected)
        .collect();
    let installed = installed.into_iter();
    views.extend(installed.map(|known| WorkspaceView::installed(known, &policies)));
    views.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(views)
}

impl WorkspaceView {
    fn not_connected(workspace: &Workspace) -> Self {
        Self {
            id: workspace.id.to_string(),
            name: workspace.name.clone(),
            kind: kind_of(workspace.id.as_str()),
            enterprise: None,
            state: "not_connected",
            reason: None,
            source: None,
            review_channel: None,
            abilities: abilities(&Capabilities::default()),
            block_strategies: Vec::new(),
            unmet: Vec::new(),
            probed_at: None,
            first_seen_at: workspace.first_seen_at,
        }
    }

    fn installed(known: StoredInstallation, policies: &InForce) -> Self {
        let capabilities = &known.capabilities.0;
        Self {
            id: known.tenant.to_string(),
            name: known.name,
            kind: kind_of(known.tenant.as_str()),
            enterprise: known.enterprise_id,
            state: known.state.as_str(),
            reason: known.state_reason,
            source: Some(known.source.as_str()),
            review_channel: known.review_channel_id,
            abilities: abilities(capabilities),
            block_strategies: Plan::of(capabilities, &Spot::default()).strategies,
            unmet: unmet(capabilities, policies),
            probed_at: known.probed_at,
            first_seen_at: known.created_at,
        }
    }
}

/// Slack's ids say what they name.
fn kind_of(id: &str) -> &'static str {
    if id.starts_with('E') {
        "organisation"
    } else {
        "workspace"
    }
}

fn abilities(capabilities: &Capabilities) -> Vec<AbilityView> {
    let view = |ability| {
        let checked = capabilities.check(ability);
        AbilityView {
            ability,
            able: checked.is_ok(),
            because: checked.err(),
        }
    };
    Ability::ALL.map(view).into()
}

fn unmet(capabilities: &Capabilities, policies: &InForce) -> Vec<UnmetView> {
    let view = |one: Unkept| UnmetView {
        policy: one.policy,
        name: one.name,
        action: one.action,
        because: one.because,
    };
    let unkept = unkept(capabilities, policies);
    unkept.into_iter().map(view).collect()
}
