import Records

extension Words {
    /// In the language that the page has for this person, for answers that are read by people.
    static func spoken(to person: Person, _ call: Call, _ assets: Assets) async throws -> Words {
        let row = try await person.scope.rows(
            "SELECT (SELECT locale FROM users WHERE id = \(person.userID)), (SELECT document ->> 'locale' FROM settings)")[0]
        let language = Wording.language([row.optionalText(0), row.optionalText(1)], acceptLanguage: call.headers[.acceptLanguage])
        return try await assets.version().wording.words(in: language)
    }
}
