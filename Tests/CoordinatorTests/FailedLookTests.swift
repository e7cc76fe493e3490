// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Certificates
import Foundation
import HTTPTransport
import S3
import Sealing
import Secret
import TestSupport
import Testing

@testable import Coordinator

/// What the store does not say is no absence: each look at the bucket, while the requests that it is made of fail in every way.
@Suite(.enabled(if: RequiredTools.areUsable("weed")), .timeLimit(.minutes(5)))
struct FailedLookTests {
    /// Whether it counts what it looks for as not there.
    private typealias FindsNothing = @Sendable (ClusterBucket) async throws -> Bool

    private struct Look: Sendable {
        let name: String
        /// In the paths or queries of requests that it cannot do without.
        let target: String
        let findsNothing: FindsNothing

        init(_ name: String, _ target: String, _ findsNothing: @escaping FindsNothing) {
            (self.name, self.target, self.findsNothing) = (name, target, findsNothing)
        }
    }

    private static let faults: [(name: String, fault: ProxyFault)] = [
        ("refused", .error(status: 403, code: "AccessDenied")),
        ("failing", .error(status: 500, code: "InternalError")),
        ("busy", .error(status: 503, code: "SlowDown")),
        ("cut", .cutConnection),
        ("silent", .holdRequest),
        ("a 404 that is not S3's", .answer(status: 404, body: "<html>no such page</html>")),
    ]

    private let run = Sample.run
    private let fixture: RecoveryFixture
    private let proxy: FaultyProxy
    /// Through the proxy; nothing is asked twice.
    private let proxied: ClusterBucket
    /// The same, and no answer is waited for.
    private let hasty: ClusterBucket

    init() async throws {
        fixture = try await RecoveryFixture(nodes: ["node01"])
        let server = try await LocalS3Server.shared()
        proxy = try FaultyProxy(to: server.port)
        let transport = try HTTPTransport()
        let credentials = S3Credentials(
            accessKeyID: server.accessKey, secretAccessKey: Secret(server.secretKey), origin: "the test")
        let (endpoint, name) = (proxy.endpoint, fixture.name)
        func bucket(_ limits: S3Limits) throws -> ClusterBucket {
            let client = S3Client(
                location: try S3Location(bucket: name, endpoint: endpoint),
                credentials: CredentialChain(
                    credentialsFile: nil, deviceProperties: credentials, transport: transport,
                    environment: [:]),
                transport: transport, limits: limits, retry: RetryPolicy(storageOutage: .zero))
            return ClusterBucket(client: client, layout: BucketLayout(prefix: "demo"), bucket: name)
        }
        proxied = try bucket(.preflight)
        hasty = try bucket(S3Limits(stall: .milliseconds(300), total: .milliseconds(300)))
        try await fixture.seal()
        try await fixture.sealSecrets(of: "node01", run: run)
        try await store()
    }

    /// A whole run of one node, pinned, another in the history, and somebody who holds the cluster and takes the authority's place.
    private func store() async throws {
        let (bucket, keys) = (fixture.direct, fixture.direct.layout)
        var manifest = Sample.manifest([Sample.verdict("node01", .complete)], .complete)
        manifest.pin = RunPin(since: Sample.time, by: "me")
        _ = try await bucket.write(manifest, keys.manifest(run), .none)
        _ = try await bucket.write(record(in: bucket), keys.nodeRecord(run, node: "node01"), .none)
        for volume in record(in: bucket).configurations.flatMap(\.volumes) {
            let objects = ObjectKeys(slotPrefix: volume.prefix)
            let label = VolumeHeader(datestamp: run, label: volume.label)
            try await fixture.put(label.bytes, objects.volumeLabel)
            try await fixture.put([1], objects.header(file: 1))
            try await fixture.put([UInt8](repeating: 1, count: 1024), objects.data(file: 1))
        }
        try await fixture.put(
            RunHistory([HistoryLine(old, overwrittenBy: Sample.time, hadVolumes: true)]).bytes(),
            keys.history(ofYear: "2025"))
        _ = try await bucket.write(PinIndex(runs: [run]), keys.pins, .none)
        var lease = claim("me").lease(fence: 1, at: Date())
        lease.expiresAt += 36_000
        _ = try await bucket.write(lease, keys.lease, .none)
        let taken = AuthorityClaim(cluster: "demo", next: "aa", holder: "another", begunAt: Sample.time)
        _ = try await bucket.write(taken, keys.authorityClaim(authority().keyFingerprint), .none)
    }

