import HTTPTypes
import Records
import Tenancy

/// Who a token belongs to: `/operator/v1/identity`, so that a desk offers only what its reader may do.
struct IdentityRoutes: Sendable {
    var endpoints: [Endpoint] { [.operator(.get, "/operator/v1/identity", role: .viewer, Self.show, show)] }

    private func show(_ call: Call, _ caller: Operator) async throws -> Reply {
        .json(["id": .string(caller.id.text), "name": .string(caller.name), "role": .string(caller.role.rawValue)])
    }

    private static let show = Operation(
        "operators.identity", "Who you are", tag: "Operators",
        responses: [200: ResponseDescription("The operator of the token.", schema: ["$ref": "#/components/schemas/Identity"])])

    static let schemas: [String: JSON] = [
        "Identity": .objectSchema(
            [
                "id": .idSchema, "name": ["type": "string"],
                "role": ["type": "string", "enum": JSON(Operator.Role.allCases.map(\.rawValue))],
            ], required: ["id", "name", "role"])
    ]
}
