import ArgumentParser
import Foundation
import Mail
import Records

/// The way on which mail leaves.
struct MailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail", abstract: "See whether mail leaves.", subcommands: [Test.self])

    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a mail by the settings, and say what became of it.",
            discussion: """
                Needs no database.
                  tenantry mail test --to you@example.com -- mail.smtp.host=mail.example.com mail.from=crm@example.com
                """)

        @Option(help: "Who shall get it.") var to: String
        @OptionGroup var common: CommonOptions

        func run() async throws {
            let mailer = try Mailer(try common.readQuietSettings())
            let recipient: Mailbox
            do {
                recipient = try Mailbox(parsing: to)
            } catch {
                throw Refusal("--to: \(error.description)", .wrongUsage)
            }
            let message = try Self.message(from: mailer.from, to: recipient)
            let delivery = await mailer.deliver(message)
            let outcome = Outcome(delivery, place: mailer.place)
            let json: JSON = [
                "outcome": .string(outcome.name), "message_id": .string(message.id.description), "detail": .string(outcome.sentence),
            ]
            Answer(text: outcome.sentence, json: json).print(asJSON: common.json)
            if delivery.setback != nil { throw ExitCode(ExitStatus.failed.rawValue) }
        }

        private static func message(from: Mailbox, to: Mailbox) throws -> Message {
            let words = TemplateSource(
                subject: "A test of {{firm}}", body: "Hello,\n\nthis mail shows that **{{firm}}** can send mail. Nobody needs to answer it."
            )
            let name = from.name ?? "Tenantry"
            let content = try Template(words).render(
                ["firm": .text(name)], in: MailFrame(brand: Brand(name: name), language: .english))
            return Message(id: try MessageID.make(domain: from.domain), date: .now, from: from, to: to, content: content)
        }
    }
}

/// What became of a mail, for the one who sent it.
private struct Outcome {
    let name: String
    let sentence: String

    init(_ delivery: Delivery, place: String) {
        switch delivery {
        case .accepted(let reply): (name, sentence) = ("accepted", "\(place) has taken the mail: \(reply)")
        case .retry(let setback): (name, sentence) = ("retry", "\(place) does not take it now: \(setback.text)")
        case .failed(let setback): (name, sentence) = ("failed", "\(place) refuses it: \(setback.text)")
        case .unknown(let setback): (name, sentence) = ("unknown", "\(place) may have taken it or not: \(setback.text)")
        }
    }
}
