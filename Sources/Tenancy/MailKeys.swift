extension Installation {
    /// What signs the links and return addresses in mails: the first does, all of them open what was signed before a change of the
    /// installation's key.
    package func mailKeys() async throws -> [[UInt8]] {
        let identity = try await identity.identity()
        return [identity.keyed("mail", [])] + identity.formerlyKeyed("mail", [])
    }
}
