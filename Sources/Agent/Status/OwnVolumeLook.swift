// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning

/// Looks at volumes that a record names, but only where `amanda.conf` leads: a record lies in a bucket, and who can write there
/// could name any directory of the node in it.
struct OwnVolumeLook: Sendable {
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
        var found: [VolumeRecord: [UInt32: StoredFile]] = [:]
        for need in needs {
            if found[need.volume] == nil {
                let onVolume = needs.filter { $0.volume == need.volume }
                do {
                    found[need.volume] = try await files(onVolume.map(\.fileNumber), of: need)
                } catch {
                    return .unknown("\(need.what): \(WireError(cause: error, node: node).message)")
                }
            }
            if let fault = found[need.volume]?[need.fileNumber].flatMap(need.fault) { return .damaged(fault) }
        }
        return .restorable
    }

    private func files(_ numbers: [UInt32], of need: FileNeed) async throws -> [UInt32: StoredFile] {
        try await VolumeAccess(clients, of: need.configuration).files(numbers, of: need.volume)
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

    private func result<Value>(_ work: () async throws -> Value) async -> Result<Value, WireError> {
        do {
            return .success(try await work())
        } catch {
            return .failure(WireError(cause: error, node: node))
        }
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
