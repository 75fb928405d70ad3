/// The table of all settings as Markdown, for `tenantry config --reference` and the README.
package enum SettingsReference {
    package static var markdown: String {
        let rows = KnownSettings.all.map { setting in
            let initial = setting.initial.map { "`\($0)`" } ?? "-"
            let secret = setting.isSecret ? " Secret." : ""
            return "| `\(setting.name)` | \(setting.kind) | \(initial) | \(setting.help)\(secret) |"
        }
        return (["| setting | what it is | default | what it does |", "|---|---|---|---|"] + rows).joined(separator: "\n")
    }
}
