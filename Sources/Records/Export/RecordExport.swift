import Postgres
import Tenancy

/// Writes the records that someone asked for, as they are at one moment, into a file: one batch of rows in memory at a time.
package struct RecordExport: Sendable {
    private let request: ExportRequest
    private let store: RecordStore
    private let writer: ExportWriter

    /// How far it is, and what it has found.
    package struct Figures: Sendable, Hashable {
        package var total = 0
        package var exported = 0
        /// Of these only id and time are told.
        package var deleted = 0
        package var bytes = 0
        /// From where the next one goes on (`since`).
        package var cursor: String?
    }

    /// - Parameters:
    ///   - dialect: of a CSV file; the other forms are for programs.
    ///   - card: makes a card of a contact, given as JSON with its company.
    package init(
        _ request: ExportRequest, of store: RecordStore, _ dialect: CSVDialect, card: @escaping @Sendable (JSON) -> [UInt8]
    ) {
        self.request = request
        self.store = store
        writer = ExportWriter(request, of: store, dialect, card: card)
    }

    /// Hands the file to `sink` piece by piece, and after each piece how far it is to `progress`. Refuses with `.cursor` when the mark of
    /// `since` is another database cluster's.
    package func run(
        progress: (Figures) async throws -> Void, into sink: ([UInt8]) async throws -> Void
    ) async throws -> Figures {
        let query = ExportQuery(store: store, request: request)
        return try await store.scope.limited(to: Self.timeLimit).reading { reading in
            var figures = Figures()
            let start = try await reading.rows([ExportMark.now, query.count])
            guard let now = try start[0].first.flatMap(ExportMark.init) else { throw PostgresError.unexpected("A snapshot is missing.") }
            if let since = request.since, since.cluster != now.cluster {
                throw Problem(.cursor, "The account has moved since this cursor was made; begin with a whole export.")
            }
            figures.cursor = now.text(of: store)
            figures.total = try start[1].first?.int(0) ?? 0
            try await put(writer.head, &figures, sink)
            try await progress(figures)
            let gone = request.since == nil ? nil : writer.width
            try await reading.stream(query.statement(writer.columns), batch: Self.batch) { rows in
                try await put(try await writer.bytes(of: rows, gone: gone), &figures, sink)
                let deleted = gone.map { gone in rows.count { !$0.isNull(gone + 1) } } ?? 0
                figures.deleted += deleted
                figures.exported += rows.count - deleted
                try await progress(figures)
            }
            return figures
        }
    }

    private func put(_ bytes: [UInt8], _ figures: inout Figures, _ sink: ([UInt8]) async throws -> Void) async throws {
        guard !bytes.isEmpty else { return }
        figures.bytes += bytes.count
        try await sink(bytes)
    }

    /// About a megabyte of contacts.
    private static let batch = 1_000
    /// Of each statement: the first batch of a sorted export waits for the sort.
    private static let timeLimit = Duration.seconds(600)
}
