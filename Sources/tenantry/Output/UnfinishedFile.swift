import Foundation

/// A file that stands under its name only once it is whole; nobody but its owner may read it.
struct UnfinishedFile {
    private let name: String
    private let handle: FileHandle
    private var partial: String { name + ".partial" }

    init(becoming name: String) throws {
        self.name = name
        let descriptor = open(name + ".partial", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Refusal("\(name) cannot be written: \(String(cString: strerror(errno)))") }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ bytes: [UInt8]) throws { try handle.write(contentsOf: bytes) }

    func finish() throws {
        try handle.synchronize()
        try handle.close()
        try FileManager.default.moveItem(atPath: partial, toPath: name)
    }

    func discard() {
        // What is left of it harms nobody.
        try? FileManager.default.removeItem(atPath: partial)
    }
}
