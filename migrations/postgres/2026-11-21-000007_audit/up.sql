-- What was done, by whom, to what: a chain. `hash` covers the entry and the hash before it, so `variant_data`
-- is text and stays byte for byte as it was hashed. `user_id` is who did it, `recorded_by` who handed the
-- entry in from outside.
CREATE TABLE audit_events (
    seq BIGINT PRIMARY KEY NOT NULL,
    id UUID NOT NULL UNIQUE,
    at TIMESTAMPTZ NOT NULL,
    event_type TEXT NOT NULL,
    user_id TEXT,
    subject TEXT,
    recorded_by TEXT,
    variant_data TEXT NOT NULL,
    hash BYTEA NOT NULL,
    words TSVECTOR NOT NULL
);

CREATE INDEX audit_events_at ON audit_events (at, seq);
CREATE INDEX audit_events_type ON audit_events (event_type, seq);
CREATE INDEX audit_events_user ON audit_events (user_id, seq);
CREATE INDEX audit_events_subject ON audit_events (subject, seq);
-- Search by words.
CREATE INDEX audit_events_words ON audit_events USING gin (words);

-- The end of the chain, one row. Whoever appends holds it until the commit: there is one chain.
-- Entries up to `pruned` were dropped when their time was over.
CREATE TABLE audit_head (
    id SMALLINT PRIMARY KEY NOT NULL,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    pruned BIGINT NOT NULL
);

-- Signed: so far the chain went, and this was its hash.
CREATE TABLE audit_checkpoints (
    seq BIGINT PRIMARY KEY NOT NULL,
    hash BYTEA NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    key_id TEXT NOT NULL,
    signature BYTEA NOT NULL
);
