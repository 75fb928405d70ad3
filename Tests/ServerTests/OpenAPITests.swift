import Foundation
import HTTPTypes
import Records
import Support
import Testing

@testable import Server

@Suite("The description") struct OpenAPITests {
    @Test(
        "It names every endpoint once, and every reference leads somewhere", arguments: ["/v1/openapi.json", "/operator/v1/openapi.json"])
    func references(address: String) async throws {
        let document = try await TestSite.shared.operator().get(address).json

        #expect(document["openapi"] == "3.1.0")
        let operations = (document["paths"]?.members ?? []).flatMap { $0.value.members ?? [] }
        let names = operations.compactMap { $0.value["operationId"]?.string }
        #expect(operations.count > 8)
        #expect(Set(names).count == operations.count)
        for reference in Self.references(in: document) {
            #expect(Self.lookUp(reference, in: document) != nil, "\(reference)")
        }
    }

    @Test("A validator finds nothing wrong with it", arguments: ["/v1/openapi.json", "/operator/v1/openapi.json"])
    func validity(address: String) async throws {
        let document = try await TestSite.shared.operator().get(address)
        let file = FileManager.default.temporaryDirectory.appending(path: "openapi-\(TestSite.unique()).json")
        try Data(document.bytes).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.

        let (status, output) = try await PythonTool.run("openapi-spec-validator", [file.path()])

        #expect(status == 0, "\(output)")
    }

    @Test("Every name in a path is a parameter, and every call can be refused") func completeness() async throws {
        let document = try await TestSite.shared.stranger.get("/v1/openapi.json").json

        for path in document["paths"]?.members ?? [] {
            for method in path.value.members ?? [] {
                let parameters = (method.value["parameters"]?.elements ?? []).filter { $0["in"] == "path" }.compactMap {
                    $0["name"]?.string
                }
                let named = path.name.split(separator: "/").filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) }
                #expect(parameters == named, "\(path.name)")
                let statuses = method.value["responses"]?.members?.map(\.name) ?? []
                #expect(statuses.contains("400") && statuses.contains("503"))
                #expect(statuses.contains { $0.hasPrefix("2") })
            }
        }
    }

    @Test(
        "A person can read it; the page loads nothing from elsewhere and runs only its own script", arguments: ["/docs", "/operator/docs"])
    func page(address: String) async throws {
        let page = try await TestSite.shared.stranger.with(.accept, "text/html,*/*;q=0.8").get(address)

        #expect(page.status == 200)
        #expect(page.headers[.contentType] == "text/html; charset=utf-8")
        #expect(page.headers[.contentSecurityPolicy]?.contains("script-src 'sha256-") == true)
        #expect(!page.text.contains("http://") && !page.text.contains("https://"))
    }

    @Test("Each problem's type leads to its meaning") func problems() async throws {
        let site = try await TestSite.shared
        let type = try #require(try await site.stranger.get("/nothing").json["type"]?.string)

        let page = try await site.stranger.get(String(type.prefix { $0 != "#" }))

        #expect(page.status == 200)
        for code in Problem.Code.allCases { #expect(page.text.contains("id=\"\(code.rawValue)\"")) }
        #expect(type.hasSuffix("#not_found"))
    }

    private static func references(in value: JSON) -> Set<String> {
        switch value {
        case .object(let members):
            members.reduce(into: []) { found, member in
                if member.name == "$ref", let text = member.value.string { found.insert(text) }
                found.formUnion(references(in: member.value))
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
        default: []
        }
    }

    private static func lookUp(_ reference: String, in document: JSON) -> JSON? {
        reference.split(separator: "/").dropFirst().reduce(Optional(document)) { $0?[String($1)] }
    }
}
