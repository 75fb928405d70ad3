import CRM
import HTTPTypes
import Records

/// The pages of the web application. Each works without scripts as far as reading, filling in forms and sending them goes; scripts then
/// take over what is there.
struct PageRoutes: Sendable {
    static let tag = "Pages"
    private let house: House
    private let signIn: SignInPage

    init(_ house: House) {
        self.house = house
        signIn = SignInPage(house)
    }

    var endpoints: [Endpoint] {
        let outside: [Endpoint] = [
            .anyone(.get, "/", Self.operation("home"), home),
            .anyone(.post, "/", Self.operation("sign_in"), signIn.enter),
            .anyone(.get, "/forgotten", Self.operation("forgotten"), signIn.askForPassword),
            .anyone(.post, "/forgotten", Self.operation("forgotten.send"), signIn.sendPassword),
            .page(.post, "/sign-out", Self.operation("sign_out"), effect: .signs, signIn.leave),
        ]
        let account: [Endpoint] =
            house.settings.signUp == nil
            ? []
            : [
                .anyone(.get, "/sign-up", Self.operation("sign_up"), signIn.askForAccount),
                .anyone(.post, "/sign-up", Self.operation("sign_up.order"), signIn.orderAccount),
            ]
        let records: [Endpoint] = [
            .page(.get, "/search", Self.operation("search"), looking { try await SearchPage($0).show() }),
            .page(.get, "/{type}", Self.operation("list"), looking { try await ListPage($0).show() }),
            .page(.get, "/{type}/new", Self.operation("new"), looking { try await FormPage($0).showNew() }),
            .page(.post, "/{type}/new", Self.operation("create"), looking { try await FormPage($0).create() }),
            .page(.get, "/{type}/{id}", Self.operation("record"), redirecting { try await RecordPage($0).show() }),
            .page(.get, "/{type}/{id}/edit", Self.operation("edit"), redirecting { try await FormPage($0).showEdit() }),
            .page(.post, "/{type}/{id}/edit", Self.operation("update"), looking { try await FormPage($0).update() }),
            .page(.post, "/{type}/{id}/trash", Self.operation("trash"), looking { try await FormPage($0).trash() }),
        ]
        return outside + account + records + Self.scripted.flatMap { scripted($0) }
    }

    /// Pages that scripts make all of: what one does there needs them.
    private static let scripted: [(path: String, name: String, section: String)] = [
        ("/calendar", "calendar", "calendar"), ("/reports", "reports", "reports"), ("/reports/{section}", "reports", "reports"),
        ("/import", "import", "import"), ("/import/{id}", "import", "import"),
        ("/settings", "settings", "settings"), ("/settings/{section}", "settings", "settings"),
        ("/settings/{section}/{id}", "settings", "settings"),
    ]

    private func scripted(_ page: (path: String, name: String, section: String)) -> [Endpoint] {
        [
            .page(
                .get, page.path, Self.operation("\(page.name)\(page.path)"),
                looking { visit in
                    let title = visit.words("page.\(page.name)")
                    let content: HTML = "<h1>\(title)</h1><p class=\"note needs-script\">\(visit.words("frame.needs_script"))</p>"
                    return PageFrame.inside(title, content, visit, section: page.section, script: "\(page.name).js")
                })
        ]
    }

    /// Today for someone who is signed in, the sign-in for anyone else.
    private func home(_ call: Call) async throws -> Reply {
        let person: Person
        do {
            person = try await house.door.person(call, effect: .reads)
        } catch let problem as Problem where problem.code == .unauthenticated {
            return try await signIn.show(call)
        }
        if let next = SignInPage.safe(call.query["next"]), next != "/" { return .seeOther(next) }
        return try await TodayPage(try await Visit.load(call, person, house.assets)).show()
    }

    private typealias Work = @Sendable (Visit) async throws -> Reply

    private func looking(_ work: @escaping Work) -> @Sendable (Call, Person) async throws -> Reply {
        { [assets = house.assets] call, person in try await work(try await Visit.load(call, person, assets)) }
    }

    /// The same; for a record that was merged into another, the way to that one's page.
    private func redirecting(_ work: @escaping Work) -> @Sendable (Call, Person) async throws -> Reply {
        let looking = looking(work)
        return { call, person in
            do {
                return try await looking(call, person)
            } catch let redirect as Redirect {
                return .seeOther("/\(call.parameters["type"])/\(redirect.id)")
            }
        }
    }

    static func operation(_ name: String) -> Operation {
        Operation(
            "pages.\(name)", "A page", tag: tag,
            responses: [200: ResponseDescription("A page.", schema: ["type": "string"], contentType: "text/html; charset=utf-8")],
            takesAnyQuery: true)
    }
}
