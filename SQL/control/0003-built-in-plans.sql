-- The plans every installation begins with. A limit that is not named is unlimited; prices are per user and month.

INSERT INTO plans (name, version, limits, rates, features, price) VALUES
('free', 1,
    '{"users": 3, "records": 2000, "custom_fields": 10, "custom_objects": 1, "storage_bytes": 104857600,
      "emails_per_month": 200, "active_reminders": 50, "api_keys": 2, "import_rows": 2000}',
    '{"api_burst_per_second": 20, "api_per_day": 10000}',
    '{"own_mail_server": false, "own_brand": false}',
    '{"amount": "0.00", "currency": "EUR", "per": "user"}'),
('team', 1,
    '{"users": 25, "records": 100000, "custom_fields": 100, "custom_objects": 10, "storage_bytes": 10737418240,
      "emails_per_month": 10000, "active_reminders": 2000, "api_keys": 20, "import_rows": 100000}',
    '{"api_burst_per_second": 50, "api_per_day": 100000}',
    '{"own_mail_server": true, "own_brand": false}',
    '{"amount": "12.00", "currency": "EUR", "per": "user"}'),
('business', 1,
    '{"users": 500, "records": 2000000, "custom_fields": 500, "custom_objects": 50, "storage_bytes": 107374182400,
      "emails_per_month": 200000, "active_reminders": 50000, "api_keys": 200, "import_rows": 2000000}',
    '{"api_burst_per_second": 200, "api_per_day": 2000000}',
    '{"own_mail_server": true, "own_brand": true}',
    '{"amount": "29.00", "currency": "EUR", "per": "user"}'),
('unlimited', 1, '{}', '{}',
    '{"own_mail_server": true, "own_brand": true}',
    '{"amount": "0.00", "currency": "EUR", "per": "user"}');
