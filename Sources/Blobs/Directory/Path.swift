import Foundation

/// What is done to files by their names. Every call blocks.
enum Path {
    struct Status {
        let size: Int64
        let modified: Date
        let isFolder: Bool
    }

    /// Nil when nothing is there.
    static func status(_ path: String) throws(BlobError) -> Status? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT || errno == ENOTDIR else { throw .system("stat", path) }
            return nil
        }
        let time = TimeInterval(status.st_mtim.tv_sec) + TimeInterval(status.st_mtim.tv_nsec) / 1e9
        return Status(
            size: Int64(status.st_size), modified: Date(timeIntervalSince1970: time), isFolder: status.st_mode & S_IFMT == S_IFDIR)
    }

    /// With all that is missing above it; only we may enter.
    static func makeDirectory(_ path: String) throws(BlobError) {
        if mkdir(path, 0o700) == 0 { return try bringFolderToDisk(parent(of: path)) }
        switch errno {
        case EEXIST: return
        case ENOENT where path.contains("/"):
            try makeDirectory(parent(of: path))
            // Removed again by whoever emptied the folder above it: who wants to put something here finds out, and comes again.
            guard mkdir(path, 0o700) == 0 || errno == EEXIST || errno == ENOENT else { throw .system("mkdir", path) }
            try bringFolderToDisk(parent(of: path))
        default: throw .system("mkdir", path)
        }
    }

    /// Puts a finished file in its place, and the fact on disk.
    static func move(_ path: String, to target: String) throws(BlobError) {
        // Whoever deletes the last file of a folder removes the folder, perhaps just after we made it.
        for _ in 1...100 {
            try makeDirectory(parent(of: target))
            if rename(path, target) == 0 { return try bringFolderToDisk(parent(of: target)) }
            guard errno == ENOENT else { throw .system("rename", target) }
        }
        throw .unavailable("The folder of \(target) does not stay.")
    }

    /// What is not there is removed already.
    static func remove(_ path: String) throws(BlobError) {
        guard unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR else { throw .system("unlink", path) }
    }

    /// Removes the folders above a removed file that have become empty, up to the root.
    static func removeEmptyFolders(from path: String, below root: String) {
        var folder = parent(of: path)
        while folder.count > root.count, rmdir(folder) == 0 { folder = parent(of: folder) }
    }

    /// What is in a folder, without `.` and `..`; nothing when it is not there.
    static func names(in path: String) throws(BlobError) -> [String] {
        guard let folder = opendir(path) else {
            guard errno == ENOENT || errno == ENOTDIR else { throw .system("opendir", path) }
            return []
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func bringFolderToDisk(_ path: String) throws(BlobError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        // Removed again by whoever emptied it; the caller finds out.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("fsync", path) }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
