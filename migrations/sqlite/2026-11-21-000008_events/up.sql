-- What firewalls, intrusion detection and models report.
CREATE TABLE security_events (
    id TEXT PRIMARY KEY NOT NULL,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    severity SMALLINT NOT NULL,
    description TEXT NOT NULL,
    data TEXT NOT NULL,
    alert_id TEXT,
    submitted_by TEXT,
    created_at BIGINT NOT NULL,
    words TEXT NOT NULL
);

CREATE INDEX security_events_source ON security_events (source, id);
CREATE INDEX security_events_type ON security_events (event_type, id);
CREATE INDEX security_events_severity ON security_events (severity, id);
CREATE INDEX security_events_created ON security_events (created_at);

-- What was answered to a request that names itself, so that its repetition gets the same answer.
CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    answer TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (caller, route, key)
);

CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
