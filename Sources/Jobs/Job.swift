import Foundation

/// A piece of work that is promised now and done later, for one tenant. Its stored properties are what the work needs to know.
///
/// A job is thin: it names what to do, and whoever handles it reads the rest when the time comes. It may be started twice, when a process
/// dies or falls silent in the middle, so what it does must bear that.
package protocol Job: Codable, Sendable {
    /// How the queue treats jobs of this kind.
    static var kind: JobKind { get }

    /// Reads what was enqueued, perhaps by an older release. The standard one decodes the properties; a kind whose properties changed raises
    /// its version and reads the old ones here. Throwing ends the job as dead.
    static func read(_ payload: [UInt8], version: Int) throws -> Self
}

extension Job {
    package static func read(_ payload: [UInt8], version: Int) throws -> Self {
        try JSONDecoder().decode(Self.self, from: Data(payload))
    }
}

/// Which of a lane's jobs comes first. Between lanes, that is between tenants and between kinds, turns decide.
package enum JobPriority: Int, Sendable, CaseIterable {
    case urgent = 0
    case normal = 1
    case bulk = 2
}

/// What a handler says of its work.
package enum JobOutcome: Sendable, Hashable {
    case done
    /// Not yet, for no fault of anybody's: once more after this time. The attempt does not count.
    case again(after: Duration, because: String)
    /// It will never work: the job is dead, for an operator to look at.
    case giveUp(because: String)
}
