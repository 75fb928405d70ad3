/// What is in force, and who said so.
///
/// Sources, the first that speaks wins: `name=value` after `--` on the command line, the environment (`TENANTRY_...`), the file,
/// what a command presumes, the default. `settings.poolConnections` is the value; names that are not in `KnownSettings` do not compile.
@dynamicMemberLookup package struct Settings: Sendable {
    private var said: [String: (text: String, origin: Origin)] = [:]

    /// Where a value came from.
    package enum Origin: Sendable, Hashable, CustomStringConvertible {
        case commandLine
        case environment(variable: String)
        case file(path: String, line: Int)
        /// A command needs it so unless someone says otherwise: `dev` turns on `http.server_timing`.
        case presumed(by: String)
        case initial

        package var description: String {
            switch self {
            case .commandLine: "command line"
            case .environment(let variable): variable
            case .file(let path, let line): "\(path):\(line)"
            case .presumed(let command): "set by \(command)"
            case .initial: "default"
            }
        }
    }

    /// Only defaults.
    package init() {}

    /// Reads all sources. Throws every problem at once, each with its place.
    package init(commandLine: [String] = [], environment: [String: String] = [:], file: String? = nil) throws(SettingsRefusal) {
        var problems: [String] = []
        if let file { take(try SettingsFile.read(file), &problems) }
        take(SettingsEnvironment.read(environment), &problems)
        for word in commandLine {
            guard let equals = word.firstIndex(of: "=") else {
                problems.append("After `--` come settings as `name=value`; `\(word)` has no `=`.")
                continue
            }
            take([Saying(name: String(word[..<equals]), text: String(word[word.index(after: equals)...]), origin: .commandLine)], &problems)
        }
        if !problems.isEmpty { throw SettingsRefusal(problems: problems) }
    }

    package subscript<Value>(dynamicMember key: KeyPath<KnownSettings, Setting<Value>>) -> Value {
        let setting = KnownSettings()[keyPath: key]
        // What was said has been parsed once when it was taken.
        return said[setting.declaration.name].flatMap { setting.parse($0.text) } ?? setting.initial
    }

    /// Whether anybody has said something about it.
    package func isSet<Value>(_ key: KeyPath<KnownSettings, Setting<Value>>) -> Bool {
        said[KnownSettings()[keyPath: key].declaration.name] != nil
    }

    /// What a command needs unless someone says otherwise. Panics on text that the setting does not take: it is written in our code.
    package mutating func presume<Value>(_ key: KeyPath<KnownSettings, Setting<Value>>, _ text: String, by command: String) {
        let declaration = KnownSettings()[keyPath: key].declaration
        precondition(declaration.accepts(text), "\(command) presumes \(declaration.name)=\(text), which is no \(declaration.kind)")
        if said[declaration.name] == nil { said[declaration.name] = (text, .presumed(by: command)) }
    }

    /// An option of a command says it: stronger than any source.
    package mutating func decide<Value>(_ key: KeyPath<KnownSettings, Setting<Value>>, _ text: String) throws(SettingsRefusal) {
        var problems: [String] = []
        take([Saying(name: KnownSettings()[keyPath: key].declaration.name, text: text, origin: .commandLine)], &problems)
        if !problems.isEmpty { throw SettingsRefusal(problems: problems) }
    }

    /// Every setting with its value as it may be printed, secrets hidden, and where it came from.
    package var report: [(declaration: SettingDeclaration, value: String?, origin: Origin)] {
        KnownSettings.all.map { declaration in
            let entry = said[declaration.name]
            return (declaration, (entry?.text).map(declaration.shown) ?? declaration.initial, entry?.origin ?? .initial)
        }
    }

    private mutating func take(_ sayings: [Saying], _ problems: inout [String]) {
        for saying in sayings {
            guard let declaration = KnownSettings.all.first(where: { $0.name == saying.name }) else {
                problems.append("\(saying.origin): there is no setting `\(saying.name)`.\(Nearest.hint(to: saying.name))")
                continue
            }
            guard declaration.accepts(saying.text) else {
                let shown = declaration.isSecret ? "what is given" : "`\(declaration.shown(saying.text))`"
                problems.append("\(saying.origin): `\(declaration.name)` is \(declaration.kind); \(shown) is not.")
                continue
            }
            said[declaration.name] = (saying.text, saying.origin)
        }
    }
}

/// One source's word on one setting, not yet checked.
struct Saying: Sendable {
    var name: String
    var text: String
    var origin: Settings.Origin
}

/// Why the settings cannot be in force: one sentence each.
package struct SettingsRefusal: Error, CustomStringConvertible {
    package let problems: [String]

    package var description: String { problems.joined(separator: "\n") }
}
