/// What makes two statements the same on a connection: whose names they are resolved with, and their text.
struct StatementKey: Hashable, Sendable {
    /// Empty for statements that everyone shares.
    let namespace: String
    /// The text around the values; comparing it saves building the text with its `$1` each time.
    let pieces: [String]
}

/// The prepared statements of one connection, by age of their last use.
///
/// A name is used once in a connection's life. So an answer about a name can only mean one statement, and names stay far below the
/// 63 bytes after which the server would cut them (a tenant's slug and schema version in them would not).
struct StatementCache {
    private struct Entry {
        let key: StatementKey
        let name: String
        var older: Int
        var newer: Int
    }

    private static let none = -1
    private let capacity: Int
    private var positions: [StatementKey: Int] = [:]
    private var entries: [Entry] = []
    private var free: [Int] = []
    private var oldest = none
    private var newest = none
    private var named = 0
    /// Statements the server still holds though nobody will ask for them: to be deallocated with the next unit.
    private(set) var evicted: [String] = []

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { positions.count }

    /// The name of a statement that is prepared already; it becomes the newest.
    mutating func name(for key: StatementKey) -> String? {
        guard let position = positions[key] else { return nil }
        if position != newest {
            unlink(position)
            linkAsNewest(position)
        }
        return entries[position].name
    }

    /// A name for a statement about to be prepared. The oldest one makes room when there is none.
    mutating func insert(_ key: StatementKey) -> String {
        if positions.count >= capacity {
            evicted.append(entries[oldest].name)
            remove(oldest)
        }
        named += 1
        let entry = Entry(key: key, name: "s\(named)", older: Self.none, newer: Self.none)
        let position: Int
        if let reused = free.popLast() {
            position = reused
            entries[position] = entry
        } else {
            position = entries.count
            entries.append(entry)
        }
        positions[key] = position
        linkAsNewest(position)
        return entry.name
    }

    /// The server does not have this statement: it refused to prepare it, or never came to it.
    mutating func forget(_ key: StatementKey, named name: String) {
        evicted.removeAll { $0 == name }
        guard let position = positions[key], entries[position].name == name else { return }
        remove(position)
    }

    /// The server has this statement, but it is no longer good.
    mutating func evict(_ key: StatementKey, named name: String) {
        guard let position = positions[key], entries[position].name == name else { return }
        evicted.append(name)
        remove(position)
    }

    /// Draws the consequences of a refused step, so that nothing is kept in mind that the server does not have, or has in vain.
    mutating func note(_ refusal: PostgresError.Refusal, of step: Step) {
        switch step {
        case .prepare(let key, let name): forget(key, named: name)
        case .execute(let key?, let name) where refusal.state == .invalidStatementName: forget(key, named: name)
        case .execute(let key?, let name) where refusal.isStalePlan: evict(key, named: name)
        case .deallocate, .execute: break
        }
    }

    /// Hands out what the next unit has to deallocate.
    mutating func takeEvicted() -> [String] {
        defer { evicted.removeAll() }
        return evicted
    }

    private mutating func remove(_ position: Int) {
        positions[entries[position].key] = nil
        unlink(position)
        free.append(position)
    }

    private mutating func unlink(_ position: Int) {
        let (older, newer) = (entries[position].older, entries[position].newer)
        if older == Self.none { oldest = newer } else { entries[older].newer = newer }
        if newer == Self.none { newest = older } else { entries[newer].older = older }
    }

    private mutating func linkAsNewest(_ position: Int) {
        entries[position].older = newest
        entries[position].newer = Self.none
        if newest == Self.none { oldest = position } else { entries[newest].newer = position }
        newest = position
    }
}
