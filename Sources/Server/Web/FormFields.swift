import Records

/// The fields of an HTML form as browsers send them (`application/x-www-form-urlencoded`).
enum FormFields {
    /// Refuses with `.malformed` what is not of that form; of a name that stands twice the first counts.
    static func read(_ bytes: [UInt8]) throws(Problem) -> [String: String] {
        var fields: [String: String] = [:]
        for part in String(decoding: bytes, as: UTF8.self).split(separator: "&") {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(halves[0], plusIsSpace: true),
                let value = PercentEncoding.decode(halves.count > 1 ? halves[1] : "", plusIsSpace: true)
            else { throw Problem(.malformed, "The body is not what an HTML form sends.") }
            if fields[name] == nil { fields[name] = value }
        }
        return fields
    }
}
