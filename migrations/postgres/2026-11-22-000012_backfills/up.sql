-- Reading again what was said. reason: 1 somebody asked, 2 Slack dropped events, 3 nobody listened.
-- mode: 1 alert, 2 enforce. state: 1 waiting, 2 reading, 3 done, 4 failed, 5 cancelled.
-- Messages from `from_at` until `until_at`; older ones only for edits and replies, back to `look_back_to`.
-- `channels`: ids parted by blanks; all that the bot is in, if none.
CREATE TABLE backfills (
    id UUID PRIMARY KEY NOT NULL,
    workspace_id TEXT NOT NULL,
    reason SMALLINT NOT NULL,
    mode SMALLINT NOT NULL,
    again BOOLEAN NOT NULL,
    state SMALLINT NOT NULL,
    from_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ NOT NULL,
    look_back_to TIMESTAMPTZ NOT NULL,
    channels TEXT,
    error_code TEXT,
    requested_by UUID,
    due_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    began_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    CHECK (from_at <= until_at)
);

-- What there is to do.
CREATE INDEX backfills_open ON backfills (due_at) WHERE state IN (1, 2);

-- A channel of a backfill, or a thread in it; '' is the channel itself. state: 1 open, 2 done, 3 skipped.
-- `position`: the ts up to which it was read, from the newest in a channel, from the oldest in a thread.
-- `covered`: thousandths of the time asked for.
CREATE TABLE backfill_parts (
    backfill_id UUID NOT NULL REFERENCES backfills (id) ON DELETE CASCADE,
    channel_id TEXT NOT NULL,
    thread_ts TEXT NOT NULL,
    kind TEXT,
    external BOOLEAN NOT NULL,
    state SMALLINT NOT NULL,
    code TEXT,
    position TEXT,
    covered SMALLINT NOT NULL,
    messages BIGINT NOT NULL,
    jobs BIGINT NOT NULL,
    PRIMARY KEY (backfill_id, channel_id, thread_ts)
);

CREATE INDEX backfill_parts_open ON backfill_parts (backfill_id, channel_id, thread_ts) WHERE state = 1;

-- Which messages were scanned already.
CREATE INDEX scan_jobs_said ON scan_jobs (channel_id, message_ts) WHERE origin = 1 AND file_id IS NULL;
