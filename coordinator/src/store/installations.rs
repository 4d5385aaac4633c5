//! `installations`: where the app is installed, with which tokens, and what they allow.
//!
//! Owns the rows. Leaves opening tokens and asking Slack about them to `installations`.
//! **Invariant:** tokens rest sealed, and those of the configuration do not rest here at all; every change
//! that matters to others makes a new version.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::json;
use shared::ids::{InstallationId, UserId, WorkspaceId};

use super::audit::{self, NewAuditEvent};
use super::clock;
use super::columns::{
    DbJson, DbNumber, DbText, DbTime, DbUuid, MaybeTime, Undecodable, numbered, storable,
    storable_opt,
};
use super::connection::{Conn, Database, with_conn};
use super::error::StoreResult;
use super::schema::installations;
use crate::domain::capability::Capabilities;

numbered! {
    /// Where an installation's tokens come from.
    InstallationSource "installation source" {
        /// The configuration.
        Configured = 1 "configuration",
        /// Somebody installed the app through Slack.
        OAuth = 2 "oauth",
        /// An admin of Weir handed them in.
        Api = 3 "api",
    }
}

numbered! {
    /// Whether an installation works.
    InstallationState "installation state" {
        /// Its tokens are good.
        Active = 1 "active",
        /// Slack refuses a token: somebody has to install the app again.
        Broken = 2 "broken",
        /// The app was removed.
        Uninstalled = 3 "uninstalled",
    }
}

/// A stored installation. Tokens are sealed.
#[derive(Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = installations)]
pub struct StoredInstallation {
    /// Its id.
    #[diesel(deserialize_as = DbUuid)]
    pub id: InstallationId,
    /// The workspace, or the organisation.
    #[diesel(deserialize_as = DbText)]
    pub tenant: WorkspaceId,
    /// The workspace; none if it is a whole organisation.
    pub team_id: Option<String>,
    /// The organisation, if there is one.
    pub enterprise_id: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// Our app.
    pub app_id: Option<String>,
    /// Our bot.
    pub bot_id: Option<String>,
    /// Our bot's user.
    pub bot_user_id: Option<String>,
    /// Whose token deletes what others wrote.
    pub admin_user_id: Option<String>,
    /// Where cards for reviewers are posted.
    pub review_channel_id: Option<String>,
    /// Sealed.
    pub bot_token: Option<Vec<u8>>,
    /// Sealed.
    pub admin_token: Option<Vec<u8>>,
    /// Sealed: what gets the next bot token.
    pub bot_refresh: Option<Vec<u8>>,
    /// Sealed: what gets the next admin token.
    pub admin_refresh: Option<Vec<u8>>,
    /// When the bot's token ends.
    #[diesel(deserialize_as = MaybeTime)]
    pub bot_expires_at: Option<DateTime<Utc>>,
    /// When the admin's token ends.
    #[diesel(deserialize_as = MaybeTime)]
    pub admin_expires_at: Option<DateTime<Utc>>,
    /// Where its tokens come from.
    #[diesel(deserialize_as = DbNumber)]
    pub source: InstallationSource,
    /// Whether it works.
    #[diesel(deserialize_as = DbNumber)]
    pub state: InstallationState,
    /// Why it does not: Slack's word.
    pub state_reason: Option<String>,
    /// What its tokens allow.
    #[diesel(deserialize_as = DbJson)]
    pub capabilities: StoredCapabilities,
    /// When Slack was last asked.
    #[diesel(deserialize_as = MaybeTime)]
    pub probed_at: Option<DateTime<Utc>>,
    /// When it was first known.
    #[diesel(deserialize_as = DbTime)]
    pub created_at: DateTime<Utc>,
    /// Grows with every change.
    pub version: i32,
}

/// What tokens allow, as the column keeps it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredCapabilities(pub Capabilities);

impl TryFrom<DbJson> for StoredCapabilities {
    type Error = Undecodable;

    fn try_from(document: DbJson) -> Result<Self, Undecodable> {
        document.read("capabilities").map(Self)
    }
}

/// Which installation, in which state.
pub type Mark = (InstallationId, i32);

