import Foundation
import Mail
import Postgres
import Records
import Secrets
import Synchronization
import Tenancy

/// The one way by which mail leaves, made once per process: it knows how each tenant's mail looks, who must not get any, how much may go, and
/// what became of each.
///
/// Only jobs send: a server may take its time. What sends is in no transaction.
package final class Post: Sendable {
    /// What links in mails begin with.
    package let origin: WebOrigin
    private let installation: Installation
    private let settings: PostSettings
    /// To the installation's own server, which may stand in a private network.
    private let client = SMTPClient()
    /// To servers that tenants name.
    private let strangers: SMTPClient
    private let pacing: Mutex<PostPacing>
    private let logos = Mutex(LogoShelf())
    /// By cell, until the cell is told.
    private let figures = Mutex<[String: MailFigures]>([:])

    package init(_ installation: Installation, _ settings: PostSettings, origin: WebOrigin) {
        self.installation = installation
        self.settings = settings
        self.origin = origin
        let allowsPrivateHosts = settings.allowsPrivateHosts
        strangers = SMTPClient { allowsPrivateHosts || !AddressRange.isPrivate($0) }
        pacing = Mutex(PostPacing(settings))
    }

    /// Tells the cells what it has done, every few seconds, until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            // Cancellation ends the sleep and, with the next look at the condition, the loop.
            try? await Task.sleep(for: .seconds(5))
            await tellFigures()
        }
    }

    /// Takes no more, and returns when the mails that are on their way have arrived or failed.
    package func close() async {
        await client.close()
        await strangers.close()
        await tellFigures()
    }

    /// What could not be told is told with the next.
    package func tellFigures() async {
        let news = figures.withLock { figures in
            defer { figures = [:] }
            return figures
        }
        for (cell, news) in news {
            do {
                _ = try await installation.cells.scope(of: cell).run(news.statements)
            } catch {
                figures.withLock { $0[cell, default: MailFigures()].add(news) }
            }
        }
    }

    /// Counts a mail that was not even offered to the post.
    func skipped(_ reason: String, in scope: TenantScope) { count(scope) { $0.skipped(reason) } }

    private func count(_ scope: TenantScope, _ change: (inout MailFigures) -> Void) {
        figures.withLock { change(&$0[scope.tenant.cell, default: MailFigures()]) }
    }

    /// By which a letter can be found wherever it went; the same each time it is offered.
    package func messageID(of letter: UUID) -> String { "<\(letter.text)@\(settings.from.domain)>" }

    /// Offers a letter once and keeps what became of it. The same letter again, after it was sent, is `.sent` and goes nowhere.
    ///
    /// Throws what the database says. What became of the letter is kept even when the task is cancelled meanwhile.
    package func send(_ letter: Letter, in scope: TenantScope) async throws -> LetterOutcome {
        let outcome = try await offer(letter, in: scope)
        count(scope) { figures in
            switch outcome {
            case .sent: figures.count(.sent, letter.kind)
            case .later: figures.count(.delayed, letter.kind)
            case .refused(.failed, _): figures.count(.failed, letter.kind)
            case .refused(let refusal, _): figures.skipped(refusal.rawValue)
            case .unknown: figures.count(.unknown, letter.kind)
            }
        }
        return outcome
    }

    private func offer(_ letter: Letter, in scope: TenantScope) async throws -> LetterOutcome {
        let ledger = MailLedger(scope: scope)
        let recipient: Mailbox
        do {
            recipient = try Mailbox(letter.to, name: letter.name)
        } catch {
            try await ledger.refused(letter, to: letter.to, subject: letter.kind, .noAddress)
            return .refused(.noAddress, error.description)
        }
        while let wait = pacing.withLock({ $0.take(domain: recipient.domain, tenant: scope.tenant.id) }) {
            guard scope.clock != nil else {
                return .later("Mail to \(recipient.domain), or of this account, is going out as fast as it may.", after: wait)
            }
            // By a clock that stands still it would wait for ever.
            try await Task.sleep(for: wait)
        }
        let opening: MailLedger.Opening
        do {
            opening = try await ledger.open(letter, to: recipient.address, subject: letter.subject(of: scope.tenant))
        } catch let error as PostgresError {
            guard let limit = error.planLimit else { throw error }
            try await ledger.refused(letter, to: recipient.address, subject: letter.subject(of: scope.tenant), .plan)
            return .refused(.plan, limit.detail)
        }
        guard let attempt = opening.attempt else { return try await unopened(letter, to: recipient, opening, ledger) }
        let delivery = await deliver(letter, to: recipient, opening, in: scope) {
            // Without its entry the mail stays: better late than nobody knows what.
            (try? await ledger.handOver(letter, attempt: attempt)) ?? false
        }
        return try await settled(delivery, letter, recipient, attempt, ledger)
    }

    /// A letter to somebody who has no tenant yet. Nothing is kept.
    package func send(_ letter: Letter) async throws -> LetterOutcome {
        let recipient: Mailbox
        do {
            recipient = try Mailbox(letter.to, name: letter.name)
        } catch {
            return .refused(.noAddress, error.description)
        }
        let stationery = Stationery(settings, letter.language ?? .english)
        let message = try message(letter, to: recipient, stationery, logo: nil, unsubscribe: nil, returning: nil)
        return outcome(await transport(for: stationery).deliver(message), attempt: 1)
    }

    /// Why the letter was not entered as being sent.
    private func unopened(_ letter: Letter, to recipient: Mailbox, _ opening: MailLedger.Opening, _ ledger: MailLedger) async throws
        -> LetterOutcome
    {
        switch opening.former {
        case "sent": return .sent
        case "unknown": return .unknown("It was offered before, and nobody knows whether it was taken.")
        case "sending":
            // Whoever offered it before has died while a server was taking it: from now on that is what is known of it.
            try await ledger.unknown(letter, "its worker stopped while it was being sent")
            return .unknown("It was being sent when the worker stopped.")
        case "failed": return .refused(.failed, "It was refused before.")
        default: break
        }
        guard let suppression = opening.suppression else {
            return .later(
                "Too many of the account's mails came back, so no more are sent until an administrator resumes.", after: .seconds(900))
        }
        try await ledger.refused(letter, to: recipient.address, subject: letter.subject(of: ledger.scope.tenant), .suppressed)
        return .refused(.suppressed, "No more mail goes to this address (\(suppression)).")
    }

    private func deliver(
        _ letter: Letter, to recipient: Mailbox, _ opening: MailLedger.Opening, in scope: TenantScope, _ handover: @escaping Handover
    ) async -> Delivery {
        let tenant = scope.tenant
        do {
            let stationery = try Stationery(
                opening.settings, of: tenant, scope.entitlements, try await installation.key(of: tenant), settings)
            let keys = try await installation.mailKeys()
            let message = try message(
                letter, to: recipient, stationery,
                logo: scope.entitlements.allows(.ownBrand) ? try await logo(opening.logo, in: scope) : nil,
                unsubscribe: unsubscribe(letter, of: tenant, keys), returning: returnAddress(letter, of: tenant, stationery, keys))
            let began = ContinuousClock.now
            let delivery = await transport(for: stationery).deliver(message, handover)
            count(scope) { $0.spoke(for: .now - began) }
            return delivery
        } catch {
            // Settings that do not hold: until somebody has mended them each try ends the same.
            return .retry(Setback(stage: .lookup, text: "\(error)"))
        }
    }

    private func logo(_ digest: String?, in scope: TenantScope) async throws -> InlineImage? {
        guard let digest else { return nil }
        if let known = logos.withLock({ $0[scope.tenant.id, digest] }) { return known }
        let found = try await MailLogo.find(in: scope)
        if let found { logos.withLock { $0.keep(found, of: scope.tenant.id, digest) } }
        return found
    }

    private func message(
        _ letter: Letter, to recipient: Mailbox, _ stationery: Stationery, logo: InlineImage?, unsubscribe: UnsubscribeLink?,
        returning: Mailbox?
    ) throws -> Message {
        // Words that are ready as they are do not speak of it.
        let logo = letter.isFramed ? logo : nil
        var brand = stationery.brand
        if logo != nil { brand.logo = .within }
        let frame = MailFrame(brand: brand, language: letter.language ?? stationery.language, unsubscribe: unsubscribe?.address)
        guard let id = MessageID(messageID(of: letter.id)) else {
            throw MailDefect("The sender's domain \(settings.from.domain) makes no Message-ID.")
        }
        return Message(
            id: id, date: .now, from: stationery.from, to: recipient, replyTo: stationery.replyTo, returnAddress: returning,
            content: letter.content(in: frame), logo: logo, unsubscribe: unsubscribe)
    }

    private func unsubscribe(_ letter: Letter, of tenant: Tenant, _ keys: [[UInt8]]) throws -> UnsubscribeLink? {
        guard let reader = letter.reader, let token = Unsubscribing(keys: keys).token(.init(slug: tenant.slug, reader: reader)) else {
            return nil
        }
        return try UnsubscribeLink("\(origin.of(tenant.slug))/u/\(token)")
    }

    /// A tenant's own server would not be allowed to send in our domain's name, so what comes back from there comes to the tenant.
    private func returnAddress(_ letter: Letter, of tenant: Tenant, _ stationery: Stationery, _ keys: [[UInt8]]) throws -> Mailbox? {
        guard let domain = settings.returnDomain, stationery.server == nil, let key = keys.first else { return nil }
        return try ReturnAddress(domain: domain, key: key).address(owner: tenant.id, mail: letter.id)
    }

    private func transport(for stationery: Stationery) -> any MailTransport {
        if let server = stationery.server { return SMTPRoute(strangers, server) }
        return switch settings.way {
        case .server(let server): SMTPRoute(client, server)
        case .folder(let path): FileDrop(URL(filePath: path, directoryHint: .isDirectory))
        case .none(let reason): NoTransport(reason: reason)
        }
    }

    /// Keeps what became of it, also when the worker is told to stop just now: a task of its own is not cancelled with this one.
    private func settled(
        _ delivery: Delivery, _ letter: Letter, _ recipient: Mailbox, _ attempt: Int, _ ledger: MailLedger
    ) async throws -> LetterOutcome {
        let outcome = outcome(delivery, attempt: attempt)
        let keeping = Task {
            switch delivery {
            case .accepted: try await ledger.sent(letter)
            case .retry(let setback): try await ledger.waits(letter, setback.text, attempt: attempt)
            case .failed(let setback):
                let isDead = setback.reply?.status.map(DeliveryReport.isOfDeadAddress) ?? false
                try await ledger.failed(letter, setback.text, suppressing: isDead ? recipient.address : nil)
            case .unknown(let setback): try await ledger.unknown(letter, setback.text)
            }
        }
        try await keeping.value
        return outcome
    }

    private func outcome(_ delivery: Delivery, attempt: Int) -> LetterOutcome {
        switch delivery {
        case .accepted: .sent
        case .retry(let setback):
            .later(
                setback.text,
                after: RetryClass(delivery)?.wait(afterTries: attempt, chance: .random(in: 0...1)) ?? .seconds(60))
        case .failed(let setback): .refused(.failed, setback.text)
        case .unknown(let setback): .unknown(setback.text)
        }
    }
}

/// A mail cannot be made at all.
struct MailDefect: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Nobody has said how mail leaves.
private struct NoTransport: MailTransport {
    let reason: String

    func deliver(_ message: Message, _ handover: @escaping Handover) async -> Delivery { .retry(Setback(stage: .lookup, text: reason)) }
}

extension Letter {
    func content(in frame: MailFrame) -> MailContent {
        switch words {
        case .content(let content): content
        case .system(let mail, let values): mail.content(values.merging(["firm": .text(frame.brand.name)]) { given, _ in given }, in: frame)
        case .template(let template, let values): template.render(values, in: frame)
        }
    }

    /// Whether its words are put into a frame.
    fileprivate var isFramed: Bool {
        if case .content = words { false } else { true }
    }

    /// What the ledger calls it, before anything is known of the tenant's settings.
    func subject(of tenant: Tenant) -> String {
        content(in: MailFrame(brand: Brand(name: tenant.name), language: language ?? .english)).subject
    }
}
