import Foundation
import Records
import Tenancy

/// What the maker of an API key asks for, checked.
struct APIKeyOrder: Sendable {
    let name: String
    let roleID: UUID
    let expires: Date?
    /// Nil for everywhere.
    let allowedIPs: [String]?

    init(_ body: JSON, now: Date = .now) throws(Problem) {
        var form = Form(body, known: ["name", "role_id", "expires_at", "allowed_ips"])
        let name = form.text("name")
        let roleID = form.id("role_id")
        expires = form.time("expires_at")
        if let expires, expires <= now { form.refuse("expires_at", .range, "This lies in the future.") }
        let addresses = form.texts("allowed_ips", maximum: 100) ?? []
        for (index, address) in addresses.enumerated() where AddressRange(address) == nil {
            form.refuse("allowed_ips/\(index)", .format, "This is an IP address or a network such as 192.0.2.0/24.")
        }
        allowedIPs = addresses.isEmpty ? nil : addresses
        try form.finish()
        guard let name, let roleID else { throw .notFound }
        self.name = name
        self.roleID = roleID
    }
}
