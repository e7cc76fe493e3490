// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import S3
import Synchronization

/// One S3 client a bucket for the length of a job: they share credentials, pace and patience.
final class BucketClients: Sendable {
    private let storage: NodeStorage
    private let address: StorageAddress
    private let outage: Duration
    private let deviceProperties: S3Credentials?
    private let clients = Mutex<[String: S3Client]>([:])

    init(
        _ storage: NodeStorage, address: StorageAddress, outage: Duration, deviceProperties: S3Credentials?
    ) {
        self.storage = storage
        self.address = address
        self.outage = outage
        self.deviceProperties = deviceProperties
    }

    convenience init(_ storage: NodeStorage, _ request: JobRequest, deviceProperties: S3Credentials?) {
        self.init(
            storage, address: request.storage, outage: .seconds(request.storageOutageSeconds),
            deviceProperties: deviceProperties)
    }

    /// The client of the cluster's own bucket.
    var main: S3Client { get throws { try client(address.bucket) } }

    func client(_ bucket: String) throws -> S3Client {
        if let client = clients.withLock({ $0[bucket] }) { return client }
        let made = try storage.client(
            address, bucket: bucket, deviceProperties: deviceProperties, outage: outage)
        return clients.withLock { clients in
            clients[bucket] = clients[bucket] ?? made
            return clients[bucket] ?? made
        }
    }
}
