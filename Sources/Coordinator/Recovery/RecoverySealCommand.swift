// SPDX-License-Identifier: Apache-2.0

import BlockingWork

/// `amfleet recovery seal`: what makes this coordinator is sealed now, where the next backup would do it.
public struct RecoverySealCommand: Sendable {
    let cluster: Cluster
    let overOthers: Bool

    /// - Parameter overOthers: also over what another coordinator has sealed since.
    public init(_ cluster: Cluster, overOthers: Bool) {
        self.cluster = cluster
        self.overOthers = overOthers
    }

    /// - Throws: `RecoveryError.sealedByAnother`, `.noRecoveryKey`
    public func run() async throws -> RecoverySealReport {
        let bucket = cluster.impatientBucket
        try await cluster.clusterGuard(bucket).claim()
        // It may have got its id just now.
        let file = try await runBlocking("cluster") { [path = cluster.file.path] in try ClusterFile.load(path)
        }
        let outcome = try await CoordinatorSealing(file: file, bucket: bucket).seal(overOthers: overOthers)
        switch outcome {
        case .noRecipients: throw RecoveryError.noRecoveryKey(file: file.path)
        case .current: return RecoverySealReport(cluster: file.settings.cluster, isNew: false)
        case .sealed: return RecoverySealReport(cluster: file.settings.cluster, isNew: true)
        }
    }
}

/// What has become of it.
public struct RecoverySealReport: Sendable, Encodable {
    var cluster: String
    /// False: it was sealed as it is.
    var isNew: Bool
}

extension RecoverySealReport: CommandReport {
    public var ending: CommandEnding { .complete }

    public var lines: [String] {
        [
            isNew
                ? "the coordinator's files are sealed in the bucket as they are now"
                : "the coordinator's files are sealed in the bucket already, as they are now"
        ]
    }
}
