import CRM
import Foundation
import Records
import Testing
import Web

@testable import Server

/// What the page says, against what it is asked to say.
@Suite("The words of the page") struct WordingTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func catalogue(_ language: String) throws -> [String: JSON] {
        let file = try #require(WebFiles.embedded.files["texts/\(language).json"], "There is no \(language).json.")
        let members = try #require(try JSON(parsing: file.bytes).members)
        #expect(Set(members.map(\.name)).count == members.count, "A key stands twice.")
        return Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private func forms(_ phrase: JSON) -> [String: String] {
        if let text = phrase.string { return ["": text] }
        return Dictionary((phrase.members ?? []).compactMap { member in member.value.string.map { (member.name, $0) } }) { first, _ in first
        }
    }

    private func placeholders(_ text: String) -> Set<String> {
        // Two braces are a template's own.
        Set(text.replacing(/\{\{[^}]*\}\}/, with: "").matches(of: /\{(\w+)\}/).map { String($0.output.1) })
    }

    @Test(
        "Every language says everything, with the same places to fill in and its own plural forms", arguments: Wording.languages.map(\.code)
    )
    func complete(language: String) throws {
        let english = try catalogue("en")
        let own = try catalogue(language)

        #expect(Set(english.keys).subtracting(own.keys).sorted() == [], "\(language) does not say these")
        #expect(Set(own.keys).subtracting(english.keys).sorted() == [], "only \(language) says these")
        for (key, phrase) in own {
            let forms = forms(phrase)
            let wanted = english[key].map { self.forms($0) } ?? [:]
            let places = wanted.values.reduce(into: Set<String>()) { $0.formUnion(placeholders($1)) }
            for (form, text) in forms {
                #expect(!text.trimmingCharacters(in: .whitespaces).isEmpty, "\(key) is empty in \(language)")
                // "one" may say it without the number.
                #expect(
                    placeholders(text).union(form == "one" ? ["count"] : []) == places.union(form == "one" ? ["count"] : []),
                    "\(key) in \(language)")
            }
            if wanted.keys.contains("other") {
                let expected: Set<String> = language == "zh-CN" ? ["other"] : ["one", "other"]
                #expect(
                    Set(forms.keys) == expected || language == "zh-CN" && Set(forms.keys) == [""],
                    "the plural forms of \(key) in \(language)")
            }
        }
    }

    @Test("Nothing but names is the same in two languages by oversight", arguments: ["de", "es", "zh-CN"])
    func translated(language: String) throws {
        let english = try catalogue("en")
        let own = try catalogue(language)

        let same = english.filter { key, phrase in
            let text = forms(phrase)["other"] ?? forms(phrase)[""] ?? ""
            return own[key] == phrase && text.split(separator: " ").count > 2
        }

        #expect(same.keys.sorted() == [], "not translated")
    }

    /// Keys as they stand in the sources: whole ones, and the beginnings of those that are put together.
    private func asked() throws -> (keys: Set<String>, beginnings: Set<String>) {
        var keys: Set<String> = []
        var beginnings: Set<String> = ["field.", "option.", "type."]
        for (folder, suffix) in [("Sources/Web/assets", "js"), ("Sources/Server/Web", "swift"), ("Sources/Server/API", "swift")] {
            let place = Self.root.appending(path: folder)
            for name in try FileManager.default.contentsOfDirectory(atPath: place.path) where name.hasSuffix(".\(suffix)") {
                let text = try String(contentsOf: place.appending(path: name), encoding: .utf8)
                if suffix == "js" {
                    for match in text.matches(of: /['`]([a-z_]+\.[A-Za-z0-9_.\-]*)(['`]|\$\{)/) {
                        if match.output.2 == "${" { beginnings.insert(String(match.output.1)) } else { keys.insert(String(match.output.1)) }
                    }
                } else {
                    for match in text.matches(of: /"([a-z_]+\.[a-z_.]*)("|\\\()/) {
                        if match.output.2 == "\"" { keys.insert(String(match.output.1)) } else { beginnings.insert(String(match.output.1)) }
                    }
                }
            }
        }
        return (keys, beginnings)
    }

    @Test("Whatever scripts and pages ask for is there, and what is there is asked for") func used() throws {
        let english = Set(try catalogue("en").keys)
        let (keys, beginnings) = try asked()
        let families = Set(english.map { String($0.prefix { $0 != "." }) })

        let unknown = keys.filter { key in
            families.contains(String(key.prefix { $0 != "." })) && !english.contains(key) && !key.hasSuffix(".js") && !key.hasSuffix(".")
        }
        let unused = english.filter { key in !keys.contains(key) && !beginnings.contains { key.hasPrefix($0) } }

        let callsOfScripts = try scriptCalls()
        #expect(callsOfScripts.subtracting(english).sorted() == [], "asked for and not there")
        #expect(unused.sorted() == [], "never asked for")
        // Names of files and of settings look like keys; what scripts really call is held above.
        #expect(unknown.subtracting(callsOfScripts).count < 200)
    }

    /// `t('key'` in the scripts.
    private func scriptCalls() throws -> Set<String> {
        let place = Self.root.appending(path: "Sources/Web/assets")
        return try FileManager.default.contentsOfDirectory(atPath: place.path).filter { $0.hasSuffix(".js") }.reduce(into: []) {
            calls, name in
            let text = try String(contentsOf: place.appending(path: name), encoding: .utf8)
            for match in text.matches(of: /\bt\('([\w.]+)'/) { calls.insert(String(match.output.1)) }
        }
    }

    @Test("Every field and option of the built-in types has words of its own") func fields() throws {
        let english = try catalogue("en")

        for type in RecordTypes.builtIn.types {
            #expect(english["type.\(type.name)"] != nil && english["type.\(type.name).one"] != nil, "\(type.name)")
            for field in type.fields {
                if case .custom = field.kind { continue }
                #expect(
                    english["field.\(type.name).\(field.name)"] != nil || english["field.\(field.name)"] != nil,
                    "\(type.name).\(field.name)")
                guard case .choice(let options) = field.kind else { continue }
                for option in options {
                    let keys = ["option.\(type.name).\(field.name).\(option)", "option.\(field.name).\(option)", "\(field.name).\(option)"]
                    #expect(keys.contains { english[$0] != nil }, "\(type.name).\(field.name): \(option)")
                }
            }
        }
    }

    @Test("Every refusal has words of its own, and so has every part of an input that is refused") func refusals() throws {
        let english = try catalogue("en")

        for code in Problem.Code.allCases { #expect(english["refusal.\(code.rawValue)"] != nil, "\(code)") }
        for code in Problem.FieldCode.allCases { #expect(english["refusal.field.\(code.rawValue)"] != nil, "\(code)") }
        for code in ImportRowCode.allCases { #expect(english["refusal.import.\(code.rawValue)"] != nil, "\(code)") }
        for code in ImportFailure.allCases { #expect(english["import.failure.\(code.rawValue)"] != nil, "\(code)") }
        let kinds = Set(TypeDocument.kinds).union(["between"])
        for key in english.keys where key.hasPrefix("refusal.field.") || key.hasPrefix("refusal.import.") {
            let parts = key.split(separator: ".").map(String.init)
            #expect(parts.count == 3 || kinds.contains(parts[3]), "\(key): there is no such kind of field")
        }
    }

    @Test("In another language than English a refusal is said by its code; without words for it the sentence stays") func spoken() throws {
        let german = Wording(.embedded).words(in: "de")
        let english = Wording(.embedded).words(in: "en")
        let problem = Problem(.conflict, "The pipeline has deals.")
        let error = Problem.FieldError("/email", .format, "This is an e-mail address such as ann@example.com.")

        #expect(english.refusal(problem) == "The pipeline has deals." && german.refusal(problem).contains("geht das nicht"))
        #expect(german.refusal(error, kind: "email").contains("E-Mail-Adresse") && !german.refusal(error).contains("E-Mail"))
        #expect(german.refusal(.invalid([error])) == german.refusal(error))
    }

    @Test("Every setting has a name and says what it is for, in English as its definition does") func settings() throws {
        let english = try catalogue("en")
        func look(_ keys: [SettingKey], _ place: [String], explained: Bool) {
            for key in keys {
                let path = (place + [key.name]).joined(separator: ".")
                #expect(english["setting.\(path)"] != nil || english["setting.\(key.name)"] != nil, "\(path) has no name")
                if explained {
                    let own = english["setting_help.\(path)"] ?? english["setting_help.\((place + ["each"]).joined(separator: "."))"]
                    #expect(own?.string == key.help, "\(path)")
                }
                switch key.kind {
                case .group(let members): look(members, place + [key.name], explained: explained)
                // What stands in a list is explained by the list.
                case .list(of: .entry(let members), _): look(members, place + [key.name], explained: false)
                default: break
                }
            }
        }
        look(TenantSettings.keys, [], explained: true)
    }

    @Test("The language is the first wish that the page speaks") func language() {
        #expect(Wording.language(["de-AT"], acceptLanguage: "es") == "de")
        #expect(Wording.language([nil, "fr"], acceptLanguage: "fr;q=0.9, es-MX;q=0.8, en;q=0.1") == "es")
        #expect(Wording.language([], acceptLanguage: "zh-TW,zh;q=0.9") == "zh-CN")
        #expect(Wording.language([], acceptLanguage: "en;q=0.2, de;q=0.7") == "de")
        #expect(Wording.language([], acceptLanguage: nil) == "en")
    }
}
