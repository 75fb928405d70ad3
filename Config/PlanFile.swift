import Foundation
import Yams

/// Plans as people write them: YAML (or JSON, which is YAML too), turned into the JSON that the operators' API takes.
package enum PlanFile {
    /// The plans of this program, by name: `Config/plans.yaml`.
    package static func builtIn() throws(SettingsRefusal) -> [String: Data] {
        let path = "plans.yaml"
        guard let mapping = try node(embeddedTexts[path] ?? "", path).mapping else {
            throw SettingsRefusal(problems: ["\(path) is a mapping of names to plans."])
        }
        var plans: [String: Data] = [:]
        for (name, plan) in mapping { plans[name.string ?? ""] = try json(plan, path) }
        return plans
    }

    /// The JSON of one plan.
    package static func json(of text: String, path: String) throws(SettingsRefusal) -> Data {
        try json(try node(text, path), path)
    }

    private static func node(_ text: String, _ path: String) throws(SettingsRefusal) -> Node {
        do {
            guard let node = try Yams.compose(yaml: text) else { throw SettingsRefusal(problems: ["\(path) is empty."]) }
            return node
        } catch let refusal as SettingsRefusal {
            throw refusal
        } catch {
            throw SettingsRefusal(problems: ["\(path) is no YAML: \(error)"])
        }
    }

    private static func json(_ node: Node, _ path: String) throws(SettingsRefusal) -> Data {
        do {
            return try JSONSerialization.data(withJSONObject: try value(node, path), options: [.fragmentsAllowed, .sortedKeys])
        } catch let refusal as SettingsRefusal {
            throw refusal
        } catch {
            throw SettingsRefusal(problems: ["\(path) cannot be said in JSON: \(error)"])
        }
    }

    /// As YAML's core schema reads it: what is quoted is text.
    private static func value(_ node: Node, _ path: String) throws(SettingsRefusal) -> Any {
        switch node {
        case .mapping(let mapping):
            var object: [String: Any] = [:]
            for (key, inner) in mapping { object[key.string ?? ""] = try value(inner, path) }
            return object
        case .sequence(let elements):
            var list: [Any] = []
            for element in elements { list.append(try value(element, path)) }
            return list
        case .scalar(let scalar):
            guard scalar.style == .plain else { return scalar.string }
            if node.null != nil { return NSNull() }
            if let number = node.int { return number }
            if let flag = node.bool { return flag }
            return node.float.map { $0 as Any } ?? scalar.string
        case .alias:
            throw SettingsRefusal(problems: ["\(path): aliases are not understood here."])
        }
    }
}
