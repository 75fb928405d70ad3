/// A length of time as ISO 8601 writes it: `P30D`, `P2W`, `PT12H`, `P1DT6H30M`.
enum ISODuration {
    static let day = 86_400

    /// In seconds; nil for another form. Months and years are refused: they have no fixed length.
    static func seconds(_ text: String) -> Int? {
        guard text.first == "P" else { return nil }
        let halves = text.dropFirst().split(separator: "T", maxSplits: 1, omittingEmptySubsequences: false)
        guard let date = sum(halves[0], units: ["W": 7 * day, "D": day]) else { return nil }
        guard halves.count == 2 else { return halves[0].isEmpty ? nil : date }
        guard !halves[1].isEmpty, let time = sum(halves[1], units: ["H": 3600, "M": 60, "S": 1]) else { return nil }
        return date + time
    }

    private static func sum(_ text: Substring, units: [Character: Int]) -> Int? {
        var total = 0
        var digits = ""
        for character in text {
            if character.isASCII, character.isNumber, digits.count < 9 {
                digits.append(character)
            } else {
                guard let unit = units[character], let number = Int(digits) else { return nil }
                total += number * unit
                digits = ""
            }
        }
        return digits.isEmpty ? total : nil
    }
}
