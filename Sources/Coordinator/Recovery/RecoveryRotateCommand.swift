// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import BlockingWork
import Certificates
import Files
import FoundationEssentials
import S3
import Sealing
import Secret

/// `amfleet recovery rotate`: a new recovery key in the place of one. No dump is touched.
///
/// With the old kit every object that is sealed to it is sealed to the new one instead; without, they stay the old one's. Cut short at any
/// point it is run again with the same words: the new kit that lies there is gone on with, `cluster.json` names both until the end, and an
/// object is sealed to the old key or to the new one.
public struct RecoveryRotateCommand: Sendable {
    public struct Options: Sendable {
        /// The old key; nil: nobody has it.
        public var old: RecoveryKeyFile?
        /// Which one goes, as `cluster.json` names its file, where several are there and the old key is not.
        public var replaces: String?
        /// Where the new kit goes.
        public var newKit: String
        /// Asks for the new key's passphrase; nil: it has none. Only where a key is made.
        public var passphrase: RecoveryPassphrase?
        public var isLeased: Bool

        public init(
            old: RecoveryKeyFile?, replaces: String? = nil, newKit: String,
            passphrase: RecoveryPassphrase? = nil, isLeased: Bool = true
        ) {
            self.old = old
            self.replaces = replaces
            self.newKit = newKit
            self.passphrase = passphrase
            self.isLeased = isLeased
        }
    }

    private static let width = 8

    let cluster: Cluster
    let options: Options
    private var bucket: ClusterBucket { cluster.impatientBucket }

    public init(_ cluster: Cluster, _ options: Options) {
        self.cluster = cluster
        self.options = options
    }

    /// Holds the cluster meanwhile: a backup that runs would seal to the old key.
    public func run() async throws -> RecoveryChangeReport {
        try await cluster.clusterGuard(bucket).claim()
        let old = try await options.old?.open()
        let isMade = try await runBlocking("recovery") { [options] in try FileSystem.isPresent(options.newKit)
        }
        let passphrase = isMade ? nil : try await options.passphrase?.new()
        return try await cluster.holding(for: "recovery rotate", isLeased: options.isLeased) { lease in
            let exchange = try await local { file in
                try RecoveryExchange(&file, old: old, options, passphrase: passphrase)
            }
            return try await carryOut(exchange, old?.key, lease)
        }
    }

    private func carryOut(
        _ exchange: RecoveryExchange, _ old: RecoveryKey?, _ lease: RunLease?
    ) async throws -> RecoveryChangeReport {
        var rotation: RecoveryChangeReport.Rotation?
        if let going = exchange.going?.certificate ?? exchange.former {
            rotation = try await seal(exchange, going, old, lease)
        }
        let isDone = rotation?.errors.isEmpty == true
        let file = try await local { file in
            if isDone, let going = exchange.going { try file.leave(going) }
            return file
        }
        rotation?.isDone = isDone || exchange.going == nil
        var report = RecoveryChangeReport(
            cluster: file.settings.cluster, kit: exchange.kitPath,
            certificate: file.resolve(exchange.setting),
            fingerprint: exchange.new.fingerprint,
            term: .init(exchange.new, file: file.resolve(exchange.setting)))
        report.isKitBesideFile = try await runBlocking("recovery") { file.holds(exchange.kitPath) }
        report.replaced = rotation
        return try await report.sealed(CoordinatorSealing(file: file, bucket: bucket))
    }

    /// Everything of the nodes that only the old key opens.
    private func seal(
        _ exchange: RecoveryExchange, _ going: RecoveryCertificate, _ old: RecoveryKey?, _ lease: RunLease?
    ) async throws -> RecoveryChangeReport.Rotation {
        let found = try await SealedObjects(in: bucket)
        let versions = found.objects
        let outcomes = try await onEvery(versions, width: Self.width) { version in
            try await lease?.requireHeld()
            return try await NodeOutcome(node: version.node) { _ in
                try await reseal(version, from: going, to: exchange.staying, old)
            }
        }
        var rotation = RecoveryChangeReport.Rotation(fingerprint: going.fingerprint)
        rotation.errors = found.cut.map { .tooManyVersions(of: $0, in: bucket) }
        for (version, outcome) in zip(versions, outcomes) {
            switch outcome.report {
            case .resealed: rotation.resealed += 1
            case .leftToOld: rotation.leftToOld.append(version.key)
            case .damaged: rotation.damaged.append(version.key)
            case .others: break
            case nil: rotation.errors += outcome.faults
            }
        }
        return rotation
    }

