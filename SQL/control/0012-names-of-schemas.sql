-- What a tenant's schema and role are called is written down, not made from its slug: a tenant keeps the names of a schema that stood ready, and
-- nobody's connections look up anything again because it came.

ALTER TABLE tenants ADD COLUMN schema_name text, ADD COLUMN role_name text;

-- The names with which they are made for a tenant. They hold until its cell has given it others, and for whoever does not know of the columns: a
-- former version that is still running.
CREATE FUNCTION name_tenant() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    NEW.schema_name := coalesce(NEW.schema_name, 't_' || replace(NEW.slug, '-', '_'));
    NEW.role_name := coalesce(NEW.role_name, NEW.schema_name || '_' || right(NEW.id::text, 8));
    RETURN NEW;
END
$$;
CREATE TRIGGER tenants_named BEFORE INSERT ON tenants FOR EACH ROW EXECUTE FUNCTION name_tenant();

UPDATE tenants SET schema_name = 't_' || replace(slug, '-', '_'), role_name = 't_' || replace(slug, '-', '_') || '_' || right(id::text, 8);

ALTER TABLE tenants
    ADD CONSTRAINT tenants_schema_name_required CHECK (schema_name IS NOT NULL) NOT VALID,
    ADD CONSTRAINT tenants_role_name_required CHECK (role_name IS NOT NULL) NOT VALID;
