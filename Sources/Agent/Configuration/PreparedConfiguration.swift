// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Catalog
import Dump
import S3
import Secret

/// One configuration of a backup, read and found fit: everything that can be known before the first byte.
struct PreparedConfiguration: Sendable {
    let choice: ConfigurationChoice
    var loaded: LoadedConfiguration
    let changer: ChangerDefinition
    let store: VolumeStore
    /// Of every storage that it defines, the one in use first: older dumps may lie in any.
    let stores: [ChangerStore]
    /// Disks to dump, in the disklist's order.
    let entries: [DisklistEntry]
    /// At those that answered.
    let looks: [DiskName: DiskLook]
    /// Remarks for the record.
    let notes: [Remark]
    /// What this node lacks for single disks, whose dumps will fail of it.
    let diskFaults: [WireError]
    /// Disks for which tar must not be started, each with its reasons: they fail.
    let refusals: [DiskName: [WireError]]
    /// Where each disk stands in `entries`.
    private let places: [DiskName: Int]

    init(
        choice: ConfigurationChoice, loaded: LoadedConfiguration, changer: ChangerDefinition,
        store: VolumeStore, stores: [ChangerStore], entries: [DisklistEntry],
        looks: [DiskName: DiskLook] = [:], notes: [Remark], diskFaults: [WireError],
        refusals: [DiskName: [WireError]] = [:]
    ) {
        self.choice = choice
        self.loaded = loaded
        self.changer = changer
        self.store = store
        self.stores = stores
        self.entries = entries
        self.looks = looks
        self.notes = notes
        self.diskFaults = diskFaults
        self.refusals = refusals
        places = Dictionary(
            entries.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first }
        )
    }

    /// nil: it is none of the disks to dump.
    func entry(_ name: DiskName) -> DisklistEntry? { places[name].map { entries[$0] } }

    /// Where a disk stands in the disklist; one that is not there comes last.
    func place(of name: DiskName) -> Int { places[name] ?? entries.count }

    var holes: MountHoles { MountHoles(entries, looks) }
    /// What nobody sees in the lists of its disks.
    var hiddenRemarks: [Remark] {
        var seen: Set<String> = []
        return entries.flatMap { looks[$0.name]?.hidden ?? [] }.filter { seen.insert($0).inserted }.map {
            Remark($0)
        }
    }
    var configuration: AmandaConfiguration { loaded.configuration }
    var location: CatalogLocation { loaded.location }

    /// How dumps are laid out on its volumes.
    var layout: StoragePlan {
        guard changer.isOnS3 else {
            return StoragePlan(
                directoryBlockByteCount: Int(blockByteCount),
                partByteCount: configuration.tapetype.partByteCount)
        }
        return StoragePlan(
            isMultipart: changer.isMultipart, blockByteCount: Int(blockByteCount),
            partByteCount: configuration.tapetype.partByteCount,
            uploadThreadCount: changer.uploadThreadCount)
    }

    /// How long a disk, or a program, may give or take no byte.
    var stallLimit: Duration { .seconds(max(1, configuration.dumpTimeoutSeconds)) }

    /// Whether every dump has another way than to a volume.
    var mayHold: Bool {
        !configuration.holdingDisks.isEmpty && entries.allSatisfy { $0.dumptype.holding != .never }
    }
}

extension S3Credentials {
    /// Nil unless the changer has both keys.
    init?(deviceProperties changer: ChangerDefinition) {
        guard let accessKey = changer.accessKey, let secretKey = changer.secretKey else { return nil }
        self.init(
            accessKeyID: accessKey.plaintext, secretAccessKey: secretKey, sessionToken: changer.sessionToken,
            origin: "device properties of changer '\(changer.name)' (\(changer.place))")
    }
}
