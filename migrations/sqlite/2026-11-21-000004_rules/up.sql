-- Custom detectors, and overrides of built-in ones under the built-in's id.
CREATE TABLE detectors (
    id TEXT PRIMARY KEY NOT NULL,
    spec TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    version INTEGER NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT
);

-- `spec` is the policy as the API shows it; name, mode, priority and words stand beside it for lists.
CREATE TABLE policies (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    mode SMALLINT NOT NULL,
    priority INTEGER NOT NULL,
    spec TEXT NOT NULL,
    version INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT,
    words TEXT NOT NULL
);

-- Lists of Slack users that policies name.
CREATE TABLE people_groups (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    members TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT
);
