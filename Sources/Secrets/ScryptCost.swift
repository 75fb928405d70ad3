/// How much work one guess of a password costs (RFC 7914): memory 128 x r x 2^ln bytes, time in proportion to p as well.
package struct ScryptCost: Sendable, Hashable {
    /// Binary logarithm of N.
    package var logN: Int
    package var blockSize: Int
    package var parallelism: Int

    package init(logN: Int, blockSize: Int, parallelism: Int) {
        self.logN = logN
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// 32 MiB, three passes: among the equivalent choices of the OWASP password storage cheat sheet.
    package static let standard = ScryptCost(logN: 15, blockSize: 8, parallelism: 3)
    /// Only for tests, where nothing is worth stealing.
    package static let trivial = ScryptCost(logN: 4, blockSize: 8, parallelism: 1)

    /// `ln=15,r=8,p=3`
    var text: String { "ln=\(logN),r=\(blockSize),p=\(parallelism)" }

    /// Nil for another form or a cost no one here would have chosen: a forged hash must not occupy the machine.
    init?(parsing text: some StringProtocol) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].hasPrefix("ln="), parts[1].hasPrefix("r="), parts[2].hasPrefix("p="),
            let logN = Int(parts[0].dropFirst(3)), let blockSize = Int(parts[1].dropFirst(2)), let parallelism = Int(parts[2].dropFirst(2)),
            (1...20).contains(logN), (1...32).contains(blockSize), (1...16).contains(parallelism)
        else { return nil }
        self.init(logN: logN, blockSize: blockSize, parallelism: parallelism)
    }
}
