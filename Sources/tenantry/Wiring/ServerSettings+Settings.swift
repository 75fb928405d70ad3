import Secrets
import Server
import Settings
import Tenancy

extension ServerSettings {
    /// What the settings say about how the server is reached. `patience` is how long running requests get after a stop was asked for.
    init(_ settings: Settings, patience: Duration) throws {
        self.init()
        host = settings.listen.host
        port = settings.listen.port
        operatorHost = settings.operatorListen?.host
        operatorPort = settings.operatorListen?.port
        baseDomain = settings.baseDomain
        isSecure = settings.httpSecure
        trustedProxies = try settings.httpTrustedProxies.map { text in
            guard let range = AddressRange(text) else {
                throw Refusal("`http.trusted_proxies`: `\(text)` is no IP address and no network.", .wrongSettings)
            }
            return range
        }
        bodyLimit = settings.httpMaxBodyBytes
        importLimit = settings.importsMaxBytes
        fileLimit = settings.blobMaxFileBytes
        origins = settings.httpCORSOrigins
        webFolder = settings.webFolder
        showsTiming = settings.httpServerTiming
        sessionLength = settings.sessionHours
        scryptCost = ScryptCost(settings)
        shutdownPatience = patience
        signUp = settings.signupEnabled ? SignUpOffer(trialDays: settings.signupTrialDays) : nil
    }
}

extension ScryptCost {
    /// What a new password costs, by the settings.
    init(_ settings: Settings) {
        self = .standard
        logN = settings.scryptLogN
    }
}
