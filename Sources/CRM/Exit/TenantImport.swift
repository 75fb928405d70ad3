import Blobs
import Foundation
import Records
import Secrets
import Tenancy

extension Installation {
    /// Takes in a tenant from a file that has been checked, under a name of its own: usable when this returns, with the same rows as where
    /// it comes from. Placed again with the same file and name, it finds what it made.
    ///
    /// `progress` is told how many rows of which table are loaded, and how many files are placed.
    ///
    /// Throws as `Provisioning.provision`, and `ExitFile.Refused` when the rows cannot be loaded: then nothing is left of it.
    package func take(
        _ file: ExitFile, as slug: String, cell: String?, plan: String?, _ base: Catalog, by instruction: Instruction,
        progress: @escaping @Sendable (String, Int) -> Void = { _, _ in }
    ) async throws -> Tenant {
        var request = ProvisionRequest(
            slug: slug, name: file.name, plan: plan, cell: cell, admin: .init(email: file.adminEmail, name: ""),
            blueprint: file.blueprint, isTest: file.isTest, fingerprint: Digest.sha256(file.fingerprint + Array("import \(slug)".utf8)))
        request.adminID = file.adminID
        let loading = TenantLoading(file: file, base: base, progress: progress)
        let made = try await provisioning.restore(
            request, schemaVersion: file.schemaVersion, by: instruction, belongings: file.logo.map(MailLogo.bringing) ?? []
        ) { transaction in
            try loading.run(transaction)
        } beforeOpening: { [blobs] tenant in
            try await file.place(in: blobs, of: tenant, progress: progress)
        }
        if made.isNew { _ = try await Recount(self).run(made.tenant) }
        return made.tenant
    }
}

extension ExitFile {
    /// Puts the contents of the records' files where this installation keeps them; what an earlier attempt has put stays.
    func place(in blobs: any BlobStore, of tenant: Tenant, progress: (String, Int) -> Void = { _, _ in }) async throws {
        for (number, content) in contents.enumerated() {
            defer { progress(ExitAttachment.folder, number + 1) }
            let key = Attachment.key(content.id, of: tenant)
            if try await blobs.size(of: key) == Int64(content.place.count) { continue }
            let stored = try await blobs.put(key, FilePieces(of: path, content.place), limit: .max)
            guard stored.digest.hex == content.sha256 else { throw Refused("The file was changed while it was read.") }
        }
    }
}
