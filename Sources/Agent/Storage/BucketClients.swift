// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import HTTPTransport
import S3
import Synchronization

/// The S3 clients of one job, one a bucket and configuration: they share credentials, caps and patience.
final class BucketClients: Sendable {
    /// The configurations' changers and stores, by the configurations' names.
    typealias Stores = [String: (changer: ChangerDefinition, store: VolumeStore)]

    private struct Key: Hashable {
        let bucket: String
        let configuration: String?
        let record: StoreRecord?
    }

    private struct State {
        var clients: [Key: S3Client] = [:]
        var caches: [CredentialCache.Key: CredentialCache] = [:]
        var limiters: [String: (send: RateLimiter?, receive: RateLimiter?)] = [:]
    }

    private let storage: NodeStorage
    private let address: StorageAddress
    private let stores: Stores
    private let limits: S3Limits
    private let retry: RetryPolicy
    /// Configurations that have another way, and how long their store may stay away.
    private let holding: (names: Set<String>, outage: Duration)
    private let ofCluster: (send: RateLimiter?, receive: RateLimiter?)
    private let state = Mutex(State())

    /// - Parameters:
    ///   - stores: of the configurations that are on this node; an empty one has none.
    ///   - holding: the configurations whose dumps can go to a holding disk where the store is away.
    ///   - outage: how long the store may stay away; nil: as the job says.
    init(
        _ storage: NodeStorage, _ request: JobRequest, stores: Stores, holding: Set<String> = [],
        outage: Duration? = nil
    ) {
        self.storage = storage
        address = request.storage
        self.stores = stores
        limits = S3Limits()
        retry = RetryPolicy(storageOutage: outage ?? .seconds(request.storageOutageSeconds))
        let limit = min(request.holdAfterSeconds ?? .max, request.storageOutageSeconds)
        self.holding = (holding, .seconds(limit))
        ofCluster = (
            request.sendBytesPerSecond.map { RateLimiter(bytesPerSecond: $0) },
            request.receiveBytesPerSecond.map { RateLimiter(bytesPerSecond: $0) }
        )
    }

    /// For a look without a job: an answer within a minute, whatever it is.
    init(_ storage: NodeStorage, at address: StorageAddress, stores: Stores) {
        self.storage = storage
        self.address = address
        self.stores = stores
        limits = .preflight
        retry = .preflight
        holding = ([], retry.storageOutage)
        ofCluster = (nil, nil)
    }

    /// The client of the cluster's own bucket.
    var main: S3Client { get throws { try client(address.bucket, of: nil) } }

    /// - Parameters:
    ///   - configuration: whose volumes lie in the bucket; nil: none's.
    ///   - record: where the bucket is as a node record says; nil: as the configuration's changer says.
    func client(_ bucket: String, of configuration: String?, at record: StoreRecord? = nil) throws -> S3Client
    {
        let key = Key(bucket: bucket, configuration: configuration, record: record)
        if let client = state.withLock({ $0.clients[key] }) { return client }
        let made = try make(bucket, configuration, record)
        return state.withLock { state in
            state.clients[key] = state.clients[key] ?? made
            return state.clients[key] ?? made
        }
    }

    /// The configuration's changer, if it is on this node.
    func changer(of configuration: String) -> ChangerDefinition? { stores[configuration]?.changer }

    /// The client of a volume that a record names.
    func client(of volume: VolumeRecord, of configuration: String) throws -> S3Client {
        try client(volume.bucket, of: configuration, at: volume.store)
    }

    /// The client of an object that is known by nothing but its key: the configuration whose slot it lies on decides.
    func client(holding key: String, in bucket: String) throws -> S3Client {
        let owner = stores.first { _, entry in
            entry.changer.devices.compactMap(\.bucketPath).contains {
                $0.bucket == bucket && key.hasPrefix($0.prefix)
            }
        }
        return try client(bucket, of: owner?.key)
    }

    /// Makes the buckets that the configuration asks for by `CREATE_BUCKET`, where they are not there.
    func makeBuckets(of configuration: String) async throws {
        for bucket in stores[configuration]?.store.bucketsToMake ?? [] {
            try await client(bucket, of: configuration).createBucketIfAbsent()
        }
    }

    private func make(_ bucket: String, _ configuration: String?, _ record: StoreRecord?) throws -> S3Client {
        let store = configuration.flatMap { stores[$0]?.store }
        let place = record ?? store?.record
        let location = try storage.location(
            address, bucket: bucket, at: place, region: store?.region, authority: store?.authority)
        var limits = limits
        if let timeout = store?.timeout { limits.total = timeout }
        var retry = retry
        if let configuration, holding.names.contains(configuration) { retry.storageOutage = holding.outage }
        return S3Client(
            location: location, credentials: cache(for: store, at: place, region: location.region),
            transport: storage.transport, limits: limits, retry: retry,
            way: way(configuration, store), keeping: store?.keeping ?? S3Keeping())
    }

    /// A configuration without keys of its own uses another's for the cluster's store, as one job always did.
    private func cache(for store: VolumeStore?, at place: StoreRecord?, region: String) -> CredentialCache {
        let borrowed = stores.sorted { $0.key < $1.key }.lazy.map(\.value.store)
            .first { $0.record == nil && $0.credentials != nil }
        let properties = store?.credentials ?? (place == nil ? borrowed?.credentials : nil)
        let key = CredentialCache.Key(properties: properties, isOwnStore: place != nil, region: region)
        return state.withLock { state in
            if let cache = state.caches[key] { return cache }
            let made = storage.credentials(properties, isOwnStore: place != nil, region: region)
            state.caches[key] = made
            return made
        }
    }

    private func way(_ configuration: String?, _ store: VolumeStore?) -> S3Way {
        var way = S3Way()
        way.proxy = store?.proxy
        way.reusesConnections = store?.reusesConnections ?? true
        let own = limiters(configuration, store)
        way.sendLimiters = [own.send, ofCluster.send].compactMap(\.self)
        way.receiveLimiters = [own.receive, ofCluster.receive].compactMap(\.self)
        return way
    }

    /// One pair a configuration, for all its buckets.
    private func limiters(
        _ configuration: String?, _ store: VolumeStore?
    ) -> (send: RateLimiter?, receive: RateLimiter?) {
        guard let configuration, let store else { return (nil, nil) }
        return state.withLock { state in
            if let known = state.limiters[configuration] { return known }
            let made = (
                store.sendBytesPerSecond.map { RateLimiter(bytesPerSecond: $0) },
                store.receiveBytesPerSecond.map { RateLimiter(bytesPerSecond: $0) }
            )
            state.limiters[configuration] = made
            return made
        }
    }
}

extension CredentialCache {
    /// What tells one cache of a job from another.
    fileprivate struct Key: Hashable {
        let properties: S3Credentials?
        let isOwnStore: Bool
        let region: String
    }
}
