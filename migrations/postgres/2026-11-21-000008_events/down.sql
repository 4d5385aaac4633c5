DROP TABLE idempotency_keys;
DROP TABLE security_events;
