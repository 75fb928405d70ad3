/// What a field can hold. Every kind knows how to be read (`FieldKind+Reading`), kept, compared (`FieldKind+Filtering`), shown
/// (`FieldKind+Showing`) and described (`FieldKind+Schema`).
package enum FieldKind: Sendable, Hashable {
    case text(max: Int)
    case email
    case domain
    case phone
    case website
    /// BCP 47.
    case language
    /// IANA.
    case timeZone
    case choice([String])
    /// Several of the options, each once.
    case choices([String])
    case integer(ClosedRange<Int>)
    /// Whole numbers in order, at most so many.
    case integers(ClosedRange<Int>, max: Int)
    /// A decimal number of up to 15 digits and 4 decimals, as text in JSON.
    case decimal
    /// An amount and its currency (ISO 4217). `currency` names the column of the currency when another field's serves both.
    case money(currency: String?)
    /// ISO 4217.
    case currency
    case flag
    case date
    case time
    /// A time on the wall of a place: kept as it was meant, and as the instant that follows from it.
    case localTime
    case reference(to: String)
    case references(to: String)
    /// A record of whatever type; or, where it may be, all records of a type: then without an id.
    case record(orType: Bool)
    case tags
    case address
    case actor
    case identifier
    /// JSON of a form that the type's rule knows; `empty` stands for none and tells whether it is an object, a list or either (null).
    case document(schema: JSON, empty: JSON)
    case secret
    /// What the type's rule fills in when a record is answered; null until then.
    case computed(schema: JSON)
    /// The tenant's own fields, gathered under `custom`.
    case custom([FieldDefinition])
}

extension FieldKind {
    package var isRecord: Bool { if case .record = self { true } else { false } }

    /// The type of the column that holds the kind, for kinds of one column.
    package var columnType: String {
        switch self {
        case .integer: "bigint"
        case .decimal, .money: "numeric"
        case .flag: "boolean"
        case .date: "date"
        case .time: "timestamptz(3)"
        case .reference, .identifier: "uuid"
        case .references: "uuid[]"
        case .tags, .choices: "text[]"
        case .integers: "integer[]"
        case .document: "jsonb"
        default: "text"
        }
    }
}

/// A postal address in five columns, so that a city can be filtered, sorted and imported like any field.
package enum Address {
    package struct Part: Sendable, Hashable {
        package let name: String
        package let kind: PartKind
    }

    package enum PartKind: Sendable, Hashable { case text, country }

    package static let parts: [Part] = [
        Part(name: "street", kind: .text), Part(name: "city", kind: .text), Part(name: "region", kind: .text),
        Part(name: "postal_code", kind: .text), Part(name: "country", kind: .country),
    ]
}
