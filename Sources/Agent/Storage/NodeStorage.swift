// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import HTTPTransport
import S3

/// How this node reaches the store that a job names: the job says where, the node's own files say with what.
struct NodeStorage: Sendable {
    let settings: AgentSettings
    let transport: HTTPTransport

    /// - Parameters:
    ///   - bucket: another bucket than the job's, at the same endpoint.
    ///   - deviceProperties: credentials that `amanda.conf` names, the last that are tried.
    ///   - outage: how long the store may stay away.
    func client(
        _ storage: StorageAddress, bucket: String? = nil, deviceProperties: S3Credentials? = nil,
        outage: Duration
    ) throws -> S3Client {
        S3Client(
            location: try location(storage, bucket: bucket),
            credentials: chain(deviceProperties, storage), transport: transport,
            retry: RetryPolicy(storageOutage: outage))
    }

    /// For a look before the work begins: an answer within a minute, whatever it is.
    func preflightClient(_ storage: StorageAddress, deviceProperties: S3Credentials?) throws -> S3Client {
        S3Client(
            location: try location(storage), credentials: chain(deviceProperties, storage),
            transport: transport,
            limits: .preflight, retry: .preflight)
    }

    private func location(_ storage: StorageAddress, bucket: String? = nil) throws(S3Error) -> S3Location {
        let addressing = settings.storage.addressing ?? storage.addressing
        return try S3Location(
            bucket: bucket ?? storage.bucket, region: storage.region, endpoint: storage.endpoint,
            addressing: addressing.flatMap { S3Addressing(rawValue: $0.rawValue) },
            authority: settings.storage.authority)
    }

    private func chain(_ deviceProperties: S3Credentials?, _ storage: StorageAddress) -> CredentialChain {
        CredentialChain(
            credentialsFile: settings.storage.credentialsFile, deviceProperties: deviceProperties,
            region: storage.region, transport: transport)
    }
}
