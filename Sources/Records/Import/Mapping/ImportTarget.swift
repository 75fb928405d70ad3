/// Where the cells of a column go: a field, or a part of one (`address.city`, `amount.currency`, `due.local`).
struct ImportTarget: Sendable, Hashable {
    let field: FieldDefinition
    let part: String?

    /// As a mapping writes it.
    var path: String { part.map { "\(field.path).\($0)" } ?? field.path }
    /// Where a body has it.
    var pointer: String { part.map { "\(field.pointer)/\($0)" } ?? field.pointer }
    /// Whether a cell is read as the field itself: what clocks show is a local time in the tenant's zone, unless another column says the zone.
    var isWhole: Bool { part == nil || field.kind == .localTime && part == "local" }
}

extension RecordType {
    /// The target of this path; nil for what the type does not have, or the caller does not see.
    func importTarget(_ path: String, for caller: Caller) -> ImportTarget? {
        for (base, part) in [(path, nil), path.lastPart].compactMap(\.self) {
            guard let field = field(base), !caller.rights.isHidden(field.path, of: name) else { continue }
            if let part {
                if field.kind.importParts.contains(part) { return ImportTarget(field: field, part: part) }
            } else if field.kind.isImported {
                return ImportTarget(field: field, part: nil)
            }
        }
        return nil
    }

    /// Everything that a column may become, in the order of the fields.
    func importTargets(for caller: Caller) -> [ImportTarget] {
        (ownFields + [CommonFields.owner, CommonFields.tags] + customFields).filter { field in
            !field.isReadOnly && !caller.rights.isHidden(field.path, of: name) && !caller.rights.isReadOnly(field.path, of: name)
        }.flatMap { field in
            (field.kind.isImported ? [ImportTarget(field: field, part: nil)] : [])
                + field.kind.importParts.map { ImportTarget(field: field, part: $0) }
        }
    }
}

extension FieldKind {
    fileprivate var isImported: Bool {
        switch self {
        case .address, .record, .custom, .computed, .actor: false
        default: true
        }
    }

    /// What a column may hold of it.
    var importParts: [String] {
        switch self {
        case .address: Address.parts.map(\.name)
        case .money(nil): ["currency"]
        case .localTime: ["local", "time_zone"]
        case .record: ["type", "id"]
        default: []
        }
    }
}

extension String {
    /// `amount.currency` as `amount` and `currency`.
    fileprivate var lastPart: (String, String?)? {
        lastIndex(of: ".").map { (String(self[..<$0]), String(self[index(after: $0)...])) }
    }
}
