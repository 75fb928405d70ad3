import CRM
import Postgres
import Records
import Tenancy

/// What an operator may do in an account under a grant, and what the account reads of it.
struct GrantedVisit: Sendable {
    private let grant: Grant

    init(_ grant: Grant) { self.grant = grant }

    /// What the door needs to know of the account.
    static let lookup: SQL = "SELECT \(TenantPolicy.column), \(Shape.column)"

    /// Whoever visits stands in for the first administrator, since records belong to someone of the account.
    static func principal(_ row: Row, _ catalogs: Catalogs, _ scope: TenantScope) throws -> Principal {
        Principal(
            userID: scope.tenant.adminID, keyID: nil, rights: rights, teamMemberIDs: [], allowedAddresses: [], expires: nil,
            policy: TenantPolicy(try SettingsDocument(parsing: row.text(0))), catalog: try catalogs.catalog(shape: row.optionalText(1)),
            tenantChangedAt: scope.tenant.changedAt)
    }

    /// Everything but people and their rights: what a visit leaves behind there would outlast it.
    private static let rights = Rights(
        types: ["*": .everything, "users": .init(read: .all), "roles": .init(read: .all)],
        admin: .init(settings: true, billing: true, schema: true))

    /// Refuses with `.forbidden` what would be a way in after the grant has ended.
    func admit(_ call: Call, _ effect: Endpoint.Effect) throws(Problem) {
        let opensAWay = Self.waysIn.contains { call.path == $0 || call.path.hasPrefix($0 + "/") }
        guard effect == .reads || (effect != .signs && !opensAWay) else {
            throw Problem(.forbidden, "Under a grant nobody's way in is made or changed: users, roles, sessions, API keys, calendars.")
        }
    }

    private static let waysIn = ["/v1/session", "/v1/api_keys", "/v1/calendar/token", "/v1/users", "/v1/roles"]

    func caller(_ principal: Principal, requestID: String) -> Caller {
        principal.caller(requestID: requestID).acting(as: actor)
    }

    private var actor: Actor { Actor(.operator, grant.operatorID ?? grant.id) }

    /// The line in the account's own audit.
    func entry(for call: Call) -> SQL {
        AuditTrail.entry(
            .operatorAccess, by: actor, about: .init("grants", grant.id), from: call.address, requestID: call.requestID,
            detail: [
                "operator": .string(grant.actor), "reason": .string(grant.reason), "method": .string(call.method.rawValue),
                "path": .string(String(call.path.prefix(500))),
            ])
    }
}

extension Caller {
    /// The same rights by another hand.
    func acting(as actor: Actor) -> Caller {
        var caller = self
        caller.actor = actor
        return caller
    }
}
