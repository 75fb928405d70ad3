import CRM
import Foundation
import HTTPTypes
import Records
import Recurrence

/// A form that makes or changes a record, sent as browsers send forms.
struct FormPage: Sendable {
    private let visit: Visit
    private let type: RecordType
    private let id: String

    init(_ visit: Visit) throws(Problem) {
        self.visit = visit
        type = try visit.type(visit.call.parameters["type"])
        id = visit.call.parameters["id"]
    }

    private var store: RecordStore { visit.person.store(type) }

    /// What the address names is filled in already: `/deals/new?company_id=...`.
    func showNew() async throws -> Reply {
        let given = Dictionary(visit.call.query.items.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        return try await page(given, version: nil)
    }

    func create() async throws -> Reply {
        let fields = try FormFields.read(try await visit.call.bytes())
        do {
            let body = try FormBody(type, visit).read(fields, isCreate: true)
            let answer = try await visit.person.allowingDuplicates(fields["allow_duplicate"] != nil).store(type).create(body)
            return .seeOther("/\(type.name)/\(answer.id ?? "")")
        } catch let problem as Problem where problem.code.status < 500 && problem.code != .notFound {
            return try await page(fields, version: nil, after: problem)
        }
    }

    func showEdit() async throws -> Reply {
        let record = try await record()
        return try await page(FormBody(type, visit).fields(of: record), version: record["version"]?.integer)
    }

    func update() async throws -> Reply {
        let fields = try FormFields.read(try await visit.call.bytes())
        let version = fields["version"].flatMap { Int($0) }
        do {
            let body = try FormBody(type, visit).read(fields, isCreate: false)
            _ = try await store.patch(id, body, ifMatch: version.map { .versions([$0]) })
            return .seeOther("/\(type.name)/\(id)")
        } catch let problem as Problem where problem.code.status < 500 && problem.code != .notFound {
            // What was typed stays; the next try meets the version that there is now.
            let now = problem.code == .versionMismatch ? try await record()["version"]?.integer : version
            return try await page(fields, version: now, after: problem)
        }
    }

    func trash() async throws -> Reply {
        _ = try await store.trash(id, ifMatch: .exists)
        return .seeOther("/\(type.name)")
    }

    private func record() async throws -> JSON {
        let answer = try await store.following(id) { try await store.get(id) }
        return try answer.body.map { try JSON(parsing: $0) } ?? .null
    }

    private func page(_ given: [String: String], version: Int?, after problem: Problem? = nil) async throws -> Reply {
        let words = visit.words
        let isNew = id.isEmpty
        let title = words(isNew ? "form.new" : "form.edit", ["type": visit.singular(type)])
        var inputs: [HTML] = []
        for field in FormBody(type, visit).writable {
            inputs.append(try await FieldInput(field, type, visit, given, errors: problem?.errors ?? []).markup())
        }
        let hidden: HTML? = version.map { "<input type=\"hidden\" name=\"version\" value=\"\($0)\">" }
        let insists: HTML? =
            problem?.code == .duplicate
            ? "<label class=\"check\"><input type=\"checkbox\" name=\"allow_duplicate\" value=\"true\"> \(words("form.allow_duplicate"))</label>"
            : nil
        let back = isNew ? "/\(type.name)" : "/\(type.name)/\(id)"
        let content: HTML = """
            <p class="crumb"><a href="\(back)">\(visit.plural(type))</a></p><h1>\(title)</h1>
            \(problem.map { "<p role=\"alert\" class=\"alert\">\(words.refusal($0))</p>" as HTML })
            <form method="post" class="stack record-form"><input type="hidden" name="csrf" value="\(visit.proof)">\(hidden)
            \(inputs)\(insists)
            <p class="actions"><button class="button primary">\(words("form.save"))</button> <a class="button" href="\(back)">\(words("form.cancel"))</a></p></form>
            """
        let state: JSON = ["kind": "form", "type": .string(type.name), "id": isNew ? .null : .string(id)]
        var reply = PageFrame.inside(title, content, visit, section: type.name, script: isNew ? "create.js" : "record.js", state: state)
        if let problem { reply.status = .init(code: problem.code.status) }
        return reply
    }
}

/// Between the names and values of a form and the body that the record engine reads.
struct FormBody: Sendable {
    private let type: RecordType
    private let visit: Visit

    init(_ type: RecordType, _ visit: Visit) {
        self.type = type
        self.visit = visit
    }

