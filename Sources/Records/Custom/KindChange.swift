import Postgres

/// What becomes of a field's values when its kind or its options change.
enum KindChange {
    /// Nothing: they are kept as they are.
    case nothing
    /// They stay in their column, unless one meets the condition.
    case kept(unless: String)
    /// They are written anew, unless one would lose something.
    case converted(by: String, unless: String)
    /// There is no way for a value: the column must be empty.
    case none

    init(from old: CustomField, to new: CustomField) {
        let c = new.column
        let words = (new.options.elements ?? []).compactMap(\.string).map { SQL.quoted(literal: $0) }.joined(separator: ", ")
        let options = "ARRAY[\(words)]::text[]"
        switch (old.kind, new.kind) {
        case (.select, .select): self = .kept(unless: "\(c) <> ALL (\(options))")
        case (.multiSelect, .multiSelect): self = .kept(unless: "NOT \(c) <@ \(options)")
        case (.reference, .reference): self = old.options == new.options ? .nothing : .none
        case (let kind, let other) where kind == other: self = .nothing
        case (let kind, .longText) where kind.isTextual: self = .nothing
        case (let kind, .text) where kind.isTextual: self = .kept(unless: "char_length(\(c)) > 500")
        case (let kind, .select) where kind.isTextual: self = .kept(unless: "\(c) <> ALL (\(options))")
        case (.select, .multiSelect):
            self = .converted(by: "CASE WHEN \(c) IS NULL THEN '{}' ELSE ARRAY[\(c)] END", unless: "\(c) <> ALL (\(options))")
        case (.multiSelect, .select): self = .converted(by: "\(c)[1]", unless: "cardinality(\(c)) > 1 OR NOT \(c) <@ \(options)")
        case (.integer, .decimal): self = .converted(by: "\(c)::numeric", unless: "abs(\(c)) >= 1000000000000000")
        case (.decimal, .integer): self = .converted(by: "\(c)::bigint", unless: "\(c) <> trunc(\(c))")
        case (.integer, .text), (.integer, .longText), (.decimal, .text), (.decimal, .longText):
            self = .converted(by: "\(c)::text", unless: "false")
        case (.text, .integer), (.longText, .integer):
            self = .converted(by: "\(c)::bigint", unless: "\(c) !~ '^(0|-?[1-9][0-9]{0,14})$'")
        case (.text, .decimal), (.longText, .decimal):
            self = .converted(by: "\(c)::numeric", unless: "\(c) !~ '^(0|-?[1-9][0-9]{0,14}|-?(0|[1-9][0-9]{0,14})[.][0-9]{1,4})$'")
        case (.date, .text), (.date, .longText): self = .converted(by: "to_char(\(c), 'YYYY-MM-DD')", unless: "false")
        case (.date, .datetime): self = .converted(by: "\(c)::timestamp AT TIME ZONE 'UTC'", unless: "false")
        default: self = .none
        }
    }

    /// Whether the column is another one afterwards.
    var rebuilds: Bool {
        switch self {
        case .nothing, .kept: false
        case .converted, .none: true
        }
    }
}
