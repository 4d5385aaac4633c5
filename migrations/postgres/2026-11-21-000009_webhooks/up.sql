-- Whom alerts are told to over HTTP. `url` and `secret` are sealed. state: 1 active, 2 failing, 3 disabled.
CREATE TABLE webhooks (
    id UUID PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    url BYTEA NOT NULL,
    secret BYTEA NOT NULL,
    min_severity SMALLINT NOT NULL,
    event_types JSONB NOT NULL,
    state SMALLINT NOT NULL,
    failures INTEGER NOT NULL,
    failing_since TIMESTAMPTZ,
    disabled_reason TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    updated_by UUID,
    version INTEGER NOT NULL
);
