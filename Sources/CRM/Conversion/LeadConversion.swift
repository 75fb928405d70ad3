import Foundation
import Postgres
import Records
import Secrets
import Tenancy

/// A lead becomes a contact, a company and, if wanted, a deal: found where they are known, made where not, all in one transaction and
/// under one operation id, so that it can be undone as a whole.
///
/// Conversions of a tenant wait for one another. Each is planned from what it read and carried out only while that still holds; whoever
/// was overtaken plans again, so of many at once one makes the contact and the others find it.
package struct LeadConversion: Sendable {
    private let scope: TenantScope
    private let caller: Caller
    private let catalog: Catalog

    /// How often one conversion may be overtaken.
    private static let attempts = 5

    package init(in scope: TenantScope, for caller: Caller, _ catalog: Catalog) {
        self.scope = scope
        self.catalog = catalog
        var caller = caller
        caller.operationID = caller.operationID ?? UUID.v7()
        self.caller = caller
    }

    /// `{"lead","contact","company","deal"}`.
    ///
    /// - Parameter id: as it stands in the address; what is no id names no lead.
    package func convert(_ id: String, _ body: JSON, repeatable: RepeatableRequest?) async throws -> RecordAnswer {
        guard let id = UUID(text: id) else { throw Problem.notFound }
        for attempt in 1...Self.attempts {
            if let answer = try await convert(id, body, repeatable, isLast: attempt == Self.attempts) { return answer }
        }
        throw Problem(.overloaded, "Others are writing the same contact or company; try again.", retryAfter: 1)
    }

    /// Nil when someone else was faster with what this one was about to find or make.
    private func convert(_ id: UUID, _ body: JSON, _ repeatable: RepeatableRequest?, isLast: Bool) async throws -> RecordAnswer? {
        let claim = try await scope.run((repeatable?.claim ?? []) + [ConvertibleLead.query(id, for: caller, locked: false)])
        let lead = try ConvertibleLead(id, claim[claim.count - 1], for: caller)
        let order = try Self.order(body)
        let match = try LeadMatch(try await scope.rows(LeadMatch.query(lead, for: caller)))
        let plan = try await ConversionPlan(lead, match, deal: order, by: caller, catalog, in: scope)
        do {
            return try await carryOut(plan, id, repeatable)
        } catch let problem as Problem {
            // Made by hand meanwhile: the next attempt finds it.
            if problem.code == .duplicate, !isLast { return nil }
            throw problem
        }
    }

    private func carryOut(_ plan: ConversionPlan, _ id: UUID, _ repeatable: RepeatableRequest?) async throws -> RecordAnswer? {
        try await scope.writing { [caller] transaction in
            try transaction.flush(
                (repeatable?.claim ?? []) + [Turn.of("leads.convert")])
            let lead = try ConvertibleLead(
                id, try transaction.rows(ConvertibleLead.query(id, for: caller, locked: true)), for: caller)
            guard plan.fits(lead, try LeadMatch(try transaction.rows(LeadMatch.query(lead, for: caller)))) else { return nil }
            let body = try plan.run(in: transaction)
            if let repeatable {
                _ = try transaction.rows(repeatable.remember(.init(status: 200, body: String(decoding: body, as: UTF8.self))))
            }
            return RecordAnswer(status: 200, body: body)
        }
    }

    /// The deal that the body wants, if any.
    private static func order(_ body: JSON) throws(Problem) -> JSON? {
        var errors = (body.members ?? []).filter { $0.name != "create_deal" }.map {
            Problem.FieldError("/\($0.name.pointerToken)", .unknown, "A conversion takes create_deal and nothing else.")
        }
        let order = body["create_deal"].flatMap { $0.isNull ? nil : $0 }
        if let order, order.members == nil {
            errors.append(.init("/create_deal", .type, "This is the body of a deal, an object, not \(order.kind)."))
        }
        guard errors.isEmpty else { throw .invalid(errors) }
        return order
    }
}
