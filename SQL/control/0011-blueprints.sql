-- Which blueprints a tenant has: an order for a tenant that names one applies it once, and what its people removed of it stays removed.

CREATE TABLE applied_blueprints (
    tenant_id uuid NOT NULL CONSTRAINT applied_blueprints_tenant_reference REFERENCES tenants,
    name text NOT NULL,
    applied_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, name)
);
