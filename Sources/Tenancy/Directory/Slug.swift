/// The short name of a tenant, as it stands in addresses and credentials: given once, never to another.
package enum Slug {
    /// Refuses what cannot be a slug with `.invalidSlug`, whose reason is a sentence for people.
    package static func check(_ slug: String) throws(TenancyError) {
        guard (3...40).contains(slug.utf8.count) else {
            throw .invalidSlug(slug, reason: "It needs 3 to 40 characters.")
        }
        guard slug.utf8.allSatisfy({ isLetterOrDigit($0) || $0 == hyphen }) else {
            throw .invalidSlug(slug, reason: "Only the letters a to z in lower case, digits and hyphens are possible.")
        }
        guard slug.utf8.first != hyphen, slug.utf8.last != hyphen else {
            throw .invalidSlug(slug, reason: "It cannot begin or end with a hyphen.")
        }
        // A browser shows a host that begins so as other letters (RFC 5890, 2.3.2.1).
        guard !slug.hasPrefix("xn--"), !reserved.contains(slug) else {
            throw .invalidSlug(slug, reason: "This word is reserved.")
        }
    }

    /// Whether it could name a tenant; saves asking for what cannot exist.
    package static func isValid(_ slug: String) -> Bool {
        (try? check(slug)) != nil  // only yes or no is wanted here, not why
    }

    /// Words that would mislead people when they stand in front of our domain, or that the product uses itself.
    private static let reserved: Set<String> = [
        "about", "abuse", "account", "accounts", "admin", "administrator", "admins", "api", "app", "apps", "assets", "auth", "autoconfig",
        "autodiscover", "backup", "billing", "blog", "calendar", "cdn", "console", "contact", "control", "dashboard", "dns", "docs",
        "download", "downloads", "email", "files", "ftp", "git", "healthz", "help", "hostmaster", "http", "https", "images", "imap",
        "info", "internal", "invoice", "invoices", "legal", "localhost", "login", "logout", "mail", "mailer-daemon", "media", "metrics",
        "monitor", "mx", "nobody", "no-reply", "noreply", "oauth", "openapi", "operator", "operators", "pay", "payment", "payments",
        "pop", "pop3", "postgres", "postmaster", "pricing", "privacy", "public", "readyz", "register", "root", "secure", "security",
        "session", "settings", "sign-in", "sign-up", "signin", "signup", "smtp", "sso", "static", "status", "support", "system", "tenant",
        "tenantry", "tenants", "terms", "token", "unsubscribe", "upload", "uploads", "user", "users", "web", "webhook", "webhooks",
        "webmail", "webmaster", "www", "www1", "www2",
    ]

    private static let hyphen = UInt8(ascii: "-")

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
