import Foundation
import Support
import Synchronization
import Testing

@testable import Mail

/// Dialogues with a real server that keeps to the rules, and with one that does not.
@Suite(.serialized) struct SMTPTests {
    @Test("A mail arrives byte for byte, at the recipient of the envelope, from the return address") func arrives() async throws {
        try await TestSMTPServer.run { server in
            let client = SMTPClient()
            let message = try Message.sample(text: "One\n.\n..two\n.three\nGrüße\n")

            let delivery = await client.send(message, through: server.settings(.none))

            #expect(delivery == .accepted(SMTPReply(code: 250, text: "2.0.0 Queued")))
            let mail = try #require(try server.mails.first)
            #expect(Array(mail.content) == message.bytes)
            #expect((mail.from, mail.to) == ("bounces@example.com", "anna@example.com"))
            await client.close()
        }
    }

    @Test("A mail is let go when the server asks for it, and nothing of one that is kept leaves") func handover() async throws {
        try await TestSMTPServer.run { server in
            let client = SMTPClient()
            let kept = await client.send(try .sample(subject: "Kept"), through: server.settings(.none)) { false }
            #expect(kept == .retry(.notHandedOver))
            #expect(try server.mails.isEmpty)

            let asked = Atomic(0)
            let sent = await client.send(try .sample(subject: "Sent"), through: server.settings(.none)) {
                asked.add(1, ordering: .relaxed)
                return true
            }
            #expect(sent.setback == nil)
            #expect(asked.load(ordering: .relaxed) == 1)
            #expect(try server.mails.count == 1)
            await client.close()
        }
    }

    @Test("The next mail to the same server goes over the same connection") func reuse() async throws {
        try await TestSMTPServer.run(security: .starttls) { server in
            let client = SMTPClient()
            for _ in 0..<5 {
                let message = try Message.sample()
                #expect(await client.send(message, through: server.settings(.starttls)).setback == nil)
            }

            #expect(try server.mails.map(\.connection) == [1, 1, 1, 1, 1])
            await client.close()
        }
    }

    @Test("A connection that the server closed meanwhile is replaced, and the mail goes once") func stale() async throws {
        try await TestSMTPServer.run { server in
            let client = SMTPClient()
            for number in 0..<4 {
                let delivery = await client.send(
                    try .sample(to: "close-after@example.com", subject: "\(number)"), through: server.settings(.none))
                #expect(delivery.setback == nil)
                try await eventually { server.openConnections == 0 }
            }

            #expect(try server.mails.map(\.connection) == [1, 2, 3, 4])
            await client.close()
        }
    }

    @Test("STARTTLS and TLS protect the dialogue, and a password opens it", arguments: [SMTPServer.Security.starttls, .tls])
    func protected(security: SMTPServer.Security) async throws {
        try await TestSMTPServer.run(["user": "crm", "password": "gehe1m ü"], security: security) { server in
            let client = SMTPClient()
            var settings = server.settings(security)
            settings.username = "crm"
            settings.password = "gehe1m ü"

            #expect(try await client.send(.sample(), through: settings).setback == nil)

            let mail = try #require(try server.mails.first)
            #expect(mail.tls && mail.user == "crm")
            await client.close()
        }
    }

