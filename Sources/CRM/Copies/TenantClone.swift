import Blobs
import Foundation
import Jobs
import Postgres
import Records
import Secrets
import Tenancy

/// Another tenant with the same rows: a sandbox.
///
/// Ways in stay behind (passwords, sessions, API keys, calendars), and so does mail in flight; reminders are there and paused. Under a
/// disguise nobody can tell who the people are, and files stay behind too. Made again with the same words it finds what it made; broken off
/// it begins anew, since its schema appears whole or not at all.
package struct TenantClone: Sendable {
    package let slug: String
    package let isMasked: Bool

    package init(as slug: String, masked: Bool) {
        (self.slug, isMasked) = (slug, masked)
    }

    private func request(_ source: Tenant, disguise: Disguise?) -> ProvisionRequest {
        var request = ProvisionRequest(
            slug: slug, name: source.name, admin: .init(email: disguise?.email(source.adminEmail) ?? source.adminEmail, name: ""),
            blueprint: source.blueprint, isTest: source.isTest,
            fingerprint: Digest.sha256("clone \(source.id) \(slug) \(isMasked)"))
        request.adminID = source.adminID
        return request
    }

    /// Refuses with what `run` would be refused for at once: a name that cannot be one or is taken.
    package func check(_ source: Tenant, _ installation: Installation) async throws {
        do {
            try await installation.provisioning.check(request(source, disguise: nil))
        } catch TenancyError.invalidSlug(_, let reason) {
            throw Problem.invalid([.init("/as", .format, reason)])
        }
    }

    /// - Parameter base: the built-in record types.
    package func run(
        _ source: Tenant, _ base: Catalog, _ installation: Installation, by instruction: Instruction,
        progress: (String, Int) -> Void = { _, _ in }
    ) async throws -> Tenant {
        let disguise = isMasked ? Disguise(key: try await installation.disguiseKey(for: slug)) : nil
        let scope = try installation.directory.scope(for: source).limited(to: .seconds(3600))
        let copy = TenantCopy(base: base, purpose: .clone(disguise))
        let made = try await installation.provisioning.assemble(
            request(source, disguise: disguise), schemaVersion: source.schemaVersion, as: "provision", by: instruction
        ) { _, target in
            try await scope.reading { source in try await copy.run(from: source, into: target, progress: progress) }
            _ = try await target.rows(Self.settling)
        } beforeOpening: { tenant in
            try await installation.provisioning.takeOver(agreementOf: source, for: tenant)
            if !isMasked { try await copyFiles(scope, to: tenant, installation.blobs) }
        }
        if made.isNew { _ = try await Recount(installation).run(made.tenant) }
        return made.tenant
    }

    /// Nobody is reminded of anything twice, and no mail goes out that another account has begun.
    private static let settling: [SQL] = [
        "UPDATE reminders SET active = false WHERE active",
        "DELETE FROM occurrences WHERE status = 'planned'",
        "DELETE FROM mails WHERE state IN ('sending', 'waiting')",
    ]

    private func copyFiles(_ source: TenantScope, to tenant: Tenant, _ blobs: any BlobStore) async throws {
        var files: [ExitAttachment] = []
        try await source.stream(ExitAttachment.all, batch: 1000) { rows in files += try rows.map(ExitAttachment.init) }
        for file in files {
            let (from, to) = (Attachment.key(file.id, of: source.tenant), Attachment.key(file.id, of: tenant))
            // What was removed meanwhile has no bytes; what an earlier attempt has put stays.
            guard let size = try await blobs.size(of: from), try await blobs.size(of: to) != size else { continue }
            _ = try await blobs.put(to, blobs.pieces(of: from, 0..<size), limit: .max)
        }
    }
}

/// Clones a tenant in the background.
package struct CloneTenant: Job {
    package static let kind = JobKind("clone_tenant") { kind in
        kind.priority = .bulk
        kind.maximumAttempts = 5
        kind.timeout = .seconds(6 * 3600)
        kind.tenantLimit = 1
        kind.cellLimit = 2
        kind.onlyReads = true
    }

    package let slug: String
    package let isMasked: Bool
    let orderedBy: String
    let reason: String?

    package init(_ clone: TenantClone, by instruction: Instruction) {
        (slug, isMasked, orderedBy, reason) = (clone.slug, clone.isMasked, instruction.actor, instruction.reason)
    }

    /// The same order again finds the one that waits or runs.
    package var key: String { "clone \(slug)" }

    static func handler(_ base: Catalog, _ installation: Installation) -> JobHandler {
        JobHandler(CloneTenant.self) { job, context in
            do {
                _ = try await TenantClone(as: job.slug, masked: job.isMasked)
                    .run(context.scope.tenant, base, installation, by: Instruction(actor: job.orderedBy, reason: job.reason))
                return .done
            } catch let error as TenancyError {
                // A name that was taken meanwhile, a cell that is full: nothing that time heals.
                return .giveUp(because: error.message)
            }
        }
    }
}
