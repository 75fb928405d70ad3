import CRM
import Foundation
import HTTPTypes
import Mail
import Records
import Web

/// Someone of one tenant looking at a page: who it is, what the firm has decided, and in which language the page speaks.
struct Visit: Sendable {
    let call: Call
    let person: Person
    let user: SignedInUser
    /// The tenant's settings as everyone of it may read them.
    let settings: JSON
    let files: Assets.Version
    let words: Words

    /// Language and region for dates and figures: the person's, else what the firm has decided, as far as it is of the page's language;
    /// else that language, so that a Chinese page has no English months.
    var locale: String {
        [user.locale, decidedLocale].compactMap(\.self).first { Wording.spoken([$0]) == words.language }
            ?? words.language
    }
    private let decidedLocale: String?
    var timeZone: String { user.timeZone ?? settings["time_zone"]?.string ?? "UTC" }
    let brand: Brand

    static func load(_ call: Call, _ person: Person, _ assets: Assets) async throws -> Visit {
        guard let user = try await SignedInUser.find(person.userID, in: person.scope) else { throw Door.unauthenticated }
        let rows = try await person.scope.rows("SELECT document FROM settings")
        let document = try rows.first.map { try SettingsDocument(parsing: $0.text(0)) } ?? SettingsDocument()
        let settings = document.shown(to: .everyone, SettingDefaults(accountName: person.tenant.name, sessionHours: 1))
        let files = try await assets.version()
        let decided = document.stored["locale"]?.string
        let language = Wording.language([user.locale, decided], acceptLanguage: call.headers[.acceptLanguage])
        return Visit(
            call: call, person: person, user: user, settings: settings, files: files, words: files.wording.words(in: language),
            decidedLocale: decided, brand: Brand(document, of: person.tenant, person.scope.entitlements))
    }

    /// What a form must bring back (`csrf`).
    var proof: String { CSRFToken.masked(of: person.credential) }

    /// The types that have pages of their own, in the order of the product.
    var types: [RecordType] {
        person.catalog.types.filter { $0.standing != .furniture && person.rights[$0.name].read != .none && $0.operations.contains(.list) }
    }

    func type(_ name: String) throws(Problem) -> RecordType {
        guard let type = person.catalog[name], person.rights[name].read != .none, type.operations.contains(.list) else { throw .notFound }
        return type
    }

    /// What a type is called in a heading: `Contacts`.
    func plural(_ type: RecordType) -> String {
        words.first(of: ["type.\(type.name)"], otherwise: type.name.asWords)
    }

    /// One of them: `Contact`.
    func singular(_ type: RecordType) -> String {
        words.first(of: ["type.\(type.name).one"], otherwise: type.singular.asWords)
    }

    /// What a field is called on the page.
    func label(_ field: FieldDefinition, of type: RecordType) -> String {
        if field.isCustom || (type.isOfTenant && type.ownFields.contains { $0.path == field.path }) { return field.help }
        return words.first(of: ["field.\(type.name).\(field.name)", "field.\(field.name)"], otherwise: field.name.asWords)
    }

    /// What an option is called on the page; a tenant's own options are called what they are.
    func option(_ value: String, of field: FieldDefinition, _ type: RecordType) -> String {
        words.first(
            of: ["option.\(type.name).\(field.name).\(value)", "option.\(field.name).\(value)", "\(field.name).\(value)"], otherwise: value)
    }
}

extension String {
    /// `close_date` as people write it: `Close date`.
    fileprivate var asWords: String {
        let words = replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