    private var old: RunManifest {
        var manifest = Sample.manifest([Sample.verdict("node01", .complete)], .complete)
        manifest.run = Sample.name("20251101030600")
        return manifest
    }

    private func record(in bucket: ClusterBucket) -> NodeRecord {
        var record = Sample.record("node01", run: run)
        for index in record.configurations.indices {
            let name = record.configurations[index].name
            let prefix = "\(bucket.layout.prefix)/node01/\(name)/slot-01"
            record.configurations[index].volumes = [
                VolumeRecord(label: "\(name)-01", bucket: bucket.bucket, prefix: prefix)
            ]
            record.configurations[index].dumps[0].parts[0].label = "\(name)-01"
        }
        return record
    }

    private func claim(_ holder: String) -> LeaseClaim {
        LeaseClaim(cluster: "demo", holder: holder, verb: "backup", run: run)
    }

    private func authority() throws -> CertificateFacts {
        try #require(try fixture.file.authorities().authorities.first)
    }

    private func judge(_ bucket: ClusterBucket) -> VolumeJudge {
        VolumeJudge(bucket) { record, _ in
            throw WireError(.failed, node: record.node, "nothing lies elsewhere")
        }
    }

    private var looksAtRuns: [Look] {
        let (run, key) = (run, "_amfleet/runs/\(run)")
        return [
            Look("a manifest", "\(key)/manifest.json") { try await $0.manifest(run) == nil },
            Look("a node's record", "\(key)/nodes/") { try await $0.nodeRecord(run, node: "node01") == nil },
            Look("whether a run is there", "\(key)/manifest.json") {
                try await $0.existing(1, of: [run]).isEmpty
            },
            Look("the runs", "list-type=2") { try await $0.runs().isEmpty },
            Look("what is left of a run, its record", "\(key)/nodes/") { bucket in
                let failed = Sample.manifest([Sample.verdict("node01", .failed)], .failed)
                return try await RunRemains(failed, bucket: bucket, volumes: judge(bucket)) != .some
            },
            Look("what is left of a run, its labels", "/slot-01") { bucket in
                var manifest = Sample.manifest([Sample.verdict("node01", .complete)], .complete)
                manifest.nodes[0].volumes = record(in: bucket).recordedVolumes
                return try await RunRemains(manifest, bucket: bucket, volumes: judge(bucket)) != .some
            },
            Look("whether a volume bears a run", "/slot-01") { bucket in
                let volume = record(in: bucket).configurations[0].volumes[0]
                return await judge(bucket).bears(volume, run) == false
            },
            Look("a line of the history", "history/2025") { bucket in
                try await HistoryReader(bucket: bucket).line(of: Sample.name("20251101030600")) == nil
            },
            Look("the newest of the history", "history/2025") { bucket in
                try await HistoryReader(bucket: bucket).newest(nil, since: nil).lines.isEmpty
            },
        ]
    }

    private var looksAtWhatIsKept: [Look] {
        let key = "_amfleet/runs/\(run)/manifest.json"
        let pinned: FindsNothing = { bucket in
            var protection = ClusterProtection()
            try await PinnedRuns(bucket: bucket, nodes: ["node01"]).add(to: &protection)
            return protection.runs.isEmpty && protection.arePinsKnown
        }
        let kept: FindsNothing = { bucket in
            try await ProtectionSearch(
                bucket: bucket, volumes: judge(bucket), nodes: ["node01"], configurations: Sample.asked
            ).find().runs.isEmpty
        }
        return [
            Look("which runs are pinned", "pins.json", pinned), Look("whether one is", key, pinned),
            Look("the newest whole set", key, kept), Look("its records", "/nodes/node01.json", kept),
            Look("its labels", "/slot-01", kept), Look("its files", "list-type=2", kept),
        ]
    }

