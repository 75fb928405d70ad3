import Foundation
import Records
import Recurrence

/// One card's properties on their way to what a contact has; other properties are passed over in silence.
struct VCardGathering {
    /// A value that was there and cannot be taken.
    struct LeftOut {
        let line: Int
        let detail: String
    }

    static let names: Set<String> = [
        "VERSION", "UID", "FN", "N", "EMAIL", "TEL", "TITLE", "ORG", "ADR", "BDAY", "LANG", "TZ", "CATEGORIES",
    ]

    private let properties: [VCardProperty]
    private(set) var leftOut: [LeftOut] = []

    init(_ properties: [VCardProperty]) {
        self.properties = properties.filter { !$0.isCut }
        for property in properties where property.isCut { leave(property, "\(property.name) is too long and was left out.") }
    }

    mutating func card() -> VCard {
        var card = VCard()
        card.uid = text("UID").map(Self.withoutScheme)
        card.email = email()
        card.phone = phone()
        card.title = text("TITLE")
        card.organisation = preferred("ORG").flatMap { $0.parts.first }.flatMap(Self.filled)
        card.address = address()
        card.birthday = birthday()
        card.language = checked("LANG", "a language's tag such as de or pt-BR", LanguageTag.isWellFormed)
        card.timeZone = checked("TZ", "a time zone's name such as Europe/Berlin", TimeZoneName.isKnown)
        card.categories = categories()
        (card.firstName, card.lastName) = name(unlike: card)
        return card
    }

    /// Given and further names, and the family's; from the name shown when the parts are missing and it says more than the rest of the card.
    private func name(unlike card: VCard) -> (first: String?, last: String?) {
        let parts = preferred("N")?.partsOfWords ?? []
        let first = parts.dropFirst().prefix(2).filter { !$0.isEmpty }.joined(separator: " ")
        let last = parts.first ?? ""
        if !first.isEmpty || !last.isEmpty { return (Self.filled(first), Self.filled(last)) }
        guard let shown = text("FN"), ![card.organisation, card.email, card.phone].contains(shown) else { return (nil, nil) }
        let words = shown.split(whereSeparator: \.isWhitespace)
        return (Self.filled(words.dropLast().joined(separator: " ")), words.last.map(String.init))
    }

    func all(_ name: String) -> [VCardProperty] { properties.filter { $0.name == name } }

    /// The one that the card prefers, else the first.
    func preferred(_ name: String) -> VCardProperty? {
        all(name).filter { !$0.text.isEmpty }.min { $0.preference < $1.preference }
    }

    private func text(_ name: String) -> String? { preferred(name).map(\.text) }

    private mutating func email() -> String? {
        let addresses = all("EMAIL").map { (property: $0, text: Self.dropping("mailto:", from: $0.text)) }.filter { !$0.text.isEmpty }
        let good = addresses.filter { EmailAddress.isWellFormed($0.text) }
        if good.isEmpty, let first = addresses.first {
            leave(first.property, "EMAIL is no e-mail address such as ann@example.com and was left out.")
        }
        return good.min { $0.property.preference < $1.property.preference }?.text
    }

    /// A fax only when there is nothing else.
    private func phone() -> String? {
        func rank(_ property: VCardProperty) -> Int {
            let isForPeople = Set(property.values(of: "TYPE")).isDisjoint(with: ["fax", "pager", "modem"])
            return property.preference + (isForPeople ? 0 : 1_000)
        }
        return all("TEL").map { (rank: rank($0), text: Self.number($0.text)) }.filter { $0.text.contains(where: \.isNumber) }
            .min { $0.rank < $1.rank }?.text
    }

    private mutating func checked(_ name: String, _ form: String, _ accepts: (String) -> Bool) -> String? {
        guard let property = preferred(name) else { return nil }
        if accepts(property.text) { return property.text }
        leave(property, "\(name) is not \(form) and was left out.")
        return nil
    }

    /// Each once, in the order they came.
    private func categories() -> [String] {
        var known: Set<String> = [""]
        return all("CATEGORIES").flatMap(\.list).filter { known.insert($0).inserted }
    }

    mutating func leave(_ property: VCardProperty, _ detail: String) {
        leftOut.append(LeftOut(line: property.line, detail: detail))
    }
}
