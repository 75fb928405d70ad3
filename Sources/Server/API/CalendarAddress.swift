import Foundation
import Records
import Secrets

/// The address of a calendar, which is a secret: whoever has it reads the calendar.
struct CalendarAddress: Sendable {
    private let url: String

    init(_ token: Credential, origin: String) {
        url = "\(origin)/v1/calendar/\(token.text).ics"
    }

    /// The credential in the last part of an address; nil for anything else.
    static func token(in segment: String) -> Credential? {
        guard segment.hasSuffix(".ics"), let token = Credential(parsing: segment.dropLast(4)), token.kind == .calendar else { return nil }
        return token
    }

    /// As it may be kept for a repeated request: only who has made it can read it.
    func closed(for person: Person) -> JSON {
        let id = UUID.v7()
        return ["id": .string(id.text), "url": .string(SecretSeal(of: person).closed(url, id: id))]
    }

    /// What its maker is answered.
    static func opened(_ body: [UInt8], by person: Person) throws -> [UInt8] {
        let document = try JSON(parsing: try SecretSeal(of: person).opened(body, member: "url"))
        return JSON.object((document.members ?? []).filter { $0.name == "url" }).bytes
    }
}
