// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import HTTPTransport
import LogOutput
import Logging
import S3
import Synchronization

/// The S3 clients of one job, one a bucket and storage: they share credentials, caps and patience.
final class BucketClients: Sendable {
    /// The configurations' storages, the one in use first, by the configurations' names.
    typealias Stores = [String: [ChangerStore]]

    /// Which storage of which configuration.
    private struct Owner: Hashable {
        let configuration: String?
        let store: VolumeStore?
    }

    private struct Key: Hashable {
        let bucket: String
        let owner: Owner
        let place: StoreRecord?
    }

    private struct State {
        var clients: [Key: S3Client] = [:]
        var caches: [CredentialCache.Key: CredentialCache] = [:]
        var limiters: [Owner: (send: RateLimiter?, receive: RateLimiter?)] = [:]
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
        var storage = storage
        storage.logger = storage.logger.of(request)
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

    /// The same with the same keys and an answer within a minute, whatever it is: for one look at a store that may be away.
    var brief: S3Client {
        get throws {
            let location = try storage.location(address)
            var retry = RetryPolicy.preflight
            retry.storageOutage = min(retry.storageOutage, self.retry.storageOutage)
            return S3Client(
                location: location, credentials: cache(for: nil, at: nil, region: location.region),
                transport: storage.transport, limits: .preflight, retry: retry, logger: storage.logger)
        }
    }

    /// - Parameter configuration: in whose storage in use the bucket lies; nil: in none's.
    func client(_ bucket: String, of configuration: String?) throws -> S3Client {
        let store = configuration.flatMap { stores[$0]?.first?.store }
        return try client(bucket, Owner(configuration: configuration, store: store), at: store?.record)
    }

    private func client(_ bucket: String, _ owner: Owner, at place: StoreRecord?) throws -> S3Client {
        let key = Key(bucket: bucket, owner: owner, place: place)
        if let client = state.withLock({ $0.clients[key] }) { return client }
        let made = try make(key)
        return state.withLock { state in
            state.clients[key] = state.clients[key] ?? made
            return state.clients[key] ?? made
        }
    }

    var bucketOfCluster: String { address.bucket }

    /// The configuration's storages, if it is on this node.
    func known(_ configuration: String) -> [ChangerStore] { stores[configuration] ?? [] }

    /// The configuration's changer, if it is on this node.
    func changer(of configuration: String) -> ChangerDefinition? { stores[configuration]?.first?.changer }

    /// The client of a volume that a record names, with the keys and settings of the storage that it lies in; where none of the
    /// configuration's is it any more, of the one in use.
    ///
    /// - Throws: `WireError` where neither the configuration nor the cluster leads there.
    func client(of volume: VolumeRecord, of configuration: String) throws -> S3Client {
        try requireKnownBucket(volume, of: configuration)
        let known = stores[configuration] ?? []
        let best = known.filter { $0.fit(volume) != nil }.max {
            ($0.fit(volume) ?? 0) < ($1.fit(volume) ?? 0)
        }
        let owner = Owner(configuration: configuration, store: (best ?? known.first)?.store)
        return try client(volume.bucket, owner, at: volume.store)
    }

    /// The client of an object that is known by nothing but its key: the configuration whose slot it lies on decides.
    func client(holding key: String, in bucket: String) throws -> S3Client {
        let owner = stores.first { _, stores in
            stores.first?.changer.devices.compactMap(\.bucketPath).contains {
                $0.bucket == bucket && key.hasPrefix($0.prefix)
            } == true
        }
        return try client(bucket, of: owner?.key)
    }

    /// Makes the buckets that the configuration asks for by `CREATE_BUCKET`, where they are not there.
    func makeBuckets(of configuration: String) async throws {
        for bucket in stores[configuration]?.first?.store.bucketsToMake ?? [] {
            try await client(bucket, of: configuration).createBucketIfAbsent()
        }
    }

    private func make(_ key: Key) throws -> S3Client {
        let store = key.owner.store
        let location = try storage.location(
            address, bucket: key.bucket, at: key.place, region: store?.region, authority: store?.authority)
        var limits = limits
        if let timeout = store?.timeout { limits.total = timeout }
        var retry = retry
        if let configuration = key.owner.configuration, holding.names.contains(configuration) {
            retry.storageOutage = holding.outage
        }
        return S3Client(
            location: location, credentials: cache(for: store, at: key.place, region: location.region),
            transport: storage.transport, limits: limits, retry: retry,
            way: way(key.owner), keeping: store?.keeping ?? S3Keeping(),
            logger: storage.logger.with(key.owner.configuration.map { ["configuration": "\($0)"] } ?? [:]))
    }

    /// A configuration without keys of its own uses another's for the cluster's store, as one job always did.
    private func cache(for store: VolumeStore?, at place: StoreRecord?, region: String) -> CredentialCache {
        let borrowed = stores.sorted { $0.key < $1.key }.lazy.compactMap { $0.value.first?.store }
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

    private func way(_ owner: Owner) -> S3Way {
        var way = storage.way
        way.proxy = owner.store?.proxy
        way.reusesConnections = owner.store?.reusesConnections ?? true
        let own = limiters(owner)
        way.sendLimiters = [own.send, ofCluster.send].compactMap(\.self)
        way.receiveLimiters = [own.receive, ofCluster.receive].compactMap(\.self)
        return way
    }

    /// One pair a storage, for all its buckets.
    private func limiters(_ owner: Owner) -> (send: RateLimiter?, receive: RateLimiter?) {
        guard let store = owner.store else { return (nil, nil) }
        return state.withLock { state in
            if let known = state.limiters[owner] { return known }
            let made = (
                store.sendBytesPerSecond.map { RateLimiter(bytesPerSecond: $0) },
                store.receiveBytesPerSecond.map { RateLimiter(bytesPerSecond: $0) }
            )
            state.limiters[owner] = made
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
