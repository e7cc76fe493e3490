// SPDX-License-Identifier: Apache-2.0

public import AgentAPI
public import AmandaFormat
import BlockingWork
import Certificates
public import FoundationEssentials
import S3
import Sealing

/// `amfleet recovery check`: the key that the operator keeps opens what lies in the bucket, and what is inside was put there by whom it
/// should be. Contents are never shown.
public struct RecoveryCheckCommand: Sendable {
    private static let width = 8

    let cluster: Cluster
    let key: RecoveryKeyFile
    private var bucket: ClusterBucket { cluster.impatientBucket }

    public init(_ cluster: Cluster, key: RecoveryKeyFile) {
        self.cluster = cluster
        self.key = key
    }

    /// The coordinator's files, the newest of each node, and what older ones hold of keys that are in no newer: one listing, and a
    /// request each.
    public func run() async throws -> RecoveryCheckReport {
        try await cluster.refuseForeignPrefix()
        let opened = try await key.open()
        let (recipients, authorities) = try await runBlocking("recovery") { [file = cluster.file] in
            (RecoveryRecipients(file), try file.believedAuthorities())
        }
        var places = [Place(owner: .coordinator, keys: [bucket.layout.coordinatorSecrets])]
        let found = try await SealedObjects(in: bucket)
        let sealed = Dictionary(grouping: found.objects, by: \.node)
        let names = cluster.settings.nodes.map(\.name)
        for node in names + sealed.keys.sorted().filter({ !names.contains($0) }) {
            let newestFirst = (sealed[node] ?? []).reversed()
            places.append(
                Place(
                    owner: .node(node), keys: newestFirst.map(\.key), versions: newestFirst.map(\.version),
                    isGone: !names.contains(node),
                    fault: found.cut.contains(node) ? .tooManyVersions(of: node, in: bucket) : nil))
        }
        let judge = Judge(
            bucket: bucket, key: opened.key, settings: cluster.settings, authorities: authorities)
        let objects = try await onEvery(places, width: Self.width) { try await judge.objects($0) }.flatMap(
            \.self)
        return RecoveryCheckReport(
            cluster: cluster.settings.cluster,
            certificate: recipients.entries.first { opened.key.opens($0.certificate) }
                .map { .init($0.certificate, file: $0.path) },
            unusable: recipients.faults,
            kit: opened.kit.map { RecoveryCheckReport.Kit($0, cluster.settings, authorities) },
            objects: objects)
    }

    struct Place: Sendable {
        let owner: SealedOwner
        /// The newest first; none: nothing is sealed.
        let keys: [String]
        /// Of a node the same as versions.
        var versions: [SealedVersion] = []
        /// A node that `cluster.json` names no longer.
        var isGone = false
        /// Why nobody knows which is the newest; nil: it is known.
        var fault: WireError?
    }

    struct Judge: Sendable {
        let bucket: ClusterBucket
        let key: RecoveryKey
        let settings: ClusterSettings
        let authorities: AuthorityBundle

        func objects(_ place: Place) async throws -> [RecoveryCheckReport.Object] {
            if let fault = place.fault {
                var object = RecoveryCheckReport.Object(owner: place.owner.text, key: place.keys.first)
                object.error = fault
                return [object]
            }
            let (newest, bundle) = try await object(place, place.keys.first)
            var objects = [newest]
            var keys = bundle.map(Self.keys) ?? []
            // As far back as the newest says that its keys reach.
            var reach = Self.reach(of: bundle, place.versions.first)
            for (key, version) in zip(place.keys, place.versions).dropFirst() {
                guard objects.count <= SecretsOrder.otherLimit else { break }
                if let reach, version >= reach { continue }
                var (older, bundle) = try await object(place, key)
                reach = Self.reach(of: bundle, version)
                if let error = older.error {
                    older.error?.message =
                        "its secrets of \(version) cannot be used (\(error.message)): dumps made with keys that only they hold cannot be read"
                }
                // With no key that a newer one lacks it is needed by nothing.
                guard older.error != nil || bundle.map({ !Self.keys($0).isSubset(of: keys) }) == true else {
                    continue
                }
                if let bundle { keys.formUnion(Self.keys(bundle)) }
                objects.append(older)
            }
            return objects
        }

        /// A claim that its keys began later than itself counts for nothing.
        private static func reach(of bundle: SealedBundle?, _ version: SealedVersion?) -> SealedVersion? {
            [bundle?.manifest.keysSince, version].compactMap(\.self).min()
        }

        private static func keys(_ bundle: SealedBundle) -> Set<SealedKey> {
            Set(
                bundle.files.filter { $0.kind == .encryption }
                    .map { SealedKey(path: $0.path, content: $0.content) })
        }

        private struct SealedKey: Hashable {
            let path: String
            let content: [UInt8]
        }

