import Records

extension TenantSettings {
    /// What a tenant decides, as a table in Markdown for the README: `tenantry config --tenant-reference`.
    package static var markdown: String {
        let rows = leaves(keys).map { path, key in
            let readers = key.isForAdministrators ? " Seen by administrators only." : ""
            let feature = key.feature.map { " Needs `\($0.rawValue)` in the plan." } ?? ""
            return "| `\(path)` | \(key.kind.words) | \(key.standard.words) | \(key.help)\(readers)\(feature) |"
        }
        return (["| setting | what it is | default | what it decides |", "|---|---|---|---|"] + rows).joined(separator: "\n")
    }

    private static func leaves(_ keys: [SettingKey], below path: String = "") -> [(path: String, key: SettingKey)] {
        keys.flatMap { key -> [(path: String, key: SettingKey)] in
            guard case .group(let inner) = key.kind else { return [(path + key.name, key)] }
            let inherited = inner.map { member in
                let seen = key.isForAdministrators ? member.forAdministrators : member
                return key.feature.map { seen.with($0) } ?? seen
            }
            return leaves(inherited, below: path + key.name + ".")
        }
    }
}

extension SettingKind {
    /// For people, as in "a whole number from 1 to 65535".
    fileprivate var words: String {
        switch self {
        case .line(let form): form.advice == SettingForm.anything.advice ? "one line of text" : form.kind
        case .text(let form): form.kind
        case .host: "a host's name or address"
        case .choice(let options): "one of " + options.joined(separator: ", ")
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .secret: "a secret, kept encrypted"
        case .list(let element, let maximum): "at most \(maximum), each \(element.words)"
        case .entry(let keys), .group(let keys): "{" + keys.map(\.name).joined(separator: ", ") + "}"
        }
    }
}

extension SettingForm {
    /// What it is, from what is told to whoever writes something else.
    fileprivate var kind: String {
        var words = Substring(advice)
        if words.hasPrefix("This is ") { words = words.dropFirst("This is ".count) }
        return String(words.hasSuffix(".") ? words.dropLast() : words)
    }
}

extension SettingKey.Standard {
    fileprivate var words: String {
        switch self {
        case .value(.null): "-"
        case .value(.string(let text)): "`\(text)`"
        case .value(let value): "`\(value.text)`"
        case .accountName: "the account's name"
        case .sessionHours: "the installation's"
        }
    }
}
