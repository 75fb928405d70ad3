import CRM
import Settings

extension Blueprints {
    /// Those of `Config/blueprints`.
    static var builtIn: Blueprints { get throws { try Blueprints(BlueprintFiles.builtIn().mapValues { Array($0) }) } }

    static func named(_ name: String) throws -> Blueprint {
        let all = try builtIn
        guard let blueprint = all[name] else {
            throw Refusal("There is no blueprint \"\(name)\"; there are: \(all.all.map(\.name).joined(separator: ", ")).")
        }
        return blueprint
    }
}
