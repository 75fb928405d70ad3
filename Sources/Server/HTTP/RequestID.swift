import Foundation
import Secrets

/// The name of one request in logs, in the change log and in answers.
enum RequestID {
    /// The caller's own, if it is one that may stand in a log line as it is; else a new one.
    static func choose(_ given: String?) -> String {
        guard let given, (1...128).contains(given.utf8.count), given.utf8.allSatisfy(isSane) else {
            return UUID.v7().text
        }
        return given
    }

    private static func isSane(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
