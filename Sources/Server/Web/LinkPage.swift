import CRM
import HTTPTypes
import Records

/// A page of a few words and at most one form, without scripts. Its address holds a secret, so it is neither kept nor told to anyone.
struct LinkPage: Sendable {
    let files: Assets.Version
    let words: Words
    private let firm: TenantBrand?

    /// - Parameter firm: whose page it is, once that is known; otherwise it is the installation's.
    init(_ call: Call, _ assets: Assets, of firm: TenantBrand? = nil) async throws {
        self.firm = firm
        files = try await assets.version()
        words = files.wording.words(in: Wording.language([], acceptLanguage: call.headers[.acceptLanguage]))
    }

    func reply(_ title: String, _ content: HTML) -> Reply {
        var reply = PageFrame.outside(title, content, files, words, of: firm)
        reply.headers[.referrerPolicy] = "no-referrer"
        return reply
    }

    /// What came of it, and the way on.
    func done(_ title: String, _ text: String, goesOn: Bool = true) -> Reply {
        let on: HTML? = goesOn ? "<p><a class=\"button primary wide\" href=\"/\">\(words("signin.submit"))</a></p>" : nil
        return reply(title, "<p role=\"status\">\(text)</p>\(on)")
    }
}
