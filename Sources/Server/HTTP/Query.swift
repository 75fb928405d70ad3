import Records

/// The query of a request, read strictly: a name that the endpoint does not declare, or one that stands twice, is refused.
package struct Query: Sendable {
    /// Names and values as they came, in order.
    package let items: [(name: String, value: String)]

    /// Refuses with `.malformed`, naming the parameter. `takesAny`: names that nobody declared are kept.
    init(_ text: Substring, allowed: [Parameter], takesAny: Bool = false) throws(Problem) {
        var items: [(name: String, value: String)] = []
        for part in text.utf8.split(separator: UInt8(ascii: "&")) {
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false).map { Substring($0) }
            guard let name = PercentEncoding.decode(halves[0], plusIsSpace: true),
                let value = PercentEncoding.decode(halves.count > 1 ? halves[1] : "", plusIsSpace: true)
            else {
                throw Problem(
                    .malformed, "The query holds \"\(Substring(part).prefix(80))\", which is not percent-encoded UTF-8 without NUL.")
            }
            guard takesAny || allowed.contains(where: { $0.place == .query && $0.covers(name) }) else {
                throw Problem(.malformed, Self.unknown(name, allowed: allowed))
            }
            guard !items.contains(where: { $0.name == name }) else {
                throw Problem(.malformed, "The query parameter \"\(name)\" stands twice; give it once.")
            }
            items.append((name, value))
        }
        self.items = items
    }

    private static func unknown(_ name: String, allowed: [Parameter]) -> String {
        let names = allowed.filter { $0.place == .query }.map { $0.isFamily ? "\($0.name)[...]" : $0.name }
        let advice = names.isEmpty ? "This address takes none." : "This address knows \(names.joined(separator: ", "))."
        return "The query parameter \"\(name.prefix(80))\" is unknown. \(advice)"
    }

    package subscript(name: String) -> String? {
        items.first { $0.name == name }?.value
    }

    /// A text of bounded length; nil when it is not given or empty.
    package func text(_ name: String, maximum: Int = 500) throws(Problem) -> String? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard text.unicodeScalars.count <= maximum else {
            throw Problem(.malformed, "The query parameter \"\(name)\" has at most \(maximum) characters.")
        }
        return text
    }

    /// A whole number within bounds, or `standard` when it is not given. Never clamped: out of range is refused.
    package func integer(_ name: String, in range: ClosedRange<Int>, otherwise standard: Int) throws(Problem) -> Int {
        guard let text = self[name] else { return standard }
        guard text.allSatisfy(\.isASCII), let number = Int(text), range.contains(number), text.first != "+" else {
            throw Problem(
                .malformed, "The query parameter \"\(name)\" is a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }
}
