/// Where a tenant stands between being ordered and being gone.
package enum TenantState: String, Sendable, CaseIterable {
    /// Ordered, not yet usable. Nobody reaches it.
    case provisioning
    case trial
    case active
    /// The trial has ended or an invoice is overdue: everything works, with a banner, until the grace ends.
    case pastDue = "past_due"
    /// Closed by an operator: people still sign in, read and export, but write nothing.
    case suspended
    /// As `suspended`, and on a known day it is deleted.
    case deletionScheduled = "deletion_scheduled"
    /// Gone; only its name remains taken.
    case deleted

    package var allowsSignIn: Bool { allowsReads }

    package var allowsReads: Bool {
        switch self {
        case .trial, .active, .pastDue, .suspended, .deletionScheduled: true
        case .provisioning, .deleted: false
        }
    }

    package var allowsWrites: Bool {
        switch self {
        case .trial, .active, .pastDue: true
        case .provisioning, .suspended, .deletionScheduled, .deleted: false
        }
    }
}

/// What an operator, provisioning or the calendar (`Lifecycle.keepDates`) may do with a tenant as a whole.
package enum TenantVerb: String, Sendable, CaseIterable {
    case open
    case markPastDue = "mark_past_due"
    case markPaid = "mark_paid"
    case suspend
    case resume
    case scheduleDeletion = "schedule_deletion"
    case cancelDeletion = "cancel_deletion"
    case delete
}

extension TenantVerb {
    /// From which states a verb leads to which: the whole table. What is not in it is forbidden.
    package static let transitions: [TenantVerb: (from: Set<TenantState>, to: Set<TenantState>)] = [
        .open: (from: [.provisioning], to: [.trial, .active]),
        .markPastDue: (from: [.trial, .active], to: [.pastDue]),
        .markPaid: (from: [.trial, .pastDue], to: [.active]),
        .suspend: (from: [.trial, .active, .pastDue], to: [.suspended]),
        .resume: (from: [.suspended], to: [.trial, .active, .pastDue]),
        .scheduleDeletion: (from: [.trial, .active, .pastDue, .suspended], to: [.deletionScheduled]),
        .cancelDeletion: (from: [.deletionScheduled], to: [.trial, .active, .pastDue, .suspended]),
        .delete: (from: [.provisioning, .deletionScheduled], to: [.deleted]),
    ]

    /// What comes of the verb for a tenant in this state.
    package enum Outcome: Sendable, Equatable {
        /// The tenant changes.
        case changes
        /// It is already where the verb leads: said twice is done once.
        case isAlreadyThere
        case forbidden
    }

    package func outcome(in state: TenantState) -> Outcome {
        guard let transition = Self.transitions[self] else { return .forbidden }
        if transition.from.contains(state) { return .changes }
        return transition.to.contains(state) ? .isAlreadyThere : .forbidden
    }
}