    @Test("A wrong password is the server's matter, not the mail's") func wrongPassword() async throws {
        try await TestSMTPServer.run(["user": "crm", "password": "right"], security: .starttls) { server in
            let client = SMTPClient()
            var settings = server.settings(.starttls)
            settings.username = "crm"
            settings.password = "wrong"

            let delivery = await client.send(try .sample(), through: settings)

            guard case .retry(let setback) = delivery else { return #expect(Bool(false), "\(delivery)") }
            #expect(setback.stage == .signIn && setback.reply?.code == 535 && setback.concernsServer)
            #expect(RetryClass(delivery) == .misconfigured)
            #expect(try server.mails.isEmpty)
            await client.close()
        }
    }

    @Test("A certificate that nobody vouches for, or of another host, ends the dialogue before anything is said")
    func certificates() async throws {
        try await TestSMTPServer.run(["user": "crm", "password": "right"], security: .starttls) { server in
            let client = SMTPClient()
            var strange = server.settings(.starttls)
            strange.authorities = nil
            let other = server.settings(.starttls, host: "127.0.0.1")

            for settings in [strange, other] {
                let delivery = await client.send(try .sample(), through: settings)
                guard case .retry(let setback) = delivery else { return #expect(Bool(false), "\(delivery)") }
                #expect(setback.stage == .encryption, "\(setback)")
                #expect(setback.text.lowercased().contains("certificate"))
            }
            #expect(try server.mails.isEmpty)
            await client.close()
        }
    }

    @Test("A server without STARTTLS is not spoken to in the open when protection was asked for") func downgrade() async throws {
        try await TestSMTPServer.run { server in
            let client = SMTPClient()

            let delivery = await client.send(try .sample(), through: server.settings(.starttls))

            guard case .retry(let setback) = delivery else { return #expect(Bool(false), "\(delivery)") }
            #expect(setback.stage == .encryption, "\(setback)")
            #expect(try server.mails.isEmpty)
            await client.close()
        }
    }

    @Test("A connection of one user, or in the open, is never used for another or for protected mail") func separation() async throws {
        try await TestSMTPServer.run { server in
            let client = SMTPClient()
            #expect(try await client.send(.sample(), through: server.settings(.none)).setback == nil)

            let protected = await client.send(try .sample(), through: server.settings(.starttls))

            #expect(protected.setback?.stage == .encryption)
            #expect(try server.mails.count == 1)
            await client.close()
        }
    }

    @Test(
        "What the server answers decides: 4xx may be offered again, 5xx never",
        arguments: [
            ("no-such-user", false, 550, "5.1.1", DialogueStage.recipient), ("busy", true, 450, "4.2.0", .recipient),
            ("spam", false, 554, "5.7.1", .handover), ("full", true, 452, "4.2.2", .handover),
        ])
    func answers(name: String, mayRetry: Bool, code: Int, status: String, stage: DialogueStage) async throws {
        try await TestSMTPServer.run { server in
            let client = SMTPClient()

            let delivery = await client.send(try .sample(to: "\(name)@example.com"), through: server.settings(.none))

            let setback = try #require(delivery.setback)
            #expect(delivery == (mayRetry ? .retry(setback) : .failed(setback)))
            #expect(setback.reply?.code == code && setback.reply?.status == status && setback.stage == stage)
            #expect(setback.text.hasPrefix("\(code) \(status) ") && !setback.text.contains("\r"))
            #expect(try server.mails.isEmpty)
            await client.close()
        }
    }

    @Test("A dialogue cut before the last byte may be offered again", arguments: ["drop-at-rcpt", "drop-at-data", "drop-in-body"])
    func cutBefore(name: String) async throws {
        try await TestSMTPServer.run { server in
            let client = SMTPClient()
            // Too large for the buffers between the two: the server is gone before the last of it has left.
            let mail = Array("Subject: long\r\n\r\n".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 16 << 20)

            let delivery = await client.send(
                SMTPOrder(server: server.settings(.none), sender: "crm@example.com", recipient: "\(name)@example.com", mail: mail))

            guard case .retry(let setback) = delivery else { return #expect(Bool(false), "\(delivery)") }
            #expect(setback.reply == nil && setback.stage == (name == "drop-at-rcpt" ? .recipient : .body))
            #expect(RetryClass(delivery) == .brief)
            let taken = try server.mails
            #expect(taken.isEmpty)
            await client.close()
        }
    }

    @Test("A dialogue cut between the last byte and the answer is unknown, and the server has the mail") func cutAfter() async throws {
        try await TestSMTPServer.run { server in
            let client = SMTPClient()

            let delivery = await client.send(try .sample(to: "drop-after-data@example.com"), through: server.settings(.none))

            guard case .unknown(let setback) = delivery else { return #expect(Bool(false), "\(delivery)") }
            #expect(setback.stage == .handover && RetryClass(delivery) == nil)
            #expect(try server.mails.count == 1)
            await client.close()
        }
    }

    @Test("A server that says nothing more is left after the time-out: before the mail for a retry, after it as unknown") func hangs()
        async throws
    {
        try await TestSMTPServer.run { server in
            let client = SMTPClient()
            var settings = server.settings(.none)
            settings.dialogueTime = .seconds(1)
            let before = try Message.sample(to: "hang-at-rcpt@example.com")
            let after = try Message.sample(to: "hang-after-data@example.com")

            async let first = client.send(before, through: settings)
            async let second = client.send(after, through: settings)

            guard case .retry(let early) = await first, case .unknown(let late) = await second else { return #expect(Bool(false)) }
            #expect(early.stage == .recipient && late.stage == .handover)
            await client.close()
        }
    }

    @Test(
        "A server that turns us away at the door says nothing about the mail",
        arguments: ["554 No service here", "421 Too many connections"])
    func greeting(words: String) async throws {
        try await TestSMTPServer.run(["greeting": words]) { server in
            let client = SMTPClient()

            let delivery = await client.send(try .sample(), through: server.settings(.none))

            guard case .retry(let setback) = delivery else { return #expect(Bool(false), "\(delivery)") }
            #expect(setback.stage == .greeting && setback.text == words && setback.concernsServer)
            await client.close()
        }
    }

    @Test("A mail larger than the server takes is refused before it is sent") func tooLarge() async throws {
        try await TestSMTPServer.run(["limit": 10_000]) { server in
            let client = SMTPClient()

            let delivery = await client.send(
                try .sample(text: String(repeating: "long ", count: 10_000)), through: server.settings(.none))

            guard case .failed(let setback) = delivery else { return #expect(Bool(false), "\(delivery)") }
            #expect(setback.reply?.code == 552 && setback.stage == .sender)
            await client.close()
        }
    }

    @Test("No server, no such host: it may be offered again, and the words say which") func nobodyThere() async throws {
        let client = SMTPClient()

        let silent = await client.send(try .sample(), through: SMTPServer(host: "127.0.0.1", port: 1, security: .none))
        let nameless = await client.send(try .sample(), through: SMTPServer(host: "no-such-host.invalid", port: 25, security: .none))

        #expect(silent.setback?.stage == .connection && RetryClass(silent) == .brief)
        #expect(nameless.setback?.stage == .lookup && nameless.setback?.text.contains("no-such-host.invalid") == true)
        await client.close()
    }

    @Test("The address a name stands for is asked about before it is connected to, and refused addresses see no connection")
    func refusedAddress() async throws {
        try await TestSMTPServer.run { server in
            let asked = Mutex<Set<String>>([])
            let client = SMTPClient { address in
                asked.withLock { _ = $0.insert(address) }
                return false
            }

            let delivery = await client.send(try .sample(), through: server.settings(.none))

            guard case .retry(let setback) = delivery else { return #expect(Bool(false), "\(delivery)") }
            #expect(setback.text.contains("in a network that mail may not go to") && setback.concernsServer)
            #expect(asked.withLock { !$0.isEmpty && $0.isSubset(of: ["127.0.0.1", "::1"]) })
            #expect(server.connectionsSoFar == 0)
            await client.close()
        }
    }

    @Test("Not more mails than agreed are on their way to a server at once, and one that hangs delays no other") func limits() async throws
    {
        try await TestSMTPServer.run { server in
            let client = SMTPClient(threads: 4)
            var slow = server.settings(.none)
            slow.dialogues = 2
            slow.dialogueTime = .seconds(30)
            let quick = server.settings(.none, host: "127.0.0.1")

            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    let stuck = try Message.sample(to: "hang-at-rcpt@example.com")
                    group.addTask { [slow] in _ = await client.send(stuck, through: slow) }
                }
                try await eventually { server.openConnections == 2 }

                for _ in 0..<20 { #expect(try await client.send(.sample(), through: quick).setback == nil) }

                #expect(server.openConnections <= 4)
                group.cancelAll()
            }
            await client.close()
        }
    }

    @Test("Cancelling cuts a dialogue and takes waiting mails out of the line") func cancellation() async throws {
        try await TestSMTPServer.run { server in
            let client = SMTPClient(threads: 1)
            let stuck = try Message.sample(to: "hang-at-rcpt@example.com")
            let waiting = try Message.sample()
            let first = Task { await client.send(stuck, through: server.settings(.none)) }
            try await eventually { server.openConnections == 1 }
            let second = Task { await client.send(waiting, through: server.settings(.none)) }

            second.cancel()
            #expect(await second.value.setback?.text == "It was called off.")
            first.cancel()

            #expect(await first.value.setback?.text == "It was called off.")
            #expect(try server.mails.isEmpty)
            await client.close()
        }
    }

    @Test("A hundred mails at once all arrive, each once") func many() async throws {
        try await TestSMTPServer.run(security: .starttls) { server in
            let client = SMTPClient(threads: 8)
            let settings = server.settings(.starttls)

            let taken = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<100 {
                    let message = try Message.sample(to: "r\(number)@example.com")
                    group.addTask { await client.send(message, through: settings).setback == nil }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }

            #expect(taken == 100)
            let mails = try server.mails
            #expect(Set(mails.map(\.to)).count == 100 && mails.count == 100)
            #expect(Set(mails.map(\.connection)).count <= 8)
            await client.close()
        }
    }

    @Test("A closed client takes no more mails") func closed() async throws {
        let client = SMTPClient()
        await client.close()

        let delivery = await client.send(try .sample(), through: SMTPServer(host: "127.0.0.1", port: 1, security: .none))

        #expect(delivery.setback?.text == "The client is closed.")
    }
}