/// Who an installation is, by what Slack says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The workspace; none if it is a whole organisation.
    pub team_id: Option<String>,
    /// The organisation, if there is one.
    pub enterprise_id: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// Our app.
    pub app_id: Option<String>,
    /// Our bot.
    pub bot_id: Option<String>,
    /// Our bot's user.
    pub bot_user_id: Option<String>,
    /// Whose token deletes what others wrote.
    pub admin_user_id: Option<String>,
}

/// What Slack was asked, and what it said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The workspace, or the organisation.
    pub tenant: WorkspaceId,
    /// Where its tokens come from.
    pub source: InstallationSource,
    /// Who it is.
    pub identity: Identity,
    /// What its tokens allow.
    pub capabilities: Capabilities,
}

/// What tells one state of the table from another.
///
/// # Errors
/// As any query.
pub fn marks(conn: &mut Conn) -> StoreResult<Vec<Mark>> {
    let marks: Vec<(DbUuid, i32)> = with_conn!(conn, |c| installations::table
        .order(installations::id)
        .select((installations::id, installations::version))
        .load(c))?;
    Ok(marks
        .into_iter()
        .map(|(id, version)| (id.into(), version))
        .collect())
}

/// All installations, oldest first.
///
/// # Errors
/// As any query.
pub fn list(conn: &mut Conn) -> StoreResult<Vec<StoredInstallation>> {
    Ok(with_conn!(conn, |c| installations::table
        .order(installations::id)
        .select(StoredInstallation::as_select())
        .load(c))?)
}

/// The installation of a tenant.
///
/// # Errors
/// As any query.
pub fn of_tenant(conn: &mut Conn, tenant: &WorkspaceId) -> StoreResult<Option<StoredInstallation>> {
    Ok(with_conn!(conn, |c| installations::table
        .filter(installations::tenant.eq(tenant.as_str()))
        .select(StoredInstallation::as_select())
        .first(c)
        .optional())?)
}

/// Writes down what Slack said of an installation: it works. One that is new is made. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn note_probe(conn: &mut Conn, probe: &Probe) -> StoreResult<InstallationId> {
    let now = clock::now(conn)?;
    let Some(known) = lock(conn, &probe.tenant)? else {
        return insert(conn, probe, now);
    };
    let columns = Columns::of(probe, &known)?;
    let version = known.version + i32::from(columns.differ_from(&known));
    with_conn!(conn, |c| diesel::update(
        installations::table.find(DbUuid::from(known.id))
    )
    .set((
        columns,
        installations::state.eq(InstallationState::Active.number()),
        installations::state_reason.eq(None::<String>),
        installations::probed_at.eq(Some(DbTime::from(now))),
        installations::updated_at.eq(DbTime::from(now)),
        installations::version.eq(version),
    ))
    .execute(c))?;
    if version != known.version {
        let data = json!({ "tenant": probe.tenant, "state": "active" });
        append(conn, "installation.changed", known.id, data);
    }
    Ok(known.id)
}

/// Tokens to keep, sealed.
#[derive(Clone, Default, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = installations)]
pub struct SealedTokens {
    /// The bot's.
    pub bot_token: Option<Vec<u8>>,
    /// The admin's.
    pub admin_token: Option<Vec<u8>>,
    /// What gets the next bot token.
    pub bot_refresh: Option<Vec<u8>>,
    /// What gets the next admin token.
    pub admin_refresh: Option<Vec<u8>>,
    /// When the bot's token ends.
    pub bot_expires_at: Option<DbTime>,
    /// When the admin's token ends.
    pub admin_expires_at: Option<DbTime>,
}

/// Keeps the tokens of an installation; what is none stays as it was. Call it through
/// [`Store::write`](super::Store::write), after [`note_probe`].
///
/// # Errors
/// As any query.
pub fn keep_tokens(
    conn: &mut Conn,
    tenant: &WorkspaceId,
    tokens: SealedTokens,
) -> StoreResult<bool> {
    let Some(known) = lock(conn, tenant)? else {
        return Ok(false);
    };
    let now = DbTime::from(clock::now(conn)?);
    let of_row = installations::table.find(DbUuid::from(known.id));
    with_conn!(conn, |c| diesel::update(of_row)
        .set((
            tokens,
            installations::updated_at.eq(now),
            installations::version.eq(known.version + 1),
        ))
        .execute(c))?;
    Ok(true)
}

