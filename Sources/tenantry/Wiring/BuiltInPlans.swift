import CRM
import Records
import Server
import Settings
import Tenancy

/// The plans of `Config/plans.yaml`, held to the same rules as those of operators.
enum BuiltInPlans {
    static func read() throws -> [String: PlanTerms] {
        let catalog = RecordTypes.builtIn
        return try Dictionary(
            uniqueKeysWithValues: PlanFile.builtIn().map { name, body in
                do throws(Problem) {
                    return (name, try PlanOrder(name, JSON(plan: body), catalog).terms)
                } catch {
                    throw Refusal("Config/plans.yaml, \(name): \(error.sentence)", .wrongSettings)
                }
            })
    }
}

extension JSON {
    /// What the YAML of a plan became.
    init(plan bytes: some Sequence<UInt8>) throws(Problem) {
        do {
            self = try JSON(parsing: Array(bytes))
        } catch {
            throw Problem(.malformed, "The plan is no JSON: \(error.reason)")
        }
    }
}

extension Problem {
    /// Everything that is wrong, in one line for a terminal.
    var sentence: String {
        errors.isEmpty ? detail : errors.map { "\($0.pointer): \($0.detail)" }.joined(separator: " ")
    }
}
