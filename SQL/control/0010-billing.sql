-- What tenants used, what they owe for it and what they have paid. Most of these rows are only ever added, and a trigger sees to it, so that
-- an invoice can be computed again from them at any time.

CREATE FUNCTION refuse_change_of_books() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are only ever added.', TG_TABLE_NAME USING ERRCODE = 'TN003';
END
$$;

-- In which state and with which plan each tenant has stood since when: what its days are billed by.
CREATE TABLE standings (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL CONSTRAINT standings_tenant_reference REFERENCES tenants,
    since timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL,
    plan text NOT NULL,
    plan_version integer NOT NULL,
    CONSTRAINT standings_plan_reference FOREIGN KEY (plan, plan_version) REFERENCES plans (name, version)
);
CREATE INDEX standings_tenant ON standings (tenant_id, since, seq);
CREATE TRIGGER standings_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON standings EXECUTE FUNCTION refuse_change_of_books();

INSERT INTO standings (tenant_id, since, state, plan, plan_version)
SELECT id, created_at, state, plan, plan_version FROM tenants WHERE state <> 'provisioning' ORDER BY created_at, id;

-- A tenant stands from the moment when it opens: one that never came to be leaves nothing, and its name is free.

CREATE FUNCTION note_standing() RETURNS trigger
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.state = 'provisioning' OR (TG_OP = 'UPDATE' AND OLD.state = 'provisioning' AND NEW.state = 'deleted') THEN RETURN NULL; END IF;
    IF TG_OP = 'INSERT' OR (NEW.state, NEW.plan, NEW.plan_version) IS DISTINCT FROM (OLD.state, OLD.plan, OLD.plan_version) THEN
        INSERT INTO standings (tenant_id, state, plan, plan_version) VALUES (NEW.id, NEW.state, NEW.plan, NEW.plan_version);
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER tenants_standing AFTER INSERT OR UPDATE OF state, plan, plan_version ON tenants
    FOR EACH ROW EXECUTE FUNCTION note_standing();

-- Requests of a tenant's people and programs on the running day, added by every process every few seconds.
CREATE TABLE api_calls (
    tenant_id uuid NOT NULL CONSTRAINT api_calls_tenant_reference REFERENCES tenants,
    day date NOT NULL,
    calls bigint NOT NULL,
    -- When the last of them were added.
    last_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, day)
) WITH (fillfactor = 50);

-- What a tenant had at the end of a day (UTC), and what it did on that day. Written once, after the day is over.
CREATE TABLE metering (
    tenant_id uuid NOT NULL CONSTRAINT metering_tenant_reference REFERENCES tenants,
    day date NOT NULL,
    records bigint NOT NULL,
    seats bigint NOT NULL,
    storage_bytes bigint NOT NULL,
    mails bigint NOT NULL,
    api_calls bigint NOT NULL,
    -- When records, seats and bytes were counted: later than the morning after if nobody worked then.
    read_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, day)
);
CREATE TRIGGER metering_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON metering EXECUTE FUNCTION refuse_change_of_books();

-- Whom a tenant's invoices are addressed to, and how it is known to whoever collects its payments.
CREATE TABLE billing_accounts (
    tenant_id uuid PRIMARY KEY CONSTRAINT billing_accounts_tenant_reference REFERENCES tenants,
    name text,
    email text,
    address jsonb NOT NULL DEFAULT '{}',
    -- ISO 3166; decides the rate of tax.
    country text,
    tax_id text,
    customer_id text CONSTRAINT billing_accounts_customer_unique UNIQUE,
    -- The subscription as it was last read from the provider.
    subscription jsonb,
    -- From this day and until the other one the provider collects, so these days stand on no invoice of ours.
    collected_from date,
    collected_until date,
    -- Readings from the provider are numbered when they begin; what began earlier never overwrites what began later.
    readings bigint NOT NULL DEFAULT 0,
    applied bigint NOT NULL DEFAULT 0,
    version integer NOT NULL DEFAULT 1,
    updated_at timestamptz(3) NOT NULL DEFAULT now()
);

-- The last number given in each range; taken under its lock in the transaction that writes the invoice, so that no number is missing.
CREATE TABLE invoice_ranges (
    name text PRIMARY KEY,
    last integer NOT NULL DEFAULT 0
);

CREATE TABLE invoices (
    id uuid PRIMARY KEY,
    number text NOT NULL CONSTRAINT invoices_number_unique UNIQUE,
    range text NOT NULL CONSTRAINT invoices_range_reference REFERENCES invoice_ranges,
    place integer NOT NULL,
    tenant_id uuid NOT NULL CONSTRAINT invoices_tenant_reference REFERENCES tenants,
    -- The first day of the month that is billed.
    period date NOT NULL CONSTRAINT invoices_period_month CHECK (extract(day FROM period) = 1),
    currency text NOT NULL,
    issued_at timestamptz(3) NOT NULL,
    due_on date NOT NULL,
    -- As they were when it was issued: who bills, who is billed, for what.
    seller jsonb NOT NULL,
    customer jsonb NOT NULL,
    lines jsonb NOT NULL,
    usage jsonb NOT NULL,
    net numeric NOT NULL,
    tax_rate numeric NOT NULL,
    tax numeric NOT NULL,
    total numeric NOT NULL,
    CONSTRAINT invoices_place_unique UNIQUE (range, place),
    CONSTRAINT invoices_once UNIQUE (tenant_id, period, currency),
    CONSTRAINT invoices_total_sum CHECK (total = net + tax)
);
CREATE INDEX invoices_tenant ON invoices (tenant_id, id);
CREATE TRIGGER invoices_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON invoices EXECUTE FUNCTION refuse_change_of_books();

-- An invoice is paid when it has a row here.
CREATE TABLE payments (
    invoice_id uuid PRIMARY KEY CONSTRAINT payments_invoice_reference REFERENCES invoices,
    -- `operator`, or the provider's name.
    way text NOT NULL,
    -- By which the payment is found there.
    reference text NOT NULL,
    paid_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE TRIGGER payments_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON payments EXECUTE FUNCTION refuse_change_of_books();

-- What the payment provider has told us, byte for byte, each event once.
CREATE TABLE payment_events (
    id text PRIMARY KEY,
    type text NOT NULL,
    body bytea NOT NULL,
    received_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE TRIGGER payment_events_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_events EXECUTE FUNCTION refuse_change_of_books();

-- Which of them are still to be acted upon. A row goes when that is done.
CREATE TABLE payment_work (
    event_id text PRIMARY KEY CONSTRAINT payment_work_event_reference REFERENCES payment_events,
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    error text
);
CREATE INDEX payment_work_due_at ON payment_work (due_at);
