-- What happened each day, in numbers: they stay when what they count is dropped. `slot` keeps coordinators from
-- waiting for each other's rows; a figure is the sum over all slots.
CREATE TABLE daily_counts (
    day TEXT NOT NULL,
    what TEXT NOT NULL,
    key TEXT NOT NULL,
    slot SMALLINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (day, what, key, slot)
);
