-- The built-in plans are written in Config/plans.yaml. Here stands what was last taken over from there: `tenantry migrate` makes a new
-- version of what was changed there since, and leaves alone what an operator has made of a plan.

CREATE TABLE built_in_plans (
    name text PRIMARY KEY,
    terms jsonb NOT NULL CONSTRAINT built_in_plans_terms_object CHECK (jsonb_typeof(terms) = 'object')
);

INSERT INTO built_in_plans (name, terms)
SELECT name, jsonb_build_object('limits', limits, 'rates', rates, 'features', features, 'price', price)
FROM plans WHERE version = 1 AND name IN ('free', 'team', 'business', 'unlimited');

-- Resources whose limit has come down: of these alone a tenant may have more than it may, so only then are reads asked to look.
ALTER TABLE tenants ADD COLUMN tightened text[] NOT NULL DEFAULT '{}';
