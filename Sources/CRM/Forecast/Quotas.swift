import Foundation
import Postgres
import Records
import Tenancy

/// What people have set out to sell in a month, and how much of it is won.
///
/// Won are the owner's won deals that close in the month, in the quota's currency. Who reads all deals sees all quotas, others those of the
/// people whose deals they read; who may change all deals, or runs the account, sets them.
package struct Quotas: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog
    private let today: String

    /// - Parameter today: the day in the tenant's zone, `YYYY-MM-DD`.
    package init(in scope: TenantScope, for caller: Caller, of catalog: Catalog, today: String) {
        self.scope = scope
        self.caller = caller
        self.catalog = catalog
        self.today = today
    }

    private var reach: Rights.Reach { caller.rights[Deals.type.name].read }

    /// The quotas of these months, the earliest first.
    package func list(_ months: MonthSpan) async throws -> JSON {
        try Forecast.checkRights(caller, Self.fields)
        let rows = try await scope.rows(
            statement("q.month BETWEEN \(months.from.firstDay)::date AND \(months.to.firstDay)::date AND \(whose)"))
        return ["data": .array(try rows.map(Self.document))]
    }

    /// Sets one. Refuses with `.notFound` when there is no such user, with `.versionMismatch` when the quota is of another version. The same
    /// amount again keeps the version.
    package func set(_ user: UUID, _ month: Month, to quota: Money, ifMatch: Precondition?) async throws -> RecordAnswer {
        let rights = caller.rights
        guard rights.admin.users || rights.admin.settings || rights[Deals.type.name].update == .all else {
            throw Problem(.forbidden, "Only those who may change all deals, or run the account, set quotas.")
        }
        if let hidden = Self.fields.first(where: { rights.isHidden($0, of: Deals.type.name) }) {
            throw Problem(.forbidden, "A quota tells the deals' \(hidden), which your role does not show.")
        }
        let place: SQL = "q.user_id = \(user) AND q.month = \(month.firstDay)::date"
        let (lock, write, read) = (Self.lock(user, month), upsert(user, month, quota), statement(place))
        return try await scope.transaction { transaction in
            let answers = try transaction.flush(lock)
            guard !answers[0].isEmpty else { throw Problem.notFound }
            try Self.check(ifMatch, try answers[1].first.map { try $0.int(0) })
            guard let row = try transaction.flush([write, read])[1].first else { throw PostgresError.unexpected("A quota is not there.") }
            return RecordAnswer(status: 200, version: try row.int(5), body: try Self.document(row).bytes)
        }
    }

    /// What the figures give away.
    private static let fields = ["amount", "close_date", "stage_id", "status", "owner_id"]

    private var whose: SQL {
        switch reach {
        case .all: "true"
        case .team: "q.user_id = ANY (\(caller.teamMemberIDs + [caller.userID])::uuid[])"
        case .own: "q.user_id = \(caller.userID)"
        case .none: "false"
        }
    }

    private static func lock(_ user: UUID, _ month: Month) -> [SQL] {
        [
            "SELECT id FROM users WHERE id = \(user) AND deleted_at IS NULL FOR KEY SHARE",
            "SELECT version FROM quotas WHERE user_id = \(user) AND month = \(month.firstDay)::date FOR UPDATE",
        ]
    }

    private static func check(_ precondition: Precondition?, _ version: Int?) throws(Problem) {
        let holds =
            switch precondition {
            case nil: true
            case .exists: version != nil
            case .versions(let versions): version.map(versions.contains) ?? false
            }
        guard !holds else { return }
        throw Problem(
            .versionMismatch, "The quota is of another version now, or there is none yet; read it again and set it then.",
            members: [.init("current_version", version.map { JSON($0) } ?? .null), .init("changed", ["amount"])])
    }

    private func upsert(_ user: UUID, _ month: Month, _ quota: Money) -> SQL {
        """
        INSERT INTO quotas AS q (user_id, month, amount, amount_currency, updated_by_type, updated_by_id)
        VALUES (\(user), \(month.firstDay), \(quota.amount), \(quota.currency), \(caller.actor.kind.rawValue), \(caller.actor.id))
        ON CONFLICT (user_id, month) DO UPDATE
        SET amount = excluded.amount, amount_currency = excluded.amount_currency, version = q.version + 1, updated_at = now(),
            updated_by_type = excluded.updated_by_type, updated_by_id = excluded.updated_by_id
        WHERE (q.amount, q.amount_currency) IS DISTINCT FROM (excluded.amount, excluded.amount_currency)
        """
    }

    /// Sixty decimals hold every digit that could decide how the quotient is rounded.
    private func statement(_ condition: SQL) -> SQL {
        """
        WITH \(ExchangeRates.table)
        SELECT q.user_id, to_char(q.month, 'YYYY-MM'), cell.money_json(q.amount, q.amount_currency),
            CASE WHEN NOT sold.has_no_price THEN cell.money_json(sold.won, q.amount_currency) END,
            CASE WHEN NOT sold.has_no_price AND q.amount > 0 THEN cell.half_even(round(sold.won, 60) / q.amount, 4)::text END,
            q.version
        FROM quotas AS q CROSS JOIN LATERAL (
            SELECT coalesce(sum(d.amount * \(ExchangeRates.rate(from: "d.amount_currency", to: "q.amount_currency"))), 0) AS won,
                coalesce(bool_or(d.amount_currency <> q.amount_currency AND found.rate IS NULL), false) AS has_no_price
            FROM deals AS d JOIN stages AS s ON s.id = d.stage_id
                \(ExchangeRates.join(from: "d.amount_currency", to: "q.amount_currency", on: "d.close_date", today: today))
            WHERE d.owner_id = q.user_id AND s.kind = 'won' AND d.deleted_at IS NULL AND d.amount IS NOT NULL
                AND d.close_date >= q.month AND d.close_date < q.month + interval '1 month'
                AND \(caller.readable(catalog[Deals.type.name] ?? Deals.type, "d"))
        ) AS sold
        WHERE \(condition)
        ORDER BY q.month, q.user_id
        """
    }

    private static func document(_ row: Row) throws -> JSON {
        [
            "user_id": .string(try row.text(0)), "month": .string(try row.text(1)), "amount": try JSON(parsing: try row.text(2)),
            "won": try row.optionalText(3).map { try JSON(parsing: $0) } ?? .null, "attainment": JSON(row.optionalText(4)),
        ]
    }
}
