extension FilterReader {
    /// Reads `filter[amount][gte]=1000`: `name` is what stands before `=`, `text` what stands behind it, both percent-decoded.
    mutating func query(_ name: String, _ text: String) throws(FilterRefused) -> Filter {
        guard name.hasPrefix("filter["), name.hasSuffix("]") else { throw malformed(name) }
        let inner = name.dropFirst("filter[".count).dropLast()
        let separator = inner.firstRange(of: "][")
        let fieldName = String(separator.map { inner[..<$0.lowerBound] } ?? inner)
        let word = separator.map { String(inner[$0.upperBound...]) } ?? "eq"
        guard !fieldName.isEmpty, !fieldName.contains(where: { "[]".contains($0) }) else { throw malformed(name) }
        guard let path = FieldPath.find(fieldName, in: type, of: catalog, for: caller) else {
            throw FilterRefused(errors: [
                .init("", .unknown, "A \(type.singular) has no field \(fieldName.prefix(100)) that can be compared.")
            ])
        }
        let value = try json(text, for: Filter.Operation(rawValue: word), path.kind)
        return .leaf(try comparison(fieldName, word, value, at: ""))
    }

    private func malformed(_ name: String) -> FilterRefused {
        FilterRefused(errors: [.init("", .format, "A filter is written filter[field]=value or filter[field][op]=value.")])
    }

    private func json(_ text: String, for operation: Filter.Operation?, _ kind: FieldKind) throws(FilterRefused) -> JSON {
        switch operation {
        case .isNull: return flag(text)
        case .in, .nin, .between: return .array(Self.split(text).map { element($0, kind) })
        default: return element(text, kind)
        }
    }

    private func element(_ text: String, _ kind: FieldKind) -> JSON {
        switch kind {
        case .integer, .integers:
            if case .number(let digits)? = try? JSON(parsing: text) { .number(digits) } else { .string(text) }
        case .flag: flag(text)
        default: .string(text)
        }
    }

    private func flag(_ text: String) -> JSON {
        switch text {
        case "true": true
        case "false": false
        default: .string(text)
        }
    }

    /// Splits at commas; `\,` is a comma inside a value and `\\` a backslash.
    static func split(_ text: String) -> [String] {
        var parts = [""]
        var isEscaped = false
        for character in text {
            if isEscaped {
                parts[parts.count - 1] += character == "," || character == "\\" ? "\(character)" : "\\\(character)"
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        if isEscaped { parts[parts.count - 1] += "\\" }
        return parts
    }
}
