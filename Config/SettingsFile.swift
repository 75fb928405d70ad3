import Foundation
import Yams

/// A YAML file of settings: `pool: {connections: 4}` and `pool.connections: 4` say the same.
enum SettingsFile {
    static func read(_ path: String) throws(SettingsRefusal) -> [Saying] {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw SettingsRefusal(problems: ["The settings file \(path) cannot be read: \(error.localizedDescription)"])
        }
        return try sayings(in: text, path: path)
    }

    static func sayings(in text: String, path: String) throws(SettingsRefusal) -> [Saying] {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            throw SettingsRefusal(problems: ["The settings file \(path) is no YAML: \(error)"])
        }
        // An empty file says nothing.
        guard let root else { return [] }
        guard case .mapping(let mapping) = root else {
            throw SettingsRefusal(problems: ["The settings file \(path) must be a mapping of names to values."])
        }
        var problems: [String] = []
        let all = sayings(in: mapping, under: "", path: path, &problems)
        if !problems.isEmpty { throw SettingsRefusal(problems: problems) }
        return all
    }

    private static func sayings(in mapping: Node.Mapping, under prefix: String, path: String, _ problems: inout [String]) -> [Saying] {
        var all: [Saying] = []
        for (key, value) in mapping {
            let name = prefix + (key.string ?? "")
            let origin = Settings.Origin.file(path: path, line: key.mark?.line ?? 1)
            switch value {
            case .mapping(let inner):
                all += sayings(in: inner, under: name + ".", path: path, &problems)
            case .sequence(let elements):
                all.append(Saying(name: name, text: elements.map { $0.string ?? "" }.joined(separator: ","), origin: origin))
            case .scalar(let scalar):
                // `name:` with nothing behind it says nothing.
                if value.null == nil || scalar.style != .plain { all.append(Saying(name: name, text: scalar.string, origin: origin)) }
            case .alias:
                problems.append("\(origin): aliases are not understood here.")
            }
        }
        return all
    }
}
