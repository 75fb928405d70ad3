import Postgres

/// A cell with the connections to it: the login role's for tenants' requests, the owner's for building and migrating.
final class OpenCell: Sendable {
    let cell: Cell
    /// Single flushes of many tenants on few connections.
    let api: PipelinePool
    /// What may take long or decides by what it reads: a connection of its own per piece of work.
    let work: ExclusivePool
    /// The owner's: migration, removal.
    let owner: ExclusivePool
    /// The owner's too, for new tenants' schemas.
    let founder: ExclusivePool
    /// The owner's: single flushes on what belongs to the cell as a whole. Connects when someone works on its queue.
    let queue: PipelinePool
    /// For what needs a session to itself and leaves nothing behind: see `ConcurrentStatements`.
    let ownerConnection: ConnectionSettings
    let timeLimit: Duration
    /// What took long, of all cells together.
    let slow: SlowStatements
    /// How much of each pool one tenant may have at a time: a quarter, so that three more are always served beside it.
    let apiShares: FairShare
    let workShares: FairShare

    init(_ cell: Cell, identity: InstallationIdentity, settings: InstallationSettings, slow: SlowStatements) {
        self.slow = slow
        self.cell = cell
        let url = cell.url ?? settings.ownerURL
        let login = ConnectionSettings(
            url: url, password: identity.loginPassword(of: cell.loginRole), user: cell.loginRole,
            applicationName: settings.applicationName, connectTimeout: settings.connectTimeout)
        var owners = ConnectionSettings(url: url, applicationName: settings.applicationName, connectTimeout: settings.connectTimeout)
        // With the usual path each transaction of the owner begins with a look at the schema `public`, whether any of the roles that the owner
        // belongs to may use it: while a thousand tenants are migrated that is ten milliseconds each time.
        owners.searchPath = Cell.schema
        ownerConnection = owners
        func named(_ pool: PoolSettings) -> PoolSettings {
            var pool = pool
            if cell.url != nil { pool.name += ":" + cell.name }
            return pool
        }
        api = PipelinePool(login, named(settings.api))
        work = ExclusivePool(login, named(settings.work))
        owner = ExclusivePool(ownerConnection, named(settings.migration))
        founder = ExclusivePool(ownerConnection, named(settings.provisioning))
        queue = PipelinePool(ownerConnection, named(settings.queue))
        timeLimit = settings.timeLimit
        apiShares = FairShare(limit: settings.api.connections * settings.api.unitsInFlight / 4, deadline: settings.api.waitDeadline)
        workShares = FairShare(limit: settings.work.connections / 4, deadline: settings.work.waitDeadline)
    }

    /// The same connections under what the directory says now.
    init(_ cell: Cell, connectionsOf before: OpenCell) {
        self.cell = cell
        api = before.api
        work = before.work
        owner = before.owner
        founder = before.founder
        queue = before.queue
        ownerConnection = before.ownerConnection
        timeLimit = before.timeLimit
        slow = before.slow
        apiShares = before.apiShares
        workShares = before.workShares
    }

    /// Whether the owner gets in, found within seconds: work in line for the pools waits much longer.
    func probe() async throws {
        let pool = ExclusivePool(ownerConnection, PoolSettings(name: "probe", connections: 1, waitDeadline: .seconds(3)))
        do {
            try await pool.outsideTransaction(["SELECT 1"])
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    var figures: [PoolFigures] {
        [api.figures.adding(apiShares.figures), work.figures.adding(workShares.figures), owner.figures, founder.figures, queue.figures]
    }

    func close() async {
        await api.close()
        await work.close()
        await owner.close()
        await founder.close()
        await queue.close()
    }
}

extension PoolFigures {
    /// Those who wait for their tenant's share wait for the pool.
    fileprivate func adding(_ shares: (waiters: Int, overloaded: Int)) -> PoolFigures {
        var figures = self
        figures.waiters += shares.waiters
        figures.overloaded += shares.overloaded
        return figures
    }
}
