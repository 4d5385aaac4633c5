-- `email` is lower case. Access tokens of sessions from before `sessions_since` are not accepted, but for those
-- of `spared_session`. `words` is what a search looks through. Whoever was erased is known by the id and by
-- nothing else: their access tokens are still within their time.
CREATE TABLE users (
    id UUID PRIMARY KEY NOT NULL,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    last_login_at TIMESTAMPTZ,
    sessions_since TIMESTAMPTZ NOT NULL,
    spared_session UUID,
    version INTEGER NOT NULL,
    erased_at TIMESTAMPTZ,
    words TSVECTOR NOT NULL
);

-- Whose sessions were ended lately: their access tokens are still within their time.
CREATE INDEX users_sessions_since ON users (sessions_since);

-- Passwords that were wrong, by the keyed hash of the address: known and unknown ones alike.
CREATE TABLE login_failures (
    email_hash BYTEA PRIMARY KEY NOT NULL,
    failures INTEGER NOT NULL,
    last_failed_at TIMESTAMPTZ NOT NULL,
    locked_until TIMESTAMPTZ
);

-- What is long past is forgotten.
CREATE INDEX login_failures_last ON login_failures (last_failed_at);

-- Good once, to set a new password.
CREATE TABLE password_resets (
    id UUID PRIMARY KEY NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);

CREATE INDEX password_resets_user ON password_resets (user_id);

-- One row per token ever given out; a family is one sign-in. A token used twice ends its family.
CREATE TABLE refresh_tokens (
    id UUID PRIMARY KEY NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    family UUID NOT NULL,
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ
);

CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX refresh_tokens_user ON refresh_tokens (user_id);

CREATE TABLE api_tokens (
    id UUID PRIMARY KEY NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    scopes JSONB NOT NULL,
    role TEXT,
    created_by UUID,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ
);
