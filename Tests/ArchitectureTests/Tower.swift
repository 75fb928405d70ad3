import Foundation

/// The floors of the house, the ground floor first: a target imports only targets listed before it. See README, "How it is built".
enum Tower {
    /// The outside world and what needs nobody of ours.
    static let leaves = [
        "CLibPQ", "CLibCrypto", "CLibCurl", "CZlib", "Web", "Secrets", "Archive", "Outgoing", "Mail", "Blobs", "Payments", "Schema",
        "LocalCluster", "Settings", "Recurrence",
    ]
    static let floors = ["Postgres", "Tenancy", "Jobs", "Records", "CRM", "Server", "tenantry"]

    /// What a leaf may stand on.
    static let underLeaves = [
        "Web": ["CZlib"], "Secrets": ["CLibCrypto"], "Outgoing": ["CLibCurl"], "Mail": ["Secrets", "CLibCurl"],
        "Blobs": ["Secrets", "Outgoing"], "Payments": ["Secrets", "Outgoing"],
    ]
    /// Leaves that only the executable touches.
    static let forTheExecutable: Set<String> = ["LocalCluster", "Settings"]

    static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func folder(of target: String) -> URL {
        switch target {
        case "Schema": root.appending(path: "SQL")
        case "Settings": root.appending(path: "Config")
        default: root.appending(path: "Sources/\(target)")
        }
    }

    /// Which of our own targets this one may import.
    static func allowed(for target: String) -> Set<String> {
        guard let floor = floors.firstIndex(of: target) else { return Set(underLeaves[target] ?? []) }
        var allowed = Set(leaves).union(floors[..<floor])
        if target != "tenantry" { allowed.subtract(forTheExecutable) }
        // Only the rooms above libpq, libcrypto, libcurl and zlib speak to them.
        if target != "Postgres" { allowed.remove("CLibPQ") }
        allowed.subtract(["CLibCrypto", "CLibCurl", "CZlib"])
        if target == "Postgres" { allowed = ["CLibPQ"] }
        return allowed
    }

    static var ours: Set<String> { Set(leaves).union(floors) }
}
