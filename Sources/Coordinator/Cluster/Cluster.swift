// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Certificates
import Descriptors
import FoundationEssentials
import HTTPTransport
import LogOutput
public import Logging
import S3

/// Everything a command needs of the cluster: its settings, the store, the agents, and somewhere to tell of it.
public struct Cluster: Sendable {
    let file: ClusterFile
    let settings: ClusterSettings
    let identity: CoordinatorIdentity
    let revocations: RevocationKeeper
    let transport: HTTPTransport
    let client: S3Client
    let bucket: ClusterBucket
    /// The same with less patience, for whatever an operator waits for: an absent store is told within a minute.
    let impatientBucket: ClusterBucket
    /// The store's endpoint, for messages.
    let storeName: String
    let console: Console
    let logger: Logger

    /// Reads and checks everything that lies on this machine; asks nobody yet.
    public init(_ file: ClusterFile, console: Console, logger: Logger) throws {
        self.file = file
        self.console = console
        self.logger = logger
        settings = file.settings
        identity = try CoordinatorIdentity(file, now: Date())
        revocations = try RevocationKeeper(file, logger: logger)
        // What is no connection, files and libcurl's own, needs few.
        transport = try HTTPTransport(
            connectionCount: settings.nodes.count + 32, descriptorCount: DescriptorLimit.current - 64)
        let store = try CoordinatorStore(
            settings.storage, resolve: file.resolve, transport: transport, logger: logger)
        storeName = store.location.endpointName
        bucket = store.bucket(patience: settings.limits.storageOutage)
        client = bucket.client
        impatientBucket = store.impatientBucket
    }

    /// Ends every connection.
    public func close() async {
        await transport.shutdown()
    }

    func agent(_ node: String) throws -> AgentClient {
        guard let entry = settings.nodes.first(where: { $0.name == node }) else {
            throw CoordinatorError.unknownNode(node, nearest: nil)
        }
        var connection = AgentConnection(
            node: node, address: entry.address, cluster: settings.cluster,
            identity: HTTPIdentity(
                authority: file.resolve(settings.tls.authority),
                certificate: file.resolve(settings.tls.certificate),
                privateKey: file.resolve(settings.tls.privateKey)),
            transport: transport, logger: logger.with(["node": "\(node)"]))
        connection.revocations = revocations
        return AgentClient(connection: connection)
    }

    /// The store's time, as far as any of its answers has told it.
    func storeTime() -> Date {
        Date().addingTimeInterval(storeClockOffset ?? 0)
    }

    /// The store's clock minus ours, in seconds; nil before its first answer.
    var storeClockOffset: Double? {
        (client.clockOffset ?? impatientBucket.client.clockOffset)?.inSeconds
    }

    func clusterGuard(_ bucket: ClusterBucket? = nil) -> ClusterGuard {
        let fingerprints = identity.authorities.authorities.map(\.fingerprint)
        return ClusterGuard(
            bucket: bucket ?? self.bucket, file: file,
            identity: ClusterIdentity(
                cluster: settings.cluster, clusterID: settings.clusterID,
                authorityFingerprint: fingerprints.first ?? "",
                authorities: fingerprints.count > 1 ? fingerprints : nil, createdAt: Date().wholeSecond),
            logger: logger)
    }

    /// `user@host, pid N, run XXXXXXXX`: the last is of this process alone. Containers have one host's name and `pid 1`, and their
    /// writes must not be taken for each other's.
    static let holder: String = {
        let process = ProcessInfo.processInfo
        let nonce = String(UInt32.random(in: 0...UInt32.max), radix: 16)
        let own = String(repeating: "0", count: 8 - nonce.count) + nonce
        return "\(process.userName)@\(process.hostName), pid \(process.processIdentifier), run \(own)"
    }()
}
