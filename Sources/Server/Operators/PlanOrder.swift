import CRM
import Foundation
import Records
import Tenancy

/// The body of `PUT /operator/v1/plans/{name}`, checked.
package struct PlanOrder: Sendable {
    package let name: String
    package let terms: PlanTerms
    /// Why it is put; no part of the plan.
    package let reason: String?

    /// - Parameter catalog: the built-in record types: whose records a plan may limit, beside those that tenants make.
    package init(_ name: String, _ body: JSON, _ catalog: Catalog) throws(Problem) {
        var form = Form(body, known: ["limits", "rates", "features", "price", "reason"])
        if name.wholeMatch(of: /[a-z][a-z0-9_]{0,39}/) == nil {
            form.refuse(
                "name", .format, "A plan's name begins with a lower-case letter; lower-case letters, digits and _ follow, 40 at most.")
        }
        let words = PlanWords(catalog)
        let limits = words.limits(in: &form)
        let rates = words.rates(in: &form)
        let features = words.features(in: &form)
        let price = Self.price(in: &form)
        reason = form.text("reason", required: false)
        try form.finish()
        guard let price else { throw .notFound }
        self.name = name
        terms = PlanTerms(
            limits: limits.compactMapValues(\.self), rates: rates.compactMapValues(\.self), features: features, price: price)
    }

    private static func price(in form: inout Form) -> PlanPrice? {
        guard let object = form.object("price", required: true) else { return nil }
        var inner = Form(object, known: ["amount", "currency", "per"], at: "/price")
        let word = inner.textIfGiven("per") ?? PlanPrice.Payer.user.rawValue
        let per = PlanPrice.Payer(rawValue: word)
        if per == nil {
            inner.refuse("per", .enum, "This is one of \(PlanPrice.Payer.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        form.add(inner)
        do throws(Problem) {
            let money = try Money(
                .object([.init("amount", object["amount"] ?? .null), .init("currency", object["currency"] ?? .null)]), at: "/price")
            guard !money.isNegative else {
                form.add(.init("/price/amount", .range, "A price is not negative."))
                return nil
            }
            return per.map { PlanPrice(amount: money.printed, currency: money.currency, per: $0) }
        } catch {
            for error in error.errors { form.add(error) }
            return nil
        }
    }
}

/// The names that plans and overrides use, and what may stand behind them.
struct PlanWords: Sendable {
    private let catalog: Catalog

    /// As JSON Schema; null is nothing, as everywhere.
    static let limits: JSON = [
        "type": ["object", "null"],
        "propertyNames": ["pattern": .string("^(\(Resource.all.joined(separator: "|"))|records\\.[a-z][a-z0-9_]{0,40})$")],
        "additionalProperties": ["type": ["integer", "null"], "minimum": 0, "maximum": JSON(most)],
    ]
    static let rates = object(PlanTerms.rates, ["type": ["integer", "null"], "minimum": 1, "maximum": JSON(most)])
    static let features = object(Feature.allCases.map(\.rawValue), ["type": "boolean"])

    private static func object(_ names: [String], _ value: JSON) -> JSON {
        ["type": ["object", "null"], "additionalProperties": false, "properties": .object(names.map { .init($0, value) })]
    }

    init(_ catalog: Catalog) {
        self.catalog = catalog
    }

    /// Whole numbers from 0; null is unlimited.
    func limits(in form: inout Form) -> [String: Int?] {
        numbers("limits", in: &form) { name, form in
            guard let word = refusal(of: name) else { return name == Resource.users ? 1...Self.most : 0...Self.most }
            form.refuse(name.pointerToken, .unknown, word)
            return nil
        }
    }

    func rates(in form: inout Form) -> [String: Int?] {
        numbers("rates", in: &form) { name, form in
            guard !PlanTerms.rates.contains(name) else { return 1...Self.most }
            form.refuse(name.pointerToken, .unknown, "This is one of \(PlanTerms.rates.joined(separator: ", ")).")
            return nil
        }
    }

    func features(in form: inout Form) -> [String: Bool] {
        guard let object = form.object("features") else { return [:] }
        var inner = Form(object, known: (object.members ?? []).map(\.name), at: form.pointer("features"))
        var features: [String: Bool] = [:]
        for member in object.members ?? [] {
            if Feature(rawValue: member.name) == nil {
                let known = Feature.allCases.map(\.rawValue).joined(separator: ", ")
                inner.refuse(member.name.pointerToken, .unknown, "This is one of \(known).")
            } else if let flag = member.value.bool {
                features[member.name] = flag
            } else {
                inner.refuse(member.name, .type, "This is true or false, not \(member.value.kind).")
            }
        }
        form.add(inner)
        return features
    }

    /// More than any database holds is a slip of the hand.
    private static let most = 1_000_000_000_000_000

    private func numbers(
        _ place: String, in form: inout Form, _ range: (String, inout Form) -> ClosedRange<Int>?
    ) -> [String: Int?] {
        guard let object = form.object(place) else { return [:] }
        var inner = Form(object, known: (object.members ?? []).map(\.name), at: form.pointer(place))
        var numbers: [String: Int?] = [:]
        for member in object.members ?? [] {
            guard let range = range(member.name, &inner) else { continue }
            numbers[member.name] = .some(inner.integer(member.name, in: range))
        }
        form.add(inner)
        return numbers
    }

    /// Why a plan cannot limit this; nil when it can.
    private func refusal(of resource: String) -> String? {
        if Resource.all.contains(resource) { return nil }
        let all = "This is one of \(Resource.all.joined(separator: ", ")), or records.<type>"
        guard let type = Resource.type(of: resource) else { return all + "." }
        if let known = catalog[type] { return known.standing == .furniture ? "Of \(type) no number of records is limited." : nil }
        let isSingular = catalog.types.contains { $0.singular == type }
        guard CustomField.isName(type), !isSingular, !CustomObjects.reserved.contains(type) else {
            return all + "; there can be no record type \"\(type.prefix(60))\"."
        }
        return nil
    }
}

extension Overrides {
    /// The member `overrides` of a change of plan; nil when it says nothing about them. Null takes them all away.
    init?(in form: inout Form, _ body: JSON, _ catalog: Catalog) {
        guard let value = body["overrides"] else { return nil }
        guard !value.isNull, let object = form.object("overrides") else {
            self = .none
            return
        }
        var inner = Form(object, known: Self.members, at: "/overrides")
        self.init(reading: &inner, catalog)
        form.add(inner)
    }

    /// Reads them alone. Refuses with `.invalid` unknown names and what cannot be.
    package init(order: JSON, _ catalog: Catalog) throws(Problem) {
        var form = Form(order, known: Self.members)
        self.init(reading: &form, catalog)
        try form.finish()
    }

    private static let members = ["limits", "rates", "features"]

    private init(reading form: inout Form, _ catalog: Catalog) {
        let words = PlanWords(catalog)
        self.init(limits: words.limits(in: &form), rates: words.rates(in: &form), features: words.features(in: &form))
    }
}
