import Foundation

/// The folder that `tenantry dev` keeps everything in; one `dev` at a time, which a lock guards.
struct DevFolder: Sendable {
    /// Absolute, with symbolic links resolved.
    let path: String
    /// Held until the process ends.
    private let lock: Int32

    var mail: String { "\(path)/mail" }
    /// Made when the first file comes.
    var blobs: String { "\(path)/blobs" }

    /// Makes it if need be and takes the lock. Refuses while another `dev` uses it.
    init(_ wanted: String) throws {
        try Self.make(wanted)
        path = try Self.resolved(wanted)
        try Self.openForPassing(path)
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Refusal("The folder \(path) cannot be written: \(String(cString: strerror(errno))).") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Refusal("Another `tenantry dev` uses \(path). Stop it first, or name another folder with --data.")
        }
        lock = descriptor
        try Self.make(mail)
    }

    /// Root's home is closed to the account that PostgreSQL runs as, so root's own folder is elsewhere.
    static var standard: String {
        let environment = ProcessInfo.processInfo.environment
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return "\(data)/tenantry" }
        if geteuid() == 0 { return "/var/lib/tenantry/dev" }
        return "\(environment["HOME"] ?? FileManager.default.currentDirectoryPath)/.local/share/tenantry"
    }

    /// Writes a file that only we can read, all of it or nothing.
    static func write(_ text: String, to path: String) throws {
        let fresh = "\(path).new"
        unlink(fresh)
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Refusal("Cannot write \(path): \(String(cString: strerror(errno))).") }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: Data(text.utf8))
        guard fsync(descriptor) == 0, rename(fresh, path) == 0 else {
            throw Refusal("Cannot write \(path): \(String(cString: strerror(errno))).")
        }
    }

    private static func make(_ path: String) throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            guard isFolder.boolValue else { throw Refusal("\(path) is a file, not a folder.") }
            return
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        } catch {
            throw Refusal("The folder \(path) cannot be made: \(error.localizedDescription)")
        }
    }

    /// PostgreSQL may run as another account, whose data is below this folder. A fresh folder of ours (`mktemp -d` makes it with mode 0700)
    /// becomes passable, 0711: nobody can list it, and what is secret in it has mode 0600. One that holds something already keeps its mode.
    private static func openForPassing(_ path: String) throws {
        guard try FileManager.default.contentsOfDirectory(atPath: path).isEmpty else { return }
        var status = stat()
        guard stat(path, &status) == 0, status.st_uid == geteuid() else { return }
        chmod(path, status.st_mode & 0o7777 | 0o011)
    }

    private static func resolved(_ path: String) throws -> String {
        guard let resolved = realpath(path, nil) else {
            throw Refusal("The folder \(path) is not there: \(String(cString: strerror(errno))).")
        }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
