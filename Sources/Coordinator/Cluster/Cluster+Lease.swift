// SPDX-License-Identifier: Apache-2.0

import AgentAPI
import Logging
import S3

extension Cluster {
    /// Runs `work` while we hold the cluster, and gives the lease back whatever happens.
    ///
    /// - Parameter isLeased: false with `--no-lease`: `work` gets nil.
    /// - Throws: `CoordinatorError.leaseHeld` naming the holder.
    func holding<Value: Sendable>(
        for verb: String, _ run: RunName? = nil, isLeased: Bool = true,
        _ work: @Sendable (RunLease?) async throws -> Value
    ) async throws -> Value {
        guard isLeased else {
            logger.info("done without the lease", metadata: ["verb": "\(verb)"])
            return try await work(nil)
        }
        // A lease that is taken is known, even where the operator gives up meanwhile.
        let lease = try await shielded { try await takeLease(for: verb, run) }
        if let previous = lease.takenFrom {
            console.say(
                "took over the lease of \(previous.holder) (\(previous.purpose)), which ran out at "
                    + LocalTime(previous.expiresAt).text)
        }
        return try await kept(lease) { try await work(lease) }
    }

    /// Renews the lease all the while `work` lasts, and gives it back whatever happens.
    func kept<Value: Sendable>(
        _ lease: RunLease?, _ work: @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let lease else { return try await work() }
        let keeping = Task { await lease.keep() }
        do {
            let value = try await work()
            await Task { await keeping.ended() }.value
            await Task { await lease.release() }.value
            return value
        } catch {
            await Task { await keeping.ended() }.value
            await Task { await lease.release() }.value
            throw error
        }
    }

    func takeLease(for verb: String, _ run: RunName?) async throws -> RunLease {
        let claim = LeaseClaim(cluster: settings.cluster, holder: Self.holder, verb: verb, run: run)
        return try await RunLease.take(bucket, as: claim, logger: logger) { storeTime() }
    }
}

extension Task where Success == Void, Failure == Never {
    /// Cancels it and waits until it has ended.
    fileprivate func ended() async {
        cancel()
        await value
    }
}
