import CRM
import Records
import Secrets
import Tenancy

/// What an operator orders with `PUT /operator/v1/tenants/{slug}`, checked.
struct TenantOrder: Sendable {
    private let request: ProvisionRequest
    private let password: String?

    /// What every installation can furnish a tenant with.
    private static let standard = "general"

    init(slug: String, _ body: JSON, passwords: PasswordPolicy, allowsPrivateHosts: Bool, blueprints: Blueprints) throws(Problem) {
        var form = Form(body, known: ["name", "plan", "admin", "cell", "blueprint", "settings", "test", "trial_days"])
        do throws(TenancyError) {
            try Slug.check(slug)
        } catch {
            form.refuse("slug", .format, error.message)
        }
        let name = form.text("name")
        let plan = form.text("plan", required: false)
        let cell = form.text("cell", required: false)
        let blueprint = form.text("blueprint", required: false)
        let names = blueprints.all.map(\.name)
        if let blueprint, blueprint != Self.standard, !names.contains(blueprint) {
            form.refuse("blueprint", .enum, "This is one of \(names.joined(separator: ", ")).")
        }
        let settings = form.object("settings")
        if let settings {
            var patch = SettingsPatch(allowsPrivateHosts: allowsPrivateHosts)
            _ = patch.merge(settings, into: SettingsDocument())
            for error in patch.errors { form.add(.init("/settings" + error.pointer, error.code, error.detail)) }
        }
        let isTest = form.flag("test") ?? false
        let trialDays = form.integer("trial_days", in: 1...3650)
        var person = Form(form.object("admin", required: true) ?? .object([]), known: ["email", "name", "password"], at: "/admin")
        let email = person.text("email")
        if let email, !EmailAddress.isWellFormed(email) {
            person.refuse("email", .format, "This is an e-mail address such as ann@example.com.")
        }
        let adminName = person.text("name")
        password = person.text("password", required: false, trimmed: false, maximum: .max)
        if let password { person.add(passwords.refusal(password, at: "/admin/password")) }
        if form.has("admin") { form.add(person) }
        try form.finish()
        guard let name, let email, let adminName else { throw .notFound }
        request = ProvisionRequest(
            slug: slug, name: name, plan: plan, cell: cell, admin: .init(email: email, name: adminName), blueprint: blueprint,
            settings: settings?.text, isTest: isTest, trialDays: trialDays,
            fingerprint: Digest.sha256(body.canonical.bytes))
    }

    var blueprint: String? { request.blueprint }
    var plan: String? { request.plan }
    var hasPassword: Bool { password != nil }

    /// With the password hashed, which takes its time.
    func request(cost: ScryptCost) async -> ProvisionRequest {
        var request = request
        if let password { request.admin.passwordHash = await PasswordHash.of(password, cost: cost).text }
        return request
    }
}

extension JSON {
    /// The same for two texts that say the same: members in order, those that are null left out.
    var canonical: JSON {
        switch self {
        case .object(let members):
            .object(members.filter { !$0.value.isNull }.map { .init($0.name, $0.value.canonical) }.sorted { $0.name < $1.name })
        case .array(let elements): .array(elements.map(\.canonical))
        default: self
        }
    }
}
