DROP TABLE audit_events;
DROP TABLE action_outbox;
DROP TABLE alerts;
