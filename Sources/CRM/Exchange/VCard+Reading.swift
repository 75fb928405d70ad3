import Records

extension VCard {
    /// What a text with cards held: the good ones, and what should be said about the others.
    package struct Reading: Sendable {
        /// A card and its place in the text, the first being 0.
        package struct Entry: Sendable, Hashable {
            package let index: Int
            package let card: VCard
        }

        /// Something about one card that its sender should know.
        package struct Finding: Sendable, Hashable {
            package enum Weight: String, Sendable, Hashable {
                /// The card is not among the entries.
                case refused
                /// The card is, without one of its values.
                case warning
            }

            package let index: Int
            /// Where in the text, the first line being 1.
            package let line: Int
            package let weight: Weight
            package let detail: String
        }

        package static let most = 5_000

        package private(set) var entries: [Entry] = []
        package private(set) var findings: [Finding] = []

        /// Refuses the whole only when there is no card in it or there are too many; a broken card does not harm its neighbours.
        package init(_ text: [UInt8]) throws(Problem) {
            var open: Opened?
            var count = 0
            for line in VCardLines(text) {
                guard let property = VCardProperty(line) else { continue }
                if property.isMark("BEGIN") {
                    if let open { refuse(open, "The card does not end: END:VCARD is missing.") }
                    guard count < Self.most else {
                        throw Problem(.tooLarge, "At most \(Self.most) cards at once: send the rest in a text of its own.")
                    }
                    open = Opened(index: count, line: property.line)
                    count += 1
                } else if property.isMark("END") {
                    if let open { close(open) }
                    open = nil
                } else if VCardGathering.names.contains(property.name) {
                    open?.properties.append(property)
                }
            }
            if let open { refuse(open, "The card does not end: END:VCARD is missing.") }
            guard count > 0 else { throw Problem(.malformed, "There is no card in this text: a vCard begins with BEGIN:VCARD.") }
        }

        /// A card whose end has not come yet.
        private struct Opened {
            let index: Int
            let line: Int
            var properties: [VCardProperty] = []
        }

        private mutating func close(_ open: Opened) {
            if let version = open.properties.first(where: { $0.name == "VERSION" })?.text, !["2.1", "3.0", "4.0"].contains(version) {
                return refuse(open, "The card has version \(version.prefix(20)); 2.1, 3.0 and 4.0 can be read.")
            }
            var gathering = VCardGathering(open.properties)
            let card = gathering.card()
            guard card.displayName != nil else {
                return refuse(open, "The card names nobody: it has no name, organisation, e-mail address or phone.")
            }
            entries.append(Entry(index: open.index, card: card))
            findings += gathering.leftOut.map { Finding(index: open.index, line: $0.line, weight: .warning, detail: $0.detail) }
        }

        private mutating func refuse(_ open: Opened, _ detail: String) {
            findings.append(Finding(index: open.index, line: open.line, weight: .refused, detail: detail))
        }
    }
}

extension VCardProperty {
    fileprivate func isMark(_ mark: String) -> Bool { name == mark && text.uppercased() == "VCARD" }
}
