-- How many records a tenant has is the sum over `usage` and these rows. Writers add to the row of their connection's slot, so that those of one
-- tenant commit side by side; near a limit they take turns. See Records/Usage.

CREATE TABLE usage_slots (
    -- As in `usage`, of a bounded length.
    resource varchar(60) NOT NULL,
    slot smallint NOT NULL,
    -- What has come and gone through this slot; below zero where more went than came.
    used bigint NOT NULL,
    PRIMARY KEY (resource, slot)
) WITH (fillfactor = 50);
