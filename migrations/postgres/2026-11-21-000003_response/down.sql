DROP TABLE action_outbox;
DROP TABLE reveals;
DROP TABLE originals;
DROP TABLE suppressions;
DROP TABLE alert_activity;
DROP TABLE alert_occurrences;
DROP TABLE alert_keys;
DROP TABLE alerts;
