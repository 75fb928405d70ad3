import Foundation
import Mail
import Postgres
import Records
import Synchronization
import Tenancy

/// The picture above the words of a tenant's mails, which travels within them: readers see it at once, and nobody is told that they do, as
/// with a picture that is fetched.
package struct MailLogo: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let address: String

    /// - Parameter address: from where the caller asks, for the audit.
    package init(in scope: TenantScope, for caller: Caller, from address: String) {
        self.scope = scope
        self.caller = caller
        self.address = address
    }

    /// Nil for a tenant that has none.
    package static func find(in scope: TenantScope) async throws -> InlineImage? {
        // It was looked at when it was kept.
        try await bytes(in: scope).flatMap { try? InlineImage($0) }
    }

    static func bytes(in scope: TenantScope) async throws -> [UInt8]? {
        try await scope.rows("SELECT cell.mail_logo()").first?.optionalBytes(0)
    }

    /// Puts one where it was at another installation; what no mail could carry is left out.
    static func bringing(_ bytes: [UInt8]) -> [SQL] {
        guard (try? InlineImage(bytes)) != nil else { return [] }  // Somebody has altered the file: mails do without.
        return ["SELECT cell.keep_mail_logo(\(SQLValue.bytes(bytes))::bytea)"]
    }

    /// Refuses with `.unsupportedMediaType` what is no picture of these kinds, with `.tooLarge` what is too large for a mail.
    package func keep(_ bytes: [UInt8]) async throws -> InlineImage {
        try mayChange()
        guard scope.entitlements.allows(.ownBrand) else {
            throw PlanLimit.without(.ownBrand, for: "a logo", plan: scope.entitlements.plan.name)
        }
        guard bytes.count <= InlineImage.largest else {
            throw Problem(.tooLarge, "A logo in mails has at most \(InlineImage.largest / 1024) KiB; this one has \(bytes.count) bytes.")
        }
        let image: InlineImage
        do {
            image = try InlineImage(bytes)
        } catch {
            throw Problem(
                .unsupportedMediaType, "This is no PNG, JPEG or GIF. Other pictures, SVG too, are not shown by most mail programs.")
        }
        _ = try await scope.run(["SELECT cell.keep_mail_logo(\(SQLValue.bytes(bytes))::bytea)", told(bytes.count)])
        return image
    }

    /// Refuses with `.notFound` where there is none.
    package func remove(_ repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        try mayChange()
        let kept = repeatable?.remember(RepeatableRequest.Answer(status: 204, body: nil))
        let claim = repeatable?.claim ?? []
        let answers = try await scope.run(
            claim + ["SELECT cell.keep_mail_logo(NULL::bytea)", told(0)] + (kept.map { [$0] } ?? []))
        guard try answers[claim.count].first?.bool(0) == true else { throw Problem.notFound }
        return RecordAnswer(status: 204)
    }

    private func mayChange() throws(Problem) {
        guard caller.rights.admin.settings else { throw Problem(.forbidden, "Only those who run the account's settings may do this.") }
    }

    private func told(_ size: Int) -> SQL {
        AuditTrail.entry(
            .settingsChanged, by: caller.actor, from: address, requestID: caller.requestID,
            detail: ["fields": ["logo"], "bytes": JSON(size)])
    }
}

/// The logos that a process has read, so that not each mail reads its own: of the latest tenants, by what tells one from another.
struct LogoShelf: Sendable {
    private var logos: [UUID: (digest: String, image: InlineImage)] = [:]
    private static let places = 100

    subscript(tenant: UUID, digest: String) -> InlineImage? {
        logos[tenant].flatMap { $0.digest == digest ? $0.image : nil }
    }

    mutating func keep(_ image: InlineImage, of tenant: UUID, _ digest: String) {
        // Whoever mails much is back at once.
        if logos.count >= Self.places, logos[tenant] == nil, let other = logos.keys.first { logos[other] = nil }
        logos[tenant] = (digest, image)
    }
}
