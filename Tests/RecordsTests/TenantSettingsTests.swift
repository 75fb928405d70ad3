import Foundation
import Records
import Testing

@testable import CRM

@Suite("What a tenant decides for itself") struct TenantSettingsTests {
    private let defaults = SettingDefaults(accountName: "Acme", sessionHours: 12)

    private func patched(_ body: JSON, _ document: SettingsDocument = SettingsDocument(), allowsPrivateHosts: Bool = false)
        -> (document: SettingsDocument, errors: [String])
    {
        var patch = SettingsPatch(allowsPrivateHosts: allowsPrivateHosts) { secret, place, _ in "\(place)=\(secret)" }
        let merged = patch.merge(body, into: document)
        return (merged, patch.errors.map { "\($0.pointer) \($0.code.rawValue)" })
    }

    @Test("Every key of the model is there, with its default") func defaultsAreShown() {
        let shown = SettingsDocument().shown(to: .administrators, defaults)

        #expect(
            shown.members?.map(\.name) == [
                "name", "locale", "time_zone", "currency", "rates", "fiscal_year_start", "week_start", "business_hours", "holidays",
                "brand",
                "mail", "quiet_hours", "reminder_defaults", "security", "retention",
            ])
        #expect(shown["name"] == "Acme" && shown["time_zone"] == "UTC" && shown["rates"] == [])
        #expect(shown["mail"]?["smtp"]?["password"] == ["set": false])
        #expect(
            shown["security"] == [
                "password_min": 12, "session_hours": 12, "ip_allow": [], "export_alarm_rows": 10_000, "require_if_match": false,
            ])
        #expect(shown["business_hours"]?["monday"] == [["from": "09:00", "to": "17:00"]])
        #expect(
            SettingsDocument().shown(to: .everyone, defaults)["mail"]?.members?.map(\.name) == ["from_name", "from_address", "reply_to"])
    }

    @Test("What an answer shows may be sent back and changes nothing") func roundTrip() {
        let (document, errors) = patched([
            "name": "North", "mail": ["smtp": ["host": "smtp.example.com", "password": "s3cret"]],
            "rates": [["date": "2026-01-01", "rate": "1.10", "to": "USD", "from": "EUR"]], "quiet_hours": ["from": "22:00", "to": "06:00"],
        ])
        #expect(errors == [])
        let shown = document.shown(to: .administrators, defaults)

        let again = patched(shown, document)

        #expect(again.errors == [])
        #expect(again.document.shown(to: .administrators, defaults) == shown)
        #expect(document.changes(to: again.document, defaults) == [])
        #expect(!shown.text.contains("s3cret"))
    }

    @Test("Groups merge, lists are replaced, null brings the default back") func merging() {
        let first = patched(["brand": ["name": "N", "colour": "#aabbcc"], "holidays": ["2026-12-25"], "week_start": "sunday"]).document

        let second = patched(["brand": ["name": nil], "holidays": ["2026-12-26"], "week_start": nil], first).document

        #expect(second.stored == ["holidays": ["2026-12-26"], "brand": ["colour": "#aabbcc"]])
        #expect(second["week_start"] == "monday")
        #expect(Set(first.changes(to: second, defaults)) == ["brand.name", "holidays", "week_start"])
        #expect(patched(["brand": nil], second).document.stored == ["holidays": ["2026-12-26"]])
    }

    @Test("A secret stays, is replaced, or goes") func secrets() {
        let first = patched(["mail": ["smtp": ["password": "one"]]]).document

        #expect(SealedSecret.text(in: first.stored["mail"]?["smtp"]?["password"]) == "mail.smtp.password=one")
        #expect(patched(["mail": ["smtp": ["password": ["set": true]]]], first).document.stored == first.stored)
        #expect(patched(["mail": ["smtp": ["password": "one"]]], first).document.stored == first.stored)
        #expect(patched(["mail": ["smtp": ["password": ["set": false]]]], first).document.stored == [:])
        #expect(patched(["mail": ["smtp": ["password": ""]]], first).document.stored == [:])
        #expect(patched(["mail": ["smtp": ["password": "two"]]], first).document.changes(to: first, defaults) == ["mail.smtp.password"])
        #expect(patched(["mail": ["smtp": ["password": ["set": true]]]]).errors == ["/mail/smtp/password required"])
        #expect(patched(["mail": ["smtp": ["password": ["sealed": "x"]]]], first).errors == ["/mail/smtp/password type"])
    }

    @Test(
        "Whatever is wrong is refused with its place",
        arguments: [
            (["colour": "#aabbcc", "a/b": 1], ["/colour unknown", "/a~1b unknown"]),
            (
                ["name": 1, "locale": "x", "time_zone": "Mars/Phobos", "currency": "eur"],
                ["/name type", "/locale format", "/time_zone format", "/currency format"]
            ),
            (
                ["currency": "ABC", "fiscal_year_start": "02-29", "week_start": "Monday"],
                ["/currency format", "/fiscal_year_start format", "/week_start enum"]
            ),
            (
                ["rates": [["from": "EUR", "to": "USD", "rate": 1, "date": "2026-02-30"], ["from": "EUR"]]],
                [
                    "/rates/0/rate type", "/rates/0/date format", "/rates/1/to required", "/rates/1/rate required",
                    "/rates/1/date required",
                ]
            ),
            (
                ["rates": [["from": "EUR", "to": "USD", "rate": "0.0", "date": "2026-01-01", "x": 1]]],
                ["/rates/0/x unknown", "/rates/0/rate format"]
            ),
            (["rates": [["from": "EUR", "to": "EUR", "rate": "1", "date": "2026-01-01"]]], ["/rates/0/to range"]),
            (
                [
                    "rates": [
                        ["from": "EUR", "to": "USD", "rate": "1.1", "date": "2026-01-01"],
                        ["from": "EUR", "to": "USD", "rate": "1.2", "date": "2026-01-01"],
                    ]
                ], ["/rates/1 duplicate"]
            ),
            (
                ["business_hours": ["monday": [["from": "9:00", "to": "24:00"]], "holiday": []]],
                [
                    "/business_hours/holiday unknown", "/business_hours/monday/0/from format", "/business_hours/monday/0/to format",
                ]
            ),
            (
                ["business_hours": ["monday": [["from": "09:00", "to": "12:00"], ["from": "11:00", "to": "11:00"]]]],
                [
                    "/business_hours/monday/1/to range", "/business_hours/monday/1/from range",
                ]
            ),
            (["holidays": ["2026-12-25", "2026-12-25", 7]], ["/holidays/1 duplicate", "/holidays/2 type"]),
            (["brand": ["colour": "red", "logo": "javascript:alert(1)"]], ["/brand/logo format", "/brand/colour format"]),
            (
                ["mail": ["from_name": "A\r\nBcc: x@example.com", "from_address": "nobody"]],
                ["/mail/from_name format", "/mail/from_address format"]
            ),
            (
                ["mail": ["smtp": ["port": 0, "security": "ssl", "host": "-"]]],
                ["/mail/smtp/host format", "/mail/smtp/port range", "/mail/smtp/security enum"]
            ),
            (["quiet_hours": ["from": "22:00"]], ["/quiet_hours/to required"]),
            (
                ["security": ["password_min": 11, "ip_allow": ["10.0.0.0/33"], "require_if_match": "yes"]],
                [
                    "/security/password_min range", "/security/ip_allow/0 format", "/security/require_if_match type",
                ]
            ),
            (["security": [], "retention": ["trash_days": .number("1.5")]], ["/security type", "/retention/trash_days type"]),
        ] as [(JSON, [String])])
    func refusals(body: JSON, errors: [String]) {
        #expect(Set(patched(body).errors) == Set(errors))
    }

    @Test(
        "A mail server of the own network is for `dev` only",
        arguments: [
            "localhost", "127.0.0.1", "10.1.2.3", "::1", "mail", "mail.internal", "169.254.169.254", "smtp.localhost", "MAIL.LOCAL",
        ])
    func privateHosts(host: String) {
        let body: JSON = ["mail": ["smtp": ["host": .string(host)]]]

        #expect(patched(body).errors == ["/mail/smtp/host range"])
        #expect(patched(body, allowsPrivateHosts: true).errors == [])
    }

    @Test("A number in disguise is no host", arguments: ["127.1", "2130706433", "0177.0.0.1", "0x7f.1", "10.0.0.0/8", "localhost.", "a b"])
    func disguises(host: String) {
        #expect(patched(["mail": ["smtp": ["host": .string(host)]]]).errors == ["/mail/smtp/host format"])
    }

    @Test("What a pattern forbids is always refused, and what is accepted fits its pattern")
    func patterns() throws {
        let samples: [(SettingForm, accepted: [String], refused: [String])] = [
            (.language, ["de", "pt-BR", "zh-Hant-TW"], ["", "d", "de_DE", "de-", " de"]),
            (.currency, ["EUR", "KWD"], ["eur", "EURO", "ÄÖÜ"]),
            (
                .rate, ["1", "0.0001", "123456789012345.1234567890"],
                ["", "1.", ".5", "-1", "1e3", "1.12345678901", "1234567890123456", "1 "]
            ),
            (.monthDay, ["01-01", "02-28", "12-31"], ["1-1", "13-01", "00-10", "04-32"]),
            (.time, ["00:00", "23:59"], ["24:00", "9:00", "09:60", "09:00:00"]),
            (.colour, ["#a0B1c2"], ["a0b1c2", "#abc", "#gggggg"]),
            (.network, ["10.0.0.0/8", "::1", "2001:db8::/32"], ["10.0.0", "x", "1.2.3.4/x"]),
            (.timeZone, ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"], ["", "Berlin "]),
            (.webAddress, ["https://example.com/a.png"], ["ftp://example.com", "https://", "https://a b"]),
        ]
        for (form, accepted, refused) in samples {
            let pattern = try #require(form.schema.first { $0.name == "pattern" }?.value.string)
            let regex = try Regex(pattern)
            for text in accepted { #expect(form.accepts(text) && text.contains(regex), "\(text)") }
            for text in refused { #expect(!form.accepts(text), "\(text)") }
        }
    }
}
