-- Whom alerts are told to over HTTP. `url` and `secret` are sealed. state: 1 active, 2 failing, 3 disabled.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    url BLOB NOT NULL,
    secret BLOB NOT NULL,
    min_severity SMALLINT NOT NULL,
    event_types TEXT NOT NULL,
    state SMALLINT NOT NULL,
    failures INTEGER NOT NULL,
    failing_since BIGINT,
    disabled_reason TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT,
    version INTEGER NOT NULL
);
