import Records

/// What whoever started `dev` needs to know, as a text for people and as the JSON of `--ready-file`.
struct DevReady: Sendable {
    let addresses: Addresses
    let operatorToken: String
    let databaseURL: String
    let folder: DevFolder
    let demo: DevCredentials.Demo?

    var json: JSON {
        [
            "api": .string(addresses.api), "operator_api": .string(addresses.operators), "operator_token": .string(operatorToken),
            "database_url": .string(databaseURL), "mail_dir": .string(folder.mail),
            "tenants": .array(demo.map { [$0.json] } ?? []),
        ]
    }

    var text: String {
        var lines = [
            "",
            "Tenantry is ready. Ctrl-C stops it; the same command goes on where it ended.",
            "",
            "  The page    \(addresses.api)/",
            "  API         \(addresses.api)/v1",
            "  Reference   \(addresses.api)/docs",
            "  Operators   \(addresses.operators)/operator/v1",
            "    token     \(operatorToken)",
            "  Database    \(databaseURL)",
            "  Data, mail  \(folder.path)",
        ]
        guard let demo else {
            lines += ["", "There is no sample tenant. Make one of your own:", "", provisionExample, ""]
            return lines.joined(separator: "\n")
        }
        lines += [
            "",
            "  Sample tenant  \(demo.slug)",
            "    e-mail       \(demo.email)",
            "    password     \(demo.password)",
            "",
            "Sign in and read the first contacts:",
            "",
            "  TOKEN=$(curl -s \(addresses.api)/v1/session -H 'Content-Type: application/json' \\",
            "    -d '{\"tenant\":\"\(demo.slug)\",\"email\":\"\(demo.email)\",\"password\":\"\(demo.password)\"}' \\",
            "    | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')",
            "  curl -s \"\(addresses.api)/v1/contacts?limit=3&include=company\" -H \"Authorization: Bearer $TOKEN\"",
            "",
        ]
        return lines.joined(separator: "\n")
    }

    private var provisionExample: String {
        """
          curl -s -X PUT \(addresses.operators)/operator/v1/tenants/example-firm \\
            -H 'Authorization: Bearer \(operatorToken)' -H 'Content-Type: application/json' \\
            -d '{"name":"Example Firm","admin":{"email":"you@example.com","name":"You","password":"a long enough password"}}'
        """
    }
}
