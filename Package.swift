// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let inMemoryLogging = Target.Dependency.product(name: "InMemoryLogging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")

let package = Package(
    name: "amfleet",
    products: [
        .executable(name: "amfleet", targets: ["amfleet"]),
        .executable(name: "amfleetd", targets: ["amfleetd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Layer 0: the only C. A module map and a shim each; CLinux alone is compiled.
        .c("CCurl", pkgConfig: "libcurl", apt: "libcurl4-openssl-dev"),
        .c("COpenSSL", pkgConfig: "openssl", apt: "libssl-dev"),
        .c("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
        .c("CISAL", pkgConfig: "libisal", apt: "libisal-dev"),
        .c("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
        .target(name: "CLinux", path: "Sources/System/CLinux"),

        // Layer 1: the only Swift that imports C. No C type in any public signature.
        .system("Faults"),
        .system("Secret", ["CLinux"]),
        .system("NearestName"),
        .system("HiddenCharacters"),
        .system("Saturation"),
        .system("CivilCalendar"),
        .system("XML"),
        .system("BlockingWork", ["CLinux", "Faults"]),
        .system("Descriptors", ["CLinux"]),
        .system("Files", ["CLinux", "BlockingWork", "Descriptors", "Faults"]),
        .system("Digest", ["COpenSSL", "CISAL"]),
        .system("Gzip", ["CZlib", "CISAL", "BlockingWork", "Faults"]),
        .system("Zstd", ["CZstd", "BlockingWork", "Faults"]),
        .system("Cipher", ["COpenSSL", "BlockingWork", "Faults"]),
        .system("ChildProcess", ["CLinux", "BlockingWork", "Descriptors", "Faults"]),
        .system(
            "Certificates",
            ["COpenSSL", "Descriptors", "Files", "HiddenCharacters", "Secret", "Faults"]),
        .system("Sealing", ["COpenSSL", "Certificates", "Faults", "Secret"]),
        .system(
            "HTTPTransport",
            [
                "CCurl", "COpenSSL", "CLinux", "BlockingWork", "Certificates", "CivilCalendar",
                "Descriptors", "Faults", "Secret",
            ]),
        .system("LogOutput", [logging]),
        .system(
            "TLS",
            [
                "COpenSSL", "BlockingWork", "Certificates", "Descriptors", "Faults", nioCore, nioPosix,
                hummingbirdCore, logging,
            ]),

        // Layer 2: knowledge. Formats and protocols as values; only S3 does I/O.
        .module(
            "AmandaFormat",
            [
                "CivilCalendar", "Digest", "Faults", "HiddenCharacters", "NearestName", "Saturation",
                "Secret", "XML",
            ]),
        .module("Planning", ["Faults", "AmandaFormat", "CivilCalendar", "Saturation"]),
        .module(
            "S3",
            [
                "LogOutput", "Faults", "HTTPTransport", "Digest", "Secret", "BlockingWork", "ChildProcess",
                "CivilCalendar", "Files", "HiddenCharacters", "Saturation", "XML", logging,
            ]),
        .module("Settings", ["Faults", "HiddenCharacters", "NearestName"]),
        .module(
            "AgentAPI",
            [
                "AmandaFormat", "Certificates", "Digest", "Faults", "HiddenCharacters", "Saturation",
                "Sealing", "Settings", "Secret", logging,
            ]),

        // Layer 3: what a node does. One configuration's files; one disk, either way.
        .module("Volumes", ["AmandaFormat", "S3", "BlockingWork", "Saturation"]),
        .module(
            "Catalog",
            [
                "LogOutput", "Faults", "AmandaFormat", "Planning", "Files", "Gzip", "BlockingWork",
                "Saturation",
                logging,
            ]),
        .module(
            "Dump",
            [
                "LogOutput", "Faults", "AmandaFormat", "S3", "Volumes", "Gzip", "Zstd", "Cipher", "Digest",
                "ChildProcess", "BlockingWork", "Files", "HiddenCharacters", "NearestName", "Saturation",
                logging,
            ]),

        // Layer 4: services. They meet in AgentAPI and never import each other.
        .module(
            "Agent",
            [
                "LogOutput", "Faults", "AgentAPI", "Settings", "AmandaFormat", "Planning", "Catalog", "Dump",
                "Descriptors", "S3", "Sealing", "Volumes", "HTTPTransport", "TLS", "Certificates", "Files",
                "Digest",
                "ChildProcess",
                "BlockingWork", "HiddenCharacters", "Saturation", "Secret", hummingbird,
                hummingbirdCore,
                httpTypes,
                nioCore, lifecycle,
                unixSignals, logging,
            ]),
        .module(
            "Coordinator",
            [
                "LogOutput", "Faults", "AgentAPI", "Settings", "AmandaFormat", "Descriptors", "S3", "Volumes",
                "HTTPTransport", "BlockingWork", "Certificates", "CivilCalendar", "Digest", "Files",
                "HiddenCharacters", "NearestName", "Saturation", "Sealing", "Secret", logging,
            ]),

        // Layer 5: flags in, text and exit code out.
        .program(
            "amfleet",
            [
                "LogOutput", "Coordinator", "AgentAPI", "BlockingWork", "Descriptors", "HiddenCharacters",
                "Settings", "Files", "Secret",
                argumentParser,
                logging,
            ]),
        .program(
            "amfleetd",
            [
                "LogOutput", "Agent", "AgentAPI", "BlockingWork", "Descriptors", "HiddenCharacters", "Secret",
                argumentParser, logging,
            ]),

        // Tests, one target per target.
        .support(
            "TestSupport",
            [
                "Certificates", "Files", "HTTPTransport", "Secret", "TLS", hummingbird, httpTypes, nioCore,
                lifecycle, logging,
            ]),
        .tests("Faults"),
        .tests("BlockingWork"),
        .tests("Descriptors", ["ChildProcess", "Files"]),
        .tests("CivilCalendar"),
        .tests("XML"),
        .tests("Secret"),
        .tests("NearestName"),
        .tests("HiddenCharacters"),
        .tests("Saturation"),
        .tests("Files"),
        .tests("Digest"),
        .tests("Gzip", ["BlockingWork"]),
        .tests("Zstd", ["BlockingWork"]),
        .tests("Cipher", ["BlockingWork"]),
        .tests("LogOutput", [logging]),
        .tests("ChildProcess", ["BlockingWork"]),
        .tests("HTTPTransport", ["BlockingWork", "Certificates", "Secret"]),
        .tests("Certificates"),
        .tests("Sealing", ["Certificates", "ChildProcess", "Files", "Secret"]),
        .tests(
            "TLS",
            [
                "Certificates", nioCore, nioEmbedded, nioPosix, hummingbirdCore, hummingbird, lifecycle,
                logging, httpTypes,
                nioHTTP1,
            ]),
        .tests("AmandaFormat", ["Faults", "Secret"], fixtures: true),
        .tests(
            "S3",
            [
                "Faults", "HTTPTransport", "Digest", "Secret", "BlockingWork", "Certificates", "Files", "XML",
                logging, inMemoryLogging,
            ]),
        .tests("Planning", ["Faults", "AmandaFormat"]),
        .tests("Settings", ["Faults"]),
        .tests("AgentAPI", ["AmandaFormat", "Certificates", "Faults", "Sealing", "Secret"]),
        .tests("Volumes", ["AmandaFormat", "HTTPTransport", "S3", "Secret"]),
        .tests("Catalog", ["Faults", "AmandaFormat", "Planning", "Files"], fixtures: true),
        .tests(
            "Dump",
            [
                "Faults", "AmandaFormat", "S3", "Gzip", "BlockingWork", "Catalog", "Digest", "Files",
                "HTTPTransport",
                "Secret", "Volumes", logging, inMemoryLogging,
            ]),
        .tests(
            "Agent",
            [
                "Faults", "AgentAPI", "Settings", "AmandaFormat", "Planning", "BlockingWork", "Catalog",
                "Digest", "Dump", "HTTPTransport",
                "Certificates",
                "Files", "S3", "Sealing", "Secret", "TLS", "Volumes",
                logging, httpTypes,
            ]),
        .tests(
            "Coordinator",
            [
                "Faults", "AgentAPI", "Settings", "AmandaFormat", "Certificates", "Digest", "Files",
                "HTTPTransport", "S3", "Sealing", "Secret",
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["TestSupport"],
            swiftSettings: .strict),
    ],
    swiftLanguageModes: [.v6]
)

// `ci/unit TARGET`: the tests of one target and what they need, without the rest.
if let only = Context.environment["AMFLEET_TESTS"] {
    package.targets.removeAll { $0.type == .test && $0.name != "\(only)Tests" }
}

extension [SwiftSetting] {
    static let strict: [SwiftSetting] = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}

extension Target {
    static func c(_ name: String, pkgConfig: String, apt: String) -> Target {
        .systemLibrary(
            name: name, path: "Sources/System/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
    }

    static func system(_ name: String, _ dependencies: [Dependency] = []) -> Target {
        .target(
            name: name, dependencies: dependencies, path: "Sources/System/\(name)", swiftSettings: .strict)
    }

    static func module(_ name: String, _ dependencies: [Dependency] = []) -> Target {
        .target(name: name, dependencies: dependencies, swiftSettings: .strict)
    }

    static func program(_ name: String, _ dependencies: [Dependency]) -> Target {
        .executableTarget(name: name, dependencies: dependencies, swiftSettings: .strict)
    }

    static func support(_ name: String, _ dependencies: [Dependency]) -> Target {
        .target(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: .strict)
    }

    static func tests(_ name: String, _ dependencies: [Dependency] = [], fixtures: Bool = false) -> Target {
        .testTarget(
            name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + dependencies,
            exclude: fixtures ? ["Fixtures"] : [], swiftSettings: .strict)
    }
}
