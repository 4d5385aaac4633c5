-- Where the app is installed: in a workspace, or in a whole organisation. `tenant` is Slack's id of either.
-- Tokens are sealed; those that stand in the configuration are not here. source: 1 configuration, 2 OAuth, 3 handed in.
-- state: 1 active, 2 broken, 3 uninstalled. `capabilities`: what the tokens were found to allow.
CREATE TABLE installations (
    id UUID PRIMARY KEY NOT NULL,
    tenant TEXT NOT NULL UNIQUE,
    team_id TEXT,
    enterprise_id TEXT,
    name TEXT,
    app_id TEXT,
    bot_id TEXT,
    bot_user_id TEXT,
    admin_user_id TEXT,
    review_channel_id TEXT,
    bot_token BYTEA,
    admin_token BYTEA,
    bot_refresh BYTEA,
    admin_refresh BYTEA,
    bot_expires_at TIMESTAMPTZ,
    admin_expires_at TIMESTAMPTZ,
    source SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    state_reason TEXT,
    capabilities JSONB NOT NULL,
    probed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version INTEGER NOT NULL
);

-- Messages that a policy wants blocked, and what became of them: one row for each.
-- state: 1 blocking, 2 held, 3 standing, 4 released, 5 gone, 6 braked.
-- strategy: 1 discovery tombstone, 2 admin delete, 3 notify only. `tried`: what Slack refused, and with which word.
-- `files`: the message's files, and under which blob each is kept.
CREATE TABLE held_messages (
    id UUID PRIMARY KEY NOT NULL,
    workspace_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    message_ts TEXT NOT NULL,
    thread_ts TEXT,
    team_id TEXT,
    user_id TEXT,
    job_id UUID NOT NULL,
    alert_id UUID,
    policy_id UUID,
    state SMALLINT NOT NULL,
    strategy SMALLINT,
    tried JSONB NOT NULL,
    files JSONB NOT NULL,
    said_at TIMESTAMPTZ,
    held_at TIMESTAMPTZ,
    exposed_ms BIGINT,
    notice_ts TEXT,
    author_channel_id TEXT,
    author_ts TEXT,
    released_at TIMESTAMPTZ,
    released_by UUID,
    created_at TIMESTAMPTZ NOT NULL,
    UNIQUE (workspace_id, channel_id, message_ts)
);

CREATE INDEX held_messages_alert ON held_messages (alert_id);
CREATE INDEX held_messages_job ON held_messages (job_id);
-- What stands, and may be mended.
CREATE INDEX held_messages_standing ON held_messages (id) WHERE state IN (3, 6);
-- How often a policy blocked in a channel lately.
CREATE INDEX held_messages_storm ON held_messages (policy_id, channel_id, created_at);

-- The cards that tell reviewers of an alert.
CREATE TABLE alert_cards (
    alert_id UUID PRIMARY KEY NOT NULL,
    workspace_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    message_ts TEXT NOT NULL,
    posted_at TIMESTAMPTZ NOT NULL
);

-- Slack said to wait: until then nobody calls this method for this workspace.
CREATE TABLE slack_holds (
    workspace_id TEXT NOT NULL,
    method TEXT NOT NULL,
    until_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (workspace_id, method)
);

-- Installing that was begun: the hash of a state that is good once.
CREATE TABLE oauth_states (
    state_hash BYTEA PRIMARY KEY NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