    private enum Step: Sendable {
        case resealed
        case leftToOld
        /// The old key is none of its recipients.
        case others
        /// No key opens it, whatever it says: another attempt would find it the same.
        case damaged
    }

    private func reseal(
        _ version: SealedObject, from going: RecoveryCertificate, to staying: [RecoveryCertificate],
        _ old: RecoveryKey?
    ) async throws -> Step {
        let object: S3KnownObject?
        do {
            object = try await bucket.object(version.key, limit: CoordinatorSealing.objectLimit)
        } catch S3Error.tooLong {
            return .damaged
        }
        guard let found = object else { return .others }
        let sealed: [UInt8]?
        do {
            sealed = try await runBlocking("seal") { () throws -> [UInt8]? in
                guard try Envelope.isSealed(found.bytes, to: going) else { return nil }
                guard let old else { return [] }
                return try Envelope.seal(Envelope.open(found.bytes, with: old), to: staying)
            }
        } catch SealingError.damaged {
            return .damaged
        } catch SealingError.notForThisKey {
            // Its recipients are a claim: they name the old key, and it opens nothing.
            return .damaged
        }
        guard let sealed else { return .others }
        guard !sealed.isEmpty else {
            // Another key may open it as well.
            let isOthersToo = try staying.contains { try Envelope.isSealed(found.bytes, to: $0) }
            return isOthersToo ? .others : .leftToOld
        }
        guard try await bucket.put(sealed, version.key, over: found) != nil else {
            throw RecoveryError.sealChanged
        }
        return .resealed
    }

    /// `cluster.json` as it is now, changed by nobody else meanwhile.
    private func local<Value: Sendable>(
        _ step: @escaping @Sendable (inout ClusterFile) throws -> Value
    ) async throws -> Value {
        try await runBlocking("recovery") { [cluster] in
            let lock = try RenewalLock(cluster.file)
            return try withExtendedLifetime(lock) {
                try ClusterFile.changing(cluster.file.path, step)
            }
        }
    }
}

/// One recovery key that comes, and one that goes: both stand in `cluster.json` from here on.
struct RecoveryExchange: Sendable {
    let kitPath: String
    let new: RecoveryCertificate
    /// As `cluster.json` names it.
    let setting: String
    /// nil: an earlier attempt has taken it out already, and was cut short before the coordinator was sealed.
    let going: RecoveryRecipients.Entry?
    /// Of the old key where it was taken out before: it may have gone without its kit, and what only it opens has waited for that.
    let former: RecoveryCertificate?
    /// To whom everything is sealed once the old one is gone.
    let staying: [RecoveryCertificate]

