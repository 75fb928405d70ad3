import CRM
import Secrets
import Tenancy

/// How the server is reached and what it demands; filled in by the executable from its configuration.
package struct ServerSettings: Sendable {
    /// Where the API answers. Port 0: any free one, told by `TenantryServer` once it listens.
    package var host = "127.0.0.1"
    package var port = 8080
    /// Where the operators' API and the figures answer; nil: on the same listener as everything else.
    package var operatorHost: String?
    package var operatorPort: Int?
    /// With `crm.example.com`, tenant `acme` has the host `acme.crm.example.com`.
    package var baseDomain: String?
    /// People come through TLS, ended by a proxy: cookies are `Secure` and bear the `__Host-` prefix, browsers are told to stay with TLS.
    package var isSecure = false
    /// Whose `X-Forwarded-For` is believed.
    package var trustedProxies: [AddressRange] = []
    /// The largest body of a request, in bytes.
    package var bodyLimit = 2 << 20
    /// The largest file of an import, in bytes; it is never in memory.
    package var importLimit = 2 << 30
    /// The largest file on a record, in bytes; it is never in memory.
    package var fileLimit = 2 << 30
    /// How many connections of one tenant follow its changes at the same time.
    package var eventConnections = 100
    /// Where the files of the web application are read anew for each page, as one does who works on them; nil: the binary's own.
    package var webFolder: String?
    /// Web pages of other origins that may call the API.
    package var origins: [String] = []
    /// Whether answers say where their time went.
    package var showsTiming = false
    /// On what terms firms may open an account by themselves; nil: they may not.
    package var signUp: SignUpOffer?
    /// Where payments are ordered; nil: nobody collects any.
    package var payments: PaymentDesk?
    /// Whether a tenant's mail server may stand in the installation's own network, as `dev` allows.
    package var allowsPrivateHosts = false
    /// How long a person stays signed in, unless the tenant's settings say otherwise.
    package var sessionLength: Duration = .seconds(12 * 3600)
    /// What one guess of a password costs.
    package var scryptCost: ScryptCost = .standard
    /// A connection on which nothing happens for so long is closed.
    package var idleTimeout: Duration = .seconds(75)
    /// How long the headers of a request may take to come, counted from their first bytes.
    package var headerTime: Duration = .seconds(30)
    /// How long each 2 MB of a body, or what is left of them, may take to come.
    package var bodyTime: Duration = .seconds(60)
    /// How long requests may still run after the process was told to stop.
    package var shutdownPatience: Duration = .seconds(20)

    package init() {}
}