    /// What a form without scripts can fill in.
    var writable: [FieldDefinition] {
        let own = type.ownFields + type.customFields + [CommonFields.owner, CommonFields.tags]
        return own.filter { field in
            let rights = visit.person.rights
            guard !field.isReadOnly, !field.isDerived, !rights.isHidden(field.path, of: type.name),
                !rights.isReadOnly(field.path, of: type.name)
            else { return false }
            switch field.kind {
            case .document, .computed, .actor, .identifier, .custom, .integers, .references: return false
            default: return true
            }
        }
    }

    /// What the form sent, as a body. What was left empty is null when a record is changed, and absent when one is made.
    func read(_ fields: [String: String], isCreate: Bool) throws -> JSON {
        var members: [JSON.Member] = []
        var custom: [JSON.Member] = []
        for field in writable {
            guard let value = value(of: field, in: fields), !(isCreate && value.isNull) else { continue }
            if field.isCustom { custom.append(.init(field.name, value)) } else { members.append(.init(field.name, value)) }
        }
        if !custom.isEmpty { members.append(.init("custom", .object(custom))) }
        return .object(members)
    }

    /// Nil where the form did not have the field at all.
    private func value(of field: FieldDefinition, in fields: [String: String]) -> JSON? {
        let text = { (name: String) -> String? in fields[name].map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } }
        let name = field.path
        switch field.kind {
        case .flag: return fields["\(name).shown"] == nil ? nil : .bool(fields[name] != nil)
        case .money:
            guard let amount = text("\(name).amount") else { return nil }
            return amount.isEmpty ? .null : ["amount": .string(amount), "currency": .string(text("\(name).currency") ?? "")]
        case .address:
            let parts = Address.parts.compactMap { part in
                text("\(name).\(part.name)").map { JSON.Member(part.name, $0.isEmpty ? .null : .string($0)) }
            }
            return parts.isEmpty ? nil : .object(parts)
        case .localTime:
            guard let local = text("\(name).local") else { return nil }
            return local.isEmpty ? .null : ["local": .string(local), "time_zone": .string(text("\(name).time_zone") ?? visit.timeZone)]
        case .record:
            guard let target = text("\(name).type"), let id = text("\(name).id") else { return nil }
            return target.isEmpty ? .null : ["type": .string(target), "id": .string(id)]
        case .tags, .choices:
            guard let list = text(name) else { return nil }
            return .array(list.split(separator: ",").map { .string(String($0.trimmedOfSpaces)) }.filter { $0.string != "" })
        case .integer:
            guard let number = text(name) else { return nil }
            // Not a number: the engine says so, with the field's name.
            return number.isEmpty ? .null : Int(number).map { JSON($0) } ?? .string(number)
        case .time:
            guard let local = text(name) else { return nil }
            guard !local.isEmpty else { return .null }
            return .string(instant(local) ?? local)
        default: return text(name).map { $0.isEmpty ? .null : .string($0) }
        }
    }

    /// What a clock on the reader's wall shows, as an instant.
    private func instant(_ local: String) -> String? {
        guard let zone = TimeZone(identifier: visit.timeZone),
            let wall = try? Date.ISO8601FormatStyle(timeZone: .gmt).parse(local.count == 16 ? "\(local):00Z" : "\(local)Z")
        else { return nil }
        let guess = wall.addingTimeInterval(-Double(zone.secondsFromGMT(for: wall)))
        return wall.addingTimeInterval(-Double(zone.secondsFromGMT(for: guess))).apiText
    }

    /// A record as the form's fields.
    func fields(of record: JSON) -> [String: String] {
        var fields: [String: String] = [:]
        for field in writable {
            let value = (field.isCustom ? record["custom"]?[field.name] : record[field.name]) ?? .null
            let name = field.path
            switch field.kind {
            case .flag: if value.bool == true { fields[name] = "true" }
            case .money, .address, .localTime, .record:
                for member in value.members ?? [] { fields["\(name).\(member.name)"] = member.value.string }
            case .tags, .choices: fields[name] = (value.elements ?? []).compactMap(\.string).joined(separator: ", ")
            case .time: fields[name] = value.string.flatMap(wall)
            default: fields[name] = value.string ?? (value.isNull ? nil : value.text)
            }
        }
        return fields
    }

    private func wall(_ text: String) -> String? {
        guard let instant = try? Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains(".")).parse(text),
            let zone = TimeZone(identifier: visit.timeZone)
        else { return nil }
        let shifted = instant.addingTimeInterval(Double(zone.secondsFromGMT(for: instant)))
        return String(shifted.apiText.prefix(16))
    }
}
