/// Every setting there is, once: name, kind, default, bounds and help. The command line, the environment, the file,
/// `tenantry config` and the README's table all come from here.
package struct KnownSettings: Sendable {
    // Where things are
    package let databaseURL = Setting.database(
        "database_url",
        help: """
            The database of the directory and of cell `main`, as a role that owns it and has CREATEROLE. Several hosts, `sslmode=verify-full` \
            and `target_session_attrs` pass through to libpq. A server that may be on another machine is reached with `sslmode=require` where \
            neither the address nor `PGSSLMODE` nor a service says another mode. Without an address `dev` runs a private PostgreSQL; every \
            other command needs it.
            """)
    package let listen = Setting.address(
        "listen", ListenAddress(host: "127.0.0.1", port: 8080), help: "Where the API answers. Port 0: any free one.")
    package let operatorListen = Setting.optionalAddress(
        "operator_listen",
        help: "Where the operators' API and the metrics answer. Without it they share `listen`, metrics then ask for an operator's token.")
    package let baseDomain = Setting.optionalText(
        "base_domain",
        help: "The domain under which each tenant has a host: with `crm.example.com`, tenant `acme` is at `acme.crm.example.com`.")
    package let publicURL = Setting.optionalText(
        "public_url",
        help: """
            Where people reach the server, as in `https://crm.example.com`: what links in mails begin with. Without it each tenant's host \
            under `base_domain`, or else `listen`.
            """)
    package let secretKey = Setting.optionalText(
        "secret_key", isSecret: true, atLeast: 32,
        help: """
            What the passwords of the cells' login roles and the keys of tenants' secrets are derived from; the same for all processes. \
            Without it one is made at the first start and kept in the database. To change it, see `secret_key_previous`. Make one with \
            `openssl rand -base64 32`.
            """)
    package let formerSecretKey = Setting.optionalText(
        "secret_key_previous", isSecret: true, atLeast: 32,
        help: """
            The key from before a change: what tenants have sealed with it still opens, until `tenantry secrets rotate` has sealed it anew.
            """)

    // HTTP
    package let httpSecure = Setting.flag(
        "http.secure", false,
        help: "People reach the server through TLS, ended by a proxy: cookies become `Secure`, browsers are told to stay.")
    package let httpTrustedProxies = Setting.list(
        "http.trusted_proxies", of: "addresses or networks",
        help: "Whose `X-Forwarded-For` tells the client's address, as in `10.0.0.0/8, 192.168.1.7`.", isElement: isNetwork)
    package let httpMaxBodyBytes = Setting.number(
        "http.max_body_bytes", 2 << 20, 1 << 10...64 << 20, help: "The largest request body; a larger one is refused with 413.")
    package let importsMaxBytes = Setting.number(
        "imports.max_bytes", 2 << 30, 1 << 10...64 << 30, help: "The largest file of an import; a larger one is refused with 413.")
    package let httpCORSOrigins = Setting.list(
        "http.cors_origins", of: "origins", help: "Web pages of other origins that may call the API, as in `https://app.example.com`.",
        isElement: { $0.hasPrefix("http://") || $0.hasPrefix("https://") })
    package let webFolder = Setting.optionalText(
        "web.folder",
        help: "For who works on the web application: a folder such as `Sources/Web` whose files are served in place of the binary's own.")
    package let httpServerTiming = Setting.flag(
        "http.server_timing", false, help: "Answers say in `Server-Timing` where their time went. `dev` turns it on.")

    // Who may enter
    package let sessionHours = Setting.hours(
        "security.session_hours", 12, 1...8760, help: "How long a person stays signed in, unless the tenant's settings say otherwise.")
    package let scryptLogN = Setting.number(
        "security.scrypt_log_n", 15, 10...20,
        help: "The cost of a password's hash, as a power of two: 15 takes 32 MiB and about 0.1 s. A change holds for passwords set later.")
    package let signupEnabled = Setting.flag(
        "signup.enabled", false,
        help: "Firms may open an account by themselves (`POST /v1/signup`); `dev` turns it on.")
    package let signupTrialDays = Setting.number(
        "signup.trial_days", 14, 1...3650, help: "How long the trial of an account lasts that a firm opened by itself.")

    // The database
    package let poolConnections = Setting.number(
        "pool.connections", 4, 1...64,
        help: "Connections per cell that carry the units of many requests at once; reads gather on the first, writes keep to the others.")
    package let poolExclusiveConnections = Setting.number(
        "pool.exclusive_connections", 8, 1...200, help: "Connections per cell for slow or multi-step work, one piece of work each.")
    package let poolMigrationConnections = Setting.number(
        "pool.migration_connections", 4, 1...64, help: "How many tenants of a cell are migrated at the same time.")
    package let poolProvisioningConnections = Setting.number(
        "pool.provisioning_connections", 1, 1...64,
        help: "How many tenants of a cell are made at the same time; each takes a processor of the database for a tenth of a second.")
    package let poolSpareTenants = Setting.number(
        "pool.spare_tenants", 8, 0...200,
        help:
            "How many empty schemas stand ready in each cell for new tenants, some 3 MB each. So many can be ordered at once and be there in "
            + "milliseconds; more than that wait until theirs is made.")
    package let poolWait = Setting.seconds(
        "pool.wait_seconds", 5, 1...300, help: "How long a request waits for a connection before it is answered 503 `overloaded`.")
    package let poolLifetime = Setting.minutes(
        "pool.lifetime_minutes", 30, 1...1440, help: "The age at which a connection is replaced, ten per cent more or less.")
    package let poolUnitsInFlight = Setting.number(
        "pool.units_in_flight", 64, 1...1024, help: "How many requests' units one connection carries at once.")
    package let poolNamespaces = Setting.number(
        "pool.namespaces", 1200, 1...100_000,
        help: "How many tenants a connection serves before it is replaced. Each takes half a megabyte of PostgreSQL's memory until then.")
    package let poolStatements = Setting.number(
        "pool.statements", 4000, 0...100_000, help: "How many prepared statements a connection keeps.")
    package let preparedStatements = Setting.flag(
        "database.prepared_statements", true,
        help: "Off behind a pooler that hands connections from transaction to transaction (PgBouncer).")

    package let statementTime = Setting.seconds(
        "database.statement_seconds", 10, 1...3600, help: "How long a statement of a tenant may run before it is ended.")

    // Tenants
    package let defaultPlan = Setting.text(
        "tenants.default_plan", "free",
        help: "The plan of a tenant whose order names none. `dev` makes it `unlimited`, on its own database for other commands too.")
    package let tenantGrace = Setting.days(
        "tenants.grace_days", 14, 0...365,
        help: "How long an account goes on working after its trial has ended, or when it has not paid; then it is suspended.")

    // Invoices and payments
    package let billingSeller = Setting.optionalText(
        "billing.seller",
        help: """
            Who bills the tenants: the firm's name, then its address, with `;` between the lines. Without it no invoices are made. `dev` \
            names itself.
            """)
    package let billingSellerTaxID = Setting.optionalText("billing.seller_tax_id", help: "The firm's number for tax, as on its invoices.")
    package let billingCountry = Setting.optionalText(
        "billing.country", help: "Where a tenant is taken to be that has not said where it is, as in `DE` (ISO 3166).")
    package let billingTaxRates = Setting.list(
        "billing.tax_rates", of: "countries and their per cent",
        help: "The tax on invoices by the tenant's country, as in `DE=19, FR=20, CH=8.1`; elsewhere there is none.", isElement: isTaxRate)
    package let billingNumberPrefix = Setting.optionalText(
        "billing.number_prefix", help: "What stands before the year in the number of an invoice, as in `T-`: T-2026-000001.")
    package let billingPaymentDays = Setting.number(
        "billing.payment_days", 14, 0...365, help: "How many days a tenant has to pay an invoice.")
    package let billingNote = Setting.optionalText(
        "billing.note", help: "How to pay, as it stands at the foot of an invoice: a bank account, for instance.")
    package let stripeSecretKey = Setting.optionalText(
        "billing.stripe.secret_key", isSecret: true,
        help: "The key of an account at Stripe, which then collects payments. Without it nobody does.")
    package let stripeWebhookSecret = Setting.optionalText(
        "billing.stripe.webhook_secret", isSecret: true,
        help: "What Stripe signs its events with; they come to `POST /v1/billing/webhook`.")
    package let stripePrices = Setting.list(
        "billing.stripe.prices", of: "plans and their prices",
        help: "Which of Stripe's prices a plan is sold at, as in `team=price_1Abc, business=price_2Def`.", isElement: isPlanPrice)
    package let stripeAPIBase = Setting.text("billing.stripe.api_base", "https://api.stripe.com", help: "Where Stripe answers.")

    // Mail
    package let mailTransport = Setting.choice(
        "mail.transport", MailTransportKind.smtp,
        help: "How mail leaves: `smtp`, or `file`, which writes each message as `.eml`.")
    package let mailDirectory = Setting.optionalText("mail.directory", help: "Where `mail.transport: file` writes.")
    package let mailFrom = Setting.optionalText("mail.from", help: "The sender, as in `Tenantry <crm@example.com>`.")
    package let mailReturnDomain = Setting.optionalText(
        "mail.return_domain",
        help: """
            A domain whose mail is handed to `POST /v1/mail/inbound`: what comes back is addressed to signed names there. Without it, it comes \
            back to the sender.
            """)
    package let mailDomainRate = Setting.number(
        "mail.per_domain", 50, 1...10_000, help: "How many mails a process sends to one domain in a second.")
    package let mailTenantRate = Setting.number(
        "mail.per_tenant", 100, 1...10_000, help: "How many mails a process sends for one tenant in a second.")
    package let smtpHost = Setting.optionalText("mail.smtp.host", help: "The mail server.")
    package let smtpPort = Setting.number("mail.smtp.port", 587, 1...65_535, help: "Its port.")
    package let smtpSecurity = Setting.choice("mail.smtp.security", SMTPSecurity.starttls, help: "How the connection is protected.")
    package let smtpUsername = Setting.optionalText("mail.smtp.username", help: "Whom to sign in as; without it nobody.")
    package let smtpPassword = Setting.optionalText("mail.smtp.password", isSecret: true, help: "With which password.")

    // Files
    package let blobStore = Setting.choice(
        "blobs.store", BlobStoreKind.directory,
        help:
            "Where files are kept: in a `directory`, which all processes see, or in a bucket of any server that speaks Amazon's `s3`.")
    package let blobDirectory = Setting.text(
        "blobs.directory", "/var/lib/tenantry/blobs",
        help: "The directory of `blobs.store: directory`; made when the first file comes. `dev` keeps files in its own folder.")
    package let blobMaxFileBytes = Setting.number(
        "blobs.max_file_bytes", 2 << 30, 1 << 10...64 << 30, help: "The largest file on a record; a larger one is refused with 413.")
    package let s3Endpoint = Setting.optionalText(
        "blobs.s3.endpoint", help: "The bucket's server, as in `https://minio.example.com:9000`. Without it Amazon's for the region.")
    package let s3Region = Setting.text("blobs.s3.region", "us-east-1", help: "The bucket's region.")
    package let s3Bucket = Setting.optionalText("blobs.s3.bucket", help: "The bucket's name. It must be there already.")
    package let s3Prefix = Setting.optionalText(
        "blobs.s3.prefix", help: "What stands before every key, as in `tenantry/`, so that others may share the bucket.")
    package let s3AccessKey = Setting.optionalText("blobs.s3.access_key", isSecret: true, help: "Whose bucket it is.")
    package let s3SecretKey = Setting.optionalText("blobs.s3.secret_key", isSecret: true, help: "What requests are signed with.")
    package let s3PathStyle = Setting.flag(
        "blobs.s3.path_style", true,
        help: "The bucket stands in the path (`https://host/bucket/key`); otherwise before the host (`https://bucket.host/key`).")

    // What is written down
    package let logLevel = Setting.choice("log.level", LogLevel.info, help: "The least important message that is written.")
    package let logFormat = Setting.choice(
        "log.format", LogFormat.auto, help: "`text` for people, `json` with one object per line for programs; `auto`: text at a terminal.")

    package init() {}

    /// All of them, in the order in which they are written above.
    package static let all: [SettingDeclaration] = Mirror(reflecting: KnownSettings()).children
        .compactMap { ($0.value as? any DeclaredSetting)?.declaration }
}

