// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import BlockingWork
import Dump
import Planning
import S3

/// Looks at volumes that a record names, but only where `amanda.conf` leads: a record lies in a bucket, and who can write there
/// could name any directory of the node in it.
struct OwnVolumeLook: Sendable {
    private static let width = 16

    let node: String
    let stores: BucketClients.Stores
    let clients: BucketClients

    /// What each volume calls itself, up to the first that nobody could look at: a store that is away is waited for once.
    func labels(of needs: [LabelNeed]) async -> [VolumeRecord: Result<FoundLabel?, WireError>] {
        var labels: [VolumeRecord: Result<FoundLabel?, WireError>] = [:]
        for need in needs where labels[need.volume] == nil {
            let found = await result { try await label(of: need) }
            labels[need.volume] = found
            if case .failure = found { break }
        }
        return labels
    }

    /// Whether every file is there, and as long as it should be. The volumes' labels have been read.
    func proof(of needs: [FileNeed]) async -> Restorability {
        let directories = Set(needs.compactMap(\.volume.directory))
        var entries: [String: Result<[UInt32: DirectoryFiles.Entry], WireError>] = [:]
        for directory in directories {
            entries[directory] = await result { try await Self.entries(in: directory) }
        }
        do {
            let faults = try await onEvery(needs, width: Self.width) { [entries] need in
                need.fault(try await result { try await file(need, entries) }.get(saying: need.what))
            }
            return faults.lazy.compactMap(\.self).first.map { .damaged($0) } ?? .restorable
        } catch {
            return .unknown(WireError(cause: error, node: node).message)
        }
    }

    private func label(of need: LabelNeed) async throws -> FoundLabel? {
        let volume = need.volume
        guard try await isOwn(volume, of: need.configuration) else {
            throw WireError(
                .configuration, node: node,
                "amanda.conf of '\(need.configuration)' does not lead to '\(volume.place)', and nobody looks elsewhere"
            )
        }
        switch try await VolumeAccess(clients, of: need.configuration).label(of: volume) {
        case .labelled(let header):
            return FoundLabel(label: header.label, datestamp: header.datestamp?.description)
        case .unlabelled: return nil
        case .foreign: throw WireError(.damaged, node: node, "'\(volume.place)' bears no Amanda label")
        case .unreadable(let reason): throw WireError(.failed, node: node, reason)
        }
    }

    /// Whether the volume is a slot of a storage that the configuration defines, in use or not.
    private func isOwn(_ volume: VolumeRecord, of configuration: String) async throws -> Bool {
        let stores = stores[configuration] ?? []
        guard let directory = volume.directory else {
            return stores.contains { $0.names(volume) }
        }
        let reader = SlotReader { try clients.client(of: $0, of: configuration) }
        var fault: (any Error)?
        for store in stores {
            do {
                let paths = try await reader.devices(of: store.changer).compactMap(\.directoryPath)
                if paths.contains(where: { $0.dataPaths.contains(directory) }) { return true }
            } catch {
                fault = fault ?? error
            }
        }
        if let fault { throw fault }
        return false
    }

    private func file(
        _ need: FileNeed, _ entries: [String: Result<[UInt32: DirectoryFiles.Entry], WireError>]
    ) async throws -> FoundFile {
        guard let directory = need.volume.directory else { return try await object(need) }
        let entry = try entries[directory]?.get()[need.fileNumber]
        let path = entry.map { String(amandaBytes: $0.path) } ?? "\(directory)/\(need.fileNumber)"
        return FoundFile(
            header: path, hasHeader: entry?.isEmpty == false, data: path,
            byteCount: entry.map { $0.byteCount - Int64(DirectoryFiles.headerByteCount) })
    }

    private func object(_ need: FileNeed) async throws -> FoundFile {
        let client = try clients.client(of: need.volume, of: need.configuration)
        let keys = ObjectKeys(slotPrefix: need.volume.prefix)
        let (header, data) = (keys.header(file: need.fileNumber), keys.data(file: need.fileNumber))
        let hasHeader = try await client.head(header) != nil
        let stored =
            hasHeader ? try await client.stored(data, orPieces: keys.blocks(file: need.fileNumber)) : nil
        return FoundFile(
            header: header, hasHeader: hasHeader, data: stored?.key ?? data, byteCount: stored?.byteCount)
    }

    private static func entries(in directory: String) async throws -> [UInt32: DirectoryFiles.Entry] {
        let entries = try await runBlocking("volume") { try DirectoryFiles(at: directory).entries() }
        return Dictionary(entries.map { ($0.number, $0) }) { first, _ in first }
    }

    private func result<Value>(_ work: () async throws -> Value) async -> Result<Value, WireError> {
        do {
            return .success(try await work())
        } catch {
            return .failure(WireError(cause: error, node: node))
        }
    }
}

extension Result where Failure == WireError {
    /// - Throws: the failure, told what it concerns.
    fileprivate func get(saying what: String) throws(WireError) -> Success {
        try mapError { error in
            var error = error
            error.message = "\(what): \(error.message)"
            return error
        }.get()
    }
}

extension DirectoryDevicePath {
    /// Where its files may lie.
    fileprivate var dataPaths: [String] {
        switch dataDirectory {
        case .never: [path]
        case .always: ["\(path)/data"]
        case .ifPresent: [path, "\(path)/data"]
        }
    }
}
