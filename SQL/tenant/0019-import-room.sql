-- The room in the plan that an import has taken before it began, so that nobody fills it meanwhile; `usage` counts it as used.

-- So many records at most; those it has made count in their place. None once it has ended.
ALTER TABLE imports ADD COLUMN reserved bigint NOT NULL DEFAULT 0;
