-- One result per job: the primary key is the promise. outcome: 1 completed, 2 failed.
CREATE TABLE scan_results (
    job_id TEXT PRIMARY KEY NOT NULL REFERENCES scan_jobs (id) ON DELETE CASCADE,
    node_id TEXT,
    detector_set TEXT NOT NULL,
    outcome SMALLINT NOT NULL,
    failure_reason TEXT,
    coverage TEXT,
    finding_count INTEGER NOT NULL,
    highest_likelihood SMALLINT,
    highest_severity SMALLINT,
    scan_us BIGINT NOT NULL,
    scanned_bytes BIGINT NOT NULL,
    committed_at BIGINT NOT NULL
);

-- Caught messages are few among many results.
CREATE INDEX scan_results_caught ON scan_results (job_id) WHERE finding_count > 0;

-- `preview` is masked and `fingerprint` keyed: no value rests here. `suppressed_by`: no policy counts it.
CREATE TABLE findings (
    id TEXT PRIMARY KEY NOT NULL,
    job_id TEXT NOT NULL REFERENCES scan_results (job_id) ON DELETE CASCADE,
    info_type TEXT NOT NULL,
    detector TEXT NOT NULL,
    likelihood SMALLINT NOT NULL,
    severity SMALLINT NOT NULL,
    start_byte BIGINT NOT NULL,
    end_byte BIGINT NOT NULL,
    preview TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    location TEXT NOT NULL,
    explanation TEXT NOT NULL,
    suppressed_by TEXT,
    created_at BIGINT NOT NULL
);

CREATE INDEX findings_job ON findings (job_id);
CREATE INDEX findings_info_type ON findings (info_type, id);

-- One message meeting one policy. mode: 1 off, 2 simulate, 3 enforce.
CREATE TABLE violations (
    id TEXT PRIMARY KEY NOT NULL,
    job_id TEXT NOT NULL REFERENCES scan_results (job_id) ON DELETE CASCADE,
    policy_id TEXT NOT NULL,
    policy_name TEXT NOT NULL,
    mode SMALLINT NOT NULL,
    severity SMALLINT NOT NULL,
    finding_ids TEXT NOT NULL,
    actions TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX violations_job ON violations (job_id);
