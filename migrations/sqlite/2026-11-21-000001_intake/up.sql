-- Tenants: a Slack team, or `api`.
CREATE TABLE workspaces (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT,
    first_seen_at BIGINT NOT NULL
);

-- Every event that was answered with 200. The unique pair folds a source's retries.
CREATE TABLE inbound_events (
    id TEXT PRIMARY KEY NOT NULL,
    workspace_id TEXT NOT NULL,
    source SMALLINT NOT NULL,
    event_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    event_time BIGINT,
    received_at BIGINT NOT NULL,
    UNIQUE (source, event_id)
);

-- state: 1 queued, 2 completed, 3 failed. class: 1 message, 2 file. origin: 1 slack, 2 api.
-- `payload` is sealed, and gone once the job has a result. `external`: people of other organisations read it.
-- `caught`: something was found. `file_ids`: the message's files, parted by blanks. `said_at`: when the content
-- stood there, by Slack's clock. `dedupe_key`: what several events tell of is scanned once.
CREATE TABLE scan_jobs (
    id TEXT PRIMARY KEY NOT NULL,
    inbound_event_id TEXT,
    workspace_id TEXT NOT NULL,
    class SMALLINT NOT NULL,
    origin SMALLINT NOT NULL,
    state SMALLINT NOT NULL,
    wire_version SMALLINT NOT NULL,
    payload BLOB,
    detector_set TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    completed_at BIGINT,
    traceparent TEXT,
    tracestate TEXT,
    channel_id TEXT,
    channel_type TEXT,
    user_id TEXT,
    bot_id TEXT,
    external BOOLEAN NOT NULL,
    message_ts TEXT,
    thread_ts TEXT,
    label TEXT,
    team_id TEXT,
    author_team_id TEXT,
    file_id TEXT,
    file_ids TEXT,
    said_at BIGINT,
    dedupe_key TEXT,
    submitted_by TEXT,
    caught BOOLEAN NOT NULL DEFAULT FALSE
);

-- The redispatcher's view: only open jobs, tenant by tenant.
CREATE INDEX scan_jobs_open ON scan_jobs (class, workspace_id, due_at) WHERE state = 1;
-- The API lists what callers submitted; Slack's jobs are far more numerous.
CREATE INDEX scan_jobs_submitted ON scan_jobs (id) WHERE origin = 2;
-- Caught messages are few among many: one for the list and one for each of its filters.
CREATE INDEX scan_jobs_caught ON scan_jobs (id) WHERE caught AND origin = 1;
CREATE INDEX scan_jobs_caught_workspace ON scan_jobs (workspace_id, id) WHERE caught AND origin = 1;
CREATE INDEX scan_jobs_caught_channel ON scan_jobs (channel_id, id) WHERE caught AND origin = 1;
CREATE INDEX scan_jobs_caught_user ON scan_jobs (user_id, id) WHERE caught AND origin = 1;
-- The same file in the same message, told of by several events.
CREATE UNIQUE INDEX scan_jobs_dedupe ON scan_jobs (dedupe_key);
