-- Scanner processes; alive are those seen lately.
CREATE TABLE nodes (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    detector_set TEXT,
    concurrency INTEGER NOT NULL,
    counters TEXT NOT NULL
);

CREATE INDEX nodes_last_seen ON nodes (last_seen_at);

-- Who does a singleton's work, and until when by this database's clock.
CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL,
    holder TEXT NOT NULL,
    acquired_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);

CREATE TABLE settings (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Sealed blobs: the bytes lie in the blob store under the id.
CREATE TABLE blobs (
    id TEXT PRIMARY KEY NOT NULL,
    bytes BIGINT NOT NULL,
    purpose TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);
