/// The same bytes in batches of exactly this size, but for the last.
struct Batches<Content: AsyncSequence & Sendable>: AsyncSequence, Sendable where Content.Element == [UInt8] {
    let content: Content
    let size: Int

    func makeAsyncIterator() -> Iterator { Iterator(content: content.makeAsyncIterator(), size: size) }

    struct Iterator: AsyncIteratorProtocol {
        var content: Content.AsyncIterator
        let size: Int
        private var rest: ArraySlice<UInt8> = []

        init(content: Content.AsyncIterator, size: Int) {
            self.content = content
            self.size = size
        }

        mutating func next() async throws -> [UInt8]? {
            var batch: [UInt8] = []
            while batch.count < size {
                if rest.isEmpty {
                    guard let more = try await content.next() else { break }
                    rest = more[...]
                }
                let taken = rest.prefix(size - batch.count)
                batch += taken
                rest = rest.dropFirst(taken.count)
            }
            return batch.isEmpty ? nil : batch
        }
    }
}
