/// The settings in environment variables: `TENANTRY_POOL_CONNECTIONS=8`.
enum SettingsEnvironment {
    static func read(_ environment: [String: String]) -> [Saying] {
        environment.filter { isOurs($0.key) }.sorted { $0.key < $1.key }.map { variable, text in
            let name = KnownSettings.all.first { $0.variable == variable }?.name
            return Saying(name: name ?? guess(variable), text: text, origin: .environment(variable: variable))
        }
    }

    /// `TENANTRY_CONFIG` names the file. In Kubernetes a service called `tenantry` gives every container variables such as
    /// `TENANTRY_SERVICE_HOST` and `TENANTRY_PORT_8080_TCP`, which mean nothing here.
    private static func isOurs(_ variable: String) -> Bool {
        guard variable.hasPrefix("TENANTRY_"), variable != "TENANTRY_CONFIG" else { return false }
        return variable.wholeMatch(of: /TENANTRY_(SERVICE_(HOST|PORT(_.+)?)|PORT(_\d+_(TCP|UDP)(_.+)?)?)/) == nil
    }

    /// A name to look for the nearest known one with.
    private static func guess(_ variable: String) -> String {
        variable.dropFirst("TENANTRY_".count).lowercased()
    }
}
