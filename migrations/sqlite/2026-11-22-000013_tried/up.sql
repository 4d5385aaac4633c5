-- Between these somebody may have carried an action out whose end nobody wrote down. Whoever says something looks
-- there for what was said.
ALTER TABLE action_outbox ADD COLUMN first_tried_at BIGINT;
ALTER TABLE action_outbox ADD COLUMN last_tried_at BIGINT;
