import ArgumentParser
import Foundation
import Records
import Tenancy

extension TenantCommand {
    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let yourself into a tenant's account for a while and print the token, once.",
            discussion: """
                The token opens /v1 as `Authorization: Bearer tg_...` with an administrator's rights, but makes and changes nobody's way in. \
                The account's administrators read of the grant, and of every request made with it, in their audit.
                  tenantry tenant grant acme --minutes 30 --reason "ticket 4711: the import stops"
                """)

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "For how many minutes: 1 to 1440.") var minutes: Int
        @Option(help: "Why; the account reads it.") var reason: String
        @OptionGroup var common: CommonOptions

        func validate() throws {
            guard (1...Tenancy.Grants.longest).contains(minutes) else { throw ValidationError("`--minutes` is a number from 1 to 1440.") }
        }

        func run() async throws {
            let settings = try common.readQuietSettings()
            let (grant, token) = try await Installation.use(settings, log: Logs.start(settings)) {
                try await $0.grants.give(to: slug, minutes: minutes, operatorID: nil, by: .commandLine(reason))
            }
            Answer(
                text: token.text,
                json: [
                    "id": .string(grant.id.text), "token": .string(token.text), "expires_at": time(grant.expiresAt),
                ]
            ).print(asJSON: common.json)
        }
    }

    struct Grants: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List who was let into a tenant's account, the newest first.")

        @Argument(help: "The tenant's short name.") var slug: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let grants = try await Installation.use(settings, log: Logs.start(settings)) { try await $0.grants.all(of: slug) }
            var table = TextTable(headings: ["id", "who", "since", "until", "revoked", "reason"])
            table.rows = grants.map {
                [
                    $0.id.text, $0.actor, $0.createdAt.formatted(.iso8601), $0.expiresAt.formatted(.iso8601),
                    $0.revokedAt?.formatted(.iso8601) ?? "-", $0.reason,
                ]
            }
            let json = grants.map { grant -> JSON in
                [
                    "id": .string(grant.id.text), "actor": .string(grant.actor), "reason": .string(grant.reason),
                    "created_at": time(grant.createdAt), "expires_at": time(grant.expiresAt), "revoked_at": time(grant.revokedAt),
                ]
            }
            Answer(text: table.text, json: .array(json)).print(asJSON: common.json)
        }
    }

    struct RevokeGrant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke-grant", abstract: "End a grant within a second.")

        @Argument(help: "The tenant's short name.") var slug: String
        @Argument(help: "The grant's id.") var id: UUID
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let isKnown = try await Installation.use(settings, log: Logs.start(settings)) {
                try await $0.grants.revoke(id, of: slug, by: .commandLine(reason))
            }
            guard isKnown else { throw Refusal("\(slug) has no such grant.") }
            Answer(text: "The grant has ended.", json: ["id": .string(id.text), "revoked": true])
                .print(asJSON: common.json)
        }
    }

    struct Migrate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring one tenant's schema up to date: one that waits, or again one that could not be migrated.")

        @Argument(help: "The tenant's short name.") var slug: String
        @Option(help: "Why; the audit keeps it.") var reason: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let settings = try common.readQuietSettings()
            let tenant = try await Installation.use(settings, log: Logs.start(settings)) { installation in
                try await installation.start()
                return try await installation.migrator.retry(slug, by: .commandLine(reason))
            }
            tenant.answer.print(asJSON: common.json)
            if tenant.quarantinedReason != nil { throw ExitCode(ExitStatus.partly.rawValue) }
        }
    }
}
