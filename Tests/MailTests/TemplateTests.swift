import Foundation
import Support
import Testing

@testable import Mail

@Suite struct TemplateTests {
    private let frame = MailFrame(brand: Brand(name: "Acme & Söhne"), language: .english)

    private func render(_ body: String, _ values: [String: TemplateValue] = [:]) throws -> MailContent {
        try Template(TemplateSource(subject: "s", body: body)).render(values, in: frame)
    }

    /// What the template itself wrote, without the frame.
    private func text(_ body: String, _ values: [String: TemplateValue] = [:]) throws -> String {
        try render(body, values).text.replacing("\n\n-- \nAcme & Söhne\n", with: "")
    }

    @Test("One source makes text and HTML") func both() throws {
        let content = try Template(
            TemplateSource(
                subject: "Due: {{title}}",
                body: """
                    # Hello {{person}}
                    **{{title}}** is due.
                    See you.

                    {{#items}}
                    - [{{title}}]({{link}})
                    {{/items}}
                    ---
                    [Open]({{link}})
                    """)
        ).render(
            [
                "title": "Call", "person": "Anna", "link": "https://crm.example.com/1",
                "items": [["title": "One", "link": "https://a.example/"], ["title": "Two", "link": "https://b.example/"]],
            ], in: frame)

        #expect(content.subject == "Due: Call")
        #expect(
            content.text == """
                Hello Anna

                Call is due.
                See you.

                - One: https://a.example/
                - Two: https://b.example/

                --------

                Open: https://crm.example.com/1

                -- 
                Acme & Söhne

                """)
        for markup in [
            ">Hello Anna</h1>", "<strong>Call</strong> is due.<br>\nSee you.</p>", "<ul style", ">One</a></li>\n<li", ">Open</a></p>",
            "</ul>\n<hr",
            "Acme &amp; Söhne", "display:inline-block",
        ] {
            #expect(content.html.contains(markup), "\(markup) in \(content.html)")
        }
    }

    @Test("A value is never markup, neither of HTML nor of the template") func escaping() throws {
        let hostile: TemplateValue = .text(
            "<script>alert(1)</script> <\u{338}img src=x> \"'& **bold** [x](https://evil.example) {{title}}\r\nnext")

        let content = try render("Say {{x}}!\n\n[{{x}}](https://a.example/?q={{x}})", ["x": hostile, "title": "secret"])

        #expect(!content.html.contains("<script") && content.html.contains("&lt;\u{338}img"))
        #expect(!content.html.contains("<strong>bold") && !content.html.contains("href=\"https://evil") && !content.html.contains("secret"))
        #expect(content.html.contains("**bold** [x](https://evil.example) {{title}}<br>\nnext"))
        #expect(content.html.contains("href=\"https://a.example/?q=%3Cscript%3Ealert%281%29"))
        #expect(content.text.contains("<script>alert(1)</script>"))
    }

    @Test("A link leads only to the web or a mailbox, whatever its value") func links() throws {
        for bad: TemplateValue in ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a.example/\nx", ""] {
            let content = try render("[go]({{link}})", ["link": bad])
            #expect(!content.html.contains("href"), "\(bad)")
            #expect(content.html.contains("go"))
        }
        #expect(
            try render("[go]({{link}})", ["link": "https://a.example/?a=1&b=\"2"]).html.contains(
                "href=\"https://a.example/?a=1&amp;b=&quot;2\""))
    }

    @Test("Unknown names and wrong uses are found with their place") func check() throws {
        let allowed: [String: TemplateVariable] = [
            "title": .text, "link": .link, "late": .flag, "tags": .texts,
            "deal": .group(["name": .text, "owner": .group(["name": .text])]),
            "items": .list(["title": .text, "parts": .list(["name": .text])]),
        ]
        func faults(_ body: String) throws -> [String] {
            try Template(TemplateSource(subject: "{{title}}", body: body)).check(allowing: allowed).map(\.description)
        }

        #expect(
            try faults(
                "{{title}} {{deal.owner.name}} {{#late}}x{{/late}}{{^late}}y{{/late}} {{#tags}}{{.}}{{/tags}} {{#title}}{{.}}{{/title}}"
            ).isEmpty)
        #expect(
            try faults(
                "{{#items}}\n- {{title}} {{#parts}}{{name}}{{/parts}} {{link}}\n{{/items}}\n\n{{#deal}}{{name}}{{#owner}}{{name}}{{/owner}}{{/deal}}"
            ).isEmpty)
        #expect(try faults("Hello\n\nand {{titel}}") == ["body, line 3, column 5: `titel` is not known here. Did you mean `title`?"])
        #expect(try faults("- {{deal.nam}}") == ["body, line 1, column 3: `deal.nam` is not known here. Did you mean `name`?"])
        #expect(try faults("{{name}}") == ["body, line 1, column 1: `name` is not known here."])
        #expect(
            try faults("{{#items}}\n- {{#items}}x{{/items}}\n{{/items}}") == [
                "body, line 2, column 3: `items` is already being gone through here."
            ])
        #expect(try faults("{{items}} {{deal}} {{late}} {{tags}}").count == 4)
        #expect(try faults("[x]({{title}})") == ["body, line 1, column 5: `title` is no address that a link may lead to."])
        #expect(try faults("[x](ftp://y)").count == 1)
        #expect(try faults("[x]({{link}}?t={{title}}) [m](mailto:{{title}}@example.com)").isEmpty)
        let subject = try Template(TemplateSource(subject: "Re: {{x}}", body: "")).check(allowing: allowed)
        #expect(subject.map(\.description) == ["subject, line 1, column 5: `x` is not known here."])
    }

    @Test(
        "What is not part of these templates is refused at its place",
        arguments: [
            ("{{{x}}}", 1, 1), ("a\n{{&x}}", 2, 1), ("{{>x}}", 1, 1), ("{{<x}}", 1, 1), ("{{=<% %>=}}", 1, 1), ("{{#x}}a", 1, 1),
            ("{{#x}}\na", 1, 1),
            ("a{{/x}}", 1, 2), ("b\n{{/x}}", 2, 1), ("{{#a}}{{#b}}{{/a}}{{/b}}", 1, 13), ("{{x", 1, 1), ("**x", 1, 1), ("{{a b-c}}", 1, 1),
            ("{{}}", 1, 1), ("{{a..b}}", 1, 1), ("[x](https://a.example", 1, 5), ("{{#x}}\n**a\n{{/x}}", 2, 1), ("{{ü}}", 1, 1),
        ])
    func syntax(body: String, line: Int, column: Int) {
        let fault = #expect(throws: TemplateFault.self) { try Template(TemplateSource(subject: "s", body: body)) }

        #expect(fault.map { [$0.line, $0.column] } == [line, column], "\(fault.map(String.init(describing:)) ?? "")")
    }

    @Test("Brackets and stars that are no marks stay what they are") func plainMarks() throws {
        #expect(try text("a [b] c * d \\*\\*e\\*\\* 2*3 [x] (y)") == "a [b] c * d **e** 2*3 [x] (y)")
    }

    @Test("A paragraph of which nothing appears leaves no gap") func gaps() throws {
        #expect(try text("a\n\n{{x}}\n\n{{#y}}z{{/y}}\n\nb") == "a\n\nb")
    }

    @Test("Mustache means the same as elsewhere: a thousand random templates against another implementation") func oracle() async throws {
        var random = SplitMix64(seed: 7)
        let cases = (0..<1000).map { _ in OracleCase(&random) }
        // What is no text writes nothing with us; a template that would write it is refused when it is checked.
        let script = """
            import sys, json, pystache
            class Yes:
                def __str__(self): return ""
            class Group(dict):
                def __str__(self): return ""
            class List(list):
                def __str__(self): return ""
            def value(v):
                if isinstance(v, bool): return Yes() if v else ""
                if isinstance(v, list): return List(value(x) for x in v)
                if isinstance(v, dict): return Group((k, value(x)) for k, x in v.items())
                return v
            renderer = pystache.Renderer(escape=lambda text: text)
            for line in open(sys.argv[1]):
                case = json.loads(line)
                print(json.dumps(renderer.render(case["template"], value(case["values"]))))
            """
        let file = FileManager.default.temporaryDirectory.appending(path: "templates-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }  // A leftover file harms nobody.
        try cases.map(\.json).joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)

        let (status, output) = try await PythonTool.script(script, [file.path()])

        try #require(status == 0, "\(output.suffix(1000))")
        let lines = output.split(separator: "\n")
        #expect(lines.count == cases.count)
        for (example, line) in zip(cases, lines) {
            let expected = try JSONDecoder().decode(String.self, from: Data(line.utf8))
            let inlines = try InlineParser.parse(example.template, at: TemplatePosition(part: .body, line: 1, column: 1), hasMarks: false)
            #expect(TextRenderer().inline(inlines, TemplateScope(example.values)) == expected, "\(example.json)")
        }
    }

    @Test(
        "Our own mails speak only of what they are given, in every language", arguments: SystemMail.all.map(\.name), MailLanguage.allCases)
    func systemMails(name: String, language: MailLanguage) throws {
        let mail = try #require(SystemMail.all.first { $0.name == name })

        let template = try Template(mail.source(language))

        #expect(template.check(allowing: mail.variables) == [])
        let full = template.render(
            Dictionary(uniqueKeysWithValues: mail.variables.map { ($0, Self.sample($0, $1)) }),
            in: MailFrame(brand: Brand(name: "Acme"), language: language))
        let bare = template.render(["firm": "Acme"], in: MailFrame(brand: Brand(name: "Acme"), language: language))
        for content in [full, bare] {
            #expect(
                !content.subject.contains("{{") && !content.text.contains("{{") && !content.text.contains("**")
                    && !content.html.contains("{{"))
            #expect(!content.text.contains("\n\n\n") && content.html.contains("<html lang=\"\(language.rawValue)\">"))
        }
        // Every variable is used in every language; the frame names the firm in any case.
        let words = full.subject + full.text
        for name in mail.variables.keys where name != "items" && name != "firm" {
            #expect(words.contains("<\(name)>") || words.contains("crm.example.com/\(name)"), "\(name)")
        }
    }

    private static func sample(_ name: String, _ variable: TemplateVariable) -> TemplateValue {
        switch variable {
        case .text: .text("<\(name)>")
        case .link: .text("https://crm.example.com/\(name)")
        case .flag: true
        case .texts: ["one", "two"]
        case .group(let fields): .group(Dictionary(uniqueKeysWithValues: fields.map { ($0, sample($0, $1)) }))
        case .list(let fields): .list([.group(Dictionary(uniqueKeysWithValues: fields.map { ($0, sample($0, $1)) }))])
        }
    }

    @Test(
        "The nearest language is chosen",
        arguments: [("de-AT", "de"), ("zh-Hant-TW", "zh-CN"), ("es_MX", "es"), ("EN", "en"), ("fr", "en"), ("", "en")])
    func languages(tag: String, expected: String) {
        #expect(MailLanguage(closestTo: tag).rawValue == expected)
    }

    @Test("A brand's colour can be read: black or white upon it, itself on white only where it is dark enough") func colours() throws {
        let yellow = try #require(BrandColour("#FFEE00"))
        let navy = try #require(BrandColour("#001f5f"))

        #expect(yellow.contrast == "#000000" && yellow.link == BrandColour.standard.text && yellow.text == "#ffee00")
        #expect(navy.contrast == "#ffffff" && navy.link == "#001f5f")
        for text in ["", "red", "#fff", "#12345g", "#1234567", "\"><script>", "#１２３４５６"] { #expect(BrandColour(text) == nil) }
    }

    @Test("Logo and unsubscribing stand in the frame") func framed() throws {
        let frame = MailFrame(
            brand: Brand(name: "A\"<b>", logo: .within), language: .german, unsubscribe: "https://crm.example.com/u/1?a=1&b=2")

        let content = try Template(TemplateSource(subject: "s", body: "x")).render([:], in: frame)

        #expect(content.html.contains("src=\"cid:\(InlineImage.contentID)\" alt=\"A&quot;&lt;b&gt;\""))
        #expect(content.html.contains("href=\"https://crm.example.com/u/1?a=1&amp;b=2\""))
        #expect(content.text.hasSuffix("Diese Mails abbestellen: https://crm.example.com/u/1?a=1&b=2\n"))
    }
}

