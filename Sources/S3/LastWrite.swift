// SPDX-License-Identifier: Apache-2.0

/// What a command or job writes last, and nobody after it: a refusal that passes within half a minute must not cost it.
///
/// A client takes a refusal for final, as it is nearly always. Yet a proxy that restarts, keys that are being changed or a bucket
/// that a gateway has lost sight of refuse for a second or four, and then take everything.
public struct LastWrite: Sendable {
    /// Between the attempts.
    private let pauses: [Duration]

    /// - Parameters:
    ///   - outage: how long any request may fail (`limits.storageOutage`); all pauses together are no longer.
    ///   - pauses: of those as many as fit, from the first.
    public init(
        within outage: Duration,
        pauses: [Duration] = [.milliseconds(500)] + [1, 2, 4, 8, 15].map { .seconds($0) }
    ) {
        var left = outage
        self.pauses = Array(
            pauses.prefix { pause in
                left -= pause
                return left >= .zero
            })
    }

    /// Tries until it succeeds, the pauses are over or the task is cancelled. What a client has tried for long itself is not
    /// tried again.
    ///
    /// - Throws: what the last attempt threw; `CancellationError`.
    public func attempt<Written: Sendable>(_ write: () async throws -> Written) async throws -> Written {
        for pause in pauses {
            do {
                return try await write()
            } catch let error as S3Error where error.mayPass {
                try await Task.sleep(for: pause)
            }
        }
        return try await write()
    }
}

extension S3Error {
    /// It may be over in some seconds, and was not waited for.
    fileprivate var mayPass: Bool {
        switch self {
        case .slowDown, .unavailable, .unreachable, .credentialsUnavailable, .proxyFailed(_, _, true, _),
            .invalidLocation, .noConditionalWrites:
            false
        default: true
        }
    }
}
