-- People who work together: whose records "team" means, and whose figures are added up.
-- Membership stands in users.team_ids; teams.member_ids repeats it for the readers of a team.

CREATE TABLE teams (
    id uuid PRIMARY KEY,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    created_by_type text,
    created_by_id uuid,
    updated_by_type text,
    updated_by_id uuid,
    owner_id uuid CONSTRAINT teams_owner_id_reference REFERENCES users,
    deleted_at timestamptz(3),
    tags text[] NOT NULL DEFAULT '{}',
    name text NOT NULL,
    member_ids uuid[] NOT NULL DEFAULT '{}',
    parent_id uuid CONSTRAINT teams_parent_id_reference REFERENCES teams,
    CONSTRAINT teams_parent_id_no_cycle CHECK (parent_id <> id)
);
CREATE UNIQUE INDEX teams_name_unique ON teams (lower(name)) WHERE deleted_at IS NULL;
