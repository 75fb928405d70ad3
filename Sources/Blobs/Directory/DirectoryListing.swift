/// A walk through the folders of a store that meets the keys in their order and leaves out folders that cannot hold one that is wanted.
struct DirectoryListing {
    let root: String
    let prefix: String
    let after: String
    let limit: Int
    private(set) var entries: [BlobEntry] = []

    init(root: String, prefix: String, after: String, limit: Int) {
        self.root = root
        self.prefix = prefix
        self.after = after
        self.limit = limit
    }

    /// `folder` is empty for the root, else it ends with a slash.
    mutating func visit(_ folder: String) throws(BlobError) {
        // With its slash a folder stands where its keys do: `a-b` before `a/b`.
        var found: [(name: String, status: Path.Status)] = []
        for name in try Path.names(in: "\(root)/\(folder)") where !name.hasPrefix(".") {
            guard let status = try Path.status("\(root)/\(folder)\(name)") else { continue }
            found.append((folder + name + (status.isFolder ? "/" : ""), status))
        }
        found.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        for (name, status) in found where entries.count < limit {
            if status.isFolder {
                let mayHold = name.hasPrefix(prefix) || prefix.hasPrefix(name)
                let isPassed = !after.hasPrefix(name) && name.utf8.lexicographicallyPrecedes(after.utf8)
                if mayHold, !isPassed { try visit(name) }
            } else if name.hasPrefix(prefix), after.utf8.lexicographicallyPrecedes(name.utf8), let key = BlobKey(name) {
                entries.append(BlobEntry(key: key, size: status.size, modified: status.modified))
            }
        }
    }
}
