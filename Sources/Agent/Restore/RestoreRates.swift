// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import FoundationEssentials
import Logging
import S3

/// How fast restores of a node have gone, in the bucket: an empty machine knows nothing else.
///
/// Never a reason to fail: a node whose policy does not let it read or write there has no rate.
struct RestoreRates: Sendable {
    private static let byteCountLimit = 64 << 10

    private let client: S3Client
    private let layout: BucketLayout

    init(_ records: NodeRecordStore) {
        client = records.client
        layout = records.layout
    }

    /// - Returns: nil where nothing was measured, or nobody can say.
    /// - Throws: `CancellationError` only.
    func last(of node: String, _ logger: Logger) async throws -> NodeRestorePlan.Rate? {
        let key = layout.measuredRestore(node: node)
        do {
            let (bytes, _) = try await client.get(key, limit: Self.byteCountLimit)
            let measured: MeasuredRestore = try WireJSON.read(from: bytes, what: key)
            return measured.node == node ? measured.rate : nil
        } catch S3Error.notFound {
            return nil
        } catch {
            if Task.isCancelled { throw CancellationError() }
            logger.info("how fast the last restore went is not known", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    func keep(_ measured: MeasuredRestore, _ logger: Logger) async {
        guard measured.rate != nil else { return }
        do {
            _ = try await client.put(
                layout.measuredRestore(node: measured.node), WireJSON.document(measured))
        } catch {
            logger.info("how fast this restore went is not kept", metadata: ["reason": "\(error)"])
        }
    }
}
