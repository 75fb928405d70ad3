import Testing

@testable import Tenancy

@Suite struct TenantStateTests {
    /// The whole table, written a second time and differently: what each verb answers in each state.
    static let expected: [TenantState: [TenantVerb: TenantVerb.Outcome]] = [
        .provisioning: [.open: .changes, .delete: .changes],
        .trial: [
            .open: .isAlreadyThere, .markPastDue: .changes, .markPaid: .changes, .suspend: .changes, .resume: .isAlreadyThere,
            .scheduleDeletion: .changes,
            .cancelDeletion: .isAlreadyThere,
        ],
        .active: [
            .open: .isAlreadyThere, .markPastDue: .changes, .markPaid: .isAlreadyThere, .suspend: .changes, .resume: .isAlreadyThere,
            .scheduleDeletion: .changes,
            .cancelDeletion: .isAlreadyThere,
        ],
        .pastDue: [
            .markPastDue: .isAlreadyThere, .markPaid: .changes, .suspend: .changes, .resume: .isAlreadyThere, .scheduleDeletion: .changes,
            .cancelDeletion: .isAlreadyThere,
        ],
        .suspended: [.suspend: .isAlreadyThere, .resume: .changes, .scheduleDeletion: .changes, .cancelDeletion: .isAlreadyThere],
        .deletionScheduled: [.scheduleDeletion: .isAlreadyThere, .cancelDeletion: .changes, .delete: .changes],
        .deleted: [.delete: .isAlreadyThere],
    ]

    @Test("Every verb in every state does what the table says, and nothing else is allowed")
    func table() {
        for state in TenantState.allCases {
            for verb in TenantVerb.allCases {
                #expect(verb.outcome(in: state) == Self.expected[state]?[verb] ?? .forbidden, "\(verb) in \(state)")
            }
        }
    }

    @Test("What a state allows: nothing before and after its life, no writing while it is closed")
    func rights() {
        #expect(TenantState.allCases.filter(\.allowsWrites) == [.trial, .active, .pastDue])
        #expect(TenantState.allCases.filter(\.allowsReads) == [.trial, .active, .pastDue, .suspended, .deletionScheduled])
        #expect(TenantState.allCases.filter(\.allowsSignIn) == TenantState.allCases.filter(\.allowsReads))
    }

    @Test("No way leads back from deleted, and every other state can come to it")
    func ends() {
        let next = { (state: TenantState) in
            TenantVerb.transitions.values.filter { $0.from.contains(state) }.reduce(into: Set<TenantState>()) { $0.formUnion($1.to) }
        }
        #expect(next(.deleted).isEmpty)
        for start in TenantState.allCases where start != .deleted {
            var reached: Set<TenantState> = [start]
            for _ in TenantState.allCases { reached.formUnion(reached.flatMap(next)) }
            #expect(reached.contains(.deleted), "\(start)")
        }
    }
}
