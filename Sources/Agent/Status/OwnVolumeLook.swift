// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import Planning
import S3
import Volumes

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

    /// Whether every file is there, as long as it should be, and not in an archive for good. The volumes' labels have been read.
    func proof(of needs: [FileNeed]) async -> Restorability {
        var found: [VolumeRecord: [UInt32: FoundFile]] = [:]
        for need in needs {
            if found[need.volume] == nil {
                let onVolume = needs.filter { $0.volume == need.volume }
                do {
                    found[need.volume] = try await files(onVolume.map(\.fileNumber), of: need)
                } catch {
                    return .unknown("\(need.what): \(WireError(cause: error, node: node).message)")
                }
            }
            guard let file = found[need.volume]?[need.fileNumber] else { continue }
            if let fault = need.fault(file.stored) { return .damaged(fault) }
            if let refusal = await refusal(of: file, need) { return refusal }
        }
        return .restorable
    }

    private func files(_ numbers: [UInt32], of need: FileNeed) async throws -> [UInt32: FoundFile] {
        try await VolumeAccess(clients, of: need.configuration).found(numbers, of: need.volume)
    }

    /// What lies in an archive comes back only where the changer says so.
    private func refusal(of file: FoundFile, _ need: FileNeed) async -> Restorability? {
        guard clients.changer(of: need.configuration)?.readsFromGlacier != true else { return nil }
        do {
            try await GlacierThaw.requireReadable(file.objects)
            return nil
        } catch S3Error.archived(let call, let storageClass) {
            return .refused("\(need.place): \(S3Error.archived(call, storageClass: storageClass).facts)")
        } catch {
            return .unknown("\(need.what): \(WireError(cause: error, node: node).message)")
        }
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
