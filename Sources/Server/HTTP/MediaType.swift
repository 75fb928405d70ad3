/// `type/subtype; name=value`, as `Content-Type` and `Accept` write it (RFC 9110, 8.3.1 and 12.5.1).
struct MediaType: Sendable, Hashable {
    /// `application/json`, in lower case; in `Accept` also `application/*` and `*/*`.
    let name: String
    let parameters: [String: String]

    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ";").map { $0.trimmedOfSpaces }
        guard let name = parts.first else { return nil }
        let halves = name.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ $0.isToken }) else { return nil }
        self.name = name.lowercased()
        var parameters: [String: String] = [:]
        for part in parts.dropFirst() {
            let halves = part.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { continue }
            let value = halves[1].hasPrefix("\"") && halves[1].hasSuffix("\"") ? halves[1].dropFirst().dropLast() : halves[1]
            parameters[halves[0].lowercased()] = value.lowercased()
        }
        self.parameters = parameters
    }

    var charset: String? { parameters["charset"] }

    /// Whether an answer of one of these forms is welcome by `Accept`; no header welcomes everything.
    static func accepts(_ header: String?, oneOf forms: Set<String>) -> Bool {
        // An answer whose form only its content tells is whatever was asked for.
        forms.contains("*/*") || forms.contains { quality(of: $0, by: header) > 0 }
    }

    /// Which of these forms is most welcome; of those that are alike the first.
    static func preferred(by header: String?, of forms: [String]) -> String? {
        let rated = forms.map { ($0, quality(of: $0, by: header)) }
        guard let best = rated.map(\.1).max() else { return nil }
        return rated.first { $0.1 == best }?.0
    }

    /// How welcome an answer of a form is: 0 to 1.
    private static func quality(of form: String, by header: String?) -> Double {
        let ranges = (header ?? "").split(separator: ",").compactMap { MediaType($0) }
        guard !ranges.isEmpty else { return 1 }
        let family = form.prefix { $0 != "/" } + "/*"
        // The most specific range that covers the form decides (RFC 9110, 12.5.1).
        let decisive = [form, String(family), "*/*"].lazy.compactMap { name in ranges.first { $0.name == name } }.first
        return decisive.map { Double($0.parameters["q"] ?? "1") ?? 0 } ?? 0
    }
}

extension StringProtocol {
    /// Whether it is a word as HTTP writes names and types (RFC 9110, 5.6.2).
    fileprivate var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Without spaces and tabs at both ends.
    var trimmedOfSpaces: SubSequence {
        guard let start = firstIndex(where: { $0 != " " && $0 != "\t" }), let end = lastIndex(where: { $0 != " " && $0 != "\t" }) else {
            return self[endIndex..<endIndex]
        }
        return self[start...end]
    }
}
