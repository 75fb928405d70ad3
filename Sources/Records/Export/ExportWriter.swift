import Postgres

/// Turns the rows of an export into the bytes of its file.
struct ExportWriter {
    private let form: Form

    /// Makes a card of a contact, given as JSON with its company.
    typealias Card = @Sendable (JSON) -> [UInt8]

    private enum Form {
        case csv([CSVColumn], CSVText)
        case lines(Projection, RecordStore)
        case cards(Projection, Card)
    }

    init(_ request: ExportRequest, of store: RecordStore, _ dialect: CSVDialect, card: @escaping Card) {
        switch request.form {
        case .csv:
            let visible = store.type.visibleFields(for: store.caller)
            let shown = request.fields.map { names in
                // Without it nobody could tell what was deleted.
                visible.compactMap { $0.narrowed(to: request.since == nil ? names : names + [CommonFields.deletedAt.name]) }
            }
            form = .csv((shown ?? visible).flatMap { $0.csvColumns(dialect) }, CSVText(delimiter: dialect.delimiter))
        case .jsonl: form = .lines(store.projection(request.fields, overflow: store.overflow), store)
        case .vcard:
            let hasCompany = !store.caller.rights.isHidden("company_id", of: store.type.name)
            form = .cards(store.projection(nil, hasCompany ? ["company"] : []), card)
        }
    }

    /// What must be selected of each record `r`.
    var columns: SQL {
        switch form {
        case .csv(let columns, _): SQL(code: columns.map(\.expression).joined(separator: ", "))
        case .lines(let projection, _), .cards(let projection, _): projection.columns()
        }
    }

    /// How many they are.
    var width: Int {
        switch form {
        case .csv(let columns, _): columns.count
        case .lines(let projection, _), .cards(let projection, _): projection.width
        }
    }

    /// What comes before the first record.
    var head: [UInt8] {
        guard case .csv(let columns, let text) = form else { return [] }
        return text.write(columns.map(\.name))
    }

    /// The bytes of some rows.
    ///
    /// - Parameter gone: in which column stands whose row it is, when some may be deleted; behind it when that was.
    func bytes(of rows: Rows, gone: Int?) async throws -> [UInt8] {
        switch form {
        case .csv(let columns, let text): return table(rows, columns, text, gone)
        case .lines(let projection, let store): return try await lines(rows, projection, store, gone)
        case .cards(let projection, let card):
            var bytes: [UInt8] = []
            for row in rows { bytes += card(try Self.record(row, projection)) }
            return bytes
        }
    }

    private func table(_ rows: Rows, _ columns: [CSVColumn], _ text: CSVText, _ gone: Int?) -> [UInt8] {
        var bytes: [UInt8] = []
        for row in rows {
            let isGone = gone.map { !row.isNull($0 + 1) } ?? false
            for (index, column) in columns.enumerated() {
                if index > 0 { text.separate(&bytes) }
                guard isGone, let gone else {
                    column.write(row, index, text, into: &bytes)
                    continue
                }
                switch column.name {
                case CommonFields.id.name: row.withBytes(gone) { bytes.append(contentsOf: $0) }
                case CommonFields.deletedAt.name: row.withBytes(gone + 1) { bytes.append(contentsOf: $0) }
                default: break
                }
            }
            text.endRow(&bytes)
        }
        return bytes
    }

    private func lines(_ rows: Rows, _ projection: Projection, _ store: RecordStore, _ gone: Int?) async throws -> [UInt8] {
        if let completing = store.type.rules.completing, gone == nil {
            let records = try await completing(try rows.map { try Self.record($0, projection) }, store)
            return records.flatMap { $0.bytes + [Self.newline] }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rows.count * 900)
        for row in rows {
            if let gone, !row.isNull(gone + 1) {
                bytes +=
                    JSON.object([.init("id", JSON(row.optionalText(gone))), .init("deleted_at", JSON(row.optionalText(gone + 1)))]).bytes
            } else {
                projection.encode(row, into: &bytes)
            }
            bytes.append(Self.newline)
        }
        return bytes
    }

    private static let newline = UInt8(ascii: "\n")

    private static func record(_ row: Row, _ projection: Projection) throws -> JSON {
        var bytes: [UInt8] = []
        projection.encode(row, into: &bytes)
        return try JSON(parsing: bytes)
    }
}
