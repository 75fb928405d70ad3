import Foundation
import HTTPTypes
import Support

@testable import Records
@testable import Server

/// A tenant with something of everything, and bodies for new records of any type made from what the catalogue says of its fields.
struct Specimens: Sendable {
    let firm: Firm
    let admin: Client
    let type: RecordType
    /// Every type, and one that a tenant has made with fields of every kind; but not those whose records make columns and tables: their own
    /// suites try them.
    static let types = TestHouse.catalog.types.map(\.name).filter { !["custom_fields", "custom_objects"].contains($0) } + [made]
    private static let made = "gadgets"

    /// Records to refer to, by type.
    let known: [String: [String]]

    static func open(_ name: String) async throws -> Specimens {
        let firm = try await TestSite.shared.firm()
        let admin = try await firm.admin()
        let catalog = name == made ? try await makingGadgets(firm, admin) : TestHouse.catalog
        guard let type = catalog[name] else { throw Unexpected("no type \(name)") }
        var known: [String: [String]] = [:]
        let pipeline = try await admin.get("/v1/pipelines").json["data"]?.elements?.first ?? .null
        let stage = pipeline["stages"]?.elements?.first?["id"]?.string ?? ""
        known["pipelines"] = [pipeline["id"]?.string ?? ""]
        known["stages"] = [stage]
        known["roles"] = [try await firm.roleID("member")]
        known["users"] = [try await admin.get("/v1/session").json["user"]?["id"]?.string ?? ""]
        let bodies: [(String, JSON)] = [
            ("contacts", ["last_name": "Base"]), ("companies", ["name": "Base"]), ("leads", ["last_name": "Base"]),
            ("teams", ["name": "Base"]),
            ("deals", ["name": "Base", "pipeline_id": pipeline["id"] ?? .null, "stage_id": .string(stage)]),
        ]
        for (name, body) in bodies { known[name] = [try await RightsFirm.id(of: admin.post("/v1/\(name)", body))] }
        return Specimens(firm: firm, admin: admin, type: type, known: known)
    }

    /// The catalogue of the tenant once it has made a type of its own.
    private static func makingGadgets(_ firm: Firm, _ admin: Client) async throws -> Catalog {
        let fields = CustomKind.allCases.map { kind -> JSON in
            let options: JSON =
                switch kind {
                case .select, .multiSelect: ["red", "green", "blue"]
                case .reference: ["type": "contacts"]
                default: .null
                }
            let isLabel = kind == .text
            return [
                "name": .string("a_\(kind.rawValue)"), "label": "A", "kind": .string(kind.rawValue), "options": options,
                "required": .bool(isLabel), "unique": .bool(isLabel || kind == .email),
            ]
        }
        let order: JSON = ["name": "gadget", "plural": .string(made), "label_field": "a_text", "fields": .array(fields)]
        let answer = try await admin.post("/v1/custom_objects", order)
        guard answer.status == 201 else { throw Unexpected(answer) }
        let shape = try await firm.scope().rows("SELECT \(Shape.column)")[0].text(0)
        return try Shape(parsing: shape).applied(to: TestHouse.catalog)
    }

    var address: String { "/v1/\(type.name)" }

    /// Fields that a body may name.
    var writable: [FieldDefinition] { type.fields.filter { !$0.isReadOnly && value($0, 0) != nil } }

    func body(_ number: Int) -> JSON {
        .object(
            writable.compactMap { field in
                // A reminder without a template needs a subject.
                let isNeeded = field.isRequired || field.isTitle || field.isFilled || ["tags", "subject"].contains(field.name)
                let isMissing = number % 4 == 3 && !isNeeded
                return isMissing && field.kind != .flag ? nil : value(field, number).map { JSON.Member(field.name, $0) }
            })
    }

    func create(_ number: Int) async throws -> JSON {
        let answer = try await admin.post(address, body(number))
        guard answer.status == 201 else { throw Unexpected(answer) }
        return try answer.json
    }

