/// Why something cannot stand in a mail, in words for whoever gave it.
package struct MailRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
