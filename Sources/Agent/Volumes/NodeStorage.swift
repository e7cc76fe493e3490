// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import HTTPTransport
import LogOutput
import Logging
import S3

/// How this node reaches the store that a job names: the job says where, the node's own files say with what.
struct NodeStorage: Sendable {
    let settings: AgentSettings
    let transport: HTTPTransport
    /// Of the agent; what a job's clients say has the job's name too.
    var logger = Logger.discarding
    /// What a restore was sent, for a machine that has no credentials of its own.
    var sent: S3Credentials?
    /// Of this process's environment: what the unit file gives it.
    var proxies = HTTPProxies(environment: ProcessInfo.processInfo.environment)

    /// How requests travel where nothing else is said.
    var way: S3Way {
        var way = S3Way()
        way.proxies = proxies
        return way
    }

    /// A client of the cluster's own bucket.
    ///
    /// - Parameters:
    ///   - deviceProperties: credentials that `amanda.conf` names.
    ///   - outage: how long the store may stay away.
    func client(
        _ storage: StorageAddress, deviceProperties: S3Credentials? = nil, outage: Duration
    ) throws -> S3Client {
        S3Client(
            location: try location(storage),
            credentials: credentials(deviceProperties, isOwnStore: false, region: storage.region),
            transport: transport,
            retry: RetryPolicy(storageOutage: outage), way: way, logger: logger)
    }

    /// For a look before the work begins: an answer within a minute, whatever it is.
    ///
    /// - Parameter outage: after which nobody waits any longer, if that is sooner.
    func preflightClient(
        _ storage: StorageAddress, deviceProperties: S3Credentials?, outage: Duration? = nil
    ) throws -> S3Client {
        var retry = RetryPolicy.preflight
        if let outage { retry.storageOutage = min(outage, retry.storageOutage) }
        return S3Client(
            location: try location(storage),
            credentials: credentials(deviceProperties, isOwnStore: false, region: storage.region),
            transport: transport,
            limits: .preflight, retry: retry, way: way, logger: logger)
    }

    /// - Parameters:
    ///   - record: a store of a configuration's own; nil: the job's.
    ///   - region: of a bucket that is not the cluster's; nil: the store's.
    ///   - authority: what the configuration names, for a store that the agent's own settings say nothing of.
    func location(
        _ storage: StorageAddress, bucket: String? = nil, at record: StoreRecord? = nil,
        region: String? = nil, authority: String? = nil
    ) throws(S3Error) -> S3Location {
        let style =
            record.map(\.addressing) ?? (settings.storage.addressing ?? storage.addressing)
        return try S3Location(
            bucket: bucket ?? storage.bucket, region: region ?? record?.region ?? storage.region,
            endpoint: record.map(\.endpoint) ?? storage.endpoint,
            addressing: style.flatMap { S3Addressing(rawValue: $0.rawValue) },
            authority: record == nil
                ? settings.storage.authority ?? authority : authority ?? settings.storage.authority,
            servicePath: record?.servicePath ?? "")
    }

    /// - Parameter isOwnStore: the device properties are for a store that they name themselves, and come first.
    func credentials(_ deviceProperties: S3Credentials?, isOwnStore: Bool, region: String) -> CredentialCache
    {
        CredentialCache(
            CredentialChain(
                credentialsFile: settings.storage.credentialsFile, deviceProperties: deviceProperties,
                prefersDeviceProperties: isOwnStore, sent: sent, region: region, transport: transport,
                logger: logger),
            logger: logger)
    }
}
