// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Files
import Planning
import S3
import Volumes

/// Volumes as records name them, wherever they lie.
struct VolumeAccess: Sendable {
    private let client: @Sendable (VolumeRecord) throws -> S3Client
    /// Refuses a directory to which no configuration leads.
    private let requireKnown: @Sendable (VolumeRecord) async throws -> Void

    /// - Parameter client: makes a client for a volume's bucket.
    init(client: @escaping @Sendable (VolumeRecord) throws -> S3Client) {
        self.client = client
        requireKnown = { _ in }
    }

    /// - Parameter configuration: whose volumes they are. It is asked only where that configuration, or the cluster, leads.
    init(_ clients: BucketClients, of configuration: String) {
        client = { try clients.client(of: $0, of: configuration) }
        requireKnown = { try await clients.requireKnown($0, of: configuration) }
    }

    func bucket(of volume: VolumeRecord) throws -> S3Client { try client(volume) }

    /// Reads the volume's files.
    func reader(of volume: VolumeRecord) async throws -> any Dump.VolumeReader {
        try await requireKnown(volume)
        guard let directory = volume.directory else {
            return BucketReader(
                client: try client(volume), keys: ObjectKeys(slotPrefix: volume.prefix))
        }
        return DirectoryReader(
            try await runBlocking("volume", asking: [directory]) { try DirectoryFiles(at: directory) })
    }

    /// Whether the volume still is a run's: it bears its label and the run's name.
    func isUnchanged(_ volume: VolumeRecord, since run: Datestamp) async throws -> Bool {
        guard case .labelled(let header) = try await label(of: volume) else { return false }
        return header.bears(volume.label, of: run)
    }

    /// What is left of files of a volume, by their numbers.
    func files(_ numbers: [UInt32], of volume: VolumeRecord) async throws -> [UInt32: StoredFile] {
        try await found(numbers, of: volume).mapValues(\.stored)
    }

    /// The same with the objects that they cannot be read without.
    func found(_ numbers: [UInt32], of volume: VolumeRecord) async throws -> [UInt32: FoundFile] {
        let numbers = Set(numbers).sorted()
        let found = try await reader(of: volume).files(numbers)
        return Dictionary(zip(numbers, found), uniquingKeysWith: { first, _ in first })
    }

    /// What the volume calls itself now.
    func label(of volume: VolumeRecord) async throws -> SlotContents.Volume {
        try await requireKnown(volume)
        guard let directory = volume.directory else {
            return try await VolumeLabels.read(
                ObjectKeys(slotPrefix: volume.prefix), from: client(volume))
        }
        return try await runBlocking("volume", asking: [directory]) {
            DirectoryLabels.read { try DirectoryFiles(at: directory) }
        }
    }
}

extension VolumeHeader {
    /// Whether it is the label that a run has written.
    func bears(_ label: String, of run: Datestamp) -> Bool { self.label == label && datestamp == run }
}

/// What volumes in directories call themselves.
enum DirectoryLabels {
    /// Reads one directory's label. Every call blocks.
    ///
    /// - Parameter looksForFiles: as for volumes in a bucket; then every file is opened, and one that is none of Amanda's makes the
    ///   volume foreign.
    static func read(
        looksForFiles: Bool = false, _ files: () throws -> DirectoryFiles
    ) -> SlotContents.Volume {
        do {
            let files = try files()
            let hasFiles = try looksForFiles && files.entries().contains { !$0.isEmpty && $0.number > 0 }
            if let label = try files.label() { return .labelled(label) }
            return hasFiles ? .unlabelledFiles : .unlabelled
        } catch is HeaderError {
            return .foreign
        } catch VolumeError.foreignFile {
            return .foreign
        } catch {
            return .unreadable(reason: "\(error)")
        }
    }
}

extension VolumeRecord {
    /// A volume by its slot. Of a directory: where its files lie in it, which is looked up.
    init(label: String, device: VolumeDevice) {
        switch device {
        case .bucket(let path): self.init(label: label, bucket: path.bucket, prefix: path.prefix)
        case .directory(let path):
            self.init(label: label, directory: (try? DirectoryFiles(path))?.directory ?? path.path)
        }
    }
}

extension DirectoryFiles {
    /// The files of a directory itself.
    init(at directory: String) throws {
        try self.init(DirectoryDevicePath(path: directory, slot: 1, dataDirectory: .never))
    }
}
