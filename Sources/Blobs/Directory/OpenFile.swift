import Foundation

/// A file's descriptor. Every call blocks.
struct OpenFile: Sendable {
    private let descriptor: Int32

    /// A new file, which only we may read.
    init(creating path: String) throws(BlobError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system("open", path) }
    }

    /// Nil when there is none. A symbolic link is not followed: we make none.
    init?(reading path: String) throws(BlobError) {
        descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor < 0 else { return }
        guard errno == ENOENT || errno == ENOTDIR else { throw .system("open", path) }
        return nil
    }

    func write(_ bytes: [UInt8]) throws(BlobError) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), bytes.count - offset) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system("write", "a blob") }
            offset += count
        }
    }

    /// These bytes, fewer where the file ends before.
    func read(_ range: Range<Int64>) throws(BlobError) -> [UInt8] {
        // Room for what is there, not for what was asked: a caller may ask for more than there is.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("fstat", "a blob") }
        let end = min(range.upperBound, Int64(status.st_size))
        guard range.lowerBound < end else { return [] }
        var failure: BlobError?
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(end - range.lowerBound)) { room, filled in
            while filled < room.count {
                let count = pread(
                    descriptor, room.baseAddress?.advanced(by: filled), room.count - filled, off_t(range.lowerBound) + off_t(filled))
                if count < 0, errno == EINTR { continue }
                if count < 0 { failure = .system("read", "a blob") }
                guard count > 0 else { return }
                filled += count
            }
        }
        if let failure { throw failure }
        return bytes
    }

    func bringToDisk() throws(BlobError) {
        guard fsync(descriptor) == 0 else { throw .system("fsync", "a blob") }
    }

    func close() { _ = Glibc.close(descriptor) }
}

extension BlobError {
    /// What `errno` says.
    static func system(_ call: String, _ path: String) -> BlobError {
        .unavailable("\(call) of \(path): \(String(cString: strerror(errno)))")
    }
}
