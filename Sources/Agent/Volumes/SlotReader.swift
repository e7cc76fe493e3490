// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files
import Planning
import S3

/// Looks at every slot of a changer.
struct SlotReader: Sendable {
    private static let width = 8

    /// Makes a client for a volume; a slot's label is not known yet, and empty.
    let client: @Sendable (VolumeRecord) throws -> S3Client

    /// A slot and what it bears.
    struct Slot: Sendable {
        let device: VolumeDevice
        let store: VolumeStore
        /// Named by the device.
        let contents: SlotContents
    }

    /// Looks at every slot, in the changer's order.
    func look(at changer: ChangerDefinition, in store: VolumeStore) async throws -> [Slot] {
        let client = client
        return try await onEvery(try await devices(of: changer), width: Self.width) { device in
            let volume = try await Self.volume(in: device, store, client)
            return Slot(
                device: device, store: store, contents: SlotContents(slot: device.description, volume: volume)
            )
        }
    }

    /// The changer's slots, in its order: those that a `chg-disk:` has now and those that it may make.
    ///
    /// - Throws: `WireError` where its directory is not there, or its disk is not mounted.
    func devices(of changer: ChangerDefinition) async throws -> [VolumeDevice] {
        guard case .disk(let disk) = changer.kind else { return changer.devices }
        return try await runBlocking("slots", asking: [disk.directory]) {
            try disk.requirePresent()
            return disk.devices(among: try FileSystem.list(disk.directory))
        }
    }

    /// What one slot bears.
    func volume(in device: VolumeDevice, of store: VolumeStore) async throws -> SlotContents.Volume {
        try await Self.volume(in: device, store, client)
    }

    private static func volume(
        in device: VolumeDevice, _ store: VolumeStore, _ client: (VolumeRecord) throws -> S3Client
    ) async throws -> SlotContents.Volume {
        switch device {
        case .bucket(let path):
            return try await VolumeLabels.read(
                ObjectKeys(slotPrefix: path.prefix), from: client(store.volume("", on: device)),
                looksForFiles: true)
        case .directory(let path):
            return try await look(at: path) {
                // A slot that a chg-disk: may make holds nothing yet.
                guard try path.dataDirectory != .never || FileSystem.isPresent(path.path) else {
                    return .unlabelled
                }
                return DirectoryLabels.read(looksForFiles: true) { try DirectoryFiles(path) }
            }
        }
    }
}

extension SlotReader {
    /// A slot that does not answer is as one that cannot be read: another may be taken.
    private static func look(
        at path: DirectoryDevicePath, _ work: @escaping @Sendable () throws -> SlotContents.Volume
    ) async throws -> SlotContents.Volume {
        do {
            return try await runBlocking(
                "slots", asking: [path.path], .limit(DiskLook.patientLimit), work)
        } catch let fault as HangFault {
            return .unreadable(reason: fault.facts)
        } catch let error as FilesError {
            return .unreadable(reason: error.facts)
        }
    }
}

extension DiskChanger {
    /// Source: Amanda 3.5.1 `disk.pm`, `_validate`.
    fileprivate func requirePresent() throws {
        guard try FileSystem.isPresentDirectory(directory) else {
            throw WireError(
                .configuration, "the directory '\(directory)' of 'chg-disk:\(directory)' does not exist",
                hint: "make it, belonging to the dumpuser.")
        }
        guard isRemovable else { return }
        let own = try FileSystem.status("\(directory)/.")?.device
        let parent = try FileSystem.status("\(directory)/..")?.device
        guard own != parent else {
            throw WireError(
                .failed, "no removable disk is mounted on '\(directory)'",
                hint: "mount it, then run it again.")
        }
    }
}

extension VolumeDevice {
    /// For `runBlocking`: its directory, where it is one.
    var mayHang: [String] { directoryPath.map { [$0.path] } ?? [] }
}
