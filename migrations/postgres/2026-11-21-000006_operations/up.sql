-- Scanner processes; alive are those seen lately.
CREATE TABLE nodes (
    id UUID PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    detector_set TEXT,
    concurrency INTEGER NOT NULL,
    counters JSONB NOT NULL
);

CREATE INDEX nodes_last_seen ON nodes (last_seen_at);

-- Who does a singleton's work, and until when by this database's clock.
CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    acquired_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE settings (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

-- Sealed blobs: the bytes lie in the blob store under the id.
CREATE TABLE blobs (
    id UUID PRIMARY KEY NOT NULL,
    bytes BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ
);