/// Keeps tokens that never end, and forgets what got the next ones. Call it through
/// [`Store::write`](super::Store::write), after [`note_probe`].
///
/// # Errors
/// As any query.
pub fn keep_lasting_tokens(
    conn: &mut Conn,
    tenant: &WorkspaceId,
    (bot, admin): (Vec<u8>, Option<Vec<u8>>),
    by: UserId,
) -> StoreResult<()> {
    let Some(known) = lock(conn, tenant)? else {
        return Ok(());
    };
    let now = DbTime::from(clock::now(conn)?);
    let of_row = installations::table.find(DbUuid::from(known.id));
    let data = json!({ "tenant": tenant, "admin_token": admin.is_some() });
    with_conn!(conn, |c| diesel::update(of_row)
        .set((
            installations::bot_token.eq(Some(bot)),
            installations::admin_token.eq(admin),
            installations::bot_refresh.eq(None::<Vec<u8>>),
            installations::admin_refresh.eq(None::<Vec<u8>>),
            installations::bot_expires_at.eq(None::<DbTime>),
            installations::admin_expires_at.eq(None::<DbTime>),
            installations::updated_at.eq(now),
            installations::version.eq(known.version + 1),
        ))
        .execute(c))?;
    let subject = known.id.to_string();
    let deed = NewAuditEvent::deed("installation.tokens_handed_in", Some(by), subject, data);
    audit::append(conn, [deed]);
    Ok(())
}

/// Chooses the channel in which reviewers are told of alerts; `false` if there is no such installation.
///
/// # Errors
/// As any query.
pub fn choose_review_channel(
    conn: &mut Conn,
    tenant: &WorkspaceId,
    channel: Option<&str>,
    by: UserId,
) -> StoreResult<bool> {
    let Some(known) = lock(conn, tenant)? else {
        return Ok(false);
    };
    let now = DbTime::from(clock::now(conn)?);
    let of_row = installations::table.find(DbUuid::from(known.id));
    with_conn!(conn, |c| diesel::update(of_row)
        .set((
            installations::review_channel_id.eq(channel.map(storable)),
            installations::updated_at.eq(now),
            installations::version.eq(known.version + 1),
        ))
        .execute(c))?;
    let data = json!({ "tenant": tenant, "review_channel": channel });
    let subject = known.id.to_string();
    let deed = NewAuditEvent::deed("installation.review_channel_set", Some(by), subject, data);
    audit::append(conn, [deed]);
    Ok(true)
}

/// The channel in which reviewers are told has another id now; `false` if it was another channel.
///
/// # Errors
/// As any query.
pub fn move_review_channel(
    conn: &mut Conn,
    tenant: &WorkspaceId,
    (old, new): (&str, &str),
) -> StoreResult<bool> {
    let now = DbTime::from(clock::now(conn)?);
    let theirs = installations::table
        .filter(installations::tenant.eq(tenant.as_str()))
        .filter(installations::review_channel_id.eq(old));
    let moved = with_conn!(conn, |c| diesel::update(theirs)
        .set((
            installations::review_channel_id.eq(storable(new)),
            installations::updated_at.eq(now),
            installations::version.eq(installations::version + 1),
        ))
        .execute(c))?;
    Ok(moved > 0)
}

/// Writes down that an installation works no longer, and why; `false` if that was known. Call it through
/// [`Store::write`](super::Store::write).
///
/// # Errors
/// As any query.
pub fn note_state(
    conn: &mut Conn,
    tenant: &WorkspaceId,
    state: InstallationState,
    reason: &str,
) -> StoreResult<bool> {
    let now = clock::now(conn)?;
    let Some(known) = lock(conn, tenant)? else {
        return Ok(false);
    };
    if (known.state, known.state_reason.as_deref()) == (state, Some(reason)) {
        return Ok(false);
    }
    with_conn!(conn, |c| diesel::update(
        installations::table.find(DbUuid::from(known.id))
    )
    .set((
        installations::state.eq(state.number()),
        installations::state_reason.eq(Some(storable(reason))),
        installations::updated_at.eq(DbTime::from(now)),
        installations::version.eq(known.version + 1),
    ))
    .execute(c))?;
    let data = json!({ "tenant": tenant, "state": state.as_str(), "reason": reason });
    append(conn, "installation.changed", known.id, data);
    Ok(true)
}

