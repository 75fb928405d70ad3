// swift-tools-version: 6.2
import PackageDescription

/// The house is one tower: a target imports only targets listed above it in this file. `ArchitectureTests` reads the import
/// lines and fails when one points upwards.
let package = Package(
    name: "tenantry",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "tenantry", targets: ["tenantry"])
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // Leaves: the outside world.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
        .executableTarget(name: "EmbedSQL"),
        .plugin(name: "EmbedSQLPlugin", capability: .buildTool(), dependencies: ["EmbedSQL"], path: "Sources/EmbedSQLPlugin"),
        .target(name: "Schema", path: "SQL", exclude: ["control", "cell", "tenant"], plugins: ["EmbedSQLPlugin"]),
        .executableTarget(name: "EmbedWeb"),
        .plugin(name: "EmbedWebPlugin", capability: .buildTool(), dependencies: ["EmbedWeb"], path: "Sources/EmbedWebPlugin"),
        .target(name: "Web", dependencies: ["CZlib"], exclude: ["assets", "texts"], plugins: ["EmbedWebPlugin"]),
        .target(name: "Secrets", dependencies: ["CLibCrypto"]),
        .target(name: "Archive"),
        .target(name: "Outgoing", dependencies: ["CLibCurl"]),
        .target(name: "Mail", dependencies: ["Secrets", "CLibCurl"]),
        .target(name: "Blobs", dependencies: ["Secrets", "Outgoing"]),
        .target(name: "Payments", dependencies: ["Secrets", "Outgoing"]),
        .target(name: "LocalCluster"),
        .target(name: "Recurrence"),
        .target(
            name: "Settings", dependencies: ["Yams"], path: "Config", exclude: ["plans.yaml", "blueprints"], plugins: ["EmbedSQLPlugin"]),

        // The tower, from the ground up.
        .target(
            name: "Postgres",
            dependencies: ["CLibPQ", .product(name: "DequeModule", package: "swift-collections")]),
        .target(
            name: "Tenancy",
            dependencies: ["Postgres", "Schema", "Blobs", "Recurrence", "Secrets", .product(name: "Logging", package: "swift-log")]),
        .target(
            name: "Jobs",
            dependencies: [
                "Tenancy", "Postgres", "Secrets", "Recurrence",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "Records",
            dependencies: ["Jobs", "Tenancy", "Postgres", "Blobs", "Secrets", "Recurrence"]),
        .target(
            name: "CRM",
            dependencies: [
                "Archive", "Blobs", "Records", "Jobs", "Recurrence", "Mail", "Payments", "Tenancy", "Postgres", "Secrets",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "Server",
            dependencies: [
                "Blobs", "CRM", "Records", "Jobs", "Recurrence", "Mail", "Payments", "Tenancy", "Postgres", "Secrets", "Web",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "tenantry",
            dependencies: [
                "Server", "CRM", "Records", "Jobs", "Tenancy", "Postgres", "Schema", "Blobs", "Mail", "Recurrence", "Secrets",
                "LocalCluster", "Payments", "Settings",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),

        .target(
            name: "Support",
            dependencies: [
                "Settings", "CRM", "Records", "Tenancy", "Postgres", "Blobs", "Secrets", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/Support"),
        .executableTarget(
            name: "JobsLoad",
            dependencies: [
                "Support", "Jobs", "Tenancy", "Postgres", "Secrets", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/Load/Jobs"),
        .executableTarget(
            name: "DeskLoad",
            dependencies: [
                "Support", "CRM", "Tenancy", "Postgres", "Schema", "Secrets", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/Load/Desk"),
        .testTarget(name: "ArchiveTests", dependencies: ["Archive", "Support"]),
        .testTarget(name: "SecretsTests", dependencies: ["Secrets"]),
        .testTarget(
            name: "MailTests", dependencies: ["Mail", "Secrets", "Support", "CRM", "Records", "Jobs", "Recurrence", "Tenancy", "Postgres"],
            exclude: ["read_mails.py", "smtp_server.py"]),
        .testTarget(name: "BlobsTests", dependencies: ["Blobs", "Secrets", "Support"], exclude: ["s3_server.py"]),
        .testTarget(name: "PostgresTests", dependencies: ["Postgres"]),
        .testTarget(
            name: "TenancyTests",
            dependencies: [
                "Support", "Recurrence", "Tenancy", "Postgres", "Schema", "Secrets", .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "JobsTests",
            dependencies: [
                "Support", "Jobs", "CRM", "Records", "Tenancy", "Postgres", "Secrets",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .testTarget(name: "RecurrenceTests", dependencies: ["Support", "Recurrence"]),
        .testTarget(name: "RecordsTests", dependencies: ["Support", "CRM", "Records", "Tenancy", "Postgres", "Secrets"]),
        .testTarget(name: "CRMTests", dependencies: ["Support", "CRM", "Records", "Recurrence", "Tenancy", "Postgres", "Secrets"]),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Archive", "Blobs", "LocalCluster", "Outgoing", "Payments", "Server", "Support", "CRM", "Records", "Jobs", "Mail",
                "Recurrence", "Tenancy", "Web", "Postgres",
                "Schema", "Secrets",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            exclude: ["stripe_server.py"]),
        .testTarget(name: "LocalClusterTests", dependencies: ["LocalCluster"]),
        .testTarget(name: "SettingsTests", dependencies: ["Settings"]),
        .testTarget(name: "ArchitectureTests", dependencies: ["Settings", "CRM"]),
        .testTarget(name: "EndToEnd", dependencies: ["tenantry", "Support"], exclude: ["Pages"]),
    ],
    swiftLanguageModes: [.v6]
)
