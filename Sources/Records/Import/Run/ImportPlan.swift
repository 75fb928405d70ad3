/// How the rows of one file become records: which cell goes where, and by what records are found.
struct ImportPlan: Sendable {
    let type: RecordType
    let mode: ImportOrder.Mode
    let isRehearsal: Bool
    let options: ImportOptions
    /// By which records are found; nil where all are made.
    let key: FieldDefinition?
    /// Only those that go somewhere.
    let columns: [Column]
    /// Header to path, as it is carried out.
    let mapping: JSON
    /// All of the file.
    let headers: [String]

    struct Column: Sendable {
        /// From 1.
        let index: Int
        let header: String
        let target: ImportTarget
    }

    /// Refuses with `.invalid` a mapping that does not fit the file or lacks the key.
    init(_ state: ImportState, of catalog: Catalog, for caller: Caller) throws(Problem) {
        let order = state.order
        guard let type = catalog[order.type] else {
            throw Problem(.conflict, "There is no record type \(order.type) any more.")
        }
        self.type = type
        (mode, isRehearsal, options, headers) = (order.mode, order.isRehearsal, order.options, state.columns)
        try Imports.refuseUnknownColumns(order.mapping, state)
        let isGiven = order.mapping.members?.contains { !$0.value.isNull } == true
        let given = isGiven ? order.mapping : state.content["proposed_mapping"] ?? [:]
        mapping = given
        var columns: [Column] = []
        var errors: [Problem.FieldError] = []
        for (index, header) in state.columns.enumerated() {
            guard let path = given[header]?.string else { continue }
            guard let target = type.importTarget(path, for: caller) else {
                errors.append(.init("/mapping/\(header.pointerToken)", .unknown, "A \(type.singular) has no field of this name."))
                continue
            }
            columns.append(Column(index: index + 1, header: header, target: target))
        }
        self.columns = columns
        key = order.mode == .create ? nil : order.key.flatMap { type.field($0) }
        guard errors.isEmpty else { throw .invalid(errors) }
        guard !columns.isEmpty else {
            throw .invalid([.init("/mapping", .required, "No column of the file goes into a field: say which in mapping.")])
        }
        if mode != .create {
            guard let key, columns.contains(where: { $0.target.field == key }) else {
                throw .invalid([.init("/key", .required, "No column of the file goes into the key \(order.key ?? "").")])
            }
        }
    }

    /// The header of the column that a pointer into the body means; the field's name where there is none.
    func header(_ pointer: String) -> String {
        let column = columns.first { $0.target.pointer == pointer } ?? columns.first { pointer.hasPrefix($0.target.field.pointer) }
        return column?.header ?? String(pointer.dropFirst()).replacing("/", with: ".")
    }
}
