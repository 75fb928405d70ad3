/// Markup that cannot be broken by what stands in it: a literal is markup, everything interpolated is text and escaped.
///
/// `let item: HTML = "<li><a href=\"\(address)\">\(name)</a></li>"`. Attributes stand in double quotes, so that the same escaping serves
/// text and attributes. There is no overload for other types on purpose: a generic one would take a `map` of markup for text.
struct HTML: Sendable, ExpressibleByStringInterpolation {
    private(set) var text: String

    init(stringLiteral value: String) {
        text = value
    }

    init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
    }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 16)
        }

        mutating func appendLiteral(_ literal: String) { text += literal }
        mutating func appendInterpolation(_ value: String) { text += HTML.escaped(value) }
        mutating func appendInterpolation(_ value: Int) { text += String(value) }
        mutating func appendInterpolation(_ value: HTML) { text += value.text }
        mutating func appendInterpolation(_ values: [HTML]) { values.forEach { text += $0.text } }
        /// Nothing for nil.
        mutating func appendInterpolation(_ value: HTML?) { text += value?.text ?? "" }
        /// An attribute without a value, where it holds.
        mutating func appendInterpolation(_ attribute: StaticString, when condition: Bool) {
            if condition { text += " \(attribute)" }
        }
    }

    static func + (left: HTML, right: HTML) -> HTML {
        var sum = left
        sum.text += right.text
        return sum
    }

    /// JSON as the content of `<script type="application/json">`, which nothing in it can end.
    static func data(_ json: String) -> HTML {
        HTML(stringLiteral: json.replacing("<", with: "\\u003C"))
    }

    /// Text as it stands in markup, for what is not written as `HTML`.
    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x26 || $0 == 0x3C || $0 == 0x3E || $0 == 0x22 || $0 == 0x27 }) else { return text }
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count + 16)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
