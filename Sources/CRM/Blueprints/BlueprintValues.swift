import Foundation
import Records
import Recurrence
import Secrets
import Tenancy

/// What a blueprint leaves open, for one tenant: ids, dates, its currency.
struct BlueprintValues: Sendable {
    let blueprint: Blueprint
    let tenant: Tenant
    let currency: String
    let now: Date

    /// The same part of the same blueprint always has the same id in a tenant: so it is found when the blueprint is applied again.
    ///
    /// It is a UUID of version 7, of the moment that the tenant was made, with digits of a digest in place of random ones. The first person
    /// stands for the tenant: a copy of the tenant has the same.
    func id(_ key: String) -> UUID {
        let digest = Digest.sha256("\(tenant.adminID.uuidString) \(blueprint.name) \(key)")
        let moment = UInt64(max(0, tenant.createdAt.timeIntervalSince1970) * 1000)
        var bytes = (0..<6).map { UInt8(truncatingIfNeeded: moment >> (40 - 8 * UInt64($0))) } + digest.prefix(10)
        bytes[6] = bytes[6] & 0x0F | 0x70
        bytes[8] = bytes[8] & 0x3F | 0x80
        return UUID(
            uuid: (
                bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9], bytes[10], bytes[11],
                bytes[12], bytes[13], bytes[14], bytes[15]
            ))
    }

    func text(_ key: String) -> String { id(key).text }

    /// The body of a part as the record type takes it.
    func body(of part: Blueprint.Part) -> JSON {
        guard part.type == "pipelines", let stages = part.body["stages"]?.elements else { return filled(part.body) }
        let named = stages.map { stage in
            JSON.object([.init("id", .string(self.stage("\(part.title)/\(stage["name"]?.string ?? "")")))] + (stage.members ?? []))
        }
        let others = (part.body.members ?? []).filter { $0.name != "stages" }
        return filled(.object(others + [.init("stages", .array(named))]))
    }

    private func stage(_ path: String) -> String { text("stage/\(path)") }

    private func filled(_ value: JSON) -> JSON {
        switch value {
        case .array(let elements): return .array(elements.map(filled))
        case .object(let members):
            if members.count == 1, let open = members.first, open.name.hasPrefix("$") { return meant(open.name, open.value) }
            return .object(members.map { .init($0.name, filled($0.value)) })
        default: return value
        }
    }

    private func meant(_ word: String, _ value: JSON) -> JSON {
        switch word {
        case "$ref": return .string(text(value.string ?? ""))
        case "$pipeline": return .string(text("pipelines/\(value.string ?? "")"))
        case "$stage": return .string(stage(value.string ?? ""))
        case "$day": return .string(day(value).text)
        case "$time": return .string("\(day(value).text)T10:00:00Z")
        case "$due": return .string("\(day(value).text)T09:00")
        case "$money": return ["amount": value, "currency": .string(currency)]
        case "$currency": return .string(currency)
        // Left as it is, the record type refuses it.
        default: return .object([.init(word, value)])
        }
    }

    private func day(_ value: JSON) -> CivilDate { CivilDate(utc: now).adding(days: value.integer ?? 0) }
}
