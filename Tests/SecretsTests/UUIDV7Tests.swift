import Foundation
import Secrets
import Testing

@Suite struct UUIDV7Tests {
    @Test("Each is greater than the one before, from many tasks at once") func order() async {
        let all = await withTaskGroup(of: [UUID].self) { group in
            for _ in 0..<4 { group.addTask { (0..<20_000).map { _ in UUID.v7() } } }
            return await group.reduce(into: [[UUID]]()) { $0.append($1) }
        }
        for one in all { #expect(zip(one, one.dropFirst()).allSatisfy { $0 < $1 }) }
        #expect(Set(all.joined()).count == 80_000)
    }

    @Test("It carries version, variant and the time of its making") func form() {
        let time = Date(timeIntervalSince1970: 4_000_000_000.123)
        let id = UUID.v7(at: time)
        #expect(id.uuidString.dropFirst(14).first == "7")
        #expect("89AB".contains(id.uuidString.dropFirst(19).prefix(1)))
        #expect(abs((id.v7Time ?? .distantPast).timeIntervalSince(time)) < 0.002)
        #expect(UUID().v7Time == nil)
    }
}
