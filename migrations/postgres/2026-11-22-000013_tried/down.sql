ALTER TABLE action_outbox DROP COLUMN last_tried_at;
ALTER TABLE action_outbox DROP COLUMN first_tried_at;
