/// Finds the setting that someone probably meant.
enum Nearest {
    /// ` Did you mean ...?`, or nothing when nothing is near.
    static func hint(to name: String) -> String {
        let wanted = plain(name)
        let found = KnownSettings.all.map { ($0.name, distance(wanted, plain($0.name))) }.min { $0.1 < $1.1 }
        if let (near, distance) = found, distance <= max(2, wanted.count / 3) { return " Did you mean `\(near)`?" }
        let endings = KnownSettings.all.map(\.name).filter { $0.hasSuffix("." + name) }
        if let only = endings.first, endings.count == 1 { return " Did you mean `\(only)`?" }
        return " `tenantry config --reference` lists them all."
    }

    /// The environment's names have no dots.
    private static func plain(_ name: String) -> [Character] {
        Array(name.lowercased().replacing(".", with: "_"))
    }

    /// How many letters must be added, removed or changed (Levenshtein).
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var row = Array(0...other.count)
        for (line, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, against) in other.enumerated() {
                let above = row[column + 1]
                row[column + 1] = min(above + 1, row[column] + 1, diagonal + (letter == against ? 0 : 1))
                diagonal = above
            }
        }
        return row[other.count]
    }
}
