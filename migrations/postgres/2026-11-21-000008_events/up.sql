-- What firewalls, intrusion detection and models report.
CREATE TABLE security_events (
    id UUID PRIMARY KEY NOT NULL,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    severity SMALLINT NOT NULL,
    description TEXT NOT NULL,
    data JSONB NOT NULL,
    alert_id UUID,
    submitted_by UUID,
    created_at TIMESTAMPTZ NOT NULL,
    words TSVECTOR NOT NULL
);

CREATE INDEX security_events_source ON security_events (source, id);
CREATE INDEX security_events_type ON security_events (event_type, id);
CREATE INDEX security_events_severity ON security_events (severity, id);
CREATE INDEX security_events_created ON security_events (created_at);
-- Search by words.
CREATE INDEX security_events_words ON security_events USING gin (words);

-- What was answered to a request that names itself, so that its repetition gets the same answer.
CREATE TABLE idempotency_keys (
    caller UUID NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BYTEA NOT NULL,
    answer JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (caller, route, key)
);

CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
