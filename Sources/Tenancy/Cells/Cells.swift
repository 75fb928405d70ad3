import Postgres
import Synchronization

/// The cells of this installation and the connections to them, as far as this process knows.
package final class Cells: Sendable {
    private let settings: InstallationSettings
    private let open = Mutex<[String: OpenCell]>([:])
    let slow: SlowStatements

    init(settings: InstallationSettings) {
        self.settings = settings
        slow = SlowStatements(threshold: settings.slowStatement)
    }

    /// Every cell, by name.
    package var all: [Cell] {
        open.withLock { open in open.values.map(\.cell) }.sorted { $0.name < $1.name }
    }

    /// What every pool has done, for metrics.
    var figures: [PoolFigures] {
        open.withLock { open in open.values.sorted { $0.cell.name < $1.cell.name } }.flatMap(\.figures)
    }

    func knows(_ name: String) -> Bool { open.withLock { $0[name] != nil } }

    func named(_ name: String) throws(TenancyError) -> OpenCell {
        guard let cell = open.withLock({ $0[name] }) else { throw .unknownCell(name) }
        return cell
    }

    var opened: [OpenCell] { open.withLock { Array($0.values) } }

    /// Takes over what the control schema says. Pools connect when work comes, so this costs nothing for a cell nobody uses.
    func learn(_ cells: [Cell], identity: InstallationIdentity) {
        open.withLock { open in
            for cell in cells where open[cell.name].map({ $0.cell != cell }) ?? true {
                // A cell never moves; what changes about it is its limit, its state or its version, for which its connections stay.
                open[cell.name] =
                    open[cell.name].map { OpenCell(cell, connectionsOf: $0) }
                    ?? OpenCell(cell, identity: identity, settings: settings, slow: slow)
            }
        }
    }

    /// Disconnects from a cell that could not be prepared.
    func forget(_ name: String) async {
        await open.withLock { $0.removeValue(forKey: name) }?.close()
    }

    func close() async {
        let cells = open.withLock { open in
            defer { open = [:] }
            return Array(open.values)
        }
        for cell in cells { await cell.close() }
    }
}
