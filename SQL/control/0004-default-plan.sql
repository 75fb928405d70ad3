-- The plan of a tenant whose order names none, where a process is not told otherwise: so the terminal agrees with the server.

ALTER TABLE installation ADD COLUMN default_plan text;