    /// A value that the field takes; nil for what a test leaves alone.
    func value(_ field: FieldDefinition, _ number: Int) -> JSON? {
        switch "\(type.name).\(field.name)" {
        case "roles.rights": return ["contacts": ["read": "own"]]
        case "pipelines.stages": return [["name": "Start"], ["name": .string("Won \(number)"), "kind": "won"]]
        case "leads.status": return .string(["new", "working", "qualified"][number % 3])
        case "users.status": return .string(["active", "disabled"][number % 2])
        case "deals.position", "deals.lost_reason": return nil
        case "reminders.when": return ["local": .string("2031-0\(number % 9 + 1)-10T09:00"), "time_zone": "Europe/Berlin"]
        case "reminders.rrule": return .string(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO"][number % 2])
        case "reminders.exdate": return [.string("2031-10-1\(number % 9)T09:00")]
        case "reminders.recipients": return [["owner"], [["email": .string("mail\(number)@example.com")]]][number % 2]
        case "views.type": return "contacts"
        case "views.shared_with": return "all"
        case "views.sort": return .string(["last_name", "-created_at"][number % 2])
        case "views.columns": return [["last_name", "email"], ["email"]][number % 2]
        // A user owns oneself; who is in a team cannot be deleted.
        case "users.owner_id", "users.team_ids", "teams.member_ids": return nil
        default: break
        }
        let words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu"]
        let target = field.target.flatMap { known[$0]?.first }
        switch field.kind {
        case .text: return .string("\(words[number % words.count])-\(number)")
        case .email: return .string("mail\(number)@example.com")
        case .domain: return .string("d\(number).example.com")
        case .phone: return .string("+49 30 \(1_000 + number)")
        case .website: return .string("https://example.com/\(number)")
        case .language: return .string(["de", "en"][number % 2])
        case .timeZone: return .string(["Europe/Berlin", "Asia/Tokyo"][number % 2])
        case .choice(let options): return .string(options[number % options.count])
        case .choices(let options): return JSON([options[number % options.count]])
        case .integer(let range): return JSON(min(range.upperBound, range.lowerBound + 1 + number * 3))
        case .integers: return [JSON(10 + number)]
        case .decimal: return .string("\(number).5")
        case .money: return ["amount": .string("\(number * 7).50"), "currency": .string(["EUR", "USD"][number % 2])]
        case .currency: return .string(["EUR", "USD"][number % 2])
        case .flag: return .bool(number % 2 == 0)
        case .date: return .string("2026-0\(number % 9 + 1)-10")
        case .time: return .string("2026-0\(number % 9 + 1)-10T09:00:00.000Z")
        case .localTime: return ["local": .string("2026-0\(number % 9 + 1)-10T09:00"), "time_zone": "UTC"]
        case .reference: return target.map { .string($0) }
        case .references: return target.map { [.string($0)] }
        case .record: return ["type": "contacts", "id": .string(known["contacts"]?.first ?? "")]
        case .tags: return ["specimen", .string("t\(number % 3)")]
        case .address: return ["street": .string("High St \(number)"), "city": .string(words[number % 3]), "country": "DE"]
        case .secret: return .string(TestSite.password)
        case .actor, .identifier, .document, .custom, .computed: return nil
        }
    }

    /// Every field that conditions can name: its name there, its kind, and how to find it in an answer.
    var comparable: [(name: String, kind: FieldKind, read: @Sendable (JSON) -> JSON)] {
        var found: [(name: String, kind: FieldKind, read: @Sendable (JSON) -> JSON)] = []
        for field in type.fields where !field.isWriteOnly {
            let name = field.name
            switch field.kind {
            case .address:
                found.append(("\(name).city", .text(max: 500), { $0[name]?["city"] ?? .null }))
            case .money:
                // What follows from other fields is shown rounded and compared as it is.
                if field.isDerived { break }
                found.append((name, .decimal, { $0[name]?["amount"] ?? .null }))
                found.append(("\(name).currency", .currency, { $0[name]?["currency"] ?? .null }))
            case .localTime:
                // Specimens are in UTC, so what clocks show there is the instant.
                found.append((name, .time, { ($0[name]?["local"]?.string).map { .string("\($0):00.000Z") } ?? .null }))
            case .actor, .record: found.append((name, .identifier, { $0[name]?["id"] ?? .null }))
            case .document, .secret, .custom, .computed: break
            default: found.append((name, field.kind, { $0[name] ?? .null }))
            }
        }
        return found
    }
}
