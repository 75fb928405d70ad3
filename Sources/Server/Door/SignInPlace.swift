import CRM
import Foundation
import Postgres
import Secrets
import Tenancy

/// Where somebody signs in from: a part of the internet and a program, by which the user's own places are told from new ones.
struct SignInPlace: Sendable {
    private let address: String
    private let program: String?

    init(address: String, program: String?) {
        self.address = address
        self.program = program.map { String($0.filter { $0 != "\0" }.prefix(200)) }
    }

    /// How many are remembered.
    private static let memory = 40

    private var marks: [String] {
        [Self.mark("network " + AddressRange.neighbourhood(of: address)), Self.mark("program " + (program ?? ""))]
    }

    /// Enough of a digest to tell a person's places apart; where they are stands nowhere.
    private static func mark(_ text: String) -> String { Base64.url.encode(Array(Digest.sha256(text).prefix(9))) }

    /// Remembers what is new of the place, and writes to the user about it, but for the first time of all. Nothing for a known one.
    func news(to user: SignedInUser) -> [SQL] {
        let new = marks.filter { !user.seenFrom.contains($0) }
        guard !new.isEmpty else { return [] }
        let known = Array((user.seenFrom + new).suffix(Self.memory))
        let remembering: SQL = "UPDATE users SET seen_from = \(known) WHERE id = \(user.id)"
        guard !user.seenFrom.isEmpty else { return [remembering] }
        return [remembering, SendMail.promised(.signIn(from: address, device: program), to: user.id)]
    }
}
