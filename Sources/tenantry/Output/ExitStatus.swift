import ArgumentParser
import Foundation
import LocalCluster
import Postgres
import Records
import Settings
import Tenancy

#if canImport(Glibc)
    import Glibc
#endif

/// How the program ends, after sysexits.h where it has a number.
enum ExitStatus: Int32 {
    case done = 0
    case failed = 1
    /// Something was done, something is left to do; the answer says what.
    case partly = 2
    case wrongUsage = 64
    /// The database cannot be reached.
    case unavailable = 69
    case wrongSettings = 78

    /// Says what went wrong in one sentence and ends the program. With `--json` the sentence is an object on standard output.
    static func end(with error: any Error) -> Never {
        let asJSON = CommandLine.arguments.prefix { $0 != "--" }.contains("--json")
        guard let (status, message) = explain(error) ?? (asJSON ? explainUsage(error) : nil) else { Tenantry.exit(withError: error) }
        if asJSON {
            print(JSON.object([.init("error", ["status": JSON(Int(status.rawValue)), "message": .string(message)])]).text)
        } else {
            FileHandle.standardError.write(Data("tenantry: \(message)\n".utf8))
        }
        exit(status.rawValue)
    }

    /// Wrong usage in the argument parser's words; nil for a request for help and for a command that has said everything itself.
    private static func explainUsage(_ error: any Error) -> (ExitStatus, String)? {
        guard Tenantry.exitCode(for: error) == .validationFailure else { return nil }
        return (.wrongUsage, Tenantry.message(for: error))
    }

    /// Nil for what the argument parser has words for: wrong usage, a request for help.
    private static func explain(_ error: any Error) -> (ExitStatus, String)? {
        switch error {
        case let error as Refusal: (error.status, error.message)
        case let error as SettingsRefusal: (.wrongSettings, error.description)
        case let error as TenancyError: (.failed, error.message)
        case let error as LocalClusterError: (.unavailable, error.description)
        case let error as PostgresError: (error.isUnreachable ? .unavailable : .failed, error.sentence)
        case is ValidationError, is CleanExit, is ExitCode: nil
        case let error where String(describing: type(of: error)).contains("CommandError"): nil
        default: (.failed, "\(error)")
        }
    }
}

/// Why a command does not do what it was told.
struct Refusal: Error {
    var message: String
    var status = ExitStatus.failed

    init(_ message: String, _ status: ExitStatus = .failed) {
        self.message = message
        self.status = status
    }
}

extension PostgresError {
    var isUnreachable: Bool {
        switch self {
        case .unreachable, .overloaded: true
        case .refused, .outcomeUnknown, .cancelled, .unexpected: false
        }
    }

    /// For a person at a terminal.
    var sentence: String {
        switch self {
        case .unreachable(let reason): "The database cannot be reached: \(reason)"
        case .overloaded(let waited): "The database gave no connection within \(waited)."
        case .refused(let refusal): "The database refused: \(refusal.message)" + (refusal.hint.map { " \($0)" } ?? "")
        case .outcomeUnknown(let reason): "The connection broke before the database confirmed (\(reason)); look what was done, then repeat."
        case .cancelled: "Cancelled."
        case .unexpected(let what): "The database answered unexpectedly: \(what)"
        }
    }
}
