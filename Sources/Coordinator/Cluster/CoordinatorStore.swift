// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import HTTPTransport
import LogOutput
import Logging
import S3

/// The store as this machine gets to it: where it is, the way there, and whose credentials are shown.
struct CoordinatorStore: Sendable {
    let location: S3Location
    let credentials: CredentialCache
    private let address: StorageAddress
    private let transport: HTTPTransport
    private let conditions: StoreConditions
    private let way: S3Way
    private let logger: Logger

    /// - Parameter resolve: what a path of the settings means.
    init(
        _ storage: ClusterSettings.Storage, resolve: (String) -> String, transport: HTTPTransport,
        logger: Logger
    ) throws {
        address = storage.address
        location = try S3Location(
            bucket: address.bucket, region: address.region, endpoint: address.endpoint,
            addressing: address.addressing.flatMap { S3Addressing(rawValue: $0.rawValue) },
            authority: storage.authority.map(resolve))
        credentials = CredentialCache(
            CredentialChain(
                credentialsFile: storage.credentialsFile.map(resolve), readsDeviceProperties: false,
                region: address.region, transport: transport, logger: logger),
            logger: logger)
        var way = S3Way()
        way.proxies = HTTPProxies(environment: ProcessInfo.processInfo.environment)
        (self.way, self.transport, self.logger) = (way, transport, logger)
        conditions = StoreConditions(logger: logger)
    }

    /// - Parameter patience: how long the store may stay away.
    func bucket(patience: Duration) -> ClusterBucket {
        bucket(
            S3Client(
                location: location, credentials: credentials, transport: transport,
                retry: RetryPolicy(storageOutage: patience), way: way, logger: logger))
    }

    /// For whatever an operator waits for: an absent store is told within a minute.
    var impatientBucket: ClusterBucket {
        bucket(
            S3Client(
                location: location, credentials: credentials, transport: transport, limits: .preflight,
                retry: .preflight, way: way, logger: logger))
    }

    private func bucket(_ client: S3Client) -> ClusterBucket {
        ClusterBucket(
            client: client, layout: BucketLayout(address), bucket: address.bucket, conditions: conditions)
    }
}