fn append(conn: &mut Conn, event_type: &str, id: InstallationId, data: serde_json::Value) {
    audit::append(
        conn,
        [NewAuditEvent::deed(event_type, None, id.to_string(), data)],
    );
}

fn lock(conn: &mut Conn, tenant: &WorkspaceId) -> StoreResult<Option<StoredInstallation>> {
    let of_tenant = installations::table.filter(installations::tenant.eq(tenant.as_str()));
    let columns = StoredInstallation::as_select();
    Ok(match &mut conn.db {
        Database::Postgres(c) => of_tenant.select(columns).for_update().first(c).optional()?,
        Database::Sqlite(c) => {
            let columns = StoredInstallation::as_select();
            of_tenant.select(columns).first(c).optional()?
        }
    })
}

fn insert(conn: &mut Conn, probe: &Probe, now: DateTime<Utc>) -> StoreResult<InstallationId> {
    let id = InstallationId::fresh();
    let identity = &probe.identity;
    let now_column = DbTime::from(now);
    let row = (
        installations::id.eq(DbUuid::from(id)),
        installations::tenant.eq(storable(probe.tenant.as_str())),
        Columns {
            team_id: identity.team_id.clone(),
            enterprise_id: identity.enterprise_id.clone(),
            name: identity.name.clone(),
            app_id: identity.app_id.clone(),
            bot_id: identity.bot_id.clone(),
            bot_user_id: identity.bot_user_id.clone(),
            admin_user_id: identity.admin_user_id.clone(),
            source: probe.source.number(),
            capabilities: DbJson::of(&probe.capabilities)?,
        },
        installations::state.eq(InstallationState::Active.number()),
        installations::probed_at.eq(Some(now_column)),
        installations::created_at.eq(now_column),
        installations::updated_at.eq(now_column),
        installations::version.eq(1),
    );
    let made = with_conn!(conn, |c| diesel::insert_into(installations::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    if made == 0 {
        // Another coordinator was first: what it wrote is what we would have.
        let known = of_tenant(conn, &probe.tenant)?;
        return Ok(known.map_or(id, |known| known.id));
    }
    let data = json!({ "tenant": probe.tenant, "source": probe.source.as_str() });
    append(conn, "installation.connected", id, data);
    Ok(id)
}

/// What a probe writes. What Slack did not say this time stays as it was.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = installations)]
struct Columns {
    team_id: Option<String>,
    enterprise_id: Option<String>,
    name: Option<String>,
    app_id: Option<String>,
    bot_id: Option<String>,
    bot_user_id: Option<String>,
    admin_user_id: Option<String>,
    source: i16,
    capabilities: DbJson,
}

impl Columns {
    fn of(probe: &Probe, known: &StoredInstallation) -> StoreResult<Self> {
        let identity = &probe.identity;
        let or = |new: &Option<String>, old: &Option<String>| {
            storable_opt(new.as_ref().or(old.as_ref())).map(std::borrow::Cow::into_owned)
        };
        Ok(Self {
            team_id: or(&identity.team_id, &known.team_id),
            enterprise_id: or(&identity.enterprise_id, &known.enterprise_id),
            name: or(&identity.name, &known.name),
            app_id: or(&identity.app_id, &known.app_id),
            bot_id: or(&identity.bot_id, &known.bot_id),
            bot_user_id: or(&identity.bot_user_id, &known.bot_user_id),
            admin_user_id: or(&identity.admin_user_id, &known.admin_user_id),
            source: probe.source.number(),
            capabilities: DbJson::of(&probe.capabilities)?,
        })
    }

    fn differ_from(&self, known: &StoredInstallation) -> bool {
        let as_known = [
            (&self.team_id, &known.team_id),
            (&self.enterprise_id, &known.enterprise_id),
            (&self.name, &known.name),
            (&self.app_id, &known.app_id),
            (&self.bot_id, &known.bot_id),
            (&self.bot_user_id, &known.bot_user_id),
            (&self.admin_user_id, &known.admin_user_id),
        ]
        .into_iter()
        .all(|(new, old)| new == old);
        let capabilities = DbJson::of(&known.capabilities.0).ok();
        !as_known
            || known.state != InstallationState::Active
            || known.source.number() != self.source
            || capabilities.as_ref() != Some(&self.capabilities)
    }
}
