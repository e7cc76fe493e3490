// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Catalog
import S3

/// `TRANSITION-TO-GLACIER` of a configuration: the volumes of a run that is complete are never written again, and a
/// lifecycle rule moves their files; one that an administrator gives free by `amadmin reuse` loses its rule first.
struct GlacierVolumes: Sendable {
    let prepared: PreparedConfiguration
    let request: JobRequest
    let clients: BucketClients

    /// Before the volume's old files are deleted and new ones written: they would move at once.
    func forget(_ device: S3DevicePath) async throws {
        guard prepared.changer.glacierTransitionDays != nil else { return }
        try await rules(device.bucket).forget(filesPrefix: ObjectKeys(slotPrefix: device.prefix).files)
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
                try await rules(volume.bucket).moveToGlacier(
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

    private func rules(_ bucket: String) throws -> LifecycleRules {
        LifecycleRules(
            client: try clients.client(bucket, of: prepared.choice.name), lockClient: try clients.main,
            lockKey: BucketLayout(request.storage).lifecycleLock(bucket: bucket),
            holder: "\(request.node), job \(request.id)")
    }

    private func setNoReuse(_ label: String) async throws {
        try await runBlocking("catalog") { [location = prepared.location] in
            try TapelistFile(location).update { list in
                guard var entry = list.entry(label: label) else { return }
                entry.isReusable = false
                list.set(entry)
            }
        }
    }
}
