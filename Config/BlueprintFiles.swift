import Foundation

/// The blueprints that come with the program: `Config/blueprints/*.yaml`, by name, each as JSON.
package enum BlueprintFiles {
    package static func builtIn() throws(SettingsRefusal) -> [String: Data] {
        var blueprints: [String: Data] = [:]
        for (path, text) in embeddedTexts where path.hasPrefix(folder) {
            blueprints[String(path.dropFirst(folder.count).dropLast(".yaml".count))] = try PlanFile.json(of: text, path: path)
        }
        return blueprints
    }

    private static let folder = "blueprints/"
}
