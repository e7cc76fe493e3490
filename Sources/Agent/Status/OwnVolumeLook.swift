// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning

/// Looks at volumes that a record names, but only where `amanda.conf` leads: a record lies in a bucket, and who can write there
/// could name any directory of the node in it.
struct OwnVolumeLook: Sendable {
    let node: String
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
        switch try await VolumeAccess(clients, of: need.configuration).label(of: volume) {
        case .labelled(let header):
            return FoundLabel(label: header.label, datestamp: header.datestamp?.description)
        case .unlabelled: return nil
        case .foreign: throw WireError(.damaged, node: node, "'\(volume.place)' bears no Amanda label")
        case .unreadable(let reason): throw WireError(.failed, node: node, reason)
        }
    }

    private func result<Value>(_ work: () async throws -> Value) async -> Result<Value, WireError> {
        do {
            return .success(try await work())
        } catch {
            return .failure(WireError(cause: error, node: node))
        }
    }
}
