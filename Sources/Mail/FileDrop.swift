import Foundation

/// A folder into which each mail is written as an `.eml` file, for development: no mail leaves the machine.
package struct FileDrop: MailTransport {
    private let folder: URL
    private let queue = DispatchQueue(label: "mail files")

    package init(_ folder: URL) {
        self.folder = folder
    }

    /// A file appears whole, under a name that sorts by time: `20261128T153738.412Z-anna@example.com-<unique>.eml`.
    package func deliver(_ message: Message, _ handover: @escaping Handover) async -> Delivery {
        guard await handover() else { return .retry(.notHandedOver) }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: write(message)) }
        }
    }

    private func write(_ message: Message) -> Delivery {
        let name = Self.name(of: message)
        let unfinished = folder.appending(path: ".\(name).part")
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(message.bytes).write(to: unfinished)
            try FileManager.default.moveItem(at: unfinished, to: folder.appending(path: name))
            return .accepted(SMTPReply(code: 250, text: name))
        } catch {
            return .retry(Setback(stage: .connection, text: "The folder \(folder.path()) cannot be written: \(error.localizedDescription)"))
        }
    }

    private static func name(of message: Message) -> String {
        let time = message.date.formatted(
            Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, includingFractionalSeconds: true))
        // Local parts may hold a slash.
        let recipient = message.to.address.prefix(80).replacing("/", with: "_")
        return "\(time)-\(recipient)-\(UUID().uuidString.prefix(8).lowercased()).eml"
    }
}
