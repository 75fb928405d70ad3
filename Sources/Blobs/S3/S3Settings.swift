/// Which bucket, where, and as whom.
package struct S3Settings: Sendable {
    /// As in `https://s3.eu-central-1.amazonaws.com` or `http://minio:9000`; nil: Amazon's for the region.
    package var endpoint: String?
    package var region: String
    package var bucket: String
    /// Before every key, as in `tenantry/`, so that others may share the bucket.
    package var prefix = ""
    package var accessKey: String
    package var secretKey: String
    /// Whether the bucket stands in the path (`https://host/bucket/key`), which every server understands, or before the host
    /// (`https://bucket.host/key`).
    package var usesPath = true
    /// A file of certificates (PEM) that vouch for the server; nil: those the system trusts.
    package var authorities: String?

    package init(endpoint: String?, region: String, bucket: String, accessKey: String, secretKey: String) {
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    var scheme: String { endpoint?.hasPrefix("http://") == true ? "http" : "https" }

    /// With the port, as the `Host` header says it.
    var host: String {
        let server = (endpoint ?? "https://s3.\(region).amazonaws.com").split(separator: "/").dropFirst().first.map(String.init) ?? ""
        return usesPath ? server : "\(bucket).\(server)"
    }

    /// What stands before a key in the path.
    var path: String { usesPath ? "/\(bucket)/" : "/" }
}

extension S3Settings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Without the keys: this is what logs show.
    package var description: String { "the bucket \(bucket) at \(scheme)://\(host)" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["bucket": bucket, "host": host]) }
}
