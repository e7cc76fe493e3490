// SPDX-License-Identifier: Apache-2.0

internal import AgentAPI
internal import AmandaFormat
internal import S3

/// Reads the volumes' labels, each once, and looks their objects up.
actor VolumeReader {
    private let bucket: ClusterBucket
    private var headers: [String: Result<VolumeHeader?, WireError>] = [:]

    init(_ bucket: ClusterBucket) {
        self.bucket = bucket
    }

    /// By the labels alone, however much lies on a volume.
    ///
    /// - Parameter leavesElsewhere: volumes of other stores and buckets are not judged: the node looks at them itself.
    func restorability(of record: NodeRecord, leavesElsewhere: Bool = false) async -> Restorability {
        let needs = record.volumeNeeds.filter { !leavesElsewhere || bucket.holds($0.volume) }
        var found: [String: Result<VolumeHeader?, WireError>] = [:]
        for need in needs { found[need.volume.prefix] = await header(need.volume) }
        return Restorability.of(needs, headers: found)
    }

    /// Also by every object that a restore reads: present, and as long as the record says.
    nonisolated func provenRestorability(of record: NodeRecord) async -> Restorability {
        let byLabels = await restorability(of: record)
        guard byLabels == .restorable else { return byLabels }
        for need in record.fileNeeds {
            do {
                if let fault = try await bucket.fault(of: need) { return .damaged(fault) }
            } catch {
                return .unknown("\(need.what): \(WireError(describing: error).message)")
            }
        }
        return .restorable
    }

    private func header(_ volume: VolumeRecord) async -> Result<VolumeHeader?, WireError> {
        guard bucket.holds(volume) else {
            let place = volume.store.map { " at \($0.endpoint ?? "AWS")" } ?? ""
            return .failure(WireError(.failed, "it lies in bucket '\(volume.bucket)'\(place)"))
        }
        if let known = headers[volume.prefix] { return known }
        let found: Result<VolumeHeader?, WireError>
        do {
            found = .success(try await bucket.volumeHeader(volume))
        } catch {
            found = .failure(WireError(describing: error))
        }
        headers[volume.prefix] = found
        return found
    }
}

extension ClusterBucket {
    /// Other buckets and stores are the nodes' own: only they have the keys.
    func holds(_ volume: VolumeRecord) -> Bool { volume.bucket == bucket && volume.store == nil }

    /// What is wrong with a file of a volume, by the object's key; nil: nothing.
    func fault(of need: FileNeed) async throws -> String? {
        let keys = ObjectKeys(slotPrefix: need.volume.prefix)
        let place = "\(need.what), on volume '\(need.volume.label)'"
        let header = keys.header(file: need.fileNumber)
        guard try await client.head(header) != nil else {
            return "\(place): '\(header)' is not in the bucket"
        }
        let data = keys.data(file: need.fileNumber)
        var key = data
        var byteCount = try await client.head(data)?.byteCount
        if byteCount == nil {
            let blocks = try await client.list(prefix: keys.blocks(file: need.fileNumber)).objects
            key = blocks.first?.key ?? data
            byteCount = blocks.isEmpty ? nil : blocks.map(\.byteCount).reduce(0, +)
        }
        guard let byteCount else {
            return need.byteCount == 0 ? nil : "\(place): '\(data)' is not in the bucket"
        }
        guard let expected = need.byteCount, expected != byteCount else { return nil }
        return "\(place): '\(key)' has \(byteCount) bytes, the record says \(expected)"
    }
}
