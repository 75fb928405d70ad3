/// Reads conditions, from a body's tree and from a query's `filter[..]`, and checks them before any connection is taken.
struct FilterReader {
    let type: RecordType
    let catalog: Catalog
    let caller: Caller

    static let maximumDepth = 10
    static let maximumLeaves = 100
    static let maximumValues = 500

    private var leaves = 0
    private var values = 0

    init(type: RecordType, catalog: Catalog, caller: Caller) {
        self.type = type
        self.catalog = catalog
        self.caller = caller
    }

    mutating func read(_ tree: JSON, at pointer: String) throws(FilterRefused) -> Filter {
        try node(tree, at: pointer, depth: 1)
    }

    private mutating func node(_ tree: JSON, at pointer: String, depth: Int) throws(FilterRefused) -> Filter {
        guard let members = tree.members else { throw refusal(pointer, .type, "A condition is an object, not \(tree.kind).") }
        if members.contains(where: { ["field", "op", "value"].contains($0.name) }) { return .leaf(try leaf(members, at: pointer)) }
        guard members.count == 1, let member = members.first else {
            throw refusal(pointer, .type, "A condition has one of and, or, not, or the members field, op and value.")
        }
        guard depth <= Self.maximumDepth else { throw refusal(pointer, .range, "Conditions nest at most \(Self.maximumDepth) deep.") }
        let place = "\(pointer)/\(member.name.pointerToken)"
        switch member.name {
        case "and": return .all(try nodes(member.value, at: place, depth: depth + 1))
        case "or": return .any(try nodes(member.value, at: place, depth: depth + 1))
        case "not": return .not(try node(member.value, at: place, depth: depth + 1))
        default: throw refusal(place, .unknown, "A condition has one of and, or, not, or the members field, op and value.")
        }
    }

    private mutating func nodes(_ list: JSON, at pointer: String, depth: Int) throws(FilterRefused) -> [Filter] {
        guard let elements = list.elements else { throw refusal(pointer, .type, "This is a list of conditions, not \(list.kind).") }
        var filters: [Filter] = []
        for (index, element) in elements.enumerated() {
            filters.append(try node(element, at: "\(pointer)/\(index)", depth: depth))
        }
        return filters
    }

    private mutating func leaf(_ members: [JSON.Member], at pointer: String) throws(FilterRefused) -> Filter.Comparison {
        var field: JSON?
        var operation: JSON?
        var value: JSON?
        for member in members {
            switch member.name {
            case "field": field = member.value
            case "op": operation = member.value
            case "value": value = member.value
            default:
                throw refusal("\(pointer)/\(member.name.pointerToken)", .unknown, "A comparison has the members field, op and value.")
            }
        }
        guard let field else { throw refusal("\(pointer)/field", .required, "A comparison names a field.") }
        guard let name = field.string else { throw refusal("\(pointer)/field", .type, "This is a text, not \(field.kind).") }
        guard let operation else { throw refusal("\(pointer)/op", .required, "A comparison names an operator.") }
        guard let word = operation.string else { throw refusal("\(pointer)/op", .type, "This is a text, not \(operation.kind).") }
        guard let value else { throw refusal("\(pointer)/value", .required, "A comparison has a value; write null for none.") }
        return try comparison(name, word, value, at: pointer)
    }

    /// One comparison, wherever it was written.
    mutating func comparison(_ name: String, _ word: String, _ value: JSON, at pointer: String) throws(FilterRefused)
        -> Filter.Comparison
    {
        leaves += 1
        guard leaves <= Self.maximumLeaves else { throw refusal(pointer, .range, "At most \(Self.maximumLeaves) comparisons.") }
        guard let path = FieldPath.find(name, in: type, of: catalog, for: caller) else {
            throw refusal("\(pointer)/field", .unknown, "A \(type.singular) has no field \(name.prefix(100)) that can be compared.")
        }
        guard let operation = Filter.Operation(rawValue: word) else {
            let known = Filter.Operation.allCases.map(\.rawValue).joined(separator: ", ")
            throw refusal("\(pointer)/op", .enum, "The operators are \(known).")
        }
        guard path.kind.operations.contains(operation) else {
            let known = Filter.Operation.allCases.filter(path.kind.operations.contains).map(\.rawValue).joined(separator: ", ")
            throw refusal("\(pointer)/op", .enum, "The field \(name) can be compared with \(known).")
        }
        return try .init(path: path, operation: operation, operand: operand(operation, path.kind, value, at: "\(pointer)/value"))
    }

    private mutating func operand(_ operation: Filter.Operation, _ kind: FieldKind, _ value: JSON, at pointer: String)
        throws(FilterRefused) -> Filter.Operand
    {
        switch operation {
        case .isNull:
            guard let flag = value.bool else { throw refusal(pointer, .type, "This is true or false, not \(value.kind).") }
            return .flag(flag)
        case .in, .nin:
            guard let elements = value.elements else { throw refusal(pointer, .type, "This is a list, not \(value.kind).") }
            return .values(try list(elements, kind, operation, at: pointer))
        case .between:
            guard let elements = value.elements else { throw refusal(pointer, .type, "This is a list of two values, not \(value.kind).") }
            guard elements.count == 2 else { throw refusal(pointer, .range, "This is a list of two values.") }
            return .values(try list(elements, kind, operation, at: pointer))
        case .eq, .ne:
            if value.isNull { return .flag(operation == .eq) }
            return .value(try single(value, kind, operation, at: pointer))
        default:
            return .value(try single(value, kind, operation, at: pointer))
        }
    }

    private mutating func list(_ elements: [JSON], _ kind: FieldKind, _ operation: Filter.Operation, at pointer: String)
        throws(FilterRefused) -> [Filter.Value]
    {
        var list: [Filter.Value] = []
        for (index, element) in elements.enumerated() {
            list.append(try single(element, kind, operation, at: "\(pointer)/\(index)"))
        }
        return list
    }

    private mutating func single(_ value: JSON, _ kind: FieldKind, _ operation: Filter.Operation, at pointer: String)
        throws(FilterRefused) -> Filter.Value
    {
        values += 1
        guard values <= Self.maximumValues else { throw refusal(pointer, .range, "At most \(Self.maximumValues) values.") }
        do throws(Refused) {
            return try kind.comparable(value, operation, at: pointer)
        } catch {
            throw FilterRefused(errors: error.errors)
        }
    }

    private func refusal(_ pointer: String, _ code: Problem.FieldCode, _ detail: String) -> FilterRefused {
        FilterRefused(errors: [.init(pointer, code, detail)])
    }
}