/// A random template without marks, with values for some of its names.
private struct OracleCase {
    let template: String
    let json: String
    let values: [String: TemplateValue]

    init(_ random: inout SplitMix64) {
        let template = Self.template(&random, depth: 0)
        let objects = Self.group(&random, depth: 0)
        self.template = template
        values = objects.mapValues(Self.value)
        // Dictionaries of texts, numbers of which there are none, flags, lists.
        let data = (try? JSONSerialization.data(withJSONObject: ["template": template, "values": objects], options: .sortedKeys)) ?? Data()
        json = String(decoding: data, as: UTF8.self)
    }

    private static let names = ["a", "b", "c", "d"]

    private static func template(_ random: inout SplitMix64, depth: Int) -> String {
        (0..<Int.random(in: 1...4, using: &random)).map { _ in
            let name = names[Int.random(in: 0..<4, using: &random)]
            switch Int.random(in: 0..<(depth < 3 ? 6 : 3), using: &random) {
            case 0: return "text "
            case 1, 2: return "{{\(name)}}"
            case 3: return "{{! words }}"
            case 4: return "{{^\(name)}}\(template(&random, depth: depth + 1)){{/\(name)}}"
            default: return "{{#\(name)}}\(template(&random, depth: depth + 1)){{/\(name)}}"
            }
        }.joined()
    }

    private static func group(_ random: inout SplitMix64, depth: Int) -> [String: Any] {
        // An empty one is absent in Python and present here.
        var group: [String: Any] = ["z": "z"]
        for name in names where Int.random(in: 0..<4, using: &random) > 0 { group[name] = object(&random, depth: depth) }
        return group
    }

    private static func object(_ random: inout SplitMix64, depth: Int) -> Any {
        switch Int.random(in: 0..<(depth < 2 ? 6 : 3), using: &random) {
        case 0: return ""
        case 1: return "v\(Int.random(in: 0..<100, using: &random))"
        case 2: return Bool.random(using: &random)
        case 3: return group(&random, depth: depth + 1)
        default: return (0..<Int.random(in: 0...3, using: &random)).map { _ in group(&random, depth: depth + 1) }
        }
    }

    private static func value(_ object: Any) -> TemplateValue {
        switch object {
        case let text as String: .text(text)
        case let flag as Bool: .flag(flag)
        case let list as [Any]: .list(list.map(value))
        case let group as [String: Any]: .group(group.mapValues(value))
        default: .text("")
        }
    }
}
