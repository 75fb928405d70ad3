import Postgres

/// What an operation did to one record.
struct UndoTrace: Sendable {
    let type: String
    let id: String
    private(set) var lastVersion = 0
    /// Whether the operation made the record.
    private(set) var isCreation = false
    private(set) var isPurged = false
    /// Whether an earlier part of the undo has given something of it back.
    private(set) var isRestored = false
    /// By name: what the field held before the operation and after it.
    private(set) var fields: [String: (before: JSON, after: JSON)] = [:]

    init(type: String, id: String) {
        self.type = type
        self.id = id
    }

    /// Takes in one row of the change log; they come in the order of their versions.
    ///
    /// - Parameter isOfUndo: whether it is of the undo's own operation.
    mutating func add(version: Int, isPurge: Bool, isOfUndo: Bool, _ changes: JSON) {
        lastVersion = version
        isCreation = isCreation || version == 1
        isPurged = isPurged || isPurge
        for member in changes.members ?? [] {
            let (known, after) = (fields[member.name], member.value["after"] ?? .null)
            if isOfUndo, isCreation ? member.name == CommonFields.deletedAt.name : known?.before == after { isRestored = true }
            fields[member.name] = (known?.before ?? member.value["before"] ?? .null, after)
        }
    }
}

/// How a record stands before an undo, and what the caller may do to it.
struct UndoState: Sendable {
    let version: Int
    let fields: JSON
    let canUpdate: Bool
    let canDelete: Bool

    var isTrashed: Bool { !(fields[CommonFields.deletedAt.name] ?? .null).isNull }
}

/// A record of which an undo left something as it is.
struct UndoConflict: Sendable, Hashable {
    let type: String
    let id: String
    var fields: [String]

    init(_ trace: UndoTrace, _ fields: [String]) {
        type = trace.type
        id = trace.id
        self.fields = fields
    }

    var json: JSON { ["type": .string(type), "id": .string(id), "fields": JSON(fields)] }
}

/// One write of an undo.
struct UndoStep: Sendable {
    let conflict: UndoConflict
    /// Whether a record comes out of the trash by it.
    let isReturn: Bool
    let statements: [SQL]
}
