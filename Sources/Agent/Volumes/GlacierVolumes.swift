// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import Planning
import S3

/// `TRANSITION-TO-GLACIER` of a configuration: the volumes of a run that is complete are never written again, and a
/// lifecycle rule moves their files; one that an administrator gives free by `amadmin reuse` loses its rule first.
struct GlacierVolumes: Sendable {
    let prepared: PreparedConfiguration
    let request: JobRequest
    let clients: BucketClients

    /// Why a volume may have a rule.
    private enum Suspicion: String {
        /// A node has made one, or seen one.
        case recorded
        /// The configuration has the property.
        case property
        /// Nodes have made rules in the bucket before they wrote down which, or its files lie in an archive.
        case signs
    }

    /// Before the volume's old files are deleted and new ones written: they would move at once. Whether the property is
    /// still set does not count.
    ///
    /// Where nothing hints at a rule the bucket's configuration is not asked for: few nodes may, and where nobody ever moved a
    /// volume none needs to. That costs one read of an object that is not there, and one page of the volume's listing.
    ///
    /// - Returns: a remark where the configuration may not be looked at, and nothing proves that there is a rule.
    /// - Throws: `GlacierRuleStays`; what keeps the store from being asked at all.
    func forget(_ choice: VolumeChoice, on device: S3DevicePath) async throws -> String? {
        let prefix = ObjectKeys(slotPrefix: device.prefix).files
        let rules = try rules(device.bucket, at: prepared.store.record)
        guard let suspicion = try await suspicion(choice, device, prefix, rules) else { return nil }
        do {
            guard try await rules.hasRule(filesPrefix: prefix) || suspicion == .recorded else { return nil }
        } catch let error as S3Error where !error.isUnreachable {
            guard suspicion != .recorded else { throw stays(choice, device, error) }
            return
                "whether a lifecycle rule moves what is written to volume '\(choice.label)' is not known: \(error)"
        }
        do {
            try await rules.forget(filesPrefix: prefix)
            return nil
        } catch let error as S3Error where !error.isUnreachable {
            throw stays(choice, device, error)
        }
    }

    private func suspicion(
        _ choice: VolumeChoice, _ device: S3DevicePath, _ prefix: String, _ rules: LifecycleRules
    ) async throws -> Suspicion? {
        let trace = try await rules.trace(filesPrefix: prefix)
        if trace == .recorded { return .recorded }
        if prepared.changer.glacierTransitionDays != nil { return .property }
        if trace == .unknown { return .signs }
        guard case .reusing = choice.kind, prepared.changer.storageClass == nil else { return nil }
        let listing = try await clients.client(device.bucket, of: prepared.choice.name)
            .list(prefix: prefix, limit: 1000)
        return listing.objects.contains(where: \.isArchived) ? .signs : nil
    }

    private func stays(_ choice: VolumeChoice, _ device: S3DevicePath, _ cause: S3Error) -> GlacierRuleStays {
        GlacierRuleStays(label: choice.label, bucket: device.bucket, cause: cause)
    }

    /// After the run. The tapelist first: a volume that moves must not be chosen again.
    ///
    /// - Returns: remarks. A rule that cannot be set is one: the dumps are as safe as before.
    func freeze(_ volumes: [VolumeRecord]) async throws -> [String] {
        guard let days = prepared.changer.glacierTransitionDays else { return [] }
        let place = prepared.changer.place(ofDeviceProperty: "transition-to-glacier")
        var remarks: [String] = []
        for volume in volumes where volume.directory == nil {
            do {
                try await setNoReuse(volume.label)
                try await rules(volume.bucket, at: volume.store).moveToGlacier(
                    label: volume.label, filesPrefix: ObjectKeys(slotPrefix: volume.prefix).files, days: days)
                remarks.append(
                    "\(place): volume '\(volume.label)' is no-reuse and moves to Glacier \(Self.time(days))")
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                remarks.append("\(place): volume '\(volume.label)' does not move to Glacier: \(error)")
            }
        }
        return remarks
    }

    private static func time(_ days: Int) -> String {
        days == 0 ? "after midnight UTC" : "\(Quantity.count(days, "day")) after midnight UTC"
    }

    private func rules(_ bucket: String, at store: StoreRecord?) throws -> LifecycleRules {
        LifecycleRules(
            client: try clients.client(bucket, of: prepared.choice.name), lockClient: try clients.main,
            lockKey: BucketLayout(request.storage).lifecycleLock(bucket: bucket, at: store),
            holder: "\(request.node), job \(request.id)")
    }

    private func setNoReuse(_ label: String) async throws {
        try await runBlocking("catalog", asking: prepared.location.mayHang, prepared.location.patience) {
            [location = prepared.location] in
            try TapelistFile(location).update { list in
                guard var entry = list.entry(label: label) else { return }
                entry.isReusable = false
                list.set(entry)
            }
        }
    }
}

/// A volume that must not be written: what is written there would go to the archive, and the rule that does it stays.
struct GlacierRuleStays: Fault {
    let label: String
    let bucket: String
    let cause: S3Error

    var facts: String {
        "volume '\(label)' is not taken: a lifecycle rule of bucket '\(bucket)' would move what is written there to Glacier, and it could not be taken away: \(cause.facts)"
    }

    var hint: String? {
        "let this node read and put lifecycle rules (\(cause.hint ?? "s3:GetLifecycleConfiguration, s3:PutLifecycleConfiguration")); or take the rule away yourself and set the volume to no-reuse until then."
    }
}
