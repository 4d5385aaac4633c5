-- What people work on: one row for each leak. status: 1 open, 2 acknowledged, 3 resolved, 4 dismissed.
-- `words` is what a search looks through.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY NOT NULL,
    status SMALLINT NOT NULL,
    severity SMALLINT NOT NULL,
    source TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    info_type TEXT,
    fingerprint TEXT,
    policy_id TEXT,
    workspace_id TEXT,
    channel_id TEXT,
    user_id TEXT,
    job_id TEXT,
    event_id TEXT,
    occurrences BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    assignee TEXT,
    due_at BIGINT,
    resolution TEXT,
    closed_at BIGINT,
    reopened INTEGER NOT NULL,
    version INTEGER NOT NULL,
    words TEXT NOT NULL
);

-- One for each ordering of the list.
CREATE INDEX alerts_first_seen ON alerts (first_seen_at, id);
CREATE INDEX alerts_last_seen ON alerts (last_seen_at, id);
CREATE INDEX alerts_severity ON alerts (severity, id);
CREATE INDEX alerts_due ON alerts (due_at, id);
CREATE INDEX alerts_occurrences_seen ON alerts (occurrences, id);
-- One for each filter, in the order in which the list comes unless asked otherwise.
CREATE INDEX alerts_status ON alerts (status, first_seen_at, id);
CREATE INDEX alerts_of_severity ON alerts (severity, first_seen_at, id);
CREATE INDEX alerts_overdue ON alerts (due_at, id) WHERE status <= 2;
CREATE INDEX alerts_assignee ON alerts (assignee, first_seen_at, id);
CREATE INDEX alerts_info_type ON alerts (info_type, first_seen_at, id);
CREATE INDEX alerts_source ON alerts (source, first_seen_at, id);
CREATE INDEX alerts_policy ON alerts (policy_id, first_seen_at, id);
CREATE INDEX alerts_workspace ON alerts (workspace_id, first_seen_at, id);
CREATE INDEX alerts_channel ON alerts (channel_id, first_seen_at, id);
CREATE INDEX alerts_user ON alerts (user_id, first_seen_at, id);
CREATE INDEX alerts_closed ON alerts (closed_at) WHERE closed_at IS NOT NULL;

-- By what the same leak is known again: its message, its gravest values.
CREATE TABLE alert_keys (
    key TEXT PRIMARY KEY NOT NULL,
    alert_id TEXT NOT NULL
);

CREATE INDEX alert_keys_alert ON alert_keys (alert_id);

-- Where and when a leak was seen.
CREATE TABLE alert_occurrences (
    id TEXT PRIMARY KEY NOT NULL,
    alert_id TEXT NOT NULL,
    job_id TEXT,
    event_id TEXT,
    workspace_id TEXT,
    channel_id TEXT,
    user_id TEXT,
    message_ts TEXT,
    severity SMALLINT NOT NULL,
    seen_at BIGINT NOT NULL
);

CREATE INDEX alert_occurrences_alert ON alert_occurrences (alert_id, id);
CREATE INDEX alert_occurrences_job ON alert_occurrences (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX alert_occurrences_user ON alert_occurrences (user_id) WHERE user_id IS NOT NULL;

-- What people said and did about an alert. kind: `comment`, `status`, `assigned`, `due`, `reopened`…
CREATE TABLE alert_activity (
    id TEXT PRIMARY KEY NOT NULL,
    alert_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    user_id TEXT,
    kind TEXT NOT NULL,
    text TEXT,
    data TEXT NOT NULL
);

CREATE INDEX alert_activity_alert ON alert_activity (alert_id, id);

-- Findings that no policy is to count. kind: 1 suppression, 2 accepted risk.
CREATE TABLE suppressions (
    id TEXT PRIMARY KEY NOT NULL,
    kind SMALLINT NOT NULL,
    matches TEXT NOT NULL,
    reason TEXT NOT NULL,
    owner TEXT NOT NULL,
    alert_id TEXT,
    created_by TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    ended_at BIGINT,
    hits BIGINT NOT NULL,
    last_hit_at BIGINT,
    version INTEGER NOT NULL
);

CREATE INDEX suppressions_live ON suppressions (expires_at) WHERE ended_at IS NULL;
CREATE INDEX suppressions_alert ON suppressions (alert_id);

-- What leaking messages said, sealed: for those who may see it, until it expires.
CREATE TABLE originals (
    job_id TEXT PRIMARY KEY NOT NULL,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX originals_expire ON originals (expires_at);

-- Who looked at an original, and why.
CREATE TABLE reveals (
    id TEXT PRIMARY KEY NOT NULL,
    alert_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX reveals_user ON reveals (user_id, at);

-- Side effects to carry out, each at most once per `action_key`.
-- state: 1 pending, 2 done, 3 failed. `payload` is sealed, and gone once the action is settled. `target` is
-- a webhook's id; no address. `lane`: within one, only the oldest that is due goes out.
CREATE TABLE action_outbox (
    id TEXT PRIMARY KEY NOT NULL,
    action_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    target TEXT,
    job_id TEXT,
    alert_id TEXT,
    workspace_id TEXT NOT NULL,
    lane TEXT,
    payload BLOB,
    state SMALLINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error_code TEXT,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);

CREATE INDEX action_outbox_pending ON action_outbox (kind, due_at) WHERE state = 1;
CREATE INDEX action_outbox_lane ON action_outbox (lane, id) WHERE state = 1 AND lane IS NOT NULL;
CREATE INDEX action_outbox_job ON action_outbox (job_id);
CREATE INDEX action_outbox_target ON action_outbox (target, id);
