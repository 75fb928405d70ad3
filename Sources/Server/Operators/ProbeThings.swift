import HTTPTypes
import Records
import Secrets

/// What the tenant has whose things another tries to reach: at least one of every kind that has an id.
struct ProbeThings: Sendable {
    /// By the first segment of their addresses.
    private var ids: [String: String] = [:]

    /// An id that no tenant has.
    static let never = "01890000-0000-7000-8000-000000000000"

    /// The ids that a route is tried with: the thing it is about, where the kind is known, and a contact in any case.
    func ids(for path: String) -> [String] {
        let words = path.split(separator: "/").map(String.init)
        let kind = words.count > 1 ? words[1] : ""
        let names = [kind, words.prefix { !$0.hasPrefix("{") }.last ?? "", "contacts"]
        var seen: Set<String> = []
        return names.compactMap { ids[$0] }.filter { seen.insert($0).inserted }
    }

    /// Finds what is there and makes what is not, through the API.
    static func collect(_ client: InnerClient) async throws -> ProbeThings {
        var things = ProbeThings()
        try await things.take("users", nil, client)
        try await things.take("roles", nil, client)
        try await things.take("pipelines", nil, client)
        try await things.take("contacts", ["last_name": "Probe", "email": "probe@example.invalid"], client)
        try await things.take("companies", ["name": "Probe"], client)
        try await things.take("leads", ["last_name": "Probe"], client)
        try await things.take("deals", try await deal(client), client)
        try await things.take("activities", ["kind": "note", "subject": "Probe", "at": "2026-01-01T00:00:00Z"], client)
        try await things.take("tasks", ["title": "Probe"], client)
        try await things.take("templates", ["name": "Probe", "subject": "Probe", "body": "Probe"], client)
        try await things.take(
            "reminders",
            [
                "when": ["local": "2001-01-01T09:00", "time_zone": "UTC"], "recipients": ["owner"], "subject": "Probe", "active": false,
            ], client)
        try await things.take("teams", ["name": "Probe"], client)
        try await things.take("views", ["name": "Probe", "type": "contacts"], client)
        try await things.take("custom_fields", ["type": "contacts", "name": "probe", "label": "Probe", "kind": "text"], client)
        try await things.take(
            "custom_objects",
            [
                "name": "Probe", "plural": "probes", "label_field": "title",
                "fields": [["name": "title", "label": "Title", "kind": "text"]],
            ], client)
        try await things.take("probes", ["title": "Probe"], client)
        if let role = things.ids["roles"] { try await things.take("api_keys", ["name": "Probe", "role_id": .string(role)], client) }
        try await things.take("imports", ["type": "contacts", "mode": "create"], client)
        try await things.take("exports", ["type": "contacts", "format": "csv"], client)
        try await things.take("duplicate_scans", at: "/v1/duplicates/scans", ["type": "contacts"], client)
        things.ids["scans"] = things.ids["duplicate_scans"]
        things.ids["quotas"] = things.ids["users"]
        try await things.takeOperation(client)
        try await things.takeAttachment(client)
        return things
    }

    private mutating func take(_ kind: String, at address: String? = nil, _ sample: JSON?, _ client: InnerClient) async throws {
        let address = address ?? "/v1/\(kind)"
        let list = try await client.send(.get, address + "?limit=1")
        // A collection that cannot be listed has nothing to be found in.
        if list.status == 200, let id = try list.json["data"]?.elements?.first?["id"]?.string {
            ids[kind] = id
            return
        }
        guard let sample else { return }
        let made = try await client.send(.post, address, sample.text)
        guard (200..<300).contains(made.status), let id = try made.json["id"]?.string else { return }
        ids[kind] = id
    }

    private static func deal(_ client: InnerClient) async throws -> JSON {
        let pipeline = try await client.send(.get, "/v1/pipelines?limit=1").json["data"]?.elements?.first
        return [
            "name": "Probe", "pipeline_id": pipeline?["id"] ?? .null, "stage_id": pipeline?["stages"]?.elements?.first?["id"] ?? .null,
        ]
    }

    private mutating func takeOperation(_ client: InnerClient) async throws {
        let batch: JSON = ["operations": [["op": "update", "id": .string(ids["contacts"] ?? Self.never), "body": ["title": "Probe"]]]]
        let answer = try await client.send(.post, "/v1/contacts/batch", batch.text)
        if answer.status == 200 { ids["operations"] = try answer.json["operation_id"]?.string }
    }

    private mutating func takeAttachment(_ client: InnerClient) async throws {
        guard let contact = ids["contacts"] else { return }
        let address = "/v1/contacts/\(contact)/attachments"
        let list = try await client.send(.get, address)
        let there = list.status == 200 ? try list.json["data"]?.elements?.first?["id"]?.string : nil
        if let there {
            ids["attachments"] = there
        } else {
            let made = try await client.send(.post, address + "?name=probe.json", "{}")
            if made.status == 201 { ids["attachments"] = try made.json["id"]?.string }
        }
    }
}
