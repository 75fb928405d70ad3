import Synchronization

/// What credentials stand for, remembered from the last look: a warm request asks the database nothing.
///
/// Every change of a credential, a user or a role sends a notification from inside its own transaction, so an entry may live for half a
/// minute; while its cell's notifications do not arrive, for a second. So a revocation is in force everywhere within a second.
final class PrincipalCache: Sendable {
    private let state: Mutex<State>
    private let now: @Sendable () -> ContinuousClock.Instant

    /// How long an entry lives while notifications arrive, and while they do not.
    static let lifetime: Duration = .seconds(30)
    static let uncertainLifetime: Duration = .seconds(1)

    /// - Parameter capacity: about how many credentials are kept; those not used lately go first.
    init(capacity: Int = 20_000, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        state = Mutex(State(entries: Generations(capacity: capacity), ended: Generations(capacity: capacity)))
        self.now = now
    }

    private struct State {
        var entries: Generations<[UInt8], Entry>
        /// Credentials that ended lately: one that was being looked up meanwhile must not come in after its end.
        var ended: Generations<[UInt8], Void>
        /// How often everything of a tenant was thrown away.
        var epochs: [String: Int] = [:]
        /// How often everything was thrown away.
        var era = 0
        /// Cells whose notifications arrive.
        var heard: Set<String> = []

        func stamp(of slug: String) -> Stamp { Stamp(era: era, epoch: epochs[slug, default: 0]) }
    }

    private struct Entry {
        let principal: Principal?
        let since: ContinuousClock.Instant
        let stamp: Stamp
    }

    /// What had been thrown away when a look-up began: an answer older than that is not kept.
    struct Stamp: Sendable, Hashable {
        fileprivate let era: Int
        fileprivate let epoch: Int
    }

    enum Answer: Sendable {
        case known(Principal)
        /// Looked up a moment ago: there is no such credential.
        case knownToBeNothing
        case unknown(Stamp)
    }

    func answer(_ hash: [UInt8], of slug: String, in cell: String) -> Answer {
        let now = now()
        return state.withLock { state in
            let stamp = state.stamp(of: slug)
            guard let entry = state.entries[hash], entry.stamp == stamp else { return .unknown(stamp) }
            // A wrong credential stays wrong, since they are random; yet it is remembered only against floods.
            let isCertain = state.heard.contains(cell) && entry.principal != nil
            guard now - entry.since < (isCertain ? Self.lifetime : Self.uncertainLifetime) else { return .unknown(stamp) }
            return entry.principal.map(Answer.known) ?? .knownToBeNothing
        }
    }

    /// Keeps what a look-up found, unless something was thrown away since it began.
    func keep(_ principal: Principal?, for hash: [UInt8], of slug: String, since stamp: Stamp) {
        let now = now()
        state.withLock { state in
            guard stamp == state.stamp(of: slug), state.ended[hash] == nil else { return }
            state.entries[hash] = Entry(principal: principal, since: now, stamp: stamp)
        }
    }

    /// One credential has ended.
    func forget(_ hash: [UInt8]) {
        state.withLock { state in
            state.entries[hash] = nil
            state.ended[hash] = ()
        }
    }

    /// Something about a tenant's people, roles or credentials has changed.
    func forgetAll(of slug: String) {
        state.withLock { $0.epochs[slug, default: 0] += 1 }
    }

    /// Notifications of this cell arrive from now on; what was said before is not said again.
    func hears(_ cell: String) {
        state.withLock { state in
            state.heard.insert(cell)
            state.era += 1
        }
    }

    /// Notifications of this cell do not arrive.
    func isDeaf(to cell: String) {
        state.withLock { state in
            guard state.heard.remove(cell) != nil else { return }
            state.era += 1
        }
    }
}

/// A dictionary that forgets what was not used lately: when the young half is full it becomes the old one, and the old one goes.
struct Generations<Key: Hashable, Value> {
    private let half: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    init(capacity: Int) {
        half = max(1, capacity / 2)
    }

    subscript(key: Key) -> Value? {
        mutating get {
            if let value = young[key] { return value }
            guard let value = old[key] else { return nil }
            insert(value, for: key)
            return value
        }
        set {
            guard let newValue else {
                young[key] = nil
                old[key] = nil
                return
            }
            insert(newValue, for: key)
        }
    }

    private mutating func insert(_ value: Value, for key: Key) {
        if young.count >= half && young[key] == nil {
            old = young
            young = [:]
        }
        young[key] = value
    }
}
