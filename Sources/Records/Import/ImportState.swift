import Foundation
import Postgres

/// An import as its row in `imports` tells of it.
package struct ImportState: Sendable {
    package let id: UUID
    package let order: ImportOrder
    package let state: String
    /// Whose it is.
    package let actor: Actor
    package let userID: UUID
    let requestID: String
    let staging: UUID?
    /// The columns of the file, in order; none before there is one.
    let columns: [String]
    let content: JSON
    let total: Int
    let processed: Int
    private let counters: [(name: String, count: Int)]
    /// How many records have been put back.
    private let reverted: Int
    private let rest: [JSON.Member]

    /// What may still be done to it.
    var isPending: Bool { ["queued", "validating", "running"].contains(state) }

    static let selection: SQL = """
        i.id, i.type, i.mode, i.key, i.mapping, i.dry_run, i.options, i.state, i.actor_type, i.actor_id, i.user_id, i.request_id, i.staging,
        coalesce(i.content, '{}'), i.total, i.created, i.updated, i.unchanged, i.failed, i.failure, i.reverted, i.conflicts,
        i.created_at AT TIME ZONE 'UTC', i.started_at AT TIME ZONE 'UTC', i.finished_at AT TIME ZONE 'UTC',
        i.failure_code
        """

    init(_ row: Row) throws {
        id = try row.uuid(0)
        order = ImportOrder(
            type: try row.text(1), mode: ImportOrder.Mode(rawValue: try row.text(2)) ?? .create, key: row.optionalText(3),
            mapping: try JSON(parsing: row.text(4)), isRehearsal: try row.bool(5), options: try JSON(parsing: row.text(6)))
        state = try row.text(7)
        actor = Actor(Actor.Kind(rawValue: try row.text(8)) ?? .system, try row.uuid(9))
        userID = try row.uuid(10)
        requestID = try row.text(11)
        staging = try row.optionalUUID(12)
        content = try JSON(parsing: row.text(13))
        columns = (content["columns"]?.elements ?? []).compactMap(\.string)
        total = try row.int(14)
        counters = try ["created", "updated", "unchanged", "failed"].enumerated().map { ($1, try row.int(15 + $0)) }
        processed = counters.reduce(0) { $0 + $1.count }
        reverted = try row.int(20)
        func time(_ column: Int) -> JSON {
            guard !row.isNull(column) else { return .null }
            var bytes: [UInt8] = []
            row.withBytes(column) { Timestamp.encode($0, into: &bytes) }
            return (try? JSON(parsing: bytes)) ?? .null  // Written by ourselves just now.
        }
        rest = [
            .init("failure", JSON(row.optionalText(19))), .init("failure_code", JSON(row.optionalText(25))),
            .init("reverted", JSON(reverted)),
            .init("conflicts", try JSON(parsing: row.text(21))), .init("created_at", time(22)), .init("started_at", time(23)),
            .init("finished_at", time(24)),
        ]
    }

    /// The fields that the columns of the file go into, by column.
    package func fields(of type: RecordType) -> [String: FieldDefinition] {
        let members = order.mapping.members ?? []
        return Dictionary(members.compactMap { member in member.value.string.flatMap(type.field).map { (member.name, $0) } }) { $1 }
    }

    /// Whether the file was sent.
    var hasContent: Bool { !columns.isEmpty }

    private var progress: String {
        switch state {
        case "done", "reverted": "1"
        case "reverting": Self.share(reverted, of: counters[0].count + counters[1].count)
        default: Self.share(processed, of: total)
        }
    }

    private static func share(_ part: Int, of whole: Int) -> String {
        whole > 0 ? String(Double(min(part, whole) * 10_000 / whole) / 10_000) : "0"
    }

    /// A statement that tells how far the import has come, to be added to the unit that writes it.
    static func told(_ id: UUID, to slug: String) -> SQL {
        let progress: SQL = """
            CASE WHEN i.state IN ('done', 'reverted') THEN 1
                WHEN i.state = 'reverting' THEN trunc(least(1, i.reverted::numeric / greatest(1, i.created + i.updated)), 4)
                ELSE trunc(least(1, (i.created + i.updated + i.unchanged + i.failed)::numeric / greatest(1, i.total)), 4) END
            """
        return ProgressNotice.told(
            "imports", id: "i.id", state: "i.state", progress: progress, owner: "i.user_id",
            from: "(SELECT * FROM imports WHERE id = \(id)) AS i", to: slug)
    }

    package var document: JSON {
        .object(
            [
                .init("id", .string(id.text)), .init("type", .string(order.type)),
                .init("mode", .string(order.mode.rawValue)), .init("key", JSON(order.key)), .init("mapping", order.mapping),
                .init("dry_run", .bool(order.isRehearsal)), .init("options", order.options.document), .init("state", .string(state)),
                .init("progress", .number(progress)),
                .init("counters", .object([.init("total", JSON(total))] + counters.map { .init($0.name, JSON($0.count)) })),
                .init("columns", JSON(columns)), .init("proposed_mapping", content["proposed_mapping"] ?? .null),
                .init("encoding", content["encoding"] ?? .null), .init("delimiter", content["delimiter"] ?? .null),
                .init("operation_id", .string(id.text)),
                .init("created_by", ["type": .string(actor.kind.rawValue), "id": .string(actor.id.text)]),
            ] + rest)
    }

    /// Where the rows of the file are.
    static func table(_ staging: UUID) -> SQL { "\(identifier: "import_" + staging.text.replacing("-", with: ""))" }
    static func dropping(_ staging: UUID) -> SQL { ddl("DROP TABLE IF EXISTS \(table(staging).text)") }
}
