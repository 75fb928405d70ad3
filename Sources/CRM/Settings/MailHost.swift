import Records
import Tenancy

/// A mail server as a tenant may name it: where our own network is not meant to be reached through it.
enum MailHost {
    /// Whether it has the form of a host at all, one of the own network included.
    static func isWellFormed(_ text: String) -> Bool {
        isAddress(text) || DomainName.isWellFormed(text) || isPrivateName(text)
    }

    /// Whether its name alone says that it is not on the internet. A name may still lead to a private address; who connects looks again.
    static func isPrivate(_ text: String) -> Bool {
        isAddress(text) ? AddressRange.isPrivate(text) : isPrivateName(text)
    }

    private static func isAddress(_ text: String) -> Bool { !text.contains("/") && AddressRange(text) != nil }

    /// A single label, or a name under a domain kept for networks of one's own (RFC 6761, 6762, 8375 and ICANN's `internal`).
    private static func isPrivateName(_ text: String) -> Bool {
        let name = text.lowercased()
        let isLabel =
            !name.isEmpty && name.utf8.count <= 63 && name.first != "-" && name.last != "-"
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") } && !name.allSatisfy(\.isNumber)
        return isLabel
            || [".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".invalid"].contains {
                name.hasSuffix($0) && DomainName.isWellFormed(name)
            }
    }
}
