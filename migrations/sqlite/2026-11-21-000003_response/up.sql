-- What people work on. `group_key` folds the same leak seen again into one row.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY NOT NULL,
    group_key TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    severity SMALLINT NOT NULL,
    source TEXT NOT NULL,
    title TEXT NOT NULL,
    info_type TEXT,
    policy_id TEXT,
    workspace_id TEXT,
    channel_id TEXT,
    user_id TEXT,
    job_id TEXT,
    occurrences BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    version INTEGER NOT NULL
);

-- Side effects to carry out, each at most once per `action_key`.
-- state: 1 pending, 2 done, 3 failed. `payload` is sealed, and gone once the action is settled.
CREATE TABLE action_outbox (
    id TEXT PRIMARY KEY NOT NULL,
    action_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    job_id TEXT,
    workspace_id TEXT NOT NULL,
    payload BLOB,
    state SMALLINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    last_error_code TEXT,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);

CREATE INDEX action_outbox_pending ON action_outbox (due_at) WHERE state = 1;
CREATE INDEX action_outbox_job ON action_outbox (job_id);

-- What was done, by whom, to what.
CREATE TABLE audit_events (
    id TEXT PRIMARY KEY NOT NULL,
    at BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    actor TEXT,
    subject TEXT,
    variant_data TEXT NOT NULL
);

CREATE INDEX audit_events_type ON audit_events (event_type, id);
