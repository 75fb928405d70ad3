import Foundation
import Recurrence
import Secrets

/// Where a list goes on: the sort values and the id of the last row seen, bound to the tenant, the filter and the order.
///
/// A cursor holds no secret and gives no right, so it is bound by a fingerprint and not signed; it needs no memory on the server
/// and so never expires.
struct Cursor: Sendable, Hashable {
    /// One per sort key, as PostgreSQL writes them; nil for a missing value.
    let values: [String?]
    let id: String

    /// What a cursor belongs to; another list has another fingerprint.
    static func fingerprint(_ parts: [String]) -> String {
        Base64.url.encode(Array(Digest.sha256(parts.joined(separator: "\u{1F}")).prefix(9)))
    }

    func text(for fingerprint: String) -> String {
        let document = JSON.array([.string(fingerprint), .string(id)] + values.map { JSON($0) })
        return Base64.url.encode(document.bytes)
    }

    /// Refuses with `cursor` what is no cursor, or one of another list.
    init(parsing text: String, for fingerprint: String, _ sort: Sort) throws(Problem) {
        guard let bytes = Base64.url.decode(text), let document = try? JSON(parsing: bytes), let elements = document.elements,
            elements.count == sort.keys.count + 2, let owner = elements[0].string,
            let id = elements[1].string.flatMap(UUID.init(text:))
        else { throw Problem(.cursor, "This is no cursor that a list answered; start from the first page.") }
        guard owner == fingerprint else {
            throw Problem(.cursor, "The cursor belongs to a list with another filter or order; start from the first page.")
        }
        var values: [String?] = []
        for (element, key) in zip(elements.dropFirst(2), sort.keys) {
            guard element.isNull ? key.isNullable : key.reads(element.string) else {
                throw Problem(.cursor, "This is no cursor that a list answered; start from the first page.")
            }
            values.append(element.string)
        }
        self.init(values: values, id: id.text)
    }

    init(values: [String?], id: String) {
        self.values = values
        self.id = id
    }
}

extension Sort.Key {
    /// Whether the text is a value that the server can read for this key: a forged cursor must not reach it.
    fileprivate func reads(_ text: String?) -> Bool {
        guard let text, !text.unicodeScalars.contains("\0") else { return false }
        switch kind {
        case .integer: return Int(text) != nil
        case .decimal: return Amount.isNumber(text)
        case .date: return CivilDate.isWellFormed(text)
        case .time:
            let bytes = Array(text.utf8)
            guard bytes.count > 11, bytes.count < 40 else { return false }
            var normal = String(decoding: bytes[0..<10], as: UTF8.self) + "T" + String(decoding: bytes[11...], as: UTF8.self)
            if normal.utf8.count >= 3, let sign = normal.utf8.dropLast(2).last, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                normal += ":00"
            }
            return Timestamp.normalised(normal) != nil
        case .flag: return text == "true" || text == "false"
        case .reference, .identifier: return UUID(text: text) != nil
        default: return true
        }
    }
}
