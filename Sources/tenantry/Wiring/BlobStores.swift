import Blobs
import Foundation
import Settings

/// Where files are kept, by the settings.
enum BlobStores {
    /// Refuses with what is missing or wrong in the settings; connects to nothing yet.
    static func configured(_ settings: Settings) throws -> any BlobStore {
        switch settings.blobStore {
        case .directory: return DirectoryStore(try absolute(settings.blobDirectory))
        case .s3:
            var bucket = S3Settings(
                endpoint: try settings.s3Endpoint.map(checked), region: settings.s3Region, bucket: try named(settings.s3Bucket, "bucket"),
                accessKey: try named(settings.s3AccessKey, "access_key"), secretKey: try named(settings.s3SecretKey, "secret_key"))
            bucket.prefix = settings.s3Prefix ?? ""
            bucket.usesPath = settings.s3PathStyle
            return S3Store(bucket)
        }
    }

    private static func named(_ value: String?, _ name: String) throws -> String {
        guard let value else { throw Refusal("`blobs.store` is `s3`, and `blobs.s3.\(name)` is not set.", .wrongSettings) }
        return value
    }

    /// A server's address and nothing more: what stands behind it is ours to say.
    private static func checked(_ endpoint: String) throws -> String {
        guard let url = URL(string: endpoint), ["http", "https"].contains(url.scheme), url.host() != nil, ["", "/"].contains(url.path()),
            url.query() == nil, url.user() == nil
        else { throw Refusal("`blobs.s3.endpoint`: `\(endpoint)` is no address like `https://host:port`.", .wrongSettings) }
        return endpoint
    }

    private static func absolute(_ directory: String) throws -> String {
        guard directory.hasPrefix("/") else {
            throw Refusal(
                "`blobs.directory`: `\(directory)` does not begin with a slash, and processes may start anywhere.", .wrongSettings)
        }
        return directory
    }
}
