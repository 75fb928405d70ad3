import Foundation
import Records

/// The meaning of a condition as API.md tells it, worked out in memory: written without a look at the statements it checks.
struct FilterOracle {
    /// By id.
    let companies: [String: JSON]

    static let names = ["Ann", "ann", "Anna", "a_n", "100%", "Öm\\er", "ömer", "Zoë"]
    static let dates = ["1990-02-28", "2000-02-29", "2001-01-01"]

    init(companies: [JSON]) {
        self.companies = Dictionary(uniqueKeysWithValues: companies.compactMap { company in company["id"]?.string.map { ($0, company) } })
    }

    func holds(_ tree: JSON, for record: JSON) -> Bool {
        if let all = tree["and"]?.elements { return all.allSatisfy { holds($0, for: record) } }
        if let any = tree["or"]?.elements { return any.contains { holds($0, for: record) } }
        if let inner = tree["not"] { return !holds(inner, for: record) }
        guard let field = tree["field"]?.string, let operation = tree["op"]?.string, let operand = tree["value"] else { return false }
        let value = self.value(field, of: record)
        switch operation {
        case "is_null": return (isMissing(value)) == (operand.bool ?? false)
        case "eq": return operand.isNull ? isMissing(value) : !isMissing(value) && key(value, field) == key(operand, field)
        case "ne": return operand.isNull ? !isMissing(value) : isMissing(value) || key(value, field) != key(operand, field)
        case "in": return !isMissing(value) && (operand.elements ?? []).contains { key(value, field) == key($0, field) }
        case "nin": return isMissing(value) || !(operand.elements ?? []).contains { key(value, field) == key($0, field) }
        case "contains" where field == "tags": return value.elements?.contains(operand) ?? false
        default: break
        }
        guard !isMissing(value), let text = value.string ?? value.bool.map({ "\($0)" }) else { return false }
        let isAddress = field == "email"
        switch operation {
        case "like": return matches(isAddress ? text.lowercased() : text, isAddress ? lower(operand) : operand.string ?? "")
        case "ilike": return matches(text.lowercased(), lower(operand))
        case "starts":
            return isAddress ? Array(text.lowercased()).starts(with: lower(operand)) : Array(text).starts(with: operand.string ?? "")
        case "contains": return lower(operand).isEmpty || text.lowercased().contains(lower(operand))
        case "lt": return text < operand.string ?? ""
        case "gte": return text >= operand.string ?? ""
        case "between":
            let bounds = (operand.elements ?? []).compactMap(\.string)
            return bounds.count == 2 && text >= bounds[0] && text <= bounds[1]
        default: return false
        }
    }

    private func isMissing(_ value: JSON) -> Bool { value.isNull || value == [] }

    private func lower(_ value: JSON) -> String { (value.string ?? "").lowercased() }

    private func value(_ field: String, of record: JSON) -> JSON {
        let parts = field.split(separator: ".").map(String.init)
        guard parts.count == 2 else { return record[field] ?? .null }
        if parts[0] == "company" {
            return record["company_id"]?.string.flatMap { companies[$0] }?[parts[1]] ?? .null
        }
        return record[parts[0]]?[parts[1]] ?? .null
    }

    /// What two values must share to be equal.
    private func key(_ value: JSON, _ field: String) -> String {
        let text = value.string ?? value.bool.map { "\($0)" } ?? ""
        switch field {
        case "email": return text.lowercased()
        case "phone": return text.filter(\.isNumber)
        default: return text
        }
    }

    /// SQL's LIKE with a backslash as escape.
    private func matches(_ text: String, _ pattern: String) -> Bool {
        func match(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
            guard let first = pattern.first else { return text.isEmpty }
            switch first {
            case "%": return (text.startIndex...text.endIndex).contains { match(text[$0...], pattern.dropFirst()) }
            case "_": return !text.isEmpty && match(text.dropFirst(), pattern.dropFirst())
            case "\\": return pattern.count > 1 && text.first == pattern.dropFirst().first && match(text.dropFirst(), pattern.dropFirst(2))
            default: return text.first == first && match(text.dropFirst(), pattern.dropFirst())
            }
        }
        return match(Array(text)[...], Array(pattern)[...])
    }

    func tree(depth: Int, _ random: inout SystemRandomNumberGenerator) -> JSON {
        guard depth < 4, Int.random(in: 0..<3, using: &random) > 0 else { return leaf(&random) }
        let children = (0..<Int.random(in: 0...3, using: &random)).map { _ in tree(depth: depth + 1, &random) }
        switch Int.random(in: 0..<3, using: &random) {
        case 0: return ["and": .array(children)]
        case 1: return ["or": .array(children)]
        default: return ["not": tree(depth: depth + 1, &random)]
        }
    }

    private func leaf(_ random: inout SystemRandomNumberGenerator) -> JSON {
        func pick<T>(_ options: [T]) -> T { options[Int.random(in: 0..<options.count, using: &random)] }
        func comparison(_ field: String, _ operation: String, _ value: JSON) -> JSON {
            ["field": .string(field), "op": .string(operation), "value": value]
        }
        let texts = Self.names + ["", "n", "%", "_", "a%", "Ö%", "%\\%", "A\\_n", "\\\\", "Acme", "Bolt 100%", "Çay_Evi", "ay_"]
        let plain = texts.map { JSON.string($0) }
        switch Int.random(in: 0..<9, using: &random) {
        case 0:
            let field = pick(["first_name", "last_name", "company.name"])
            let operation = pick(["eq", "ne", "in", "nin", "starts", "contains", "is_null"])
            switch operation {
            case "in", "nin":
                return comparison(field, operation, .array((0..<Int.random(in: 0...3, using: &random)).map { _ in pick(plain) }))
            case "is_null": return comparison(field, operation, .bool(Bool.random(using: &random)))
            default: return comparison(field, operation, pick(plain))
            }
        case 1: return comparison(pick(["first_name", "last_name", "company.name"]), pick(["like", "ilike"]), pick(plain))
        case 2: return comparison("email", pick(["eq", "ne", "starts", "like"]), pick(["ANN.%", "bob.1@EX.example", "zoë.", "B%"]))
        case 3: return comparison("phone", pick(["eq", "ne"]), pick(["+49 3012", "(555)", "1"]))
        case 4:
            let operation = pick(["eq", "ne", "lt", "gte", "between"])
            let dates = Self.dates.map { JSON.string($0) }
            return comparison("birthday", operation, operation == "between" ? [pick(dates), pick(dates)] : pick(dates + [dates[0]]))
        case 5: return comparison("tags", pick(["contains"]), pick(["a", "b", "a,b"]))
        case 6:
            return comparison(
                pick(["tags", "address.city", "company_id", "lifecycle_stage", "birthday"]), "is_null", .bool(Bool.random(using: &random)))
        case 7: return comparison(pick(["lifecycle_stage"]), pick(["eq", "ne"]), pick(["prospect", "customer", "former", .null]))
        default: return comparison("email_opt_out", pick(["eq", "ne"]), .bool(Bool.random(using: &random)))
        }
    }
}
