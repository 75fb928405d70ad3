import Outgoing

extension BlockingThreads {
    /// For reading and writing files.
    static let files = BlockingThreads(8, name: "files")
}
