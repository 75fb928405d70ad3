import Foundation
import Postgres
import Secrets
import Support
import Tenancy
import Testing

@Suite("A young tenant") struct YoungTenantTests {
    @Test("A record and a taken address are found by their indexes while the table is two pages long: the plans are kept while it grows")
    func plans() async throws {
        let tenant = try await TestHouse.tenant()
        _ = try await tenant.scope.run([
            """
            INSERT INTO contacts (id, last_name, email, phone)
            SELECT cell.uuid_v7(), 'Ng ' || n, 'ng' || n || '@example.com', '+49 30 ' || n FROM generate_series(1, 60) AS n
            """,
            "ANALYZE contacts",
        ])
        let statements: [SQL] = [
            "SELECT id FROM contacts WHERE id = \(UUID.v7())",
            "SELECT id FROM contacts WHERE lower(email) = 'ng7@example.com' AND deleted_at IS NULL",
            "SELECT id FROM contacts WHERE regexp_replace(phone, '\\D', '', 'g') = '49307' AND deleted_at IS NULL",
        ]
        for statement in statements {
            let plan = try await tenant.scope.rows("EXPLAIN " + statement).map { try $0.text(0) }.joined(separator: "\n")
            #expect(!plan.contains("Seq Scan"), "\(plan)")
        }
    }
}
