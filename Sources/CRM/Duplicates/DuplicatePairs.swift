import Foundation

/// Records that may be one, with how sure that is and which evidence speaks for it.
struct DuplicateGroup: Sendable, Hashable {
    let ids: [UUID]
    /// The weakest link: how sure it is of the member that fits least.
    let score: Double
    /// Places in the list of evidence.
    let reasons: [Int]
}

/// What speaks for each pair of records, gathered until all is known; then the groups that follow.
struct DuplicatePairs {
    private struct Pair: Hashable { let one, other: UInt32 }
    private struct Link {
        /// The chance that they are two all the same.
        var doubt = 1.0
        /// One bit for each part of the evidence.
        var reasons: UInt64 = 0
    }

    private var places: [UUID: UInt32] = [:]
    private var ids: [UUID] = []
    private var links: [Pair: Link] = [:]
    private let evidence: Int

    /// So many pairs are kept in memory: some 100 MB. The surest evidence comes first.
    private static let most = 1_000_000
    /// So many groups are kept, the surest.
    private static let mostGroups = 10_000
    /// A group is what one merge can take: a winner and fifty others.
    private static let largest = DuplicateEvidence.most + 1

    init(_ evidence: [DuplicateEvidence]) { self.evidence = min(evidence.count, 64) }

    /// Of few records each pair counts, of many each with the first.
    mutating func note(_ group: [UUID], _ weight: Double, _ reason: Int) {
        guard reason < evidence else { return }
        let members = group.map { place(of: $0) }
        for (index, one) in members.enumerated() where index == 0 || members.count <= 6 {
            for other in members[(index + 1)...] {
                let pair = Pair(one: min(one, other), other: max(one, other))
                guard links[pair] != nil || links.count < Self.most else { return }
                var link = links[pair] ?? Link()
                guard link.reasons & (1 << UInt64(reason)) == 0 else { continue }
                link.doubt *= 1 - min(weight, 0.99)
                link.reasons |= 1 << UInt64(reason)
                links[pair] = link
            }
        }
    }

    private mutating func place(of id: UUID) -> UInt32 {
        if let known = places[id] { return known }
        let place = UInt32(ids.count)
        places[id] = place
        ids.append(id)
        return place
    }

    /// The surest first.
    func groups() -> [DuplicateGroup] {
        parts(links.map { ($0.key, $0.value) }, above: 0).sorted { left, right in
            (right.score, left.ids[0].uuidString) < (left.score, right.ids[0].uuidString)
        }.prefix(Self.mostGroups).map(\.self)
    }

    /// What hangs together over links that are surer than this; what grows too large falls apart at a higher demand.
    private func parts(_ links: [(pair: Pair, link: Link)], above least: Double) -> [DuplicateGroup] {
        var forest = Forest()
        let strong = links.filter { 1 - $0.link.doubt > least }
        for (pair, _) in strong { forest.join(pair.one, pair.other) }
        return Dictionary(grouping: strong) { forest.root(of: $0.pair.one) }.values.flatMap { own in
            let members = Set(own.flatMap { [$0.pair.one, $0.pair.other] })
            guard members.count > Self.largest else { return [group(members, own)] }
            let next = [0.7, 0.85, 0.95].first { $0 > least }
            return next.map { parts(own, above: $0) } ?? []
        }
    }

    private func group(_ members: Set<UInt32>, _ links: [(pair: Pair, link: Link)]) -> DuplicateGroup {
        var best: [UInt32: Double] = [:]
        var reasons: UInt64 = 0
        for (pair, link) in links {
            for member in [pair.one, pair.other] { best[member] = max(best[member] ?? 0, 1 - link.doubt) }
            reasons |= link.reasons
        }
        let score = (best.values.min() ?? 0) * 1_000
        return DuplicateGroup(
            ids: members.map { ids[Int($0)] }.sorted { $0.uuidString < $1.uuidString }, score: score.rounded() / 1_000,
            reasons: (0..<evidence).filter { reasons & (1 << UInt64($0)) != 0 })
    }
}

/// Which numbers hang together (union-find with halved paths).
private struct Forest {
    private var parents: [UInt32: UInt32] = [:]

    mutating func root(of number: UInt32) -> UInt32 {
        var number = number
        while let parent = parents[number], parent != number {
            let above = parents[parent] ?? parent
            parents[number] = above
            number = above
        }
        return number
    }

    mutating func join(_ one: UInt32, _ other: UInt32) {
        let (left, right) = (root(of: one), root(of: other))
        if left != right { parents[max(left, right)] = min(left, right) }
    }
}
