/// Reads the few values we need out of a bucket's answers, which are flat XML of a known form.
enum XMLText {
    /// The text of the first element of this name; nil when there is none.
    static func first(_ name: String, in text: some StringProtocol) -> String? { elements(name, in: text).first.map { decoded($0) } }

    /// What stands inside each element of this name, undecoded.
    static func elements(_ name: String, in text: some StringProtocol) -> [String] {
        var found: [String] = []
        var rest = Substring(text)
        while let start = rest.firstRange(of: "<\(name)>"), let end = rest[start.upperBound...].firstRange(of: "</\(name)>") {
            found.append(String(rest[start.upperBound..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return found
    }

    private static func decoded(_ text: String) -> String {
        text.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"").replacing("&#34;", with: "\"")
            .replacing("&apos;", with: "'").replacing("&amp;", with: "&")
    }
}