    private func looksAtOthers() throws -> [Look] {
        let (claim, authority, cluster) = (claim("another"), try authority(), try fixture.cluster())
        return [
            // Before the next, which takes the cluster where nobody holds it.
            Look("another coordinator", "lease.json") { try await SecondCoordinator.signs(in: $0).isEmpty },
            Look("who holds the cluster", "lease.json") { bucket in
                do {
                    _ = try await RunLease.take(bucket, as: claim) { Date() }
                    return true
                } catch CoordinatorError.leaseHeld {
                    return false
                }
            },
            Look("who takes the authority's place", "successions/") { bucket in
                do {
                    try await AuthorityClaiming(bucket: bucket).requireUnclaimed([authority])
                    return true
                } catch CoordinatorError.authorityClaimed {
                    return false
                }
            },
            Look("whose the prefix is", "_amfleet/cluster.json") { bucket in
                try await !cluster.clusterGuard(bucket).check()
            },
        ]
    }

    private func looksAtSecrets() async throws -> [Look] {
        let (run, file) = (run, try fixture.file)
        let (recipient, key) = (try fixture.certificate, try await fixture.key().open().key)
        let authorities = try file.authorities()
        return [
            Look("sealed objects", "list-type=2") { try await SealedObjects(in: $0).objects.isEmpty },
            Look("a node's sealed secrets", "/secrets-") { bucket in
                let sealed = NodeSecrets(run: run, recipients: [recipient.fingerprint])
                let state = try await SecretsFacts(bucket, ["node01": sealed], to: [recipient])
                    .states["node01"]
                return state == nil || state == .gone
            },
            Look("the secrets of a node that remembers none", "list-type=2") { bucket in
                try await SecretsFacts(bucket, ["node01": NodeSecrets()], to: [recipient])
                    .states["node01"] == nil
            },
            Look("secrets for a restore", "/secrets-") { bucket in
                let found = try await NodeSecretsReader(
                    bucket: bucket, cluster: "demo", clusterID: file.settings.clusterID, key: key,
                    authorities: authorities
                ).read(["node01"], for: run)
                return found.orders.isEmpty && found.faults.isEmpty
            },
            // The last: where there is none it puts one there.
            Look("the coordinator's own seal", "coordinator.cms") { bucket in
                try await CoordinatorSealing(file: file, bucket: bucket).seal() != .current
            },
        ]
    }

    @Test func `a look that fails finds nothing missing, whatever the store says`() async throws {
        let looks =
            looksAtRuns + looksAtWhatIsKept + (try looksAtOthers()) + (try await looksAtSecrets())
        for look in looks {
            #expect(try await !look.findsNothing(fixture.direct), "\(look.name): it is there")
            for (name, fault) in Self.faults {
                proxy.inject(fault, target: look.target, times: .max)
                let before = proxy.requests.count
                let isMissing: Bool
                let isSilent = name == "silent"
                do {
                    isMissing = try await look.findsNothing(isSilent ? hasty : proxied)
                } catch {
                    isMissing = false
                }
                #expect(!isMissing, "\(look.name): \(name)")
                let asked = proxy.requests.dropFirst(before)
                #expect(
                    isSilent || asked.contains { $0.contains(look.target) },
                    "\(look.name): \(name): \(asked)")
                proxy.clear()
            }
        }
        // Where there is nothing each of them sees that: none is blind.
        let empty = ClusterBucket(
            client: fixture.direct.client, layout: BucketLayout(prefix: "empty"), bucket: fixture.name)
        for look in looks { #expect(try await look.findsNothing(empty), "\(look.name): there is nothing") }
    }

    @Test func `of secrets that nobody could look at it is known whether the store answers others`()
        async throws
    {
        let (recipient, sealed) = (try fixture.certificate, NodeSecrets(run: run, recipients: []))
        for (fault, isSilent) in [
            (.error(status: 403, code: "AccessDenied"), false),
            (.error(status: 500, code: "InternalError"), true),
        ] as [(ProxyFault, Bool)] {
            proxy.inject(fault, target: "/secrets-", times: .max)
            let found = try await SecretsFacts(proxied, ["node01": sealed], to: [recipient])
            guard case .unknown? = found.states["node01"] else {
                Issue.record("\(String(describing: found.states))")
                return
            }
            #expect(found.silent == Set(isSilent ? ["node01"] : []))
            proxy.clear()
        }
    }
}
