import Postgres
import Records

/// An API key as the API shows it: everything but the secret.
enum APIKeyView {
    /// A JSON object of the row `k`; with `key` only in the answer that makes it.
    static func json(key: String? = nil) -> SQL {
        let time: (String) -> String = { "to_char(k.\($0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')" }
        let members = SQL(
            code: """
                'id', k.id, 'name', k.name, 'role_id', k.role_id, 'prefix', k.prefix, 'allowed_ips', coalesce(to_json(k.allowed_ips), '[]'), \
                'created_at', \(time("created_at")), 'created_by', json_build_object('type', 'user', 'id', k.user_id), \
                'expires_at', \(time("expires_at")), 'last_used_at', \(time("last_used_at"))
                """)
        guard let key else { return "json_build_object(\(members))" }
        return "json_build_object(\(members), 'key', \(key)::text)"
    }

    /// Whether the row `k` is one that the person may see and revoke.
    static func visible(to person: Person) -> SQL {
        person.rights.admin.users ? "k.revoked_at IS NULL" : "k.revoked_at IS NULL AND k.user_id = \(person.userID)"
    }

    static let members: [String: JSON] = [
        "id": .idSchema, "name": ["type": "string"], "role_id": .idSchema, "prefix": ["type": "string"],
        "allowed_ips": ["type": "array", "items": ["type": "string"]], "created_at": .timeSchema,
        "created_by": .objectSchema(["type": ["type": "string"], "id": .idSchema], required: ["type", "id"]),
        "expires_at": ["type": ["string", "null"], "format": "date-time"],
        "last_used_at": ["type": ["string", "null"], "format": "date-time"],
    ]
}
