import Blobs
import Foundation
import Records
import Secrets
import Tenancy

extension Installation {
    /// Takes in a tenant from a file that has been checked, under a name of its own: usable when this returns, with the same rows as where
    /// it comes from. Placed again with the same file and name, it finds what it made.
    ///
    /// Throws as `Provisioning.provision`, and `ExitFile.Refused` when the rows cannot be loaded: then nothing is left of it.
    package func take(
        _ file: ExitFile, as slug: String, cell: String?, plan: String?, _ base: Catalog, by instruction: Instruction
    ) async throws -> Tenant {
        var request = ProvisionRequest(
            slug: slug, name: file.name, plan: plan, cell: cell, admin: .init(email: file.adminEmail, name: ""),
            blueprint: file.blueprint, isTest: file.isTest, fingerprint: Digest.sha256(file.fingerprint + Array("import \(slug)".utf8)))
        request.adminID = file.adminID
        let loading = TenantLoading(file: file, base: base)
        let made = try await provisioning.restore(request, schemaVersion: file.schemaVersion, by: instruction) { transaction in
            try loading.run(transaction)
        } beforeOpening: { [blobs] tenant in
            try await file.place(in: blobs, of: tenant)
        }
        if made.isNew {
            if let logo = file.logo { try await MailLogo.bring(logo, to: directory.scope(for: made.tenant)) }
            _ = try await Recount(self).run(made.tenant)
        }
        return made.tenant
    }
}

extension ExitFile {
    /// Puts the contents of the records' files where this installation keeps them; what an earlier attempt has put stays.
    func place(in blobs: any BlobStore, of tenant: Tenant) async throws {
        for content in contents {
            let key = Attachment.key(content.id, of: tenant)
            if try await blobs.size(of: key) == Int64(content.place.count) { continue }
            let stored = try await blobs.put(key, FilePieces(of: path, content.place), limit: .max)
            guard stored.digest.hex == content.sha256 else { throw Refused("The file was changed while it was read.") }
        }
    }
}
