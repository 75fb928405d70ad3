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
    case integer(ClosedRange<Int>)
    case flag
    case date
    case time
    case reference(to: String)
    case references(to: String)
    case tags
    case address
    case actor
    case identifier
    case document(schema: JSON)
    case secret
    /// The tenant's own fields, gathered under `custom`.
    case custom
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
