import Foundation
import Postgres
import Secrets
import Tenancy

/// The file of an import, streamed into a table that is made for it and dropped when the import has ended.
package struct ImportUpload: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog
    /// By path of a field, what people and programs call it.
    private let words: @Sendable (RecordType) -> [String: [String]]
    private let limit: Int

    /// - Parameter limit: the most bytes of a file.
    package init(
        _ catalog: Catalog, in scope: TenantScope, for caller: Caller, limit: Int,
        words: @escaping @Sendable (RecordType) -> [String: [String]]
    ) {
        (self.catalog, self.scope, self.caller, self.limit, self.words) = (catalog, scope, caller, limit, words)
    }

    /// Replaces the file of an import that has not begun. Refuses with `.conflict` one that has; with `.invalid`, `.tooLarge` and
    /// `.unsupportedMediaType` what cannot be read: then the former file stays.
    ///
    /// - Parameter charset: what the request says of the encoding; the import's options count more.
    package nonisolated(nonsending) func take<Pieces: AsyncSequence>(
        _ state: ImportState, _ pieces: Pieces, charset: String?
    ) async throws -> ImportState where Pieces.Element == [UInt8] {
        guard state.state == "created" else { throw Self.begun }
        guard let type = catalog[state.order.type] else {
            throw Problem(.conflict, "There is no record type \(state.order.type) any more.")
        }
        let reader = ContentReader(pieces.makeAsyncIterator(), limit: limit)
        let (encoding, form) = try await reader.begin(state.order.options, charset: charset)
        let staging = UUID.v7()
        let table = ImportState.table(staging)
        let content: JSON = [
            "columns": JSON(form.columns), "encoding": .string(encoding.rawValue),
            "delimiter": .string(String(decoding: [form.delimiter], as: UTF8.self)),
            "proposed_mapping": HeaderMapping(of: type, for: caller, words: words(type)).proposal(for: form),
        ]
        let columns = form.columns.indices.map { ", c\($0 + 1) text" }.joined()
        let delimiter = SQL.quoted(literal: String(decoding: [form.delimiter], as: UTF8.self))
        let id = state.id
        do {
            _ = try await scope.limited(to: .seconds(7200)).copyIn(
                after: [ddl("CREATE UNLOGGED TABLE \(table.text) (n bigint PRIMARY KEY, flaw text\(columns))")],
                SQL(code: "COPY \(table.text) FROM STDIN (FORMAT csv, DELIMITER \(delimiter), ENCODING 'UTF8')"),
                from: ContentFrames(reader: reader)
            ) { transaction in
                let before = try Imports.read(id, in: transaction, locking: true)
                guard before.state == "created" else { throw Self.begun }
                try transaction.flush(
                    [
                        "UPDATE imports SET staging = \(staging), content = \(content.text), total = (SELECT count(*) FROM \(table)) WHERE id = \(id)"
                    ] + (before.staging.map { [ImportState.dropping($0)] } ?? []))
            }
        } catch let error as PostgresError {
            guard let refusal = error.refusal, refusal.state.rawValue.hasPrefix("22") else { throw error }
            throw Problem.invalid([.init("", .format, "The file is no CSV that can be read.")])
        }
        guard let row = try await scope.rows("SELECT \(ImportState.selection) FROM imports AS i WHERE i.id = \(id)").first else {
            throw Problem.notFound
        }
        return try ImportState(row)
    }

    private static let begun = Problem(.conflict, "The import has begun; make another one.")
}