    /// Makes the new key, unless an earlier attempt has, and enters it. Blocks.
    init(
        _ file: inout ClusterFile, old: RecoveryKeyFile.Opened?, _ options: RecoveryRotateCommand.Options,
        passphrase: Secret?
    ) throws {
        let before = RecoveryRecipients(file)
        if let fault = before.faults.first { throw fault }
        guard !before.entries.isEmpty else { throw RecoveryError.noRecoveryKey(file: file.path) }
        let begun = try Self.begun(options.newKit, file)
        let candidates = before.entries.filter { $0.certificate.fingerprint != begun?.fingerprint }
        kitPath = options.newKit
        if let begun {
            // An earlier attempt has entered it before all others. Else it is the kit that goes, or one that has nothing to do with it.
            let isFirst = before.entries.first?.certificate.fingerprint == begun.fingerprint
            let isOther =
                old.map { !$0.key.opens(begun) } ?? (!candidates.isEmpty || Self.isUnsealed(begun, file))
            guard isOther, isFirst || candidates.count == before.entries.count else {
                throw CoordinatorError.alreadyThere(path: kitPath)
            }
        }
        let isEntered = candidates.count < before.entries.count
        let isGone = isEntered && Self.isGone(among: candidates, old, file)
        going = isGone ? nil : try Self.going(among: candidates, old, options.replaces, file)
        former = try isGone ? old.flatMap(Self.certificate) : nil
        if let begun {
            new = begun
        } else {
            new = try RecoveryKeyMaking(kitPath: kitPath, passphrase: passphrase)
                .makeKit(file.settings, authorities: file.pinnedAuthorities())
        }
        setting = try file.enter(new)
        let leaving = going?.certificate.fingerprint
        staying = RecoveryRecipients(file).certificates.filter { $0.fingerprint != leaving }
    }

    /// The certificate of a kit that an earlier attempt has left; nil: there is none.
    private static func begun(_ path: String, _ file: ClusterFile) throws -> RecoveryCertificate? {
        FileSystem.removeAbandoned([path])
        guard try FileSystem.isPresent(path) else { return nil }
        guard let kit = try RecoverySource.read(path).kit else {
            throw CoordinatorError.alreadyThere(path: path)
        }
        try kit.requireCluster(file.settings)
        return try RecoveryCertificate(pem: kit.certificatePEM, source: "'\(path)'")
    }

    private static func certificate(of old: RecoveryKeyFile.Opened) throws -> RecoveryCertificate? {
        try old.key.certificate
            ?? old.kit.map { try RecoveryCertificate(pem: $0.certificatePEM, source: old.source) }
    }

    /// Whether the coordinator was last sealed to others too: an earlier attempt, without the old key, was cut short before its end.
    private static func isUnsealed(_ new: RecoveryCertificate, _ file: ClusterFile) -> Bool {
        CoordinatorSeal.last(file).map { !$0.isFor([new.fingerprint]) } ?? false
    }

    /// Whether the old key is this cluster's, and was taken out of `cluster.json` before.
    private static func isGone(
        among entries: [RecoveryRecipients.Entry], _ old: RecoveryKeyFile.Opened?, _ file: ClusterFile
    ) -> Bool {
        guard let old else { return entries.isEmpty }
        guard !entries.contains(where: { old.key.opens($0.certificate) }) else { return false }
        guard let kit = old.kit else { return entries.isEmpty }
        return (try? kit.requireCluster(file.settings)) != nil
    }

    private static func going(
        among entries: [RecoveryRecipients.Entry], _ old: RecoveryKeyFile.Opened?, _ replaces: String?,
        _ file: ClusterFile
    ) throws -> RecoveryRecipients.Entry {
        if let old {
            guard let entry = entries.first(where: { old.key.opens($0.certificate) }) else {
                throw RecoveryError.unknownKey(source: old.source, file: file.path)
            }
            return entry
        }
        if let replaces {
            guard let entry = entries.first(where: { $0.setting == replaces }) else {
                throw RecoveryError.unknownKey(source: "'\(replaces)'", file: file.path)
            }
            return entry
        }
        guard let only = entries.first, entries.count == 1 else {
            throw RecoveryError.severalKeys(entries.map(\.setting))
        }
        return only
    }
}

extension ClusterFile {
    /// A recovery certificate that nothing is sealed to any more leaves `cluster.json`, under whatever names, and its files the directory.
    /// Blocks.
    mutating func leave(_ entry: RecoveryRecipients.Entry) throws {
        let same = RecoveryRecipients(self).entries.filter {
            $0.setting == entry.setting || $0.certificate.fingerprint == entry.certificate.fingerprint
        }
        settings.recovery = (settings.recovery ?? []).filter { !same.map(\.setting).contains($0) }
        try save()
        for path in Set(same.map(\.path)) where holds(path) { try FileSystem.remove(path) }
    }
}
