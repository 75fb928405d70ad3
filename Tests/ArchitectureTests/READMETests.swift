import CRM
import Foundation
import Settings
import Testing

@Suite("The README keeps in step") struct READMETests {
    private func readme() throws -> String {
        try String(contentsOf: Tower.root.appending(path: "README.md"), encoding: .utf8)
    }

    @Test("Its table of settings is the one the program prints") func settings() throws {
        #expect(try readme().contains(SettingsReference.markdown), "Put the output of `tenantry config --reference` into README.md.")
    }

    @Test("So is its table of what each tenant decides") func tenantSettings() throws {
        #expect(
            try readme().contains(TenantSettings.markdown), "Put the output of `tenantry config --tenant-reference` into README.md.")
    }

    @Test("It opens with the two commands") func opening() throws {
        let head = try readme().split(separator: "\n").prefix(25).joined(separator: "\n")

        #expect(head.contains("./Deploy/run.sh"))
        #expect(head.contains("./Deploy/test.sh"))
    }

    @Test("Every file it names is there") func files() throws {
        for match in try readme().matches(of: /\]\(([^)#:]+)\)/) {
            let path = Tower.root.appending(path: String(match.output.1)).path
            #expect(FileManager.default.fileExists(atPath: path), "README names \(match.output.1)")
        }
    }
}
