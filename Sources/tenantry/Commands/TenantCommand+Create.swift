import ArgumentParser
import CRM
import Foundation
import Records
import Secrets
import Server
import Tenancy

extension TenantCommand {
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Provision a tenant: usable when the command ends.",
            discussion: """
                The same command again finds what it made before; another content under the same short name is refused. Without a password \
                the first person is invited: by mail, which a worker sends, where `mail.*` says how; else the link is printed, for you to \
                hand over, and the command again prints a new one.
                  tenantry tenant create acme --name "Acme Ltd" --admin-email anna@acme.com --admin-name "Anna Keller"
                  printf %s "$PASSWORD" | tenantry tenant create acme --name "Acme Ltd" \\
                    --admin-email anna@acme.com --admin-name "Anna Keller" --admin-password-stdin
                """)

        @Argument(help: "Its short name: 3 to 40 of a-z, 0-9 and inner hyphens, never given twice.") var slug: String
        @Option(help: "What the firm is called.") var name: String
        @Option(help: "E-mail of the first person, who may do everything.") var adminEmail: String
        @Option(help: "That person's name.") var adminName: String
        @Flag(help: "Read that person's password from standard input.") var adminPasswordStdin = false
        @Option(help: "Its plan. Default: the setting tenants.default_plan, or what `dev` gives on its own database.") var plan: String?
        @Option(help: "Where it lives. Default: the open cell that is least full.") var cell: String?
        @Option(help: "What it is furnished with; see `tenantry blueprint list`.") var blueprint: String?
        @Option(help: "It begins as a trial of so many days.") var trialDays: Int?
        @Flag(help: "A test tenant, whose clock can be set; for good.") var test = false
        @Option(help: "Why; the audit keeps it.") var reason: String?
        @OptionGroup var common: CommonOptions

        func validate() throws {
            if !adminEmail.contains("@") { throw ValidationError("`--admin-email` is no e-mail address.") }
            if let trialDays, trialDays < 1 { throw ValidationError("`--trial-days` is at least 1.") }
        }

        func run() async throws {
            let settings = try common.readQuietSettings()
            let password = adminPasswordStdin ? try readPassword() : nil
            // What the order says, whatever a hash makes of the password.
            let said: JSON = [
                "slug": .string(slug), "name": .string(name), "email": .string(adminEmail), "admin": .string(adminName),
                "password": JSON(password), "plan": JSON(plan), "cell": JSON(cell), "trial": trialDays.map { JSON($0) } ?? .null,
                "test": .bool(test),
            ]
            let order = said.adding("blueprint", blueprint)
            let chosen = try blueprint.map { try Blueprints.named($0) }
            var hash: String?
            if let password { hash = await PasswordHash.of(password, cost: ScryptCost(settings)).text }
            let request = ProvisionRequest(
                slug: slug, name: name, plan: plan, cell: cell,
                admin: .init(email: adminEmail, name: adminName, passwordHash: hash), blueprint: blueprint, isTest: test,
                trialDays: trialDays,
                fingerprint: Digest.sha256(order.bytes))
            let post = try PostSettings(settings)
            let (tenant, invitation) = try await Installation.use(settings, log: Logs.start(settings)) {
                installation -> (Tenant, Invitation?) in
                try await installation.start()
                if let chosen { try await installation.refuseBeyondPlan(chosen, plan) }
                let tenant = try await installation.provisioning.provision(request, by: .commandLine(reason)).tenant
                if let chosen { try await installation.furnish(tenant, with: chosen, .builtIn, by: .commandLine(reason)) }
                guard password == nil, tenant.state.allowsWrites else { return (tenant, nil) }
                let scope = try installation.directory.scope(for: tenant)
                return (tenant, try await Invitation.made(in: scope, post, WebOrigin(settings)))
            }
            var answer = tenant.answer
            if let invitation { answer.add(invitation) }
            answer.print(asJSON: common.json)
        }

        /// How the first person gets in.
        fileprivate enum Invitation: Sendable {
            case mailed(to: String)
            case link(String, expires: Date)

            /// Nil for somebody who is in.
            static func made(in scope: TenantScope, _ post: PostSettings, _ origin: WebOrigin) async throws -> Invitation? {
                if case .none = post.way {
                    return try await FirstInvitation.link(in: scope, origin).map { .link($0.address, expires: $0.expires) }
                }
                return try await FirstInvitation.promise(in: scope) ? .mailed(to: scope.tenant.adminEmail) : nil
            }
        }

        private func readPassword() throws -> String {
            let text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
            let password = text.trimmingCharacters(in: .newlines)
            if let refusal = PasswordPolicy().refusal(password, at: "") {
                throw Refusal("The password on standard input: \(refusal.detail)")
            }
            return password
        }
    }
}

extension JSON {
    /// With one more member, unless it is nil: an order of an earlier release, which knew no such member, stays the same.
    fileprivate func adding(_ name: String, _ value: String?) -> JSON {
        guard let value else { return self }
        return .object((members ?? []) + [.init(name, .string(value))])
    }
}

extension Answer {
    fileprivate mutating func add(_ invitation: TenantCommand.Create.Invitation) {
        let member: JSON
        switch invitation {
        case .mailed(let address):
            text += "\n  invited by mail to \(address), as soon as a worker runs"
            member = ["mailed_to": .string(address)]
        case .link(let link, let expires):
            text += "\n  no mail is set up; hand over this link, which works once, until \(shown(expires)):\n  \(link)"
            member = ["link": .string(link), "expires_at": time(expires)]
        }
        json = .object((json.members ?? []) + [.init("invitation", member)])
    }
}

extension Tenant {
    /// As the operators' API shows it, as far as the directory knows.
    var json: JSON {
        [
            "slug": .string(slug), "name": .string(name), "state": .string(state.rawValue),
            "plan": ["name": .string(plan.name), "version": JSON(plan.version)], "cell": .string(cell),
            "schema_version": JSON(schemaVersion),
            "test": .bool(isTest), "created_at": time(createdAt), "deletion_due_at": time(deletionDueAt),
            "trial_ends_at": time(trialEndsAt), "grace_ends_at": time(graceEndsAt),
            "maintenance": JSON(quarantinedReason),
            "admin": ["id": .string(adminID.text), "email": .string(adminEmail)],
        ]
    }

    var answer: Answer {
        var lines = [
            "\(slug)  \(name)", "  state   \(state.rawValue)", "  plan    \(plan.name) (version \(plan.version))",
            "  cell    \(cell), schema \(schema), version \(schemaVersion)", "  admin   \(adminEmail)", "  since   \(shown(createdAt))",
        ]
        if let trialEndsAt, state == .trial { lines.append("  trial until \(shown(trialEndsAt))") }
        if let graceEndsAt, state == .pastDue { lines.append("  suspended on \(shown(graceEndsAt)) unless it pays") }
        if let deletionDueAt { lines.append("  deleted on \(shown(deletionDueAt)) unless that is cancelled") }
        if let quarantinedReason { lines.append("  closed for maintenance: \(quarantinedReason)") }
        return Answer(text: lines.joined(separator: "\n"), json: json)
    }
}
