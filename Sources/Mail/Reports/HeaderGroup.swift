import Foundation

/// Lines of the form `Name: value`, with lines that go on; anything else among them is passed over.
struct HeaderGroup {
    private var fields: [(name: String, value: String)] = []

    init(_ lines: [String]) {
        for line in lines {
            if line.first == " " || line.first == "\t" {
                guard !fields.isEmpty else { continue }
                fields[fields.count - 1].value += " " + line.trimmingCharacters(in: .whitespaces)
            } else if let colon = line.firstIndex(of: ":"), colon > line.startIndex {
                let name = line[..<colon].trimmingCharacters(in: .whitespaces).lowercased()
                fields.append((name, line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)))
            }
        }
    }

    /// Groups of fields with empty lines between them, as reports have them.
    static func groups(in text: String) -> [HeaderGroup] {
        let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }.map(String.init)
        return lines.split { $0.trimmingCharacters(in: .whitespaces).isEmpty }.map { HeaderGroup(Array($0)) }
    }

    /// The first value of that name (in lower case).
    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    /// What comes before the first parameter or comment: `rfc822` of `rfc822;anna@example.com`.
    static func head(_ value: String) -> String {
        value.prefix { $0 != ";" && $0 != "(" }.trimmingCharacters(in: .whitespaces)
    }

    /// `name=value` or `name="value"`.
    static func parameter(_ name: String, in value: String) -> String? {
        for part in value.split(separator: ";").dropFirst() {
            let sides = part.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, sides[0].trimmingCharacters(in: .whitespaces).lowercased() == name else { continue }
            return sides[1].trimmingCharacters(in: .whitespaces).trimmingCharacters(in: CharacterSet(charactersIn: "\""))
        }
        return nil
    }

    /// Every address that stands in a value, without names and angle brackets, in lower case.
    static func addresses(in value: String) -> [String] {
        value.matches(of: /[^\s<>,;:"()]+@[^\s<>,;:"()]+/).map { $0.output.lowercased() }
    }
}
