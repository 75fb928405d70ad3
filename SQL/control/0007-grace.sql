-- Who has not paid, or whose trial has ended, goes on working until this day, and is closed to writing then; null: until someone decides.

ALTER TABLE tenants ADD COLUMN grace_ends_at timestamptz(3);
