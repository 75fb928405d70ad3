import Foundation
import Testing

@testable import Tenancy

@Suite("When a tenant was closed") struct ClosuresTests {
    private static func day(_ number: Double) -> Date { Date(timeIntervalSince1970: number * 86_400) }

    @Test("From a suspension to its end, and from a scheduled deletion to its cancellation; the last may still hold") func times() {
        let closures = Closures([
            (.suspend, Self.day(1)), (.suspend, Self.day(2)), (.resume, Self.day(3)), (.scheduleDeletion, Self.day(5)),
            (.suspend, Self.day(6)), (.cancelDeletion, Self.day(7)), (.resume, Self.day(8)), (.suspend, Self.day(10)),
        ])
        let open = [0.5, 3, 4.9, 8, 9.9]
        let closed = [1, 2.5, 2.99, 5, 6.5, 7.5, 10, 20_000]
        #expect(open.allSatisfy { !closures.contains(Self.day($0)) })
        #expect(closed.allSatisfy { closures.contains(Self.day($0)) })
        #expect(closures.touches(from: Self.day(0), to: Self.day(1.1)) && !closures.touches(from: Self.day(3), to: Self.day(5)))
        #expect(Closures.none.isEmpty && !Closures.none.touches(from: Self.day(0), to: Self.day(9)))
    }

    @Test("A resumption without a suspension says nothing") func strays() {
        #expect(Closures([(.resume, Self.day(1)), (.cancelDeletion, Self.day(2))]).isEmpty)
    }
}