package enum MailTransportKind: String, CaseIterable, Sendable { case smtp, file }

package enum BlobStoreKind: String, CaseIterable, Sendable { case directory, s3 }

package enum SMTPSecurity: String, CaseIterable, Sendable { case starttls, tls, none }

package enum LogLevel: String, CaseIterable, Sendable { case trace, debug, info, notice, warning, error, critical }

package enum LogFormat: String, CaseIterable, Sendable { case auto, text, json }

/// An IP address, with or without the length of a network's prefix.
@Sendable private func isNetwork(_ text: String) -> Bool {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first, !address.isEmpty, address.allSatisfy({ $0.isHexDigit || $0 == "." || $0 == ":" }),
        address.contains(".") || address.contains(":")
    else { return false }
    guard parts.count == 2 else { return true }
    return Int(parts[1]).map { (0...(address.contains(":") ? 128 : 32)).contains($0) } ?? false
}

/// A country and a rate: `DE=19`.
@Sendable private func isTaxRate(_ text: String) -> Bool {
    text.wholeMatch(of: /[A-Z]{2}=(100|[0-9]{1,2}(\.[0-9]{1,4})?)/) != nil
}

/// A plan and a price at Stripe.
@Sendable private func isPlanPrice(_ text: String) -> Bool {
    text.wholeMatch(of: /[a-z][a-z0-9_]{0,39}=[A-Za-z0-9_]{1,200}/) != nil
}
