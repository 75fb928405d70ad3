import NIOCore
import Records
import Synchronization

/// The OpenAPI document of the tenants' API: for whoever asks with a credential, with the fields and record types of the own tenant.
final class TenantDescriptions: Sendable {
    private let verbs: [Endpoint]
    private let schemas: [JSON.Member]
    private let door: Door
    private let files: AttachmentRoutes
    private let general: ByteBuffer
    /// By the shape of the catalogue; tenants without anything of their own share the general one.
    private let own = Mutex(Generations<String, ByteBuffer>(capacity: 50))

    init(_ verbs: [Endpoint], _ schemas: [JSON.Member], _ house: House) {
        self.verbs = verbs
        self.schemas = schemas
        door = house.door
        files = AttachmentRoutes(house)
        general = Self.document(house.catalog, verbs, schemas, files)
    }

    var endpoints: [Endpoint] {
        [.anyone(.get, "/v1/openapi.json", OpenAPIDocument.operation) { [self] call in try await show(call) }]
    }

    private func show(_ call: Call) async throws -> Reply {
        // Whoever is not let in reads what everyone may read.
        guard let person = try? await door.person(call, effect: .reads), !person.catalog.shape.isEmpty else { return Reply(general) }
        let catalog = person.catalog
        if let known = own.withLock({ $0[catalog.shape] }) { return Reply(known) }
        let bytes = Self.document(catalog, verbs, schemas, files)
        own.withLock { $0[catalog.shape] = bytes }
        return Reply(bytes)
    }

    private static func document(
        _ catalog: Catalog, _ verbs: [Endpoint], _ schemas: [JSON.Member], _ files: AttachmentRoutes
    ) -> ByteBuffer {
        let records = catalog.types.flatMap { RecordDescription.components(of: $0, in: catalog) }
        let endpoints = verbs + catalog.types.flatMap { RecordRoutes($0, of: catalog).endpoints + files.endpoints(of: $0) }
        let all = schemas + records + RecordDescription.sharedComponents
        return ByteBuffer(bytes: OpenAPIDocument("Tenantry", endpoints: endpoints, schemas: all).json.bytes)
    }
}
