// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import AmandaFormat
import HTTPTransport
import S3

/// A record lies in a bucket, and who can write there could name any host, bucket or directory in it: signed requests and
/// reads as root go only where this node's `amanda.conf`, or the cluster itself, leads.
extension BucketClients {
    /// - Throws: `WireError` naming the place to which nothing leads; what keeps a changer's directory from being listed.
    func requireKnown(_ volume: VolumeRecord, of configuration: String) async throws {
        guard let directory = volume.directory else {
            return try requireKnownBucket(volume, of: configuration)
        }
        let reader = SlotReader { [self] in try client(of: $0, of: configuration) }
        var fault: (any Error)?
        for store in known(configuration) {
            do {
                let paths = try await reader.devices(of: store.changer).compactMap(\.directoryPath)
                if paths.contains(where: { $0.dataPaths.contains(directory) }) { return }
            } catch {
                fault = fault ?? error
            }
        }
        throw fault ?? unknown(volume, of: configuration)
    }

    /// The same of a volume in a bucket, which needs no look.
    func requireKnownBucket(_ volume: VolumeRecord, of configuration: String) throws(WireError) {
        let isClusters = volume.store == nil && volume.bucket == bucketOfCluster
        guard isClusters || known(configuration).contains(where: { $0.names(volume) }) else {
            throw unknown(volume, of: configuration)
        }
    }

    private func unknown(_ volume: VolumeRecord, of configuration: String) -> WireError {
        let place = volume.store.map { " at \($0.endpoint ?? "AWS"), region \($0.region)" } ?? ""
        return WireError(
            .configuration,
            "amanda.conf of '\(configuration)' does not lead to '\(volume.place)'\(place), and nobody looks elsewhere",
            hint: known(configuration).isEmpty
                ? "bring that amanda.conf back first: restore the self-backup in place."
                : "if volume '\(volume.label)' is there, define a changer with that slot in amanda.conf.")
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

extension BucketClients {
    /// Through which proxy the configuration's volumes are reached; nil: through none.
    func proxyRemark(of configuration: String) -> Remark? {
        guard let bucket = changer(of: configuration)?.devices.compactMap(\.bucketPath).first?.bucket,
            let proxy = try? client(bucket, of: configuration).proxyInUse
        else { return nil }
        return Remark("bucket '\(bucket)' is reached through the proxy \(proxy.label)")
    }
}
