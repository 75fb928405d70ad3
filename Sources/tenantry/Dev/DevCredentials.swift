import Foundation
import Records

/// What `dev` made up at its first start and shows again at each later one. Kept in `DIR/credentials.json` (mode 0600).
struct DevCredentials: Sendable {
    var operatorToken: String?
    var demo: Demo?

    struct Demo: Sendable {
        var slug: String
        var email: String
        var password: String
    }

    private static func file(in folder: DevFolder) -> String { "\(folder.path)/credentials.json" }

    /// Nothing, when there is no such file yet.
    init(in folder: DevFolder) throws {
        let path = Self.file(in: folder)
        guard let bytes = FileManager.default.contents(atPath: path) else { return }
        guard let json = try? JSON(parsing: [UInt8](bytes)) else {  // what is wrong with it helps nobody
            throw Refusal("\(path) is damaged. Remove it: new credentials are made then.")
        }
        operatorToken = json["operator_token"]?.string
        if let kept = json["demo"], let slug = kept["slug"]?.string, let email = kept["email"]?.string,
            let password = kept["password"]?.string
        {
            demo = Demo(slug: slug, email: email, password: password)
        }
    }

    func keep(in folder: DevFolder) throws {
        let json: JSON = ["operator_token": JSON(operatorToken), "demo": demo?.json ?? .null]
        try DevFolder.write(json.text + "\n", to: Self.file(in: folder))
    }
}

extension DevCredentials.Demo {
    var json: JSON { ["slug": .string(slug), "email": .string(email), "password": .string(password)] }
}
