import Testing

@testable import Tenancy

@Suite struct SlugTests {
    @Test("Ordinary names are slugs", arguments: ["acme", "a-b", "a1c", "123", "acme-europe-2", "a--b", String(repeating: "x", count: 40)])
    func valid(slug: String) {
        #expect(Slug.isValid(slug))
    }

    @Test(
        "Anything else is refused with a reason",
        arguments: [
            "", "ab", String(repeating: "x", count: 41), "Acme", "ac me", "acme_eu", "-acme", "acme-", "ácme", "acme.", "a\nb", "acme\0",
            "t'; --",
            "xn--acme", "www", "api", "admin", "operator", "app", "mail", "static", "status", "help", "docs", "login",
        ])
    func invalid(slug: String) {
        do {
            try Slug.check(slug)
            Issue.record("accepted")
        } catch {
            guard case .invalidSlug(slug, let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(!reason.isEmpty)
        }
    }
}
