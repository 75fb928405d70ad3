import Postgres

extension Filter {
    /// The condition over the record `r`. True is true; false and unknown both mean "not this record", and `not` turns either into
    /// true: so a missing value satisfies `ne`, `nin`, `is_null` and the negation of a false leaf, and nothing else.
    func sql(_ r: String = "r", _ scope: FilterScope) -> SQL {
        switch self {
        case .all(let filters): combined(filters, " AND ", empty: "true", r, scope)
        case .any(let filters): combined(filters, " OR ", empty: "false", r, scope)
        case .not(let filter): "((" + filter.sql(r, scope) + ") IS NOT TRUE)"
        case .leaf(let comparison): comparison.sql(r, scope)
        }
    }

    private func combined(_ filters: [Filter], _ word: String, empty: SQL, _ r: String, _ scope: FilterScope) -> SQL {
        filters.isEmpty ? empty : "(" + filters.map { $0.sql(r, scope) }.joined(separator: word) + ")"
    }
}

/// What a condition needs to know beyond itself.
struct FilterScope: Sendable {
    let catalog: Catalog
    let caller: Caller
}

extension Filter.Comparison {
    fileprivate func sql(_ r: String, _ scope: FilterScope) -> SQL {
        let (positive, isNegated) = positiveForm
        guard let step = path.step, let target = path.step?.target.flatMap({ scope.catalog[$0] }) else {
            let condition = positive.condition(SQL(code: "\(r).\(path.column)"))
            return isNegated ? "((" + condition + ") IS NOT TRUE)" : condition
        }
        // A semi-join, so that an index of the other table can lead; what the caller may not read counts as missing.
        let condition = positive.condition(SQL(code: "step.\(path.column)"))
        let found =
            SQL(code: "\(r).\(step.column) IN (SELECT step.id FROM \(target.table) AS step WHERE step.deleted_at IS NULL AND ")
            + scope.caller.readable(target, "step") + " AND " + condition + ")"
        return isNegated ? "((" + found + ") IS NOT TRUE)" : found
    }

    /// The comparison without its negation, and whether it has one.
    private var positiveForm: (Filter.Comparison, Bool) {
        switch (operation, operand) {
        case (.ne, .value): (with(.eq, operand), true)
        case (.nin, _): (with(.in, operand), true)
        case (.eq, .flag(let isNull)), (.ne, .flag(let isNull)), (.isNull, .flag(let isNull)):
            (with(.isNull, .flag(false)), isNull)
        default: (self, false)
        }
    }

    private func with(_ operation: Filter.Operation, _ operand: Filter.Operand) -> Filter.Comparison {
        Filter.Comparison(path: path, operation: operation, operand: operand)
    }

    /// A condition that no missing value satisfies.
    private func condition(_ column: SQL) -> SQL {
        switch (operation, operand) {
        case (.isNull, _):
            path.kind.isList ? "cardinality(" + column + ") > 0" : column + " IS NOT NULL"
        case (.eq, .value(let value)): path.kind.equality(column) + " = " + path.kind.equality(path.kind.sql(value))
        case (.in, .values(let values)):
            values.isEmpty
                ? "false"
                : path.kind.equality(column) + " IN (" + values.map { path.kind.equality(path.kind.sql($0)) }.joined(separator: ", ") + ")"
        case (.lt, .value(let value)): ordered(column, "<", value)
        case (.lte, .value(let value)): ordered(column, "<=", value)
        case (.gt, .value(let value)): ordered(column, ">", value)
        case (.gte, .value(let value)): ordered(column, ">=", value)
        case (.between, .values(let values)) where values.count == 2:
            "(" + ordered(column, ">=", values[0]) + " AND " + ordered(column, "<=", values[1]) + ")"
        case (.contains, .value(let value)) where path.kind.isList: column + " @> ARRAY[" + path.kind.sql(value) + "]"
        case (.like, .value(.text(let pattern))): matched(column, " LIKE ", pattern)
        case (.starts, .value(.text(let start))): matched(column, " LIKE ", start.likeLiteral + "%")
        case (.ilike, .value(.text(let pattern))): column + " COLLATE \"und-x-icu\" ILIKE \(pattern)"
        case (.contains, .value(.text(let part))): column + " COLLATE \"und-x-icu\" ILIKE \("%" + part.likeLiteral + "%")"
        default: "false"
        }
    }

    private func matched(_ column: SQL, _ word: SQL, _ pattern: String) -> SQL {
        path.kind.ignoresCase ? "lower(" + column + ")" + word + "lower(\(pattern))" : column + word + "\(pattern)"
    }

    private func ordered(_ column: SQL, _ sign: SQL, _ value: Filter.Value) -> SQL {
        path.kind.isCollated
            ? column + " COLLATE \"und-x-icu\" " + sign + " " + path.kind.sql(value)
            : column + " " + sign + " " + path.kind.sql(value)
    }
}

extension FieldKind {
    var isList: Bool {
        switch self {
        case .tags, .references, .choices, .integers: true
        default: false
        }
    }

    /// Compared in lower case by every operator.
    var ignoresCase: Bool { self == .email || self == .domain }

    /// Ordered by ICU's root collation, as people expect names.
    var isCollated: Bool {
        switch self {
        case .text, .email, .domain, .phone, .website, .language, .timeZone: true
        default: false
        }
    }

    /// What two values must share to be equal: lower case for addresses, digits for phones. Text names the collation of its indexes,
    /// which serve order and equality alike.
    func equality(_ value: SQL) -> SQL {
        switch self {
        case .text: value + " COLLATE \"und-x-icu\""
        case .email, .domain: "lower(" + value + ")"
        case .phone: "regexp_replace(" + value + ", '\\D', '', 'g')"
        default: value
        }
    }

    /// The value with its type.
    func sql(_ value: Filter.Value) -> SQL {
        switch value {
        case .relative(let relative):
            let interval: SQL =
                switch relative.unit {
                case .hours: "make_interval(hours => \(relative.count)::int)"
                case .days: "make_interval(days => \(relative.count)::int)"
                case .weeks: "make_interval(weeks => \(relative.count)::int)"
                case .months: "make_interval(months => \(relative.count)::int)"
                }
            return self == .date
                ? "((now() AT TIME ZONE (" + Self.tenantZone + ")) + " + interval + ")::date" : "(now() + " + interval + ")"
        case .text(let text):
            switch self {
            case .integer, .decimal, .money: return "\(text)::numeric"
            case .integers: return "\(text)::integer"
            case .date: return "\(text)::date"
            case .time: return "\(text)::timestamptz"
            case .reference, .references, .identifier: return "\(text)::uuid"
            case .flag: return "\(text)::boolean"
            default: return "\(text)::text"
            }
        }
    }

    private static let tenantZone: SQL = "SELECT coalesce(document->>'time_zone', 'UTC') FROM settings"
}

extension String {
    /// The text as itself inside a LIKE pattern.
    var likeLiteral: String {
        replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
    }
}