        private func object(
            _ place: Place, _ key: String?
        ) async throws -> (RecoveryCheckReport.Object, SealedBundle?) {
            var object = RecoveryCheckReport.Object(owner: place.owner.text, key: key)
            let outcome = try await NodeOutcome(node: place.owner.text) { _ in try await opened(place, key) }
            object.error = outcome.error
            object.isOfGoneNode = place.isGone ? true : nil
            guard let bundle = outcome.report else { return (object, nil) }
            object.sealedAt = bundle.manifest.sealedAt
            object.run = bundle.manifest.run
            object.files = bundle.files.map {
                .init(path: $0.path, kind: $0.kind, byteCount: $0.content.count)
            }
            return (object, bundle)
        }

        private func opened(_ place: Place, _ name: String?) async throws -> SealedBundle {
            guard let name,
                let found = try await bucket.object(name, limit: CoordinatorSealing.objectLimit)
            else {
                throw WireError(
                    .failed, "nothing of it is sealed in the bucket",
                    hint: "'amfleet backup' seals it; 'amfleet status' says why it did not.")
            }
            return try await runBlocking("open") {
                let opened = try SealedBundle.open(found.bytes, with: key)
                try SealedExpectation(
                    owner: place.owner.peerName(cluster: settings.cluster), authorities: authorities,
                    clusterID: settings.clusterID
                ).check(opened, at: place.owner == .coordinator ? nil : name)
                return opened.bundle
            }
        }
    }
}

/// What a recovery key opens.
public struct RecoveryCheckReport: Sendable, Encodable {
    public typealias Certificate = RecoverySummary.Certificate

    /// Whether the printed sheet still says how things are.
    public struct Kit: Sendable, Encodable {
        public var date: Date
        /// What has changed since: `authority`, `bucket`, …
        public var outdated: [String]
    }

    public struct Object: Sendable, Encodable {
        public var owner: String
        /// nil: there is none.
        public var key: String?
        public var run: RunName?
        public var sealedAt: Date?
        public var files: [File] = []
        public var error: WireError?
        public var isOfGoneNode: Bool?
    }

    public struct File: Sendable, Encodable {
        public var path: String
        public var kind: SealedFile.Kind
        public var byteCount: Int
    }

    public var cluster: String
    /// Of `cluster.json`; nil: the key belongs to none of them.
    public var certificate: Certificate?
    /// Certificates that `cluster.json` names and to which nothing can be sealed.
    public var unusable: [WireError]
    /// nil: a bare key.
    public var kit: Kit?
    public var objects: [Object]
}

extension RecoveryCheckReport.Kit {
    init(_ kit: RecoveryKit, _ settings: ClusterSettings, _ authorities: AuthorityBundle) {
        let address = settings.storage.address
        let known = authorities.authorities.map(\.fingerprint)
        date = kit.date
        outdated = [
            (kit.cluster == settings.cluster, "cluster"), (kit.clusterID == settings.clusterID, "cluster id"),
            (kit.bucket == address.bucket, "bucket"), (kit.prefix == address.prefix, "prefix"),
            (kit.region == address.region, "region"), (kit.endpoint == address.endpoint, "endpoint"),
            (kit.addressing == address.addressing, "addressing"),
            (kit.authorities.contains { known.first == $0 }, "authority"),
        ].filter { !$0.0 }.map(\.1)
    }
}

extension RecoveryCheckReport: CommandReport {
    public var ending: CommandEnding {
        let isSound =
            certificate != nil && unusable.isEmpty
            && objects.allSatisfy { $0.error == nil || $0.isOfGoneNode == true }
        return isSound ? .complete : .problem
    }

    public var lines: [String] {
        var table = TextTable([
            ("OF", .left), ("SEALED", .left), ("RUN", .left), ("FILE", .left), ("KIND", .left),
            ("SIZE", .right),
        ])
        for object in objects where object.error == nil {
            for (index, file) in object.files.enumerated() {
                let isFirst = index == 0
                table.add([
                    isFirst ? object.owner : "",
                    isFirst ? object.sealedAt.map { LocalTime($0).text } ?? "-" : "",
                    isFirst ? object.run?.digits ?? "-" : "", file.path, file.kind.rawValue,
                    Quantity.bytes(Int64(file.byteCount)),
                ])
            }
        }
        let faults = objects.flatMap { object in
            object.error.map { RunLines.fault(WireError($0.kind, $0.message, hint: $0.hint), object.owner) }
                ?? []
        }
        let others = unusable.flatMap { RunLines.fault($0, "a certificate of 'recovery' in cluster.json") }
        let remarks = faults + others + RecoveryTerm.lines(certificate)
        return table.lines + (remarks.isEmpty ? [] : [""] + remarks) + [""] + kitLines + [verdict]
    }

    private var kitLines: [String] {
        guard let kit, !kit.outdated.isEmpty else { return [] }
        return [
            "the kit is of \(LocalTime(kit.date).text); since then changed: \(kit.outdated.joined(separator: ", "))",
            "hint: 'amfleet recovery kit --recovery-key FILE' prints it anew.",
        ]
    }

    private var verdict: String {
        let count = objects.count { $0.error == nil }
        let which = certificate.map { "the key of \($0.file)" } ?? "the key, which is none of cluster.json's,"
        return "\(which) opens what is sealed of \(count)/\(objects.count): "
            + (ending == .complete ? "whole, and signed by its owners" : "see above")
    }
}
